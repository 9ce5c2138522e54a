"""Titles of ledger entries and of rules, in the reader's language."""

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from api.graphql.engine.audience import Audience
from api.texts import instant_text, say
from domain.model.ledger.decision import Entry
from domain.model.programme import Programme

BADGE = "badge:"
REFERRAL = ("referral:friend", "referral:referrer")

SpecT = TypeVar("SpecT")


def find_spec(look_up: Callable[[str], SpecT], code: str | None) -> SpecT | None:
    """Return what a programme has under this code; None where this version has nothing."""
    try:
        return None if code is None else look_up(code)
    except KeyError:
        return None


def rule_title(programme: Programme, code: str, locale: str) -> str:
    """Return the title of a rule, else of the badge or invitation that its code stands for, else the code."""
    if code.startswith(BADGE):
        badge = find_spec(programme.badge, code.removeprefix(BADGE))
        return say(
            "rule.badge", locale, name=badge.name.for_locale(locale) if badge else code.removeprefix(BADGE)
        )
    if code in REFERRAL:
        return say(f"rule.{code}", locale)
    rule = find_spec(programme.rule, code)
    return rule.title.for_locale(locale) if rule is not None and rule.title is not None else code


def entry_title(audience: Audience, entry: Entry, *, version: int, reward: str | None = None) -> str:
    """Return the title of an entry, from the programme version that wrote it."""
    programme, locale = audience.programme_of_version(version), audience.locale
    if entry.rule is not None:
        title = rule_title(programme, entry.rule, locale)
        return (
            say("entry.BONUS", locale, title=title)
            if entry.kind == "BONUS" and not _is_multiplier(programme, entry.rule)
            else title
        )
    spec = find_spec(programme.reward, reward)
    if spec is not None and entry.kind in ("SPEND", "RETURN"):
        return say(f"entry.{entry.kind}.reward", locale, reward=spec.title.for_locale(locale))
    return say(f"entry.{entry.kind}", locale)


def _is_multiplier(programme: Programme, code: str) -> bool:
    """Tell whether a rule multiplies other awards: then its own title already says that it is a bonus."""
    rule = find_spec(programme.rule, code)
    return rule is not None and any(
        action.award is not None and action.award.times is not None for action in rule.do
    )


def reason_text(audience: Audience, reason: str) -> str:
    """Return the text of a reason code of an outcome, in the reader's language."""
    code, _, detail = reason.partition(":")
    if code == "later":
        at = instant_text(datetime.fromisoformat(detail), audience.programme.zone, locale=audience.locale)
        return say("why.later", audience.locale, at=at)
    return say(f"why.{code}", audience.locale)
