"""The certificates that servers are known by, read once a process: each reading takes 20 ms."""

import ssl
from functools import cache

import httpx


@cache
def client_tls() -> ssl.SSLContext:
    """Return the context of all clients of HTTP/1.1: which protocols it offers is a state of its own."""
    return httpx.create_ssl_context()
