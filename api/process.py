"""What all parts of one process share. `selo serve` opens it for its requests, a command for its one task."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from api.clock import utc_now
from api.drain import Drain
from api.embedded import find_running
from api.keys import Keys, fingerprints, read_keys
from api.senders.configuration import ConfiguredSenders, open_senders
from api.senders.erasure_file import erasure_file
from api.settings import BadSettings, Settings
from api.tokens import Tokens
from domain.model.people.sessions import SessionTerms
from domain.model.programme import Programme
from domain.model.values import dataclass
from domain.services.figures.backtest.jobs import BacktestJobs
from domain.services.intake.client_registry import ClientRegistry
from domain.services.intake.refusals import RefusalCounts
from domain.services.live.change_follower import ChangeFollower
from domain.services.live.dropped_keys import DroppedKeys
from domain.services.messages.badge_counts import BadgeCounts
from domain.services.people.identity_runtime import IdentityRuntime
from domain.services.runtime import Runtime
from domain.services.senders import CodeSender, Senders
from domain.store.archive.folder import ArchiveFolder
from domain.store.cancellation import raise_pending_cancellation
from domain.store.connect import Database
from domain.store.document_store import DocumentStore
from domain.store.ledger.programmes import NothingPublished, Programmes
from domain.store.migrations.runner import MigrationRunner
from domain.store.migrations.steps import Migration
from domain.store.people import dropped_keys
from domain.store.prepare import prepare
from domain.store.secret_check import expect_secret

if TYPE_CHECKING:
    from api.senders.id_tokens import IdTokenVerifier

# Not an address, so that a token that a command signs is valid wherever the server listens.
ISSUER = "selo"

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Process:
    """The shared parts of one process. `clock` gives the world's instant."""

    settings: Settings
    database: Database
    keys: Keys
    tokens: Tokens
    drain: Drain
    runtime: IdentityRuntime
    senders: Senders
    id_tokens: IdTokenVerifier | None
    follower: ChangeFollower
    clients: ClientRegistry
    refusals: RefusalCounts
    clock: Callable[[], datetime]
    backtests: BacktestJobs
    badge_counts: BadgeCounts

    @property
    def store(self) -> DocumentStore:
        return self.runtime.store

    def programme_clock(self) -> datetime:
        """Return the programme's instant, which is that of `clock` but in a demo whose clock was moved."""
        return self.runtime.programme_time.at(self.clock())

    @property
    def programmes(self) -> Programmes:
        return self.runtime.programmes


@asynccontextmanager
async def open_process(
    settings: Settings, database: Database, *, clock: Callable[[], datetime] = utc_now
) -> AsyncIterator[Process]:
    """Open the shared parts over a database that answers, and make its collections and indexes.

    At the end, mutations under way are waited for. Every part reads the time from `clock`; tests pass one
    that they move.
    """
    async with open_senders(settings, clock=clock) as configured:
        keys = read_keys(settings, now=clock())
        tokens = Tokens(
            keys,
            issuer=settings.base_url or ISSUER,
            clock=clock,
            access_duration=timedelta(minutes=settings.access_token_minutes),
            reload_keys=lambda: read_keys(settings, now=clock()),
        )
        store = _open_store(settings, database, keys)
        await prepare(store, runner=_migration_runner(settings))
        await expect_secret(store, fingerprints(keys))
        await _drop_keys(store, keys, tokens)
        runtime = _runtime(settings, _told_runtime(store, configured.senders), keys, configured.codes)
        await runtime.programmes.refresh()
        await runtime.programme_time.read(store)
        _follow_programme(settings, configured, runtime)
        drain = Drain(stop_after_seconds=settings.operation_seconds + settings.database_seconds)
        backtests, badge_counts = BacktestJobs(clock), BadgeCounts()
        clients, refusals = ClientRegistry(store), RefusalCounts(runtime.programmes)
        try:
            follower = ChangeFollower(
                runtime.programme_time,
                runtime.activity_hub,
                runtime.session_registry,
                DroppedKeys(tokens.drop),
                clients,
            )
            raise_pending_cancellation()
            yield Process(
                settings,
                database,
                keys,
                tokens,
                drain,
                runtime,
                configured.senders,
                configured.id_tokens,
                follower,
                clients,
                refusals,
                clock,
                backtests,
                badge_counts,
            )
        finally:
            await backtests.close()
            await drain.close(seconds=settings.shutdown_seconds)
            await badge_counts.close()
            await refusals.write(store)
            await store.drain()
            runtime.passwords.close()


