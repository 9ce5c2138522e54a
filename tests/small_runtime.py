"""A runtime over a fresh database with a small programme, members and a till, for the services that change
balances.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from domain.model import event_names
from domain.model.ledger.decide import decide, new_member
from domain.model.ledger.events import Event
from domain.services.decisions import commit_decision
from domain.services.ledger.purchase_input import PurchaseInput, PurchaseInputLine
from domain.services.ledger.till import Till
from domain.services.runtime import Runtime
from domain.store.connect import Database
from domain.store.document_store import DocumentStore
from domain.store.people.details import Details
from domain.store.prepare import prepare

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
TILL = Till(staff="staff-1", role="MANAGER", store="lisboa")
CASHIER = replace(TILL, staff="staff-2", role="CASHIER")
PORTO = replace(TILL, staff="staff-3", store="porto")
NUMISCOLLECT = Path(__file__).parent.parent / "scripts" / "demo" / "programmes" / "numiscollect.yaml"

SMALL = """
programme: {code: small, name: Small, currency: EUR, timezone: Europe/Lisbon, locales: [en]}
wallets:
  - {code: points, kind: points, name: Points, expiry: {after: {months: 12}}, debt: allow}
events:
  - {name: visited, title: Visited, data: {place: string, people: int}}
rules:
  - code: purchase
    title: A point for every euro
    on: purchase.completed
    do: [{award: {wallet: points, amount: 1, per: 100, of: purchase.total}}]
  - code: visit
    title: A visit
    on: visited
    limit: {times: 2, per: month}
    do: [{award: {wallet: points, fixed: 10}}, {message: thanks}]
  - code: first-visit
    title: The first visit
    on: visited
    limit: {times: 1, per: ever}
    do: [{award: {wallet: points, fixed: 3}}]
  - code: later
    title: A day after
    on: purchase.completed
    after: {days: 1}
    do: [{award: {wallet: points, fixed: 5}}]
rewards:
  - {code: mug, title: A mug, kind: product, cost: {wallet: points, amount: 50}, voucher: {valid: {days: 30}}}
  - {code: rare, title: A rare one, kind: product, cost: {wallet: points, amount: 10}, stock: 3}
messages:
  - {code: thanks, channels: [inbox], purpose: service, title: Thanks, body: Thanks for the visit}
"""


async def open_runtime(database: Database, text: str = SMALL, *, now: datetime = NOW) -> Runtime:
    """A runtime with a published programme."""
    store = DocumentStore.of(database, embedded=True)
    await prepare(store)
    runtime = Runtime.for_store(store)
    await runtime.programmes.publish(text, now=now)
    return runtime


async def join(runtime: Runtime, member: str, *, at: datetime = NOW) -> str:
    """Enrol a member; return their id."""
    details = Details(name=member.title(), locale="en", timezone="Europe/Lisbon")
    event = Event(
        f"enrol:{member}", event_names.ENROLLED, at, "selo", {"referredBy": None}, profile=details.profile
    )
    published = runtime.programmes.current()
    decision = decide(
        published.programme, new_member(member, f"0000{member}"), event, now=at, version=published.number
    )
    await commit_decision(runtime, published, decision, now=at, details=details)
    return member


def new_purchase(
    external_id: str,
    total: int = 10_000,
    *,
    occurred_at: datetime | None = None,
    lines: tuple[PurchaseInputLine, ...] = (),
) -> PurchaseInput:
    """The input of one purchase."""
    return PurchaseInput(external_id, total, "EUR", lines, occurred_at)
