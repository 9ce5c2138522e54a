"""A runtime whose programme sends messages of every kind, members with phones, and senders that record what
they send.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from domain.model.ledger.decide import decide
from domain.model.ledger.events import Event
from domain.services.decisions import commit_decision, load_member
from domain.services.messages.delivery_jobs import DeliveryWorker
from domain.services.messages.delivery_rounds import run_round
from domain.services.runtime import Runtime
from domain.services.senders import SENT, MailMessage, PushMessage, Senders, SendResult, SmsMessage
from domain.store.connect import Database
from domain.store.document_store import update
from domain.store.messages import outbox
from domain.store.messages.outbox import OutboxRow
from domain.store.people import devices
from domain.store.people.consent_answers import ConsentAnswer
from domain.store.people.details import details_document
from domain.store.people.devices import Device
from tests.small_runtime import join, open_runtime

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
NIGHT = datetime(2026, 3, 2, 23, tzinfo=UTC)

LOUD = """
programme:
  {code: loud, name: Loud, currency: EUR, timezone: Europe/Lisbon, locales: [en, pt], quiet_hours: "21:00-08:00"}
wallets: [{code: points, kind: points, name: Points}]
consents: [{purpose: marketing, title: News, wording: "Yes, news"}]
events:
  - {name: visited, title: Visited, data: {place: string, people: int}}
  - {name: rained, title: Rained, data: {}}
  - {name: sold, title: Sold, data: {}}
  - {name: mailed, title: Mailed, data: {}}
  - {name: hooked, title: Hooked, data: {}}
  - {name: nudged, title: Nudged, data: {}}
rules:
  - {code: visit, on: visited, do: [{message: thanks}]}
  - {code: rain, on: rained, do: [{message: rain}]}
  - {code: sale, on: sold, when: "'marketing' in member.consents", do: [{message: sale}]}
  - {code: mail, on: mailed, do: [{message: letter}]}
  - {code: hook, on: hooked, do: [{webhook: shop}]}
  - {code: nudge, on: nudged, do: [{message: nudge}]}
messages:
  - code: thanks
    channels: [push, inbox]
    purpose: service
    title: {en: "Thanks, {member.name}", pt: "Obrigado, {member.name}"}
    body: {en: "{event.people} came, {member.balance} points", pt: "Vieram {event.people}, {member.balance} pontos"}
    link: "app://places/{event.place}"
  - {code: rain, channels: [push, inbox], purpose: service, quiet: true, collapse: weather, title: Rain, body: Take a coat}
  - {code: sale, channels: [push, email], purpose: marketing, title: Sale, body: Today}
  - {code: letter, channels: [email, sms, inbox], purpose: service, title: Letter, body: Read me}
  - {code: nudge, channels: [inbox], purpose: service, once: {days: 7}, title: Nudge, body: Psst}
"""


# ---------------------------------------------------------------- senders
@dataclass
class RecordingPushSender:
    """Records each message; answers as `answer` says."""

    answer: Callable[[PushMessage], SendResult] = lambda message: SENT
    sent: list[PushMessage] = field(default_factory=list)

    async def send(self, batch: Sequence[PushMessage], *, now: datetime) -> Sequence[SendResult]:
        self.sent += batch
        return [self.answer(one) for one in batch]


@dataclass
class RecordingMailSender:
    got: list[MailMessage] = field(default_factory=list)

    async def send(self, batch: Sequence[MailMessage], *, now: datetime) -> Sequence[SendResult]:
        self.got += batch
        return [SENT for _ in batch]


@dataclass
class RecordingSmsSender:
    got: list[SmsMessage] = field(default_factory=list)

    async def send(self, batch: Sequence[SmsMessage], *, now: datetime) -> Sequence[SendResult]:
        self.got += batch
        return [SENT for _ in batch]


def new_delivery_worker(
    push: RecordingPushSender | None = None,
    *,
    mail: RecordingMailSender | None = None,
    sms: RecordingSmsSender | None = None,
    lease: timedelta = outbox.CLAIM_LEASE,
) -> DeliveryWorker:
    """A delivery worker with these senders."""
    return DeliveryWorker(Senders(push, mail, sms), lease=lease)


# ---------------------------------------------------------------- people and what happens to them
async def open_loud_runtime(database: Database, text: str = LOUD) -> Runtime:
    """A runtime with the programme above and the member `ana`."""
    runtime = await open_runtime(database, text, now=NOON - timedelta(days=30))
    await join(runtime, "ana", at=NOON - timedelta(days=20))
    return runtime


async def register_phone(
    runtime: Runtime, member: str = "ana", *, token: str = "token-1", at: datetime = NOON
) -> Device:
    """Register a phone of a member's that push reaches."""
    device = Device(
        devices.device_id(member, token), member, "ANDROID", token.encode().hex()[:16], at, at, token, "TOKEN"
    )
    await devices.upsert(runtime.store, device)
    return device


async def change_details(
    runtime: Runtime,
    member: str = "ana",
    *,
    locale: str = "en",
    zone: str = "Europe/Lisbon",
    news: bool | None = None,
    news_channels: tuple[str, ...] | None = None,
) -> None:
    """Change a member's language, zone and consent."""
    stored = await load_member(runtime, member)
    details = replace(
        stored.details, locale=locale, timezone=zone, email=f"{member}@shop.example", phone="+351912345678"
    )
    if news is not None:
        answer = ConsentAnswer("marketing", news, NOON, "Yes, news", 1, "app", news_channels)
        details = replace(details, consents=(answer,))
    await runtime.store.transact(
        [update("members", {"_id": member}, {"$set": {"profile": details_document(details)}})]
    )


async def record_event(
    runtime: Runtime, name: str, member: str = "ana", *, at: datetime = NOON, **event_data: str | int
) -> str:
    """Record an event of a member's; return the id of its first outbox row."""
    published, stored = runtime.programmes.current(), await load_member(runtime, member)
    event = Event(
        f"{name}:{member}:{stored.member.seq}",
        name,
        at,
        "till",
        {"place": None, "people": None, **event_data} if event_data else {},
    )
    decision = decide(published.programme, stored.member, event, now=at, version=published.number)
    await commit_decision(runtime, published, decision, now=at)
    return f"{member}:{decision.member.seq}:0"


# ---------------------------------------------------------------- the worker
async def deliver_all_due(runtime: Runtime, worker: DeliveryWorker, *, now: datetime = NOON) -> int:
    """Deliver in the worker's lane and then in the other, until nothing is due; return how many were sent."""
    sent = 0
    for each in (worker, replace(worker, lane="systems" if worker.lane == "people" else "people")):
        while (report := await run_round(runtime, each, now=now)).due_count:
            sent += report.sent_count
    return sent


async def load_outbox_row(runtime: Runtime, id: str) -> OutboxRow:
    """Return an outbox row."""
    outbox_row = await outbox.find(runtime.store, id)
    assert outbox_row is not None
    return outbox_row


async def delivery_states(runtime: Runtime, id: str) -> list[tuple[str, str, str]]:
    """Return a row's deliveries: channel, state, reason."""
    return [
        (one.channel, one.state, one.reason) for one in (await load_outbox_row(runtime, id)).deliveries or ()
    ]
