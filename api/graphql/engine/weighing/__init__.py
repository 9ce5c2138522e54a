"""What the parts of a document cost, and what an operation costs once its selections are merged."""
