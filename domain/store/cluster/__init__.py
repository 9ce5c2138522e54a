"""What a MongoDB cluster is told about the database: shard keys, and roles with the least rights."""
