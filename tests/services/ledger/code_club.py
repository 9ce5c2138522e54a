"""A programme with codes and a runtime over it, for the tests of codes that members enter."""

from __future__ import annotations

from datetime import datetime

from domain.services.code_claims import EnteredCode
from domain.services.ledger import code_entry
from domain.services.ledger.code_batches import make_codes
from domain.services.runtime import Runtime
from domain.store.connect import Database
from tests.small_runtime import NOW, join, open_runtime

SECRET = b"a secret of thirty-two bytes, ok"
CODES = """
programme: {code: small, name: Small, currency: EUR, timezone: Europe/Lisbon, locales: [en]}
wallets: [{code: points, name: Points}]
codes:
  - {code: ANA10, title: From Ana}
  - {code: TEN, title: Ten only, limit: 10}
  - {code: EASTER, title: Easter, during: {from: "2026-04-01", until: "2026-04-10"}}
  - {code: CARNIVAL, title: Carnival, during: {until: "2026-02-20"}}
  - {batch: packs, title: A pack}
rules:
  - {code: code, title: Code, on: code.entered, when: event.data.code != null, do: [{award: {wallet: points, fixed: 10}}]}
  - {code: pack, title: Pack, on: code.entered, when: event.data.batch == "packs", do: [{award: {wallet: points, fixed: 3}}, {voucher: mug}]}
rewards: [{code: mug, title: A mug}]
"""


async def open_club(database: Database, *members: str) -> Runtime:
    """A runtime with a programme that has codes, and members."""
    runtime = await open_runtime(database, CODES)
    for member in members:
        await join(runtime, member)
    return runtime


async def made(runtime: Runtime, count: int, *, batch: str = "packs", secret: bytes = SECRET) -> list[str]:
    """Make codes of a batch."""
    making = make_codes(runtime, secret=secret, batch=batch, count=count, actor="cli:test", now=NOW)
    return [code async for chunk in making for code in chunk]


async def enter(
    runtime: Runtime,
    member: str,
    code: str,
    *,
    key: str | None = None,
    secrets: tuple[bytes, ...] = (SECRET,),
    now: datetime = NOW,
) -> EnteredCode:
    """Enter a code as a member types it."""
    return await code_entry.enter_code(
        runtime, member_id=member, code=code, all_secrets=secrets, key=key or f"{member} {code}", now=now
    )
