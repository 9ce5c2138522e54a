"""What one process shares: the database, the programmes and stock counts in memory, the activity hub."""

from __future__ import annotations

import asyncio
from dataclasses import field
from datetime import datetime

from domain.model.programme import Programme
from domain.model.values import dataclass
from domain.services.activity_hub import ActivityHub
from domain.services.known_histories import KnownHistories
from domain.services.programme_time import ProgrammeTime
from domain.store.cancellation import raise_pending_cancellation
from domain.store.document_store import DatabaseError, DocumentStore, FormatOutdated
from domain.store.ledger.programmes import NothingPublished, Programmes
from domain.store.ledger.stock import StockCounts
from domain.store.messages.once_texts import OnceTexts
from domain.store.messages.outbox_writes import NO_SUBSCRIPTIONS, Subscriptions
from domain.store.migrations import check_format

REFRESH_SECONDS = 1.0


@dataclass(slots=True)
class LastTurn:
    """When the last turn of this process ended well; None where it has taken none."""

    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Runtime:
    """What every service works with; a process has one. `subscriptions` are the webhooks that an operator
    subscribed to events, `channels` those that have a sender (`Senders.channels`).
    """

    store: DocumentStore
    programmes: Programmes
    stock: StockCounts
    activity_hub: ActivityHub = field(default_factory=ActivityHub)
    known_histories: KnownHistories = field(default_factory=KnownHistories)
    programme_time: ProgrammeTime = field(default_factory=ProgrammeTime)
    last_turn: LastTurn = field(default_factory=LastTurn)
    once_texts: OnceTexts = field(default_factory=OnceTexts)
    subscriptions: Subscriptions = field(default_factory=lambda: NO_SUBSCRIPTIONS)
    channels: frozenset[str] = frozenset()

    @classmethod
    def for_store(cls, store: DocumentStore) -> Runtime:
        """Return the runtime over a prepared store. Call `programmes.refresh()` before its first use."""
        programme_time = ProgrammeTime()
        return Runtime(
            store,
            Programmes(store),
            StockCounts(store),
            ActivityHub(programme_time),
            programme_time=programme_time,
        )

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
            raise_pending_cancellation()
            await asyncio.sleep(REFRESH_SECONDS)
