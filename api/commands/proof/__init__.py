"""Commands that prove what is stored by the journal, and mend what differs."""
