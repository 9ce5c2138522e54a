"""Systems and their keys: added, changed, rotated, revoked. Each act leaves a row in the audit trail.

Whose source a receipt is of is decided here, once: no two systems have the same, so that what one reports
never collides with what another does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from datetime import datetime, timedelta
from ipaddress import ip_network
from typing import Final

from domain.model.calendar import milliseconds
from domain.model.intake import client_keys
from domain.model.intake.client_keys import (
    MOST_ADDRESSES,
    MOST_LIVE_KEYS,
    OVERLAPS,
    SCOPES,
    ClientBounds,
    ClientKey,
    KeyKind,
    Scope,
)
from domain.model.intake.sources import NO_CODES
from domain.model.values import dataclass
from domain.services.errors import InvalidInput
from domain.services.intake import publishing
from domain.services.people.identity_runtime import IdentityRuntime
from domain.store import audit
from domain.store.audit_actions import Action
from domain.store.document_store import Write
from domain.store.intake import clients
from domain.store.intake.clients import ClientTaken, StoredClient
from domain.store.people import stores

MOST_KEYS: Final = 10
LARGEST_BOUND: Final = 10**9
DEFAULT_BOUNDS: Final = ClientBounds()
_CODE: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """A new key of a system, shown this once, and the secret by which its holder may sign instead."""

    client: StoredClient
    key: str
    signing_secret: str


# ---------------------------------------------------------------- pure rules
def check_scopes(words: Sequence[str]) -> tuple[Scope, ...]:
    """Return scopes, each once, in their order. Raises InvalidInput."""
    unknown = next((word for word in words if word not in SCOPES), None)
    if unknown is not None or not words:
        fault = "No scope is named" if unknown is None else f"{unknown:.64} is no scope"
        raise InvalidInput("scopes", f"{fault}; write some of {','.join(SCOPES)}.")
    return tuple(scope for scope in SCOPES if scope in words)


def check_addresses(texts: Sequence[str]) -> tuple[str, ...]:
    """Return networks in their one spelling. Raises InvalidInput."""
    if len(texts) > MOST_ADDRESSES:
        raise InvalidInput("addresses", f"At most {MOST_ADDRESSES} addresses.")
    try:
        return tuple(str(ip_network(text, strict=False)) for text in texts)
    except ValueError:
        raise InvalidInput(
            "addresses", "Write addresses or networks: 203.0.113.7 or 203.0.113.0/24."
        ) from None


def check_bounds(bounds: ClientBounds, changes: Mapping[str, int | None]) -> ClientBounds:
    """Return bounds with those changed that are named. Raises InvalidInput."""
    named = {name: value for name, value in changes.items() if value is not None}
    unknown = named.keys() - {each.name for each in fields(ClientBounds)}
    assert not unknown, f"{unknown} is no bound"
    for name, value in named.items():
        least = 1 if name == "requests_per_minute" else 0
        if not least <= value <= LARGEST_BOUND:
            raise InvalidInput(name, f"{name} is {least} to {LARGEST_BOUND}.")
    return replace(bounds, **named)


def check_rotation(client: StoredClient, overlap: timedelta, *, now: datetime) -> None:
    """Raise InvalidInput where a system gets no other key, or the ones before it cannot last so long."""
    if overlap not in OVERLAPS:
        hours = ", ".join(str(int(each / timedelta(hours=1))) for each in OVERLAPS)
        raise InvalidInput("keepHours", f"The old key ends after one of {hours} hours.")
    if not client.is_live(now):
        raise InvalidInput("name", f"{client.name} was revoked, or has expired: add another system.")
    if overlap and len(client.live_keys(now)) >= MOST_LIVE_KEYS:
        raise InvalidInput(
            "keep",
            f"{client.name} has two keys that work already; --keep 0 ends both, or wait for one to end.",
        )


# ---------------------------------------------------------------- reads
async def find_all(identity: IdentityRuntime) -> list[StoredClient]:
    """Return all systems, by name."""
    return await clients.find_all(identity.store)


async def find(identity: IdentityRuntime, name: str) -> StoredClient:
    """Return a system. Raises InvalidInput where there is none of this name."""
    client = await clients.find(identity.store, name)
    if client is None:
        raise InvalidInput("name", f"There is no system {name:.64}: selo client list.")
    return client


async def check_new(
    identity: IdentityRuntime,
    *,
    name: str,
    source: str,
    store: str,
    expires_at: datetime | None,
    now: datetime,
) -> None:
    """Raise InvalidInput where there cannot be such a system."""
    for field, code in (("name", name), ("source", source)):
        if not _CODE.fullmatch(code):
            raise InvalidInput(
                field, f"A {field} is 1 to 40 letters a-z, digits, dashes or underscores: webshop."
            )
    if source in NO_CODES:
        raise InvalidInput("source", f"{source} is a source of Selo's own; write another, such as shop.")
    if await stores.find(identity.store, store) is None:
        raise InvalidInput("store", f"There is no store {store}: add it with selo store add.")
    if expires_at is not None and expires_at <= now:
        raise InvalidInput("expiresAt", "A key expires after now.")
    if (other := await clients.find_by_source(identity.store, source)) is not None and other.name != name:
        raise InvalidInput(
            "source",
            f"{other.name} reports as {source}; write another, or give {other.name} a new key by selo client"
            f" rotate {other.name}.",
        )
    if other is None and (before := await publishing.find_store(identity, source)) not in (None, store):
        raise InvalidInput(
            "store",
            f"{source} reports for {before}: with another store each of its orders would count again. Name"
            f" {before}, or another source.",
        )


# ---------------------------------------------------------------- writes
async def add(
    identity: IdentityRuntime,
    *,
    name: str,
    source: str,
    store: str,
    kind: KeyKind,
    scopes: Sequence[str],
    addresses: Sequence[str] = (),
    bounds: Mapping[str, int | None] | None = None,
    expires_at: datetime | None = None,
    actor: str,
    also: Sequence[Write] = (),
    now: datetime,
) -> IssuedKey:
    """Add a system, with its first key, and `also` in the same transaction. Raises InvalidInput."""
    now = milliseconds(now)
    await check_new(identity, name=name, source=source, store=store, expires_at=expires_at, now=now)
    key, text = _new_key(kind, actor=actor, now=now)
    client = StoredClient(
        name,
        source,
        store,
        kind,
        check_scopes(scopes),
        check_bounds(DEFAULT_BOUNDS, bounds or {}),
        check_addresses(addresses),
        (key,),
        now,
        actor,
        expires_at,
    )
    try:
        await _write(
            identity, [*also, clients.add_write(client)], "CLIENT_ADDED", client, actor=actor, now=now
        )
    except ClientTaken:
        raise InvalidInput("name", f"There is a system {name} already: selo client list.") from None
    return IssuedKey(client, text, client_keys.signing_secret(identity.secret, key))


async def change(
    identity: IdentityRuntime,
    name: str,
    *,
    scopes: Sequence[str] | None = None,
    addresses: Sequence[str] | None = None,
    bounds: Mapping[str, int | None] | None = None,
    actor: str,
    also: Sequence[Write] = (),
    now: datetime,
) -> StoredClient:
    """Change what a system's keys may do, with `also` in the same transaction; what is left out stays. Raises
    InvalidInput.
    """
    client = await find(identity, name)
    changed = replace(
        client,
        scopes=client.scopes if scopes is None else check_scopes(scopes),
        addresses=client.addresses if addresses is None else check_addresses(addresses),
        bounds=check_bounds(client.bounds, bounds or {}),
    )
    return await _change(identity, changed, "CLIENT_CHANGED", actor=actor, also=also, now=milliseconds(now))


async def rotate(
    identity: IdentityRuntime,
    name: str,
    *,
    overlap: timedelta,
    actor: str,
    also: Sequence[Write] = (),
    now: datetime,
) -> IssuedKey:
    """Give a system a new key, with `also` in the same transaction; the ones before it end after the overlap.
    Raises InvalidInput.
    """
    now = milliseconds(now)
    client = await find(identity, name)
    check_rotation(client, overlap, now=now)
    ends_at = now + overlap
    ended = tuple(
        key if key.ends_at is not None and key.ends_at <= ends_at else replace(key, ends_at=ends_at)
        for key in client.keys
    )
    key, text = _new_key(client.kind, actor=actor, now=now)
    keys = (*ended, key)[-MOST_KEYS:]
    used = {id: at for id, at in client.used.items() if any(each.id == id for each in keys)}
    rotated = await _change(
        identity,
        replace(client, keys=keys, used=used),
        "CLIENT_KEY_ROTATED",
        actor=actor,
        also=also,
        now=now,
    )
    return IssuedKey(rotated, text, client_keys.signing_secret(identity.secret, key))


async def revoke(
    identity: IdentityRuntime, name: str, *, actor: str, reason: str | None = None, now: datetime
) -> StoredClient:
    """End all keys of a system, at once and for good. Raises InvalidInput."""
    now = milliseconds(now)
    client = await find(identity, name)
    if client.revoked_at is not None:
        return client
    revoked = replace(client, revoked_at=now)
    return await _change(identity, revoked, "CLIENT_REVOKED", actor=actor, reason=reason, now=now)


def _new_key(kind: KeyKind, *, actor: str, now: datetime) -> tuple[ClientKey, str]:
    text = client_keys.new_key(kind)
    presented = client_keys.read_key(text)
    assert presented is not None, "a key that was just made reads"
    return ClientKey(presented.id, presented.hashed, now, actor), text


async def _change(
    identity: IdentityRuntime,
    client: StoredClient,
    action: Action,
    *,
    actor: str,
    reason: str | None = None,
    also: Sequence[Write] = (),
    now: datetime,
) -> StoredClient:
    changed = replace(client, rev=client.rev + 1)
    try:
        writes = [*also, clients.change_write(changed)]
        await _write(identity, writes, action, changed, actor=actor, reason=reason, now=now)
    except ClientTaken:
        raise InvalidInput("name", f"{client.name} was changed meanwhile; try again.") from None
    return changed


async def _write(
    identity: IdentityRuntime,
    writes: Sequence[Write],
    action: Action,
    client: StoredClient,
    *,
    actor: str,
    reason: str | None = None,
    now: datetime,
) -> None:
    act = audit.simple_act_write(action, actor=actor, now=now, subject=client.name, reason=reason)
    await identity.store.transact([*writes, act])
