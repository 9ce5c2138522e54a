"""Merges in a file of events: which member a line is about once memberships were merged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from domain.model import event_names
from domain.model.ledger.decision import DelayedEvent
from domain.model.ledger.member import Member
from domain.model.simulate.inputs import InputLine

# What is decided where the receipt or the voucher is, also after a merge.
STAYING_EVENTS = frozenset(
    {
        event_names.REFUNDED,
        event_names.CORRECTED,
        event_names.VOUCHER_USED,
        event_names.VOUCHER_CANCELLED,
        event_names.VOUCHER_REVERSED,
    }
)


def resolved_line(line: InputLine, members: Mapping[str, Member]) -> InputLine:
    """Return a line as the member who decides it has it: a merge closes the other membership, and what
    happens to a closed one happens to the one that took it over. Raises InputMalformed.
    """
    if line.name != event_names.MERGED:
        return (
            line if line.name in STAYING_EVENTS else replace(line, member=open_member(line.member, members))
        )
    closing = line.require_code("from", members)
    decided_at = members[closing].decided_at
    at = line.at if decided_at is None else max(line.at, decided_at)
    return replace(
        line, at=at, member=closing, name=event_names.CLOSED, data={"into": open_member(line.member, members)}
    )


def open_member(member: str, members: Mapping[str, Member]) -> str:
    """Return who took a membership over, at the end of all merges; itself where nobody did."""
    while (known := members.get(member)) is not None and known.merged_into is not None:
        member = known.merged_into
    return member


def is_erased(member: str, members: Mapping[str, Member]) -> bool:
    """Return whether a membership was erased, or the one that took it over was: a closed one still has its
    receipts and vouchers, and what is returned of them is decided there.
    """
    return members[open_member(member, members)].joined_at is None


def receiver(delayed: DelayedEvent, members: Mapping[str, Member]) -> str:
    """Return who decides an event that was kept for later: a delayed rule is decided where its receipt is."""
    return delayed.member if delayed.event.delayed_rule else open_member(delayed.member, members)
