"""Titles of ledger entries and of rules, in the reader's language."""

from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from typing import TypeVar

from api.graphql.engine.audience import Audience
from api.texts import instant_text, say
from domain.model.event_names import CORRECTED
from domain.model.ledger.decision import Entry, EntryKind
from domain.model.programme import LocalizedText, Programme
from domain.store.ledger.history_entries import HistoryEntry

_CORRECTING = ("AWARD", "BONUS", "CLAWBACK")
FRIEND, REFERRER = "referral:friend", "referral:referrer"

SpecT = TypeVar("SpecT")


def find_spec(look_up: Callable[[str], SpecT], code: str | None) -> SpecT | None:
    """Return what a programme has under this code; None where this version has nothing."""
    try:
        return None if code is None else look_up(code)
    except KeyError:
        return None


def public_rule(rule: str) -> str | None:
    """Return the code of a rule, or of the badge, tier, reward, segment or invitation that gave, as a client
    reads it. A source of a gift (`gifts.py`) has more to it; None where no rule and no state gave.
    """
    kind, _, rest = rule.partition(":")
    if kind in ("badge", "tier", "reward", "segment"):
        return f"{kind}:{rest.partition('#')[0].partition(':')[0]}"
    if kind == "referral":
        return FRIEND if rule.partition("#")[0] == FRIEND else REFERRER
    if kind == "raised":
        return rest.partition(":")[2] or None
    return rest if kind == "rule" and rest else rule


def rule_title(programme: Programme, rule: str, locale: str) -> str:
    """Return the title of a rule, or of the badge, tier, reward, segment or invitation that gave. A rule that
    has no title is named by its code.
    """
    code = public_rule(rule)
    if code is None:
        return say("entry.CLAWBACK", locale)
    kind, _, name = code.partition(":")
    if not name:
        spec = find_spec(programme.rule, code)
        return spec.title.for_locale(locale) if spec is not None and spec.title is not None else code
    if kind == "segment":
        return say("rule.segment", locale)
    if kind == "referral":
        return say(f"rule.{code}", locale)
    title = _state_name(programme, kind, name)
    return (
        say("rule.gone", locale)
        if title is None
        else say(f"rule.{kind}", locale, name=title.for_locale(locale))
    )


def _state_name(programme: Programme, kind: str, code: str) -> LocalizedText | None:
    """Return the name of a badge, a tier or a reward; None where this version has none of the code."""
    if kind == "badge":
        badge = find_spec(programme.badge, code)
        return badge.name if badge is not None else None
    if kind == "reward":
        reward = find_spec(programme.reward, code)
        return reward.title if reward is not None else None
    ladder = programme.tiers.ladder if programme.tiers is not None else ()
    return next((tier.name for tier in ladder if tier.code == code), None)


def reward_title(programme: Programme, code: str, locale: str) -> str | None:
    """Return a reward's title, of one that nobody can buy too; None where this version has no such reward."""
    spec = find_spec(programme.reward, code)
    return None if spec is None else spec.title.for_locale(locale)


def event_title(programme: Programme, name: str, locale: str) -> str | None:
    """Return the title of an event that the programme declares; None for a built-in one."""
    spec = find_spec(programme.event, name)
    return None if spec is None else spec.title.for_locale(locale)


def entry_title(
    audience: Audience, entry: Entry | HistoryEntry, *, version: int, reward: str | None = None
) -> str:
    """Return the title of an entry, from the programme version that wrote it."""
    programme = audience.programme_of_version(version)
    has_voucher = entry.voucher is not None
    if isinstance(entry, HistoryEntry) and entry.event_name == CORRECTED and entry.kind in _CORRECTING:
        return _corrected_title(programme, audience.locale, entry.rule)
    if entry.rule is not None:
        return _title_by_rule(programme, audience.locale, entry.kind, entry.rule)
    return _title_by_kind(programme, audience.locale, entry.kind, entry.is_payment, has_voucher, reward)


@lru_cache(maxsize=4_096)
def _corrected_title(programme: Programme, locale: str, rule: str | None) -> str:
    if rule is None:
        return say("entry.corrected", locale)
    return say("entry.corrected.rule", locale, title=rule_title(programme, rule, locale))


@lru_cache(maxsize=4_096)
def _title_by_rule(programme: Programme, locale: str, kind: EntryKind, rule: str) -> str:
    title = rule_title(programme, rule, locale)
    if kind == "CLAWBACK":
        return title if public_rule(rule) is None else say("entry.CLAWBACK.source", locale, title=title)
    if kind == "BONUS" and not _is_multiplier(programme, rule):
        return say("entry.BONUS", locale, title=title)
    return title


@lru_cache(maxsize=4_096)
def _title_by_kind(
    programme: Programme,
    locale: str,
    kind: EntryKind,
    is_payment: bool,
    has_voucher: bool,
    reward: str | None,
) -> str:
    if is_payment:
        return say("entry.CLAWBACK.owed" if kind == "CLAWBACK" else f"entry.{kind}.payment", locale)
    spec = find_spec(programme.reward, reward)
    if spec is not None and kind in ("SPEND", "RETURN"):
        return say(f"entry.{kind}.reward", locale, reward=spec.title.for_locale(locale))
    if kind == "RETURN" and not has_voucher:
        return say("entry.RETURN.deduction", locale)
    if kind == "CLAWBACK" and has_voucher:
        return say("entry.CLAWBACK.owed", locale)
    return say(f"entry.{kind}", locale)


def _is_multiplier(programme: Programme, code: str) -> bool:
    """Tell whether a rule multiplies other awards: then its own title already says that it is a bonus."""
    rule = find_spec(programme.rule, code)
    return rule is not None and any(
        action.award is not None and action.award.times is not None for action in rule.all_actions
    )


def reason_text(audience: Audience, reason: str) -> str:
    """Return the text of a reason code of an outcome, in the reader's language."""
    code, _, detail = reason.partition(":")
    if code == "later":
        at = instant_text(datetime.fromisoformat(detail), audience.programme.zone, locale=audience.locale)
        return say("why.later", audience.locale, at=at)
    return say(f"why.{code}", audience.locale)
