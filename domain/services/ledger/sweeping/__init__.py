"""The sweep after a publish: members whose next due instant a new version has changed."""
