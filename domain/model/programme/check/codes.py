"""Codes: each is unique in its section, and each reference names a code that exists."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from domain.model import event_names
from domain.model.fault_text import FaultText
from domain.model.programme.check.checked_file import CheckedFile, PlacedAction, count_paths, noun_of
from domain.model.programme.faults import Finding, KeyPath, format_path, suggestion
from domain.model.programme.membership import GOAL_FIGURES, GoalSpec
from domain.model.programme.messages import MessageSpec
from domain.model.programme.models import Programme
from domain.model.programme.rules import Award
from domain.model.programme.varied.varied_part import VariedPart
from domain.model.programme.vocabulary import BUILT_IN_EVENTS

_SECTIONS: Final = (
    *(
        "wallets",
        "events",
        "rules",
        "caps",
        "tiers",
        "badges",
        "rewards",
        "categories",
        "segments",
        "attributes",
        "plans",
        "messages",
        "consents",
        "surveys",
    ),
    "leaderboards",
    "stores",
)

_NOT_BY_MEMBERS: Final = frozenset(
    {
        event_names.SCHEDULE,
        event_names.POINTS_AWARDED,
        event_names.POINTS_EXPIRING,
        event_names.POINTS_EXPIRED,
        event_names.TIER_CHANGED,
        event_names.BADGE_EARNED,
        event_names.REWARD_UNLOCKED,
        event_names.SEGMENT_ENTERED,
        event_names.SEGMENT_LEFT,
    }
)


def check_codes(checked_file: CheckedFile) -> Iterator[Finding]:
    """Find references to codes that do not exist."""
    yield from _unknown_events(checked_file)
    for placed in checked_file.actions:
        yield from _action_codes(checked_file, placed)
    yield from _part_codes(checked_file)
    yield from _goal_codes(checked_file)
    yield from _variant_codes(checked_file)


def check_duplicate_codes(checked_file: CheckedFile) -> Iterator[Finding]:
    """Find codes that occur twice and codes that are reserved. Paths are those of the file, including parts
    that failed validation.
    """
    for section in _SECTIONS:
        first_paths: dict[str, KeyPath] = {}
        for path, code in checked_file.listed_codes(section):
            if code in first_paths:
                yield Finding(
                    path,
                    FaultText(
                        "{code} is given already to {place}",
                        code=code,
                        place=format_path(first_paths[code]),
                    ),
                    FaultText("give each its own code"),
                )
            first_paths.setdefault(code, path[:-1])
            if section == "events" and code in BUILT_IN_EVENTS:
                yield Finding(
                    path,
                    FaultText("{code} is a built-in event", code=code),
                    FaultText("remove it; rules may name it as it is"),
                )
            if section == "consents" and code == "service":
                yield Finding(
                    path,
                    FaultText("service is the purpose that needs no consent"),
                    FaultText("name the purpose otherwise"),
                )


def _variant_codes(checked_file: CheckedFile) -> Iterator[Finding]:
    """Find variants of one part that have the same code."""
    programme = checked_file.programme
    sections: tuple[tuple[str, tuple[VariedPart, ...]], ...] = (
        ("rules", programme.rules),
        ("messages", programme.messages),
        ("rewards", programme.rewards),
    )
    for section, parts in sections:
        for index, part in enumerate(parts):
            codes = [variant.code for variant in part.variants]
            for n, code in enumerate(codes):
                if code in codes[:n]:
                    path: KeyPath = (section, index, "variants", n, "code")
                    yield Finding(
                        path,
                        FaultText("{code} has a variant {variant} already", code=part.code, variant=code),
                        FaultText("give each its own code"),
                    )


def _unknown_code(
    checked_file: CheckedFile, path: KeyPath, section: str, code: str | None
) -> Iterator[Finding]:
    if (
        code is not None
        and code not in checked_file.codes(section)
        and not checked_file.is_incomplete(section)
    ):
        yield Finding(
            path,
            FaultText("there is no {noun} {code}", noun=noun_of(section), code=code),
            suggestion(
                code, checked_file.codes(section), FaultText("add it under {section}", section=section)
            ),
        )


def _unknown_events(checked_file: CheckedFile) -> Iterator[Finding]:
    programme = checked_file.programme
    listeners: list[tuple[KeyPath, tuple[str, ...]]] = [
        (("rules", index, "on"), rule.on) for index, rule in enumerate(programme.rules)
    ]
    listeners += [(("badges", index, "on"), badge.on) for index, badge in enumerate(programme.badges)]
    if programme.tiers is not None:
        listeners += [((*path, "on"), count.on) for path, count in count_paths(programme.tiers)]
    if programme.referral is not None:
        listeners.append((("referral", "qualifies", "on"), programme.referral.qualifies.on))
    renewing: list[tuple[KeyPath, tuple[str, ...]]] = [
        (("wallets", index, "expiry", "renewed_by"), wallet.expiry.renewed_by)
        for index, wallet in enumerate(programme.wallets)
    ]
    listeners += renewing
    for path, names in renewing:
        for name in _NOT_BY_MEMBERS.intersection(names):
            yield Finding(
                path,
                FaultText("{name} is nothing that members do", name=name),
                FaultText("name events that members act by"),
            )
    known = frozenset(BUILT_IN_EVENTS) | checked_file.codes("events")
    for path, names in listeners if not checked_file.is_incomplete("events") else ():
        for name in names:
            if name not in known:
                yield Finding(
                    path,
                    FaultText("there is no event {name}", name=name),
                    suggestion(name, known, FaultText("declare it under events")),
                )


def _action_codes(checked_file: CheckedFile, placed: PlacedAction) -> Iterator[Finding]:
    action, path = placed.action, placed.path
    if action.award is not None:
        yield from _award_codes(checked_file, placed, action.award)
    if action.deduct is not None:
        yield from _unknown_code(checked_file, (*path, "deduct", "wallet"), "wallets", action.deduct.wallet)
    yield from _unknown_code(checked_file, (*path, "voucher"), "rewards", action.voucher)
    yield from _unknown_code(checked_file, (*path, "badge"), "badges", action.badge)
    yield from _unknown_code(checked_file, (*path, "message"), "messages", action.message)
    yield from _unknown_code(checked_file, (*path, "survey"), "surveys", action.survey)
    yield from _unknown_code(checked_file, (*path, "tier"), "tiers", action.tier)


def _award_codes(checked_file: CheckedFile, placed: PlacedAction, award: Award) -> Iterator[Finding]:
    path = (*placed.path, "award")
    yield from _unknown_code(checked_file, (*path, "wallet"), "wallets", award.wallet)
    for code in award.over:
        yield from _unknown_code(checked_file, (*path, "over"), "rules", code)
        if placed.by == "rule" and code == checked_file.programme.rules[int(placed.path[1])].code:
            yield Finding(
                (*path, "over"),
                FaultText("a rule cannot multiply itself"),
                FaultText("name the rules whose awards it multiplies"),
            )
        elif any(rule.code == code and rule.after is not None for rule in checked_file.programme.rules):
            yield Finding(
                (*path, "over"),
                FaultText(
                    "{code} has a delay (after): it gives nothing yet when this rule multiplies", code=code
                ),
                FaultText("name rules without after"),
            )


def _part_codes(checked_file: CheckedFile) -> Iterator[Finding]:
    programme = checked_file.programme
    for index, wallet in enumerate(programme.wallets):
        for tier in wallet.expiry.by_tier:
            yield from _unknown_code(
                checked_file, ("wallets", index, "expiry", "by_tier", tier), "tiers", tier
            )
    yield from _rule_codes(checked_file)
    if programme.tiers is not None:
        for path, count in count_paths(programme.tiers):
            yield from _unknown_code(checked_file, (*path, "wallet"), "wallets", count.wallet)
    yield from _reward_codes(checked_file)
    for index, board in enumerate(programme.leaderboards):
        yield from _unknown_code(
            checked_file, ("leaderboards", index, "count", "wallet"), "wallets", board.count.wallet
        )
    for index, message in enumerate(programme.messages):
        if message.purpose != "service":
            yield from _unknown_code(
                checked_file, ("messages", index, "purpose"), "consents", message.purpose
            )
            yield from _unasked_channels(programme, ("messages", index, "channels"), message)


def _reward_codes(checked_file: CheckedFile) -> Iterator[Finding]:
    for index, reward in enumerate(checked_file.programme.rewards):
        if reward.cost is not None:
            yield from _unknown_code(
                checked_file, ("rewards", index, "cost", "wallet"), "wallets", reward.cost.wallet
            )
        for category in reward.categories:
            yield from _unknown_code(checked_file, ("rewards", index, "categories"), "categories", category)
        for tier in reward.tiers:
            yield from _unknown_code(checked_file, ("rewards", index, "tiers"), "tiers", tier)
        for tier in reward.early_access:
            yield from _unknown_code(checked_file, ("rewards", index, "early_access", tier), "tiers", tier)


def _unasked_channels(programme: Programme, path: KeyPath, message: MessageSpec) -> Iterator[Finding]:
    """Find the channels that no member can agree to for the message's purpose."""
    channels = next((spec.channels for spec in programme.consents if spec.purpose == message.purpose), ())
    for channel in message.channels:
        if channels and channel not in (*channels, "inbox"):
            yield Finding(
                path,
                FaultText(
                    "{purpose} asks nobody for {channel}, so this is never sent by it",
                    purpose=message.purpose,
                    channel=channel,
                ),
                FaultText(
                    "leave {channel} out, or add it to the channels of {purpose}",
                    channel=channel,
                    purpose=message.purpose,
                ),
            )


