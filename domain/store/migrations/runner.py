"""Runs migrations: one runner at a time, each step from where the last run of it was cut off.

The runner first announces the format that it leads to, and waits until running servers have seen that and
stopped. Then it runs step by step under a lease that each saved position renews; the last write of a step
also raises the database's format, in one transaction. A runner that was killed leaves a lease that expires.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Sequence
from dataclasses import field
from datetime import datetime, timedelta

from pymongo.errors import DuplicateKeyError

from domain.model.values import dataclass
from domain.store import meta
from domain.store.document_store import EPOCH, DocumentStore, Stale, StoreFault, update
from domain.store.migrations.format import read_format
from domain.store.migrations.steps import Migration, StepRun

LEASE = timedelta(seconds=60)
# Servers look each second; a commit that had begun by then may be under way for another five.
NOTICE_SECONDS = 8.0
WAIT_SECONDS = 0.2
MOST_TAKES = 10

Progress = Callable[[Migration, int], None]


class LeaseLost(StoreFault):
    """Another runner took over, since this one did not save a position for the length of a lease."""


def _no_progress(_migration: Migration, _changed: int) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True)
class MigrationRunner:
    """How migrations are run: `clock` says when leases expire, `progress` gets each step's count of changes.

    `notice_seconds` is how long it waits for running servers to stop; 0 where there are none.
    """

    clock: Callable[[], datetime]
    progress: Progress = _no_progress
    lease: timedelta = LEASE
    notice_seconds: float = NOTICE_SECONDS
    token: str = field(default_factory=lambda: secrets.token_hex(8))

    async def run(self, store: DocumentStore, migrations: Sequence[Migration]) -> None:
        """Bring the database to the format of the last migration. Whoever loses the lease waits for it again:
        the other goes on from the position that was saved. Raises LeaseLost after `MOST_TAKES` of them.
        """
        for take in range(1, MOST_TAKES + 1):
            try:
                await self._run_once(store, migrations)
                break
            except LeaseLost:
                if take == MOST_TAKES:
                    raise

    async def _run_once(self, store: DocumentStore, migrations: Sequence[Migration]) -> None:
        target = migrations[-1].number
        await store.detect_features()
        await self._take_lease(store, target)
        stored = await read_format(store)
        if stored.number is None or stored.number >= target:
            await self._release(store)
            return  # another runner was quicker
        try:
            await store[meta.COLLECTION].update_one(
                {"_id": meta.FORMAT_ID}, {"$set": {"migrating_to": target}}
            )
            await self._wait_for_servers()
            for migration in migrations:
                if migration.number > stored.number:
                    await self._run_step(store, migration)
            await store[meta.COLLECTION].update_one(
                {"_id": meta.FORMAT_ID, "number": target}, {"$unset": {"migrating_to": ""}}
            )
        finally:
            await self._release(store)

    async def _wait_for_servers(self) -> None:
        if self.notice_seconds:
            await asyncio.sleep(self.notice_seconds)

    async def _run_step(self, store: DocumentStore, migration: Migration) -> None:
        mark = await store[meta.COLLECTION].find_one({"_id": meta.MIGRATION_ID}) or {}
        is_resumed = mark.get("step") == migration.number
        position = mark.get("position", "") if is_resumed else ""
        changed = mark.get("changed", 0) if is_resumed else 0
        self.progress(migration, changed)

        async def save(position: str, count: int) -> None:
            nonlocal changed
            changed += count
            await self._save(store, {"step": migration.number, "position": position, "changed": changed})
            self.progress(migration, changed)

        await self._save(store, {"step": migration.number, "position": position, "changed": changed})
        await migration.apply(StepRun(store, position, save))
        await self._finish(store, migration)

    async def _save(self, store: DocumentStore, sets: dict[str, object]) -> None:
        result = await store[meta.COLLECTION].update_one(
            {"_id": meta.MIGRATION_ID, "lease": self.token},
            {"$set": {**sets, "lease_until": self.clock() + self.lease}},
        )
        if not result.matched_count:
            raise LeaseLost

    async def _finish(self, store: DocumentStore, migration: Migration) -> None:
        """Raise the database's format; nothing of it where the lease was lost."""
        await store.transact(
            [
                update(
                    meta.COLLECTION,
                    {"_id": meta.MIGRATION_ID, "lease": self.token},
                    {"$set": {"lease_until": self.clock() + self.lease}},
                    if_missed=LeaseLost(),
                ),
                update(
                    meta.COLLECTION,
                    {"_id": meta.FORMAT_ID, "number": migration.number - 1},
                    {"$set": {"number": migration.number}},
                    if_missed=Stale("the format has changed"),
                ),
            ]
        )

    # ------------------------------------------------------------ the lease

    async def _take_lease(self, store: DocumentStore, target: int) -> None:
        """Wait until the lease is free and take it, or until another runner has reached `target`."""
        while not await self._try_lease(store):
            stored = await read_format(store)
            if stored.number is not None and stored.number >= target and stored.migrating_to is None:
                return
            await asyncio.sleep(WAIT_SECONDS)

    async def _try_lease(self, store: DocumentStore) -> bool:
        now = self.clock()
        sets = {"lease": self.token, "lease_until": now + self.lease}
        free = {"_id": meta.MIGRATION_ID, "lease_until": {"$gte": EPOCH, "$lte": now}}
        result = await store[meta.COLLECTION].update_one(free, {"$set": sets})
        if result.matched_count:
            return True
        try:
            await store[meta.COLLECTION].insert_one({"_id": meta.MIGRATION_ID, **sets})
        except DuplicateKeyError:
            return False
        return True

    async def _release(self, store: DocumentStore) -> None:
        await store[meta.COLLECTION].update_one(
            {"_id": meta.MIGRATION_ID, "lease": self.token}, {"$set": {"lease_until": EPOCH}}
        )
