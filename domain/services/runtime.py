"""What one process shares: the database, the programmes and stock counts in memory, the activity hub."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from domain.model.programme import Programme
from domain.services.activity_hub import ActivityHub
from domain.services.known_histories import KnownHistories
from domain.store.document_store import DatabaseError, DocumentStore, FormatOutdated
from domain.store.ledger.programmes import NothingPublished, Programmes
from domain.store.ledger.stock import StockCounts
from domain.store.migrations import check_format

REFRESH_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Runtime:
    """What every service works with; a process has one."""

    store: DocumentStore
    programmes: Programmes
    stock: StockCounts
    activity_hub: ActivityHub = field(default_factory=ActivityHub)
    known_histories: KnownHistories = field(default_factory=KnownHistories)

    @classmethod
    def for_store(cls, store: DocumentStore) -> Runtime:
        """Return the runtime over a prepared store. Call `programmes.refresh()` before its first use."""
        return Runtime(store, Programmes(store), StockCounts(store))

    @property
    def programme(self) -> Programme:
        """Return the current programme, from memory."""
        return self.programmes.current().programme

    async def keep_refreshed(self) -> None:
        """Read new programme versions and the stock counts every second, until cancelled.

        Where the database was migrated to a newer format meanwhile, the store refuses every use from then on.
        """
        while True:
            try:
                await check_format(self.store)
                await self.programmes.refresh()
                if any(spec.stock is not None for spec in self.programme.rewards):
                    await self.stock.poll()
            except NothingPublished:
                pass  # the next round looks for a first version again
            except FormatOutdated:
                pass  # only a newer version may use the database now
            except DatabaseError:
                pass  # the database is away: the version in memory stays in force
            await asyncio.sleep(REFRESH_SECONDS)
