"""What the console does with many members: a segment is read, tagged, written to once, or taken as a file."""
