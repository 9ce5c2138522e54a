"""What is published with four eyes."""