def _open_store(settings: Settings, database: Database, keys: Keys) -> DocumentStore:
    voucher_keys = keys.all_derived("voucher codes")
    store = DocumentStore.of(database, embedded=settings.mongodb_uri is None, voucher_keys=voucher_keys)
    store.archive = find_archive(archive_path(settings))
    return store


def archive_path(settings: Settings) -> Path | None:
    """Return where archived rows are: by default in the data folder; with MONGODB_URI there is no default."""
    if settings.archive is None and settings.mongodb_uri is None:
        return settings.data / "archive"
    return settings.archive


def find_archive(path: Path | None) -> ArchiveFolder | None:
    """Return the archive at a path; None where there is none, or nothing yet."""
    return ArchiveFolder(path) if path is not None and path.is_dir() else None


async def _drop_keys(store: DocumentStore, keys: Keys, tokens: Tokens) -> None:
    dropped = await dropped_keys.find_all(store)
    _expect_signing_key(keys, dropped)
    tokens.drop(dropped)


def _expect_signing_key(keys: Keys, dropped: Collection[str]) -> None:
    if keys.verifying.keys() <= set(dropped):
        raise BadSettings(
            "SELO_TOKEN_KEYS cannot be used: every key there was dropped (selo keys drop). Put another in"
            " front (openssl genpkey -algorithm ed25519)."
        )


def _migration_runner(settings: Settings) -> MigrationRunner | None:
    """Return what migrates the embedded database that this process started; `selo migrate` does any other."""
    if settings.mongodb_uri is not None:
        return None
    running = find_running(settings.data)
    if running is not None and running.pid != os.getpid():
        return None

    def tell(migration: Migration, changed: int) -> None:
        log.info("database.migrates", format=migration.number, step=migration.title, changed=changed)

    return MigrationRunner(utc_now, progress=tell, notice_seconds=0)


def _follow_programme(settings: Settings, configured: ConfiguredSenders, runtime: IdentityRuntime) -> None:
    """Let e-mail have the programme's brand, and text messages go to the country of its time zone.

    Raises BadSettings where that is of no country, and the setting names none.
    """

    def programme() -> Programme | None:
        try:
            return runtime.programme
        except NothingPublished:
            return None

    def zone() -> str | None:
        current = programme()
        return None if current is None else current.programme.timezone

    configured.letterheads.read_programme = programme
    configured.sms_countries.read_zone = zone
    name = zone()
    if settings.sms_url is not None and name is not None and not configured.sms_countries.current():
        raise BadSettings(
            f"SELO_SMS_COUNTRIES is needed with SELO_SMS_URL: the programme's time zone {name} is of no"
            " country."
        )


def _told_runtime(store: DocumentStore, senders: Senders) -> Runtime:
    """Return a runtime that promises each event to the webhooks that subscribe to it, and knows which
    channels have a sender.
    """
    subscriptions = senders.webhooks.subscriptions if senders.webhooks is not None else {}
    return replace(Runtime.for_store(store), subscriptions=subscriptions, channels=senders.channels)


def _runtime(settings: Settings, runtime: Runtime, keys: Keys, codes: CodeSender) -> IdentityRuntime:
    secret, *secrets_before = keys.all_derived("people")
    identity = IdentityRuntime.of(
        runtime,
        secret=secret,
        secrets_before=tuple(secrets_before),
        code_sender=codes,
        member_terms=SessionTerms(
            idle=timedelta(days=settings.session_idle_days), longest=timedelta(days=settings.session_days)
        ),
        staff_terms=SessionTerms(
            idle=timedelta(hours=settings.staff_session_hours),
            longest=timedelta(hours=settings.staff_session_hours),
        ),
        codes_per_hour=settings.sign_in_codes_per_contact_hour,
        managers_need_factor=settings.second_factor_managers,
    )
    return replace(identity, erasure_log=erasure_file(settings))
