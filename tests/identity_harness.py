"""What the services about people need in tests: an identity runtime over a fresh database, and a code sender
that records.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

from domain.model.people.contacts import Contact
from domain.services.decisions import load_member
from domain.services.errors import ContactOutOfReach
from domain.services.people.enrolment import Application, Applied, enrol
from domain.services.people.identity_runtime import IdentityRuntime
from domain.services.people.sign_in import DeviceInput, MemberSignedIn, sign_in
from domain.services.senders import ChangeNotice, CodeMessage
from domain.store.document_store import DocumentStore
from domain.store.ledger.members import StoredMember

PROGRAMME = """
programme: {code: tiny, name: Tiny, currency: EUR, timezone: Europe/Lisbon, locales: [pt, en, pl], terms: {version: "2026-01", url: "https://tiny.example/t"}}
wallets: [{code: points, kind: points, name: Points}]
rules:
  - {code: welcome, title: Welcome, on: member.enrolled, qualifying: false, do: [{award: {wallet: points, fixed: 100}}]}
  - {code: birthday, title: Birthday, on: member.birthday, do: [{award: {wallet: points, fixed: 7}}]}
  - code: news
    title: News
    on: member.consented
    when: event.data.purpose == "marketing" && event.data.granted
    limit: {times: 1, per: ever}
    do: [{award: {wallet: points, fixed: 20}}]
referral: {qualifies: {on: purchase.completed}, referrer: [{award: {wallet: points, fixed: 50}}]}
consents:
  - {purpose: marketing, title: News, wording: {pt: "Sim, novidades", en: "Yes, news", pl: "Tak, nowości"}, wordingVersion: 3}
  - {purpose: profiling, title: Habits, wording: "Sim, perfil"}
"""
NOW = datetime(2026, 3, 1, 10, tzinfo=UTC)
BEFORE = datetime(2026, 1, 1, tzinfo=UTC)
SECRET = b"a secret of thirty-two bytes, ok"


@dataclass
class RecordingCodeSender:
    """Sends nothing and records each code: contact, code, locale."""

    codes: list[tuple[Contact, str, str]] = field(default_factory=list)
    messages: list[CodeMessage] = field(default_factory=list)
    notices: list[tuple[Contact, ChangeNotice]] = field(default_factory=list)
    reaches: frozenset[str] = frozenset({"email", "phone"})

    def expect_reach(self, contact: Contact) -> None:
        if contact.kind not in self.reaches:
            raise ContactOutOfReach("No sender is configured.")

    async def tell_changed(self, contact: Contact, notice: ChangeNotice) -> None:
        self.notices.append((contact, notice))

    async def send_code(self, contact: Contact, message: CodeMessage) -> None:
        self.codes.append((contact, message.code, message.locale))
        self.messages.append(message)

    def code_for(self, contact: str) -> str:
        """The code that was sent to a contact last."""
        return next(code for to, code, _ in reversed(self.codes) if to.value == contact)

    @property
    def last(self) -> str:
        """The code that was sent last."""
        return self.codes[-1][1]


@dataclass(frozen=True)
class IdentityHarness:
    """An identity runtime and the code sender that it uses."""

    identity: IdentityRuntime
    code_sender: RecordingCodeSender

    @property
    def store(self) -> DocumentStore:
        return self.identity.store


def with_token(applied: Applied, **device: str) -> DeviceInput:
    """Return what a device tells of itself that keeps the token of an application."""
    return DeviceInput(enrolment_token=applied.enrolment_token, **device)


async def enrol_and_sign_in(
    harness: IdentityHarness, email: str = "ana@example.com", *, now: datetime = NOW, **fields: object
) -> MemberSignedIn:
    """Enrol a member and sign them in for the first time."""
    application = Application(**{"name": "Ana", "terms_version": "2026-01", "email": email, **fields})  # type: ignore[arg-type]
    applied = await enrol(harness.identity, application, key=f"enrol {email} {now}", now=now)
    return await sign_in(
        harness.identity,
        contact=email,
        code=harness.code_sender.last,
        challenge=applied.challenge,
        device=with_token(applied),
        now=now,
    )


async def stored_member(harness: IdentityHarness, member: str) -> StoredMember:
    """Return a member as stored."""
    return await load_member(harness.identity, member)


def wrong_code(code: str) -> str:
    """Return another code than this one."""
    return f"{(int(code) + 1) % 10**6:06}"


async def count_documents(harness: IdentityHarness, collection: str) -> int:
    """How many documents a collection holds."""
    return len(await harness.store[collection].find({"_id": {"$gt": ""}}).to_list())
