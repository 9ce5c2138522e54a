"""Values that must agree with each other: header, times, awards, rewards, schedules."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, time

from babel.numbers import list_currencies
from croniter import CroniterBadDateError, croniter

from domain.model import event_names
from domain.model.calendar import Span, time_zones
from domain.model.fault_text import FaultText
from domain.model.locales import is_locale
from domain.model.programme.check.checked_file import FIXED_GIVERS, GIVERS, CheckedFile, PlacedAction
from domain.model.programme.check.ladder import check_ladder
from domain.model.programme.faults import Finding, KeyPath, suggestion
from domain.model.programme.membership import LOOSE_SHARES, SHARES
from domain.model.programme.messages import MAX_COLLAPSE_NAMES, collapse_names
from domain.model.programme.rewards import RewardSpec
from domain.model.programme.rules import Rule

_ANY_DAY = datetime(2000, 1, 1)  # noqa: DTZ001 - a schedule's time is local
_IMPROBABLE_SHARE = 3
_DAYS_REMEDY = FaultText("write {days: N} or {months: N}")


def check_values(checked_file: CheckedFile) -> Iterator[Finding]:
    """Find values that contradict each other, or that name no currency, time zone, locale or schedule."""
    yield from _header(checked_file)
    yield from _whole_days(checked_file)
    for index, event in enumerate(checked_file.programme.events):
        for name in event.data:
            if re.fullmatch(r"[a-zA-Z_][a-zA-Z0-9_]{0,63}", name) is None:
                yield Finding(
                    ("events", index, "data", name),
                    FaultText("{name} is no field name", name=name),
                    FaultText("write letters, digits and _"),
                )
    for index, rule in enumerate(checked_file.programme.rules):
        yield from _rule(("rules", index), rule)
        yield from _period_order(
            ("rules", index, "during"),
            *((rule.during.from_, rule.during.until) if rule.during else (None, None)),
        )
    yield from check_ladder(checked_file)
    for index, badge in enumerate(checked_file.programme.badges):
        yield from _period_order(
            ("badges", index, "during"),
            *((badge.during.from_, badge.during.until) if badge.during else (None, None)),
        )
    for index, code in enumerate(checked_file.programme.codes):
        yield from _period_order(
            ("codes", index, "during"),
            *((code.during.from_, code.during.until) if code.during else (None, None)),
        )
    yield from _hidden(checked_file)
    yield from _collapse_names(checked_file)
    for index, reward in enumerate(checked_file.programme.rewards):
        yield from _reward(("rewards", index), reward)
    yield from _goals(checked_file)
    for placed in checked_file.actions:
        yield from _unread_keys(placed)
        award, deduct = placed.action.award, placed.action.deduct
        if placed.by in FIXED_GIVERS and award is not None and award.fixed is None:
            yield Finding(
                (*placed.path, "award"),
                FaultText("{giver} gives a fixed amount", giver=GIVERS[placed.by]),
                FaultText("write fixed: N"),
            )
        if placed.by in FIXED_GIVERS and deduct is not None and deduct.fixed is None:
            yield Finding(
                (*placed.path, "deduct"),
                FaultText("{giver} takes a fixed amount", giver=GIVERS[placed.by]),
                FaultText("write fixed: N"),
            )


def _unread_keys(placed: PlacedAction) -> Iterator[Finding]:
    """Find what says how to count where an award counts nothing."""
    award = placed.action.award
    if award is None or award.amount is not None:
        return
    for key in ("per", "whole"):
        if key in award.model_fields_set:
            yield Finding(
                (*placed.path, "award", key),
                FaultText("{key} goes with amount and of only", key=key),
                FaultText("remove it"),
            )


def _goals(checked_file: CheckedFile) -> Iterator[Finding]:
    """Find bounds that a figure never has. What is spent or expires in a period may be of earlier ones, so
    that more than all of what it awarded is only improbable.
    """
    for index, goal in enumerate(checked_file.programme.goals):
        key = "at_most" if goal.at_most is not None else "at_least"
        bound, path = goal.at_most if goal.at_most is not None else goal.at_least, ("goals", index, key)
        if bound is None:
            continue
        is_loose = goal.figure in LOOSE_SHARES
        if (goal.figure in SHARES and not 0 <= bound <= 1) or (is_loose and bound > _IMPROBABLE_SHARE):
            yield Finding(
                path,
                FaultText(
                    "{figure} is a share: {bound} is {percent} %",
                    figure=goal.figure,
                    bound=bound,
                    percent=f"{float(bound * 100):g}",
                ),
                FaultText("write a part of 1, such as 0.3 for 30 %"),
                is_warning=is_loose,
            )
        if goal.figure == "nps" and not -100 <= bound <= 100:
            yield Finding(
                path,
                FaultText("an NPS is from -100 to 100, and {bound} is not", bound=bound),
                FaultText("write one of these, such as 50"),
            )


def _hidden(checked_file: CheckedFile) -> Iterator[Finding]:
    """Find what would show a hidden wallet: it is the members' balance, or a price."""
    programme = checked_file.programme
    if programme.wallets[0].hidden:
        yield Finding(
            ("wallets", 0, "hidden"),
            FaultText("the first wallet is the balance that members see"),
            FaultText("put another wallet first, or remove hidden"),
        )
    for index, wallet in enumerate(programme.wallets):
        if wallet.hidden and wallet.pay:
            yield Finding(
                ("wallets", index, "pay"),
                FaultText("{code} is hidden, so that nobody could pay with it", code=wallet.code),
                FaultText("remove pay, or hidden"),
            )
    for index, reward in enumerate(programme.rewards):
        if reward.cost is not None and reward.cost.wallet in programme.hidden_wallets:
            yield Finding(
                ("rewards", index, "cost", "wallet"),
                FaultText(
                    "{wallet} is hidden, so that nobody could see what {code} costs",
                    wallet=reward.cost.wallet,
                    code=reward.code,
                ),
                FaultText(
                    "remove hidden from {wallet}, or let it cost from another wallet",
                    wallet=reward.cost.wallet,
                ),
            )


