"""THE PORCH: processes and protocols. No rule of the programme lives here."""
