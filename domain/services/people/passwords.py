"""Passwords of staff: argon2id, off the event loop and two at a time, so that guesses leave cores free."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

MIN_LENGTH = 8
MAX_LENGTH = 128
MAX_THREADS = 2

# OWASP's first choice for argon2id: 19 MiB, two passes, one lane.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
# Compared with for an unknown name: as slow as a known one, and the hash of no password.
_DUMMY_HASH = (
    "$argon2id$v=19$m=19456,t=2,p=1$c2Vsby1ub2JvZHktaGVyZQ$2n0LrUpGlmxSBdTdIhIUKz2wVH5KEWFNmWRCXKXHaSc"
)


class PasswordHashing:
    """Hashes and verifies passwords on its own threads; a process has one."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(MAX_THREADS, thread_name_prefix="passwords")

    async def hash(self, password: str) -> str:
        """Return the hash of a password."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, _HASHER.hash, password)

    async def matches(self, password_hash: str | None, password: str) -> bool:
        """Tell whether a password has the hash; without a hash this takes as long, and is false."""
        return await asyncio.get_running_loop().run_in_executor(
            self._threads, _matches, password_hash, password
        )

    def close(self) -> None:
        """End the threads once their work is done."""
        self._threads.shutdown(wait=False)


def _matches(password_hash: str | None, password: str) -> bool:
    try:
        return (
            _HASHER.verify(password_hash or _DUMMY_HASH, password[:MAX_LENGTH])
            and password_hash is not None
            and len(password) <= MAX_LENGTH
        )
    except (VerificationError, InvalidHashError):
        return False
