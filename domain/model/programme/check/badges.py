"""Badges: levels that ascend, actions at some levels only, stamp cards that count what is meant, challenges
that can be taken up, and goals that can be made.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from babel.numbers import get_currency_precision

from domain.model.fault_text import FaultText
from domain.model.programme.badges import BadgeSpec, StampCard
from domain.model.programme.check.checked_file import GIVERS, CheckedFile
from domain.model.programme.check.suspicious import MONEY_PATHS, money_text
from domain.model.programme.faults import Finding, KeyPath

# What is 0, or null, for every member who has just joined.
_OF_NOBODY_NEW: Final = frozenset(
    {
        "member.purchases.count",
        "member.purchases.total",
        "member.purchases.average",
        "member.days_since_purchase",
        "member.days_since_joining",
        "member.referrals",
    }
)


def check_badges(checked_file: CheckedFile) -> Iterator[Finding]:
    """Find badges whose levels or actions contradict each other, and stamps for cents."""
    for index, badge in enumerate(checked_file.programme.badges):
        path: KeyPath = ("badges", index)
        if isinstance(badge.levels, StampCard):
            yield from _stamps_for_cents(path, badge, badge.levels, checked_file)
        elif any(left >= right for left, right in pairwise(badge.levels)):
            yield Finding(
                (*path, "levels"),
                FaultText("the levels do not ascend"),
                FaultText("write each level higher than the one before"),
            )
        yield from _rare_actions(path, badge)
        yield from _challenges(path, badge)
    for placed in checked_file.actions:
        if placed.by != "badge" and placed.action.per_level is not None:
            yield Finding(
                (*placed.path, "per_level"),
                FaultText("{giver} has no levels", giver=GIVERS[placed.by]),
                FaultText("remove it, or write the action under the do of a badge"),
            )


def _rare_actions(path: KeyPath, badge: BadgeSpec) -> Iterator[Finding]:
    """Find actions at every so many levels, of which the badge has fewer."""
    if isinstance(badge.levels, StampCard):
        return
    levels = 1 if badge.target is not None else len(badge.levels)
    for position, action in enumerate(badge.do):
        if action.per_level is not None and action.per_level > levels:
            yield Finding(
                (*path, "do", position, "per_level"),
                FaultText("the badge has 1 level: this is never done")
                if levels == 1
                else FaultText("the badge has {count} levels: this is never done", count=levels),
                FaultText("write levels: {every: 10} for levels without end, or a smaller number"),
                stands_on=((*path, "levels"), (*path, "target")),
            )


def _stamps_for_cents(
    path: KeyPath, badge: BadgeSpec, card: StampCard, checked_file: CheckedFile
) -> Iterator[Finding]:
    """Find a stamp card that counts money, and is full before one unit of it is paid."""
    currency = checked_file.programme.programme.currency
    unit = 10 ** get_currency_precision(currency)
    counts_money = badge.of is not None and (
        badge.of.kind == "lines"
        or (badge.of.kind == "value" and badge.of.expression.source.strip() in MONEY_PATHS)
    )
    if counts_money and card.every < unit:
        yield Finding(
            (*path, "levels", "every"),
            FaultText(
                "the card is full at {money} that is paid", money=money_text(card.every, unit, currency)
            ),
            FaultText(
                "count what is bought by of: {{items: ...}}, or write every in minor units, such as {figure}",
                figure=card.every * unit,
            ),
            is_warning=True,
        )


# ---------------------------------------------------------------- challenges and goals


def _challenges(path: KeyPath, badge: BadgeSpec) -> Iterator[Finding]:
    """Find goals beside levels, challenges that nobody can see, and those that have no end."""
    if badge.target is not None and "levels" in badge.model_fields_set:
        yield Finding(
            (*path, "target"),
            FaultText("levels say already what reaches it"),
            FaultText("keep one of target and levels"),
        )
    if badge.accept and badge.secret:
        yield Finding(
            (*path, "accept"),
            FaultText("nobody can take up what is secret"),
            FaultText("remove secret, or remove accept"),
        )
    has_end = badge.during is not None and badge.during.until is not None
    if badge.accept and not has_end:
        yield Finding(
            (*path, "accept"),
            FaultText("nothing says until when it can be taken up: it never ends"),
            FaultText('add during: {from: "2026-12-01", until: "2026-12-31"}'),
            is_warning=True,
        )
    has_start = badge.during is not None and badge.during.from_ is not None
    if badge.target is not None and not badge.accept and not has_start:
        known = sorted(badge.target.names & _OF_NOBODY_NEW)
        if known:
            yield Finding(
                (*path, "target"),
                FaultText("the goal is fixed at enrolment, when {path} is 0", path=known[0]),
                FaultText("add during: {from: ...} or accept: true, so that it is fixed later"),
                is_warning=True,
            )
