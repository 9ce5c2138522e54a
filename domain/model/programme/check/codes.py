"""Codes: each given once, each that is named there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from domain.model.programme.check.checked_file import CheckedFile, PlacedAction
from domain.model.programme.faults import Finding, KeyPath, format_path, suggestion
from domain.model.programme.rules import Award
from domain.model.programme.vocabulary import BUILT_IN_EVENTS

_SECTIONS: Final = (
    *(
        "wallets",
        "events",
        "rules",
        "tiers",
        "badges",
        "rewards",
        "segments",
        "plans",
        "messages",
        "consents",
        "surveys",
    ),
    "leaderboards",
)


def check_codes(view: CheckedFile) -> Iterator[Finding]:
    """Find codes that nothing bears."""
    yield from _unknown_events(view)
    for placed in view.actions:
        yield from _action_codes(view, placed)
    yield from _part_codes(view)


def check_duplicate_codes(view: CheckedFile) -> Iterator[Finding]:
    """Find codes given twice, and those that are taken. Paths are the file's own, also of parts that could
    not be shaped.
    """
    for section in _SECTIONS:
        first_paths: dict[str, KeyPath] = {}
        for path, code in view.listed_codes(section):
            if code in first_paths:
                yield Finding(
                    path,
                    f"{code} is given already to {format_path(first_paths[code])}",
                    "give each its own code",
                )
            first_paths.setdefault(code, path[:-1])
            if section == "events" and code in BUILT_IN_EVENTS:
                yield Finding(path, f"{code} is a built-in event", "remove it; rules may name it as it is")
            if section == "consents" and code == "service":
                yield Finding(
                    path, "service is the purpose that needs no consent", "name the purpose otherwise"
                )


def _unknown_code(
    view: CheckedFile, path: KeyPath, section: str, code: str | None, noun: str
) -> Iterator[Finding]:
    if code is not None and code not in view.codes(section) and not view.is_incomplete(section):
        yield Finding(
            path,
            f"there is no {noun} {code}",
            suggestion(code, view.codes(section), f"add it under {section}"),
        )


def _unknown_events(view: CheckedFile) -> Iterator[Finding]:
    programme = view.programme
    listeners: list[tuple[KeyPath, tuple[str, ...]]] = [
        (("rules", at, "on"), rule.on) for at, rule in enumerate(programme.rules)
    ]
    listeners += [(("badges", at, "on"), badge.on) for at, badge in enumerate(programme.badges)]
    if programme.tiers is not None:
        listeners.append((("tiers", "count", "on"), programme.tiers.count.on))
    if programme.referral is not None:
        listeners.append((("referral", "qualifies", "on"), programme.referral.qualifies.on))
    known = frozenset(BUILT_IN_EVENTS) | view.codes("events")
    for path, names in listeners:
        for name in names:
            if name not in known:
                yield Finding(
                    path, f"there is no event {name}", suggestion(name, known, "declare it under events")
                )


def _action_codes(view: CheckedFile, placed: PlacedAction) -> Iterator[Finding]:
    action, path = placed.action, placed.path
    if action.award is not None:
        yield from _award_codes(view, placed, action.award)
    if action.deduct is not None:
        yield from _unknown_code(view, (*path, "deduct", "wallet"), "wallets", action.deduct.wallet, "wallet")
    yield from _unknown_code(view, (*path, "voucher"), "rewards", action.voucher, "reward")
    yield from _unknown_code(view, (*path, "badge"), "badges", action.badge, "badge")
    yield from _unknown_code(view, (*path, "message"), "messages", action.message, "message")
    yield from _unknown_code(view, (*path, "survey"), "surveys", action.survey, "survey")
    yield from _unknown_code(view, (*path, "tier"), "tiers", action.tier, "tier")


def _award_codes(view: CheckedFile, placed: PlacedAction, award: Award) -> Iterator[Finding]:
    path = (*placed.path, "award")
    yield from _unknown_code(view, (*path, "wallet"), "wallets", award.wallet, "wallet")
    for code in award.over:
        yield from _unknown_code(view, (*path, "over"), "rules", code, "rule")
        if placed.by == "rule" and code == view.programme.rules[int(placed.path[1])].code:
            yield Finding(
                (*path, "over"), "a rule cannot multiply itself", "name the rules whose awards it multiplies"
            )


def _part_codes(view: CheckedFile) -> Iterator[Finding]:
    programme = view.programme
    for at, wallet in enumerate(programme.wallets):
        for tier in wallet.expiry.by_tier:
            yield from _unknown_code(view, ("wallets", at, "expiry", "by_tier", tier), "tiers", tier, "tier")
    for at, rule in enumerate(programme.rules):
        yield from _unknown_code(view, ("rules", at, "for"), "segments", rule.for_, "segment")
    if programme.tiers is not None:
        yield from _unknown_code(
            view, ("tiers", "count", "wallet"), "wallets", programme.tiers.count.wallet, "wallet"
        )
    for at, reward in enumerate(programme.rewards):
        if reward.cost is not None:
            yield from _unknown_code(
                view, ("rewards", at, "cost", "wallet"), "wallets", reward.cost.wallet, "wallet"
            )
        for tier in reward.tiers:
            yield from _unknown_code(view, ("rewards", at, "tiers"), "tiers", tier, "tier")
        for tier in reward.early_access:
            yield from _unknown_code(view, ("rewards", at, "early_access", tier), "tiers", tier, "tier")
    for at, board in enumerate(programme.leaderboards):
        yield from _unknown_code(
            view, ("leaderboards", at, "count", "wallet"), "wallets", board.count.wallet, "wallet"
        )
    for at, message in enumerate(programme.messages):
        if message.purpose != "service":
            yield from _unknown_code(
                view, ("messages", at, "purpose"), "consents", message.purpose, "consent"
            )
