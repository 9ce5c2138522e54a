"""Tells the tokens of this process which signing keys were dropped, by the change stream."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from domain.store.change_stream import Change, KeyDropped
from domain.store.document_store import DocumentStore
from domain.store.people import dropped_keys


class DroppedKeys:
    """Hands the names of dropped keys to `on_drop`, which must not raise; some of them more than once."""

    def __init__(self, on_drop: Callable[[Iterable[str]], None]) -> None:
        self._on_drop = on_drop

    async def catch_up(self, store: DocumentStore, *, now: datetime) -> None:
        """Read which keys were dropped."""
        self._on_drop(await dropped_keys.find_all(store))

    def handle_change(self, change: Change, *, now: datetime) -> None:
        """Take the end of a key."""
        if isinstance(change, KeyDropped):
            self._on_drop([change.kid])
