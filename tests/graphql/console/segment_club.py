"""A club with a segment of buyers, operators, and as many members as a test needs, without enrolling each."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from domain.services.figures.message_counts import count_messages
from domain.services.messages.delivery_jobs import DeliveryWorker
from domain.services.messages.delivery_rounds import run_round
from domain.services.segments import jobs
from domain.store.connect import Database
from domain.store.figures.lease import LeaseHolder
from tests.command_log import CommandLog
from tests.folding import fold_waiting
from tests.graphql.console.test_operations import operators
from tests.running_app import Json, RunningApp, open_running_app

CLUB = """
programme: {code: club, name: {en: Club, pt: Clube}, currency: EUR, timezone: Europe/Lisbon, locales: [en, pt], terms: {version: "2026-01", url: /terms}, quiet_hours: "21:00-08:00"}
wallets: [{code: points, name: {en: Points, pt: Pontos}}]
rules:
  - {code: base, title: {en: Buys, pt: Compras}, on: purchase.completed, do: [{award: {wallet: points, amount: 1, per: 100, of: purchase.total}}]}
  - {code: gift, title: {en: Gift, pt: Oferta}, on: segment.entered, when: event.data.segment == 'vips', do: [{award: {wallet: points, fixed: 50}}]}
segments:
  - {code: buyers, name: {en: Buyers, pt: Compradores}, when: member.purchases.count > 0}
  - {code: vips, name: {en: VIPs, pt: VIPs}, when: "'vip' in member.tags"}
codes: [{code: SPRING, title: {en: Spring, pt: Primavera}, limit: 10}, {batch: packs, title: {en: Packs, pt: Pacotes}}, {code: FREE, title: {en: Free, pt: Livre}}]
consents: [{purpose: marketing, title: {en: News, pt: Notícias}, wording: {en: I want news, pt: Quero}, wordingVersion: 1}]
"""
STATE = "job { job jobState size looked done skipped { reason count } error }"
STARTED = f"__typename ... on MemberJobStarted {{ {STATE} }}"
STARTED += " ... on StaffProposed { proposal { proposal proposalKind subject terms } }"
STARTED += " ... on NotAllowed { reason }"
NEWS: Json = {
    "channels": ["inbox", "email"],
    "purpose": "marketing",
    "titles": [{"locale": "en", "text": "Sale"}, {"locale": "pt", "text": "Saldos"}],
    "bodies": [
        {"locale": "en", "text": "{member.name}, everything is half price."},
        {"locale": "pt", "text": "{member.name}, tudo a metade do preço."},
    ],
}


@asynccontextmanager
async def open_club(
    database: Database, log: CommandLog, folder: Path, *, is_new: bool = True, **settings: str
) -> AsyncIterator[RunningApp]:
    """Serve the club, with further settings where it needs some."""
    file = folder / "club.yaml"
    file.write_text(CLUB, encoding="utf-8")
    async with open_running_app(database, log, folder, programme=file, is_new=is_new, **settings) as running:
        yield running


async def buyer(app: RunningApp, name: str, *, agrees: bool = True, receipt: str = "") -> str:
    """Enrol a member who buys once; return their access token."""
    answer = {"purpose": "marketing", "granted": agrees, "wordingVersion": 1}
    token = await app.enrol_member(f"{name}@example.com", name=name.title(), consents=[answer])
    number = (await app.do("{ me { number } }", token=token))["me"]["number"]
    carla = await app.hire(f"till-{name}")
    buy = {
        "member": number,
        "externalId": receipt or name,
        "currency": "EUR",
        "total": 1_000,
        "idempotencyKey": name,
    }
    await app.mutate("recordPurchase", buy, "__typename", token=carla)
    return token


async def staffed(app: RunningApp) -> tuple[str, str]:
    """Hire two operators, once all that was done is counted; return their tokens at the console."""
    await count(app)
    return await operators(app)


async def count(app: RunningApp) -> None:
    """Have the figures know all members, and what became of messages."""
    holder = LeaseHolder(app.clock)
    await fold_waiting(app.process.runtime, holder, now=app.clock())
    await count_messages(app.process.runtime, holder)


async def multiply(app: RunningApp, copies: int) -> None:
    """Store copies of the only member in the segment, and their count."""
    [row] = [each async for each in app.process.store["members"].find({"ledger.segments": "buyers"})]
    rows = [{**row, "_id": secrets.token_hex(16), "number": f"9{place:09d}"} for place in range(copies)]
    await app.process.store["members"].insert_many(rows)
    await app.process.store["figures_now"].update_one(
        {"_id": "levels"}, {"$set": {"segments.buyers": copies + 1}}
    )


async def work(app: RunningApp) -> None:
    """Take all jobs that are due to their ends."""
    while await jobs.run_due(app.process.runtime, clock=app.clock):
        pass


async def deliver(app: RunningApp, worker: DeliveryWorker | None = None) -> int:
    """Deliver all that is due; return how many rows were."""
    worker, claimed = worker or DeliveryWorker(), 0
    while (done := await run_round(app.process.runtime, worker, now=app.clock())).claimed_count:
        claimed += done.claimed_count
    return claimed


async def newest(app: RunningApp, token: str, kind: str, fields: str) -> Json:
    """Return the newest job of a kind, as an operator reads it."""
    query = f"query($k: MemberJobKind!) {{ memberJobs(kind: $k) {{ {fields} }} }}"
    job: Json = (await app.do(query, {"k": kind}, token=token))["memberJobs"][0]
    return job
