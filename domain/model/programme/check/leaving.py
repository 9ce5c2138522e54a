"""How members leave: the time to change one's mind, and the term after which nobody comes back."""

from __future__ import annotations

from collections.abc import Iterator

from domain.model import event_names
from domain.model.calendar import Span
from domain.model.fault_text import FaultText
from domain.model.programme.check.checked_file import CheckedFile
from domain.model.programme.faults import Finding

DAYS_OF_MONTH = 30
MOST_DAYS_TO_UNDO = 30
LEAST_MONTHS_INACTIVE = 6


def check_leaving(checked_file: CheckedFile) -> Iterator[Finding]:
    """Find a deletion that takes longer than the law allows, and a term that is short or comes unwarned."""
    programme = checked_file.programme
    if programme.erasure.after.hours or _days(programme.erasure.after) > MOST_DAYS_TO_UNDO:
        yield Finding(
            ("erasure", "after"),
            FaultText("a deletion is final within a month, on a day"),
            FaultText(
                "write {{days: 14}}, at most {{days: {most}}}",
                most=MOST_DAYS_TO_UNDO,
            ),
        )
    retention = programme.retention
    if retention is None:
        return
    if _days(retention.inactive) < LEAST_MONTHS_INACTIVE * DAYS_OF_MONTH:
        yield Finding(
            ("retention", "inactive"),
            FaultText("members who are away for a season would be erased"),
            FaultText(
                "write {{months: 36}}, at least {{months: {least}}}",
                least=LEAST_MONTHS_INACTIVE,
            ),
        )
    rules = [rule for rule in programme.rules_on(event_names.INACTIVE) if rule.when is None]
    of_service = {spec.code for spec in programme.messages if spec.purpose == "service"}
    if not any(action.message in of_service for rule in rules for action in rule.do):
        yield Finding(
            ("retention",),
            FaultText("members would be erased unwarned"),
            FaultText(
                "write a rule on: {event} without when, that sends a message of purpose: service",
                event=event_names.INACTIVE,
            ),
        )


def _days(span: Span) -> int:
    return span.months * DAYS_OF_MONTH + span.days
