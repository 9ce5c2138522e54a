"""The programme at the console: its versions, drafts and proposals."""
