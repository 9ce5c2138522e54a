"""The systems that hold keys, in memory, so that knowing a caller costs no database command.

Every process reads them at its start. A key that is revoked ends in the process that revokes it at once, and
in the others as soon as the change stream tells. A key that nobody told of yet is looked for. When keys were
used is noted now and then.
"""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Final

import structlog

from domain.model.intake.client_keys import is_from, is_key, read_key
from domain.model.intake.refusals import CallRefusal
from domain.model.values import dataclass
from domain.store.cancellation import raise_pending_cancellation
from domain.store.change_stream import Change, ClientChanged
from domain.store.document_store import DatabaseError, DocumentStore, StoreFault
from domain.store.intake import clients
from domain.store.intake.clients import StoredClient, read_client

NOTE_SECONDS: Final = 10.0
LOOK_SECONDS: Final = 0.05  # between two look-ups of unknown keys: guesses must not keep the database busy

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class AdmittedClient:
    """A system whose key works now, and which of its keys it brought."""

    client: StoredClient
    key_id: str


@dataclass(frozen=True, slots=True)
class KeyRefused:
    """Why a key does not work; `source` is that of the system that it is of, None where it is nobody's."""

    reason: CallRefusal
    source: str | None = None


class ClientRegistry:
    """The systems of one process; a process has one."""

    def __init__(self, store: DocumentStore) -> None:
        self._store, self._looked_at = store, float("-inf")
        self._clients: dict[str, StoredClient] = {}
        self._names_by_key: dict[str, str] = {}
        self._used: dict[tuple[str, str], datetime] = {}

    def find(self, name: str) -> StoredClient | None:
        """Return a system by its name, revoked or not."""
        return self._clients.get(name)

    def admit(self, text: str, *, address: str, now: datetime) -> AdmittedClient | KeyRefused:
        """Return whose key a text is, or why it is none that works from this address."""
        presented = read_key(text)
        if presented is None:
            return KeyRefused("UNKNOWN_KEY")
        client = self._clients.get(self._names_by_key.get(presented.id, ""))
        key = next((each for each in client.keys if each.id == presented.id), None) if client else None
        is_right = is_key(presented, key)
        if client is None or key is None:
            return KeyRefused("UNKNOWN_KEY")
        if not is_right:
            return KeyRefused("BAD_KEY", client.source)
        if key not in client.live_keys(now):
            return KeyRefused(ended_reason(client), client.source)
        if not is_from(address, client.addresses):
            log.warning("client.other_address", client=client.name, key=presented.id)
            return KeyRefused("OTHER_ADDRESS", client.source)
        self.note_used(client.name, presented.id, now=now)
        return AdmittedClient(client, presented.id)

    async def learn(self, text: str) -> None:
        """Read whose key a text is, where it reads as a key that is not known: it may be new."""
        presented, now = read_key(text), asyncio.get_running_loop().time()
        if presented is None or presented.id in self._names_by_key or now - self._looked_at < LOOK_SECONDS:
            return
        self._looked_at = now
        try:
            client = await clients.find_by_key(self._store, presented.id)
        except DatabaseError as fault:
            log.warning("client.not_read", key=presented.id, fault=type(fault).__name__)
            return
        if client is not None:
            self.put(client)

    def note_used(self, name: str, key: str, *, now: datetime) -> None:
        """Note that a key was used."""
        self._used[name, key] = now

    def put(self, client: StoredClient) -> None:
        """Take a system as it is by now; an earlier state of it than the known one is left aside."""
        known = self._clients.get(client.name)
        if known is None or known.rev <= client.rev:
            self._clients[client.name] = client
            self._names_by_key |= {key.id: client.name for key in client.keys}

    async def catch_up(self, store: DocumentStore, *, now: datetime) -> None:
        """Read all systems: before the first request, and whenever some changes were missed."""
        for client in await clients.find_all(store):
            self.put(client)

    def handle_change(self, change: Change, *, now: datetime) -> None:
        """Take a system that was added or changed."""
        if isinstance(change, ClientChanged):
            self.put(read_client(change.row))

    async def keep_noting(self) -> None:
        """Write down when keys were last used, every ten seconds, until cancelled."""
        while True:
            await asyncio.sleep(NOTE_SECONDS)
            await self.write_used()
            raise_pending_cancellation()

    async def write_used(self) -> None:
        """Write down when keys were last used since the last time."""
        used, self._used = self._used, {}
        if not used:
            return
        try:
            await self._store.transact(
                [clients.used_write(name, key, at) for (name, key), at in used.items()]
            )
        except (DatabaseError, StoreFault):  # the next time, with what is used until then
            self._used = used | self._used


def ended_reason(client: StoredClient) -> CallRefusal:
    """Return why a system's key, which worked once, works no more."""
    return "KEY_ENDED" if client.revoked_at is None else "REVOKED"
