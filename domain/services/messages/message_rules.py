"""What a promised message becomes when its time has come: for whom, by which channels, in which words, or why
for nobody.

Consent is judged again at every attempt: what was withdrawn since is not sent. The inbox has the message at
once, whatever the hour; what would wake somebody waits for the end of their quiet hours.
"""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256

from domain.model.ledger.decide import at_instant
from domain.model.messages import quiet_hours
from domain.model.messages.rendering import MessageSubject, Recipient, Rendered, render
from domain.model.programme import MessageSpec, Programme
from domain.model.programme.messages import SERVICE_PURPOSE, SurveySpec
from domain.store.ledger.members import Details, StoredMember
from domain.store.messages.inbox import Letter, LetterKind, Mailbox
from domain.store.messages.outbox import Delivery, OutboxKind, OutboxRow

COLLAPSE_BYTES = 64


# ---------------------------------------------------------------- pure rules
def find_message_spec(programme: Programme, kind: OutboxKind, code: str) -> MessageSpec | None:
    """Return a message, or a survey's question as one, as the programme has it; None where it has none of
    this code.
    """
    if kind == "survey":
        survey = find_survey_spec(programme, code)
        return survey.as_message if survey is not None else None
    try:
        return programme.message(code)
    except KeyError:
        return None


def find_survey_spec(programme: Programme, code: str) -> SurveySpec | None:
    """Return a survey as the programme has it; None where it has none of this code."""
    try:
        return programme.survey(code)
    except KeyError:
        return None


def undeliverable_reason(spec: MessageSpec | None, stored_member: StoredMember | None) -> str | None:
    """Return why nobody is to have a message any more; None where its member is."""
    if spec is None:
        return "unknown_message"
    if stored_member is None or stored_member.status != "active":
        return "member_gone"
    if spec.purpose != SERVICE_PURPOSE and spec.purpose not in stored_member.details.profile.consents:
        return "no_consent"
    return None


def is_too_soon(programme: Programme, spec: MessageSpec, mailbox: Mailbox, row: OutboxRow) -> bool:
    """Tell whether a message comes within the time after the last of its kind in which there may be no
    second.
    """
    last, by = mailbox.last_received.get(spec.code, (None, ""))
    return by != row.id and spec.is_too_soon(row.event_at, last=last, zone=programme.zone)


def quiet_until(
    programme: Programme, spec: MessageSpec, stored_member: StoredMember, *, key: str, now: datetime
) -> datetime | None:
    """Return when a message that keeps quiet hours may go; None where it may now."""
    if not spec.quiet:
        return None
    zone = quiet_hours.zone_of(stored_member.details.timezone, programme.zone)
    return quiet_hours.release(programme.programme.quiet_hours, zone, now=now, key=key)


def first_deliveries(spec: MessageSpec) -> tuple[Delivery, ...]:
    """Return a message's deliveries outside the inbox, not yet parted by device."""
    return tuple(Delivery(channel) for channel in dict.fromkeys(spec.channels) if channel != "inbox")


def collapse_key(spec: MessageSpec, row: OutboxRow) -> str:
    """Return what a phone replaces an earlier one by: what the programme says, else the message's own, so
    that a duplicate is seen once.
    """
    return (spec.collapse or sha256(row.id.encode()).hexdigest()[:32])[:COLLAPSE_BYTES]


def message_locale(programme: Programme, details: Details) -> str:
    """Return the locale in which a member is written to."""
    locales = programme.programme.locales
    return details.locale if details.locale in locales else locales[0]


def main_balance(programme: Programme, stored_member: StoredMember, *, now: datetime) -> int:
    """Return what a member has of the first wallet at an instant."""
    wallets = at_instant(programme, stored_member.member, now=now).wallets
    first = wallets.get(programme.wallets[0].code)
    return first.available if first is not None else 0


def make_letter(row: OutboxRow, *, number: int, balance: int, now: datetime) -> Letter:
    """Return a message as it lies in the inbox."""
    kind: LetterKind = "survey" if row.kind == "survey" else "message"
    return Letter(
        row.id, row.member, number, kind, row.code, row.version, row.event, row.event_data, balance, now
    )


def render_message(
    programme: Programme, spec: MessageSpec, row: OutboxRow, stored_member: StoredMember, *, balance: int
) -> Rendered:
    """Return what is sent, in the member's language as it is now."""
    recipient = Recipient(
        stored_member.details.name,
        stored_member.member.number,
        message_locale(programme, stored_member.details),
    )
    return render(programme, spec, MessageSubject(row.event, row.event_data, balance), recipient)


def render_letter(programme: Programme, letter: Letter, recipient: Recipient) -> Rendered:
    """Return what a letter says to whoever reads it now; its code alone where the programme knows the message
    no more.
    """
    spec = find_message_spec(programme, letter.kind, letter.code)
    if spec is None:
        return Rendered(letter.code, "", None)
    return render(programme, spec, MessageSubject(letter.event, letter.event_data, letter.balance), recipient)
