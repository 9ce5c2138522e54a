"""What the services about people work with: the house, one secret, a way to send codes, and what is known of
sessions in memory.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from domain.model.people.sessions import SessionTerms
from domain.model.programme import Programme
from domain.services.guesses import Guesses
from domain.services.house import House
from domain.services.passwords import Passwords
from domain.services.registry import SessionRegistry
from domain.services.senders import CodeSender
from domain.store.document_store import DocumentStore

MEMBER_TERMS = SessionTerms(idle=timedelta(days=30), longest=timedelta(days=90))
STAFF_TERMS = SessionTerms(idle=timedelta(hours=12), longest=timedelta(hours=12))


@dataclass(frozen=True, slots=True)
class Desk:
    """One a process. `secret` hashes contacts and codes and makes refresh tokens; `draw` is where six random
    digits come from.
    """

    house: House
    secret: bytes = field(repr=False)
    sender: CodeSender
    registry: SessionRegistry = field(default_factory=SessionRegistry)
    passwords: Passwords = field(default_factory=Passwords)
    guesses: Guesses = field(default_factory=Guesses)
    member_terms: SessionTerms = MEMBER_TERMS
    staff_terms: SessionTerms = STAFF_TERMS
    codes_per_hour: int = 5
    draw: Callable[[int], int] = secrets.randbelow

    @property
    def store(self) -> DocumentStore:
        """Return the database."""
        return self.house.store

    @property
    def programme(self) -> Programme:
        """Return the programme that rules, from memory."""
        return self.house.programmes.current().programme
