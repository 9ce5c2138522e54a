"""The GraphQL API: what every request passes before a resolver runs, and the doors (one noun a file) behind
it.

Read `execute.py` first: it is the way of one request. `schema.py` is the doors' table of contents.
"""
