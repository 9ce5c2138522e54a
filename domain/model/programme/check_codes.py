"""Codes: each given once, each that is named there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from domain.model.programme.faults import Finding, Path, instead, written
from domain.model.programme.rules import Award
from domain.model.programme.view import Doing, View
from domain.model.programme.vocabulary import BUILT_IN

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


def check_codes(view: View) -> Iterator[Finding]:
    """Find codes that nothing bears."""
    yield from _events(view)
    for doing in view.doings:
        yield from _done(view, doing)
    yield from _named(view)


def check_given(view: View) -> Iterator[Finding]:
    """Find codes given twice, and those that are taken. Paths are the file's own, also of parts that could
    not be shaped.
    """
    for section in _SECTIONS:
        first: dict[str, Path] = {}
        for path, code in view.coded(section):
            if code in first:
                yield Finding(
                    path, f"{code} is given already to {written(first[code])}", "give each its own code"
                )
            first.setdefault(code, path[:-1])
            if section == "events" and code in BUILT_IN:
                yield Finding(path, f"{code} is a built-in event", "remove it; rules may name it as it is")
            if section == "consents" and code == "service":
                yield Finding(
                    path, "service is the purpose that needs no consent", "name the purpose otherwise"
                )


def _unknown(view: View, path: Path, section: str, code: str | None, noun: str) -> Iterator[Finding]:
    if code is not None and code not in view.codes(section) and not view.lacks(section):
        yield Finding(
            path, f"there is no {noun} {code}", instead(code, view.codes(section), f"add it under {section}")
        )


def _events(view: View) -> Iterator[Finding]:
    programme = view.programme
    named: list[tuple[Path, tuple[str, ...]]] = [
        (("rules", at, "on"), rule.on) for at, rule in enumerate(programme.rules)
    ]
    named += [(("badges", at, "on"), badge.on) for at, badge in enumerate(programme.badges)]
    if programme.tiers is not None:
        named.append((("tiers", "count", "on"), programme.tiers.count.on))
    if programme.referral is not None:
        named.append((("referral", "qualifies", "on"), programme.referral.qualifies.on))
    known = frozenset(BUILT_IN) | view.codes("events")
    for path, names in named:
        for name in names:
            if name not in known:
                yield Finding(
                    path, f"there is no event {name}", instead(name, known, "declare it under events")
                )


def _done(view: View, doing: Doing) -> Iterator[Finding]:
    action, path = doing.action, doing.path
    if action.award is not None:
        yield from _awarded(view, doing, action.award)
    if action.deduct is not None:
        yield from _unknown(view, (*path, "deduct", "wallet"), "wallets", action.deduct.wallet, "wallet")
    yield from _unknown(view, (*path, "voucher"), "rewards", action.voucher, "reward")
    yield from _unknown(view, (*path, "badge"), "badges", action.badge, "badge")
    yield from _unknown(view, (*path, "message"), "messages", action.message, "message")
    yield from _unknown(view, (*path, "survey"), "surveys", action.survey, "survey")
    yield from _unknown(view, (*path, "tier"), "tiers", action.tier, "tier")


def _awarded(view: View, doing: Doing, award: Award) -> Iterator[Finding]:
    path = (*doing.path, "award")
    yield from _unknown(view, (*path, "wallet"), "wallets", award.wallet, "wallet")
    for code in award.over:
        yield from _unknown(view, (*path, "over"), "rules", code, "rule")
        if doing.by == "rule" and code == view.programme.rules[int(doing.path[1])].code:
            yield Finding(
                (*path, "over"), "a rule cannot multiply itself", "name the rules whose awards it multiplies"
            )


def _named(view: View) -> Iterator[Finding]:
    programme = view.programme
    for at, wallet in enumerate(programme.wallets):
        for tier in wallet.expiry.by_tier:
            yield from _unknown(view, ("wallets", at, "expiry", "by_tier", tier), "tiers", tier, "tier")
    for at, rule in enumerate(programme.rules):
        yield from _unknown(view, ("rules", at, "for"), "segments", rule.for_, "segment")
    if programme.tiers is not None:
        yield from _unknown(
            view, ("tiers", "count", "wallet"), "wallets", programme.tiers.count.wallet, "wallet"
        )
    for at, reward in enumerate(programme.rewards):
        if reward.cost is not None:
            yield from _unknown(
                view, ("rewards", at, "cost", "wallet"), "wallets", reward.cost.wallet, "wallet"
            )
        for tier in reward.tiers:
            yield from _unknown(view, ("rewards", at, "tiers"), "tiers", tier, "tier")
        for tier in reward.early_access:
            yield from _unknown(view, ("rewards", at, "early_access", tier), "tiers", tier, "tier")
    for at, board in enumerate(programme.leaderboards):
        yield from _unknown(
            view, ("leaderboards", at, "count", "wallet"), "wallets", board.count.wallet, "wallet"
        )
    for at, message in enumerate(programme.messages):
        if message.purpose != "service":
            yield from _unknown(view, ("messages", at, "purpose"), "consents", message.purpose, "consent")