def _collapse_names(checked_file: CheckedFile) -> Iterator[Finding]:
    messages = checked_file.programme.messages
    names = collapse_names(messages)
    surplus = names[MAX_COLLAPSE_NAMES:]
    for index, message in enumerate(messages):
        if message.collapse in surplus:
            yield Finding(
                ("messages", index, "collapse"),
                FaultText(
                    "{name} is a name more than the {most} that a phone keeps",
                    name=message.collapse,
                    most=MAX_COLLAPSE_NAMES,
                ),
                FaultText(
                    "use one of {known}, or leave collapse out", known=", ".join(names[:MAX_COLLAPSE_NAMES])
                ),
            )


def _header(checked_file: CheckedFile) -> Iterator[Finding]:
    header = checked_file.programme.programme
    if header.currency not in list_currencies():
        yield Finding(
            ("programme", "currency"),
            FaultText("{currency} is no currency", currency=header.currency),
            FaultText("write its ISO 4217 code in capitals, such as EUR"),
        )
    if header.timezone not in time_zones():
        # Etc/GMT-3 is three hours ahead of Greenwich: not a name to suggest to somebody who wrote GMT-3.
        candidates = (zone for zone in time_zones() if "/" in zone and not zone.startswith("Etc/"))
        remedy = suggestion(header.timezone, candidates, FaultText("")) if header.timezone else FaultText("")
        remedy = (
            remedy if remedy.startswith("did") else FaultText("write an IANA name, such as Europe/Lisbon")
        )
        yield Finding(
            ("programme", "timezone"),
            FaultText("{timezone} is no time zone", timezone=header.timezone),
            remedy,
        )
    for index, locale in enumerate(header.locales):
        if not is_locale(locale):
            yield Finding(
                ("programme", "locales", index),
                FaultText("{locale} is no locale", locale=locale),
                FaultText("write its BCP 47 code, such as pt or pt-BR"),
            )
        if locale in header.locales[:index]:
            yield Finding(
                ("programme", "locales", index),
                FaultText("{locale} is listed twice", locale=locale),
                FaultText("keep one of them"),
            )


def _whole_days(checked_file: CheckedFile) -> Iterator[Finding]:
    """Find durations in hours where only whole local days are counted."""
    programme = checked_file.programme
    spans: list[tuple[KeyPath, Span | str | None]] = []
    for index, wallet in enumerate(programme.wallets):
        spans += [
            (("wallets", index, "expiry", "after"), wallet.expiry.after),
            (("wallets", index, "remind"), wallet.remind),
        ]
        spans += [
            (("wallets", index, "expiry", "by_tier", tier), span)
            for tier, span in wallet.expiry.by_tier.items()
        ]
    if programme.tiers is not None:
        spans += [
            (("tiers", "window"), programme.tiers.window.span),
            (("tiers", "grace"), programme.tiers.grace),
        ]
    spans += [
        (("rewards", index, "return_grace"), reward.return_grace)
        for index, reward in enumerate(programme.rewards)
    ]
    for path, span in spans:
        if isinstance(span, Span) and span.hours:
            yield Finding(path, FaultText("this is counted in whole days"), _DAYS_REMEDY)


