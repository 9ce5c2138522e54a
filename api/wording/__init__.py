"""What the API says to people, by subject: each key has a text in every language."""