def _rule_codes(checked_file: CheckedFile) -> Iterator[Finding]:
    for index, rule in enumerate(checked_file.programme.rules):
        path: KeyPath = ("rules", index)
        yield from _unknown_code(checked_file, (*path, "for"), "segments", rule.for_)
        if rule.capped_by is None or checked_file.codes("caps"):
            yield from _unknown_code(checked_file, (*path, "capped_by"), "caps", rule.capped_by)
        elif not checked_file.is_incomplete("caps"):
            remedy = FaultText("add caps: [{{code: {code}, amount: 500, per: month}}]", code=rule.capped_by)
            yield Finding(
                (*path, "capped_by"),
                FaultText("there is no {noun} {code}", noun=noun_of("caps"), code=rule.capped_by),
                remedy,
            )


def _goal_codes(checked_file: CheckedFile) -> Iterator[Finding]:
    """Find goals of figures that there are not, and of what the file does not have."""
    programme = checked_file.programme
    known = {
        "wallets": [wallet.code for wallet in programme.wallets if not wallet.hidden],
        "surveys": [survey.code for survey in programme.surveys],
        "messages": [message.code for message in programme.messages],
        "codes": [code.name for code in programme.codes],
    }
    for index, goal in enumerate(programme.goals):
        path: KeyPath = ("goals", index)
        if goal.figure not in GOAL_FIGURES:
            yield Finding(
                (*path, "figure"),
                FaultText("there is no figure {figure}", figure=goal.figure),
                suggestion(goal.figure, GOAL_FIGURES, FaultText("")),
            )
            continue
        section = GOAL_FIGURES[goal.figure]
        if section is None:
            if goal.subject is not None:
                yield Finding(
                    (*path, "subject"),
                    FaultText("{figure} is of the whole programme", figure=goal.figure),
                    FaultText("remove it"),
                )
        elif goal.subject is not None and goal.subject not in known[section]:
            remedy = suggestion(
                goal.subject,
                known[section],
                FaultText("add it to {section}, or remove the goal", section=section),
            )
            yield Finding(
                (*path, "subject"),
                FaultText("{section} has no {subject}", section=section, subject=goal.subject),
                remedy,
            )
        elif goal.subject is None and section != "wallets":
            yield _unnamed(path, goal, section)


def _unnamed(path: KeyPath, goal: GoalSpec, section: str) -> Finding:
    return Finding(
        path,
        FaultText("{figure} is of one of {section}", figure=goal.figure, section=section),
        FaultText("write subject: and one of {section}", section=section),
    )
