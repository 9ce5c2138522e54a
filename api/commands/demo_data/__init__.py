"""What fills a data folder for a demo."""
