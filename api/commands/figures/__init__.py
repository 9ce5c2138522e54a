"""`selo figures`: what the programme comes to, and counting it again."""
