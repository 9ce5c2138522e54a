"""What every part of one process shares, made in one place: `selo serve` opens it for its requests, a command
for its one errand.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from api.beside import expect_not_cancelled
from api.http.callers import utc_now
from api.http.drain import Drain
from api.keys import Keys, read_keys
from api.senders.outside import open_outside
from api.settings import Settings
from api.tokens import Tokens
from domain.model.people.sessions import SessionTerms
from domain.services.live.change_follower import ChangeFollower
from domain.services.people.identity_runtime import IdentityRuntime
from domain.services.runtime import Runtime
from domain.services.senders import CodeSender, Senders
from domain.store.connect import Database
from domain.store.document_store import DocumentStore
from domain.store.ledger.programmes import Programmes
from domain.store.prepare import prepare

if TYPE_CHECKING:
    from api.senders.id_tokens import IdTokens

# Not an address of ours: a token that a command signs holds wherever the server listens.
ISSUER = "selo"


@dataclass(frozen=True, slots=True)
class Process:
    """One a process."""

    settings: Settings
    database: Database
    keys: Keys
    tokens: Tokens
    drain: Drain
    house: Runtime
    desk: IdentityRuntime
    senders: Senders
    id_tokens: IdTokens | None
    follower: ChangeFollower
    clock: Callable[[], datetime]

    @property
    def store(self) -> DocumentStore:
        return self.house.store

    @property
    def programmes(self) -> Programmes:
        return self.house.programmes


@asynccontextmanager
async def open_process(
    settings: Settings, database: Database, *, clock: Callable[[], datetime] = utc_now
) -> AsyncIterator[Process]:
    """Open it over a database that answers, its collections and indexes made; at the end what is under way is
    waited for.

    `clock` is what every part of it calls now; tests hand in one that they move.
    """
    async with open_outside(settings, clock=clock) as outside:
        keys = read_keys(settings, now=clock())
        tokens = Tokens(
            keys,
            issuer=settings.base_url or ISSUER,
            clock=clock,
            access_lasts=timedelta(minutes=settings.access_token_minutes),
            read_again=lambda: read_keys(settings, now=clock()),
        )
        store = DocumentStore.of(
            database, embedded=settings.mongodb_uri is None, voucher_key=keys.derived("voucher codes")
        )
        await prepare(store)
        house = Runtime.for_store(store)
        await house.programmes.refresh()
        desk = _desk(settings, house, keys, outside.codes)
        drain = Drain(stop_after_seconds=settings.operation_seconds + settings.database_seconds)
        try:
            follower = ChangeFollower(house.activity_hub, desk.session_registry)
            expect_not_cancelled()
            yield Process(
                settings,
                database,
                keys,
                tokens,
                drain,
                house,
                desk,
                outside.senders,
                outside.id_tokens,
                follower,
                clock,
            )
        finally:
            await drain.close(seconds=settings.shutdown_seconds)
            await store.drain()
            desk.passwords.close()


def _desk(settings: Settings, house: Runtime, keys: Keys, codes: CodeSender) -> IdentityRuntime:
    return IdentityRuntime.of(
        house,
        secret=keys.derived("people"),
        code_sender=codes,
        member_terms=SessionTerms(
            idle=timedelta(days=settings.session_idle_days), longest=timedelta(days=settings.session_days)
        ),
        staff_terms=SessionTerms(
            idle=timedelta(hours=settings.staff_session_hours),
            longest=timedelta(hours=settings.staff_session_hours),
        ),
        codes_per_hour=settings.sign_in_codes_per_contact_hour,
    )
