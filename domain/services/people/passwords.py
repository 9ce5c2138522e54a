"""Passwords of staff: which ones are too easy to guess, and their hashes.

Hashing is argon2id, off the event loop and two at a time, so that guesses leave cores free.

`common_passwords.txt.gz` holds the commonest passwords of 10 characters or more, and shorter words that
people make longer by figures and marks. It was made of the lists of zxcvbn 4.5 (MIT) and Django 5.2 (BSD),
folded to lower case, with some words of a Portuguese or Polish shop.
"""

from __future__ import annotations

import asyncio
import gzip
import re
import unicodedata
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from domain.services.errors import InvalidInput

MIN_LENGTH = 10
MAX_LENGTH = 128
MAX_THREADS = 2
MIN_DIFFERENT = 5
MIN_NAME_LENGTH = 4
COMMON_PASSWORDS = Path(__file__).with_name("common_passwords.txt.gz")
_EDGES = re.compile(r"^[\W\d_]+|[\W\d_]+$")

# OWASP's first choice for argon2id: 19 MiB, two passes, one lane.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
# Compared with for an unknown name: as slow as a known one, and the hash of no password.
_DUMMY_HASH = (
    "$argon2id$v=19$m=19456,t=2,p=1$c2Vsby1ub2JvZHktaGVyZQ$2n0LrUpGlmxSBdTdIhIUKz2wVH5KEWFNmWRCXKXHaSc"
)


def check_password(password: str, *, names: Iterable[str] = ()) -> None:
    """Raise InvalidInput for a password that is too short, too long, or easy to guess; `names` are those of
    the person.
    """
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
        raise InvalidInput("password", f"A password has {MIN_LENGTH} to {MAX_LENGTH} characters.")
    folded = unicodedata.normalize("NFKC", password).casefold()
    if len(set(folded)) < MIN_DIFFERENT:
        raise InvalidInput("password", f"A password has at least {MIN_DIFFERENT} different characters.")
    core = _EDGES.sub("", folded)
    if {folded, core} & _common_passwords():
        raise InvalidInput(
            "password", "This is one of the passwords that are guessed first: take several words, not one."
        )
    words = {word for name in names for word in name.casefold().split() if len(word) >= MIN_NAME_LENGTH}
    if any(word in folded for word in words):
        raise InvalidInput("password", "A password holds neither the name nor the username of its owner.")


@cache
def _common_passwords() -> frozenset[str]:
    with gzip.open(COMMON_PASSWORDS, "rt", encoding="ascii") as lines:
        return frozenset(line.rstrip("\n") for line in lines)


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
