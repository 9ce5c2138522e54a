"""The doors for what shops and other systems report."""
