"""Badges: levels that ascend, actions at some levels only, and stamp cards that count what is meant."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from babel.numbers import get_currency_precision

from domain.model.programme.badges import BadgeSpec, StampCard
from domain.model.programme.check.checked_file import CheckedFile
from domain.model.programme.check.suspicious import MONEY_PATHS, money_text
from domain.model.programme.faults import Finding, KeyPath


def check_badges(checked_file: CheckedFile) -> Iterator[Finding]:
    """Find badges whose levels or actions contradict each other, and stamps for cents."""
    for index, badge in enumerate(checked_file.programme.badges):
        path: KeyPath = ("badges", index)
        if isinstance(badge.levels, StampCard):
            yield from _stamps_for_cents(path, badge, badge.levels, checked_file)
        elif any(left >= right for left, right in pairwise(badge.levels)):
            yield Finding(
                (*path, "levels"),
                "the levels do not ascend",
                "write each level higher than the one before",
            )
        yield from _rare_actions(path, badge)
    for placed in checked_file.actions:
        if placed.by != "badge" and placed.action.per_level is not None:
            yield Finding(
                (*placed.path, "per_level"),
                f"a {placed.by} has no levels",
                "remove it, or write the action under the do of a badge",
            )


def _rare_actions(path: KeyPath, badge: BadgeSpec) -> Iterator[Finding]:
    """Find actions at every so many levels, of which the badge has fewer."""
    if isinstance(badge.levels, StampCard):
        return
    levels = len(badge.levels)
    for position, action in enumerate(badge.do):
        if action.per_level is not None and action.per_level > levels:
            yield Finding(
                (*path, "do", position, "per_level"),
                f"the badge has {'1 level' if levels == 1 else f'{levels} levels'}: this is never done",
                "write levels: {every: 10} for levels without end, or a smaller number",
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
            f"the card is full at {money_text(card.every, unit, currency)} that is paid",
            "count what is bought by of: {items: ...}, or write every in minor units, such as"
            f" {card.every * unit}",
            is_warning=True,
        )
