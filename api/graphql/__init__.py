"""The GraphQL API: the engine that every request passes, and behind it the types and fields, one noun a file.

Read `engine/execution.py` first: it runs one request. `schema.py` is the table of contents of the fields.
`member/` holds what a member's app asks, `till/` what staff ask.
"""