def _period_order(
    path: KeyPath, start: date | datetime | None, until: date | datetime | None
) -> Iterator[Finding]:
    if (
        start is not None
        and until is not None
        and _bound_instant(start, time.min) > _bound_instant(until, time.max)
    ):
        yield Finding(
            (*path, "until"),
            FaultText("it ends before it begins"),
            FaultText("write an until that is not before from"),
        )


def _bound_instant(bound: date | datetime, of_day: time) -> datetime:
    return bound if isinstance(bound, datetime) else datetime.combine(bound, of_day)


def _rule(path: KeyPath, rule: Rule) -> Iterator[Finding]:
    if rule.title is None and any(action.award is not None for action in rule.all_actions):
        yield Finding(
            (*path, "title"),
            FaultText("a rule with an award has no title"),
            FaultText("add title: what members read beside the amount"),
        )
    if event_names.SCHEDULE in rule.on:
        if len(rule.on) > 1:
            yield Finding(
                (*path, "on"),
                FaultText("schedule stands with other events"),
                FaultText("give the schedule a rule of its own"),
            )
        if rule.at is None:
            yield Finding(
                (*path, "at"),
                FaultText("a rule on schedule has no at"),
                FaultText('add at: "0 9 * * mon" (minute hour day month weekday)'),
            )
    elif rule.at is not None or rule.for_ is not None:
        key = "at" if rule.at is not None else "for"
        yield Finding(
            (*path, key),
            FaultText("{key} goes with on: schedule only", key=key),
            FaultText("remove it, or write on: schedule"),
        )
    if rule.at is not None and (len(rule.at.split()) != 5 or not croniter.is_valid(rule.at)):
        yield Finding(
            (*path, "at"),
            FaultText('"{at}" is no schedule', at=rule.at),
            FaultText('write minute hour day month weekday, such as "0 9 * * mon"'),
        )
    elif rule.at is not None and not _comes(rule.at):
        yield Finding(
            (*path, "at"),
            FaultText('"{at}" never comes: day, month and weekday must all hold', at=rule.at),
            FaultText('write * for the day, the month or the weekday, such as "0 9 * * mon"'),
        )


def _comes(cron: str) -> bool:
    try:
        croniter(cron, _ANY_DAY, day_or=False).get_next(datetime)
    except CroniterBadDateError:
        return False
    return True


def _reward(path: KeyPath, reward: RewardSpec) -> Iterator[Finding]:
    value = reward.value
    if value is not None and value.amount is not None and value.percent is not None:
        yield Finding(
            (*path, "value"),
            FaultText("the value is an amount and a percentage"),
            FaultText("keep one of them"),
        )
    elif value is not None and reward.kind == "discount_percent" and value.amount is not None:
        yield Finding(
            (*path, "value", "amount"),
            FaultText("a discount_percent has a percentage, not an amount"),
            FaultText("write percent: 10, or kind: discount_amount"),
        )
    elif value is not None and reward.kind == "discount_amount" and value.percent is not None:
        yield Finding(
            (*path, "value", "percent"),
            FaultText("a discount_amount has an amount, not a percentage"),
            FaultText("write amount: 500 in minor units, or kind: discount_percent"),
        )
    yield from _period_order((*path, "available"), reward.available.from_, reward.available.until)
    for n, variant in enumerate(reward.variants):
        if variant.cost is None or (reward.cost and variant.cost.wallet == reward.cost.wallet):
            continue
        message = (
            FaultText(
                "the reward is paid from {wallet}, and its variants differ in the amount alone",
                wallet=reward.cost.wallet,
            )
            if reward.cost is not None
            else FaultText("the reward has no price, and its variants differ in the amount alone")
        )
        yield Finding(
            (*path, "variants", n, "cost"),
            message,
            FaultText("write wallet: {wallet}", wallet=reward.cost.wallet)
            if reward.cost
            else FaultText("remove it, or add cost to the reward"),
        )
    if reward.early_access and reward.available.from_ is None:
        yield Finding(
            (*path, "early_access"),
            FaultText("there is no available.from to be earlier than"),
            FaultText('add from to available, such as from: "2026-12-01"'),
            stands_on=((*path, "available"),),
        )
