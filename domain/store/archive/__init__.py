"""The archive: files of old journal rows outside the database, read as if they still stood in it."""
