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
from domain.services.people.password_attempts import PasswordAttempts
from domain.services.people.passwords import PasswordHashing
from domain.services.people.session_registry import SessionRegistry
from domain.services.runtime import Runtime
from domain.services.senders import CodeSender
from domain.store.document_store import DocumentStore

MEMBER_TERMS = SessionTerms(idle=timedelta(days=30), longest=timedelta(days=90))
STAFF_TERMS = SessionTerms(idle=timedelta(hours=12), longest=timedelta(hours=12))


@dataclass(frozen=True, slots=True)
class IdentityRuntime:
    """One a process. `secret` hashes contacts and codes and makes refresh tokens; `draw` is where six random
    digits come from.
    """

    runtime: Runtime
    secret: bytes = field(repr=False)
    code_sender: CodeSender
    session_registry: SessionRegistry = field(default_factory=SessionRegistry)
    passwords: PasswordHashing = field(default_factory=PasswordHashing)
    password_attempts: PasswordAttempts = field(default_factory=PasswordAttempts)
    member_terms: SessionTerms = MEMBER_TERMS
    staff_terms: SessionTerms = STAFF_TERMS
    codes_per_hour: int = 5
    draw_random: Callable[[int], int] = secrets.randbelow

    @property
    def store(self) -> DocumentStore:
        """Return the database."""
        return self.runtime.store

    @property
    def programme(self) -> Programme:
        """Return the programme that rules, from memory."""
        return self.runtime.programmes.current().programme
