"""What members take part in by choice."""
