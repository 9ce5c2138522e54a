"""`selo archive`: old journal rows in files outside the database."""
