"""What becomes of a promised message when it is due: its channels and its text, or why it is dropped.

Consent is checked again at every attempt: what was withdrawn is not sent. The inbox gets a message at once;
what could wake a person waits for the end of their quiet hours.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from domain.model.ledger.decide import at_instant
from domain.model.messages import quiet_hours
from domain.model.messages.rendering import MessageSubject, Recipient, Rendered, render
from domain.model.programme import MessageSpec, Programme
from domain.model.programme.messages import MAX_COLLAPSE_NAMES, SERVICE_PURPOSE, SurveySpec, collapse_names
from domain.store.ledger.members import StoredMember
from domain.store.messages.inbox import Letter, LetterKind, Mailbox
from domain.store.messages.once_texts import is_trial
from domain.store.messages.outbox import Delivery, OutboxKind, OutboxRow
from domain.store.people.details import Details


# ---------------------------------------------------------------- pure rules
def find_message_spec(
    programme: Programme, kind: OutboxKind, code: str, variant: str | None = None
) -> MessageSpec | None:
    """Return the spec of a message in one of its variants, or of a survey's question as a message; None for
    an unknown code, and for what was sent once, which is no part of a programme.
    """
    if kind == "survey":
        survey = find_survey_spec(programme, code)
        return survey.as_message if survey is not None else None
    try:
        return programme.message(code).as_variant(variant)
    except KeyError:
        return None


def find_survey_spec(programme: Programme, code: str) -> SurveySpec | None:
    """Return the spec of a survey; None for an unknown code."""
    try:
        return programme.survey(code)
    except KeyError:
        return None


def undeliverable_reason(spec: MessageSpec | None, stored_member: StoredMember | None) -> str | None:
    """Return why a message is dropped; None where its member is to get it."""
    if spec is None:
        return "unknown_message"
    if stored_member is None or stored_member.status != "active":
        return "member_gone"
    if spec.purpose != SERVICE_PURPOSE and spec.purpose not in stored_member.details.profile.consents:
        return "no_consent"
    return None


def is_too_soon(programme: Programme, spec: MessageSpec, mailbox: Mailbox, row: OutboxRow) -> bool:
    """Tell whether a message comes too soon after the last of its kind."""
    last, by = mailbox.last_received.get(spec.code, (None, ""))
    return by != row.id and spec.is_too_soon(row.event_at, last=last, zone=programme.zone)


def quiet_until(
    programme: Programme, spec: MessageSpec, stored_member: StoredMember, *, key: str, now: datetime
) -> datetime | None:
    """Return when the quiet hours of a message end; None where it may go now."""
    if not spec.quiet:
        return None
    zone = quiet_hours.zone_of(stored_member.details.timezone, programme.zone)
    return quiet_hours.release(programme.programme.quiet_hours, zone, now=now, key=key)


def is_consented(spec: MessageSpec, stored_member: StoredMember, channel: str) -> bool:
    """Tell whether a member agreed to messages of a purpose by a channel, where they answer by channel."""
    return spec.purpose == SERVICE_PURPOSE or any(
        answer.covers(channel) for answer in stored_member.details.consents if answer.purpose == spec.purpose
    )


def is_muted(spec: MessageSpec, stored_member: StoredMember, channel: str) -> bool:
    """Tell whether a member does not want messages of a purpose by a channel."""
    return f"{spec.purpose}:{channel}" in stored_member.details.muted


def first_deliveries(spec: MessageSpec) -> tuple[Delivery, ...]:
    """Return a message's deliveries outside the inbox, not split by device yet."""
    return tuple(Delivery(channel) for channel in dict.fromkeys(spec.channels) if channel != "inbox")


def absolute_link(link: str | None, links_url: str) -> str | None:
    """Return a link as it leaves this server: a path begins where links begin, if that is known."""
    return f"{links_url}{link}" if link is not None and link.startswith("/") else link


def collapse_key(programme: Programme, spec: MessageSpec) -> str | None:
    """Return the key by which a push replaces an earlier one; None where it stands alone.

    FCM keeps the pushes of four keys for a phone that is off, and drops the others: a programme published
    before the check held it to four has keys for its first four names.
    """
    return spec.collapse if spec.collapse in collapse_names(programme.messages)[:MAX_COLLAPSE_NAMES] else None


def message_locale(programme: Programme, details: Details) -> str:
    """Return the locale of messages to a member."""
    locales = programme.programme.locales
    return details.locale if details.locale in locales else locales[0]


def main_balance(programme: Programme, stored_member: StoredMember, *, now: datetime) -> int:
    """Return what is available in a member's first wallet at an instant."""
    wallets = at_instant(programme, stored_member.member, now=now).wallets
    first = wallets.get(programme.wallets[0].code)
    return first.available if first is not None else 0


def make_letter(row: OutboxRow, *, number: int, balance: int, now: datetime) -> Letter:
    """Return a message as a letter of the inbox."""
    kind: LetterKind = row.kind if row.kind in ("survey", "once") else "message"
    return Letter(
        row.id,
        row.member,
        number,
        kind,
        row.code,
        row.version,
        row.event,
        row.event_data,
        balance,
        now,
        variant=row.variant,
    )


def render_message(
    programme: Programme, spec: MessageSpec, row: OutboxRow, stored_member: StoredMember, *, balance: int
) -> Rendered:
    """Return the text of a message in the member's current language."""
    recipient = Recipient(
        stored_member.details.name,
        stored_member.member.number,
        _text_locale(spec, row.kind, row.code) or message_locale(programme, stored_member.details),
    )
    return render(programme, spec, MessageSubject(row.event, row.event_data, balance, row.member), recipient)


def render_letter(programme: Programme, letter: Letter, recipient: Recipient) -> Rendered:
    """Return the text of a letter for its reader; its code alone where its message is unknown."""
    spec = letter.text or find_message_spec(programme, letter.kind, letter.code, letter.variant)
    if spec is None:
        return Rendered(letter.code, "", None)
    subject = MessageSubject(letter.event, letter.event_data, letter.balance, letter.member)
    recipient = replace(recipient, locale=_text_locale(spec, letter.kind, letter.code) or recipient.locale)
    return render(programme, spec, subject, recipient)


def _text_locale(spec: MessageSpec, kind: str, code: str) -> str | None:
    """Return the language of a message that is tried, whoever reads it; None for all others."""
    return spec.title.default_locale if is_trial(kind, code) else None
