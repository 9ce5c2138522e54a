"""What the services about people work with: the runtime, and codes, passwords and ended sessions."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import field
from datetime import timedelta

from domain.model.people.sessions import SessionTerms
from domain.model.people.sign_in import CODES_PER_HOUR
from domain.model.values import dataclass
from domain.services.people.deletion.erasure_log import NO_LOG, ErasureLog
from domain.services.people.passwords import PasswordHashing
from domain.services.people.session_registry import SessionRegistry
from domain.services.runtime import Runtime
from domain.services.senders import CodeSender

MEMBER_TERMS = SessionTerms(idle=timedelta(days=30), longest=timedelta(days=90))
STAFF_TERMS = SessionTerms(idle=timedelta(hours=12), longest=timedelta(hours=12))


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityRuntime(Runtime):
    """A runtime that also knows who people are; a process has one.

    `secret` hashes contacts and codes, makes refresh tokens and seals second factors; what one of
    `secrets_before` made is still read. `draw_random` draws the digits of a code. `erasure_log` keeps who
    was erased, outside the database.
    """

    secret: bytes = field(repr=False)
    secrets_before: tuple[bytes, ...] = field(default=(), repr=False)
    code_sender: CodeSender
    session_registry: SessionRegistry = field(default_factory=SessionRegistry)
    passwords: PasswordHashing = field(default_factory=PasswordHashing)
    member_terms: SessionTerms = MEMBER_TERMS
    staff_terms: SessionTerms = STAFF_TERMS
    codes_per_hour: int = CODES_PER_HOUR
    managers_need_factor: bool = False
    draw_random: Callable[[int], int] = secrets.randbelow
    erasure_log: ErasureLog = NO_LOG

    @property
    def all_secrets(self) -> tuple[bytes, ...]:
        """Return the secret and those before it: what reads tries each of them."""
        return (self.secret, *self.secrets_before)

    @classmethod
    def of(
        cls,
        runtime: Runtime,
        *,
        secret: bytes,
        code_sender: CodeSender,
        secrets_before: tuple[bytes, ...] = (),
        member_terms: SessionTerms = MEMBER_TERMS,
        staff_terms: SessionTerms = STAFF_TERMS,
        codes_per_hour: int = CODES_PER_HOUR,
        managers_need_factor: bool = False,
    ) -> IdentityRuntime:
        """Return an identity runtime that shares the store and the memory of a runtime."""
        return IdentityRuntime(
            store=runtime.store,
            programmes=runtime.programmes,
            stock=runtime.stock,
            activity_hub=runtime.activity_hub,
            programme_time=runtime.programme_time,
            once_texts=runtime.once_texts,
            subscriptions=runtime.subscriptions,
            channels=runtime.channels,
            secret=secret,
            secrets_before=secrets_before,
            code_sender=code_sender,
            member_terms=member_terms,
            staff_terms=staff_terms,
            codes_per_hour=codes_per_hour,
            managers_need_factor=managers_need_factor,
        )
