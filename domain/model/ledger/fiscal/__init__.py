"""What the books of a shop need of a receipt: by which means it was paid, its taxes, and what it granted."""
