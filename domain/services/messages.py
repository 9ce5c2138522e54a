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
def spec_of(programme: Programme, kind: OutboxKind, code: str) -> MessageSpec | None:
    """Return a message, or a survey's question as one, as the programme has it; None where it has none of
    this code.
    """
    if kind == "survey":
        survey = survey_of(programme, code)
        return survey.as_message if survey is not None else None
    try:
        return programme.message(code)
    except KeyError:
        return None


def survey_of(programme: Programme, code: str) -> SurveySpec | None:
    """Return a survey as the programme has it; None where it has none of this code."""
    try:
        return programme.survey(code)
    except KeyError:
        return None


def why_not(spec: MessageSpec | None, kept: StoredMember | None) -> str | None:
    """Return why nobody is to have a message any more; None where its member is."""
    if spec is None:
        return "unknown_message"
    if kept is None or kept.status != "active":
        return "member_gone"
    if spec.purpose != SERVICE_PURPOSE and spec.purpose not in kept.details.profile.consents:
        return "no_consent"
    return None


def too_soon(programme: Programme, spec: MessageSpec, box: Mailbox, row: OutboxRow) -> bool:
    """Tell whether a message comes within the time after the last of its kind in which there may be no
    second.
    """
    last, by = box.last_received.get(spec.code, (None, ""))
    return by != row.id and spec.is_too_soon(row.event_at, last=last, zone=programme.zone)


def waits_until(
    programme: Programme, spec: MessageSpec, kept: StoredMember, *, key: str, now: datetime
) -> datetime | None:
    """Return when a message that keeps quiet hours may go; None where it may now."""
    if not spec.quiet:
        return None
    zone = quiet_hours.zone_of(kept.details.timezone, programme.zone)
    return quiet_hours.release(programme.programme.quiet_hours, zone, now=now, key=key)


def channels_of(spec: MessageSpec) -> tuple[Delivery, ...]:
    """Return a message's deliveries outside the inbox, not yet parted by device."""
    return tuple(Delivery(channel) for channel in dict.fromkeys(spec.channels) if channel != "inbox")


def collapse_id(spec: MessageSpec, row: OutboxRow) -> str:
    """Return what a phone replaces an earlier one by: what the programme says, else the message's own, so
    that a duplicate is seen once.
    """
    return (spec.collapse or sha256(row.id.encode()).hexdigest()[:32])[:COLLAPSE_BYTES]


def language(programme: Programme, details: Details) -> str:
    """Return the locale in which a member is written to."""
    locales = programme.programme.locales
    return details.locale if details.locale in locales else locales[0]


def balance_of(programme: Programme, kept: StoredMember, *, now: datetime) -> int:
    """Return what a member has of the first wallet at an instant."""
    wallets = at_instant(programme, kept.member, now=now).wallets
    first = wallets.get(programme.wallets[0].code)
    return first.available if first is not None else 0


def letter_of(row: OutboxRow, *, n: int, balance: int, now: datetime) -> Letter:
    """Return a message as it lies in the inbox."""
    kind: LetterKind = "survey" if row.kind == "survey" else "message"
    return Letter(row.id, row.member, n, kind, row.code, row.version, row.event, row.event_data, balance, now)


def words_of(
    programme: Programme, spec: MessageSpec, row: OutboxRow, kept: StoredMember, *, balance: int
) -> Rendered:
    """Return what is sent, in the member's language as it is now."""
    to = Recipient(kept.details.name, kept.member.number, language(programme, kept.details))
    return render(programme, spec, MessageSubject(row.event, row.event_data, balance), to)


def letter_words(programme: Programme, letter: Letter, to: Recipient) -> Rendered:
    """Return what a letter says to whoever reads it now; its code alone where the programme knows the message
    no more.
    """
    spec = spec_of(programme, letter.kind, letter.code)
    if spec is None:
        return Rendered(letter.code, "", None)
    return render(programme, spec, MessageSubject(letter.event, letter.event_data, letter.balance), to)
