"""The programme at the console: versions, drafts, and publishing with four eyes."""
