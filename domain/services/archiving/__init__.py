"""Old journal rows move to files outside the database, are read there, and come back where needed."""
