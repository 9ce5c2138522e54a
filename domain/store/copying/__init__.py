"""A whole database, document by document: into a backup, out of one, and from one server to another."""
