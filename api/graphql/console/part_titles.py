"""What the parts of a programme are called in lists at the console, in the caller's language."""

from collections.abc import Callable
from typing import Protocol

from api.graphql.engine.audience import Audience
from api.graphql.engine.titles import event_title, find_spec, reward_title, rule_title
from domain.model.messages.rendering import outline
from domain.model.programme import LocalizedText, Programme
from domain.model.values import dataclass

TITLE = "In the caller's language; null where the programme in force has none for the code."


class _Named(Protocol):
    @property
    def name(self) -> LocalizedText: ...


@dataclass(frozen=True, slots=True)
class PartTitles:
    """Titles by code: None for what the programme in force does not have, or does not name."""

    programme: Programme
    locale: str

    @classmethod
    def of(cls, audience: Audience) -> "PartTitles":
        """Return the titles that an audience reads."""
        return cls(audience.programme, audience.locale)

    def rule(self, rule: str) -> str | None:
        """Return what a rule is called, or the badge, tier or invitation that gave."""
        title = rule_title(self.programme, rule, self.locale)
        return None if title == rule else title

    def reward(self, code: str) -> str | None:
        """Return the title of a reward."""
        return reward_title(self.programme, code, self.locale)

    def tier(self, code: str) -> str | None:
        """Return the name of a tier."""
        return self._name(self.programme.tier, code)

    def plan(self, code: str) -> str | None:
        """Return the name of a plan."""
        return self._name(self.programme.plan, code)

    def segment(self, code: str) -> str | None:
        """Return the name of a segment."""
        return self._name(self.programme.segment, code)

    def leaderboard(self, code: str) -> str | None:
        """Return the name of a leaderboard."""
        return self._name(self.programme.leaderboard, code)

    def badge(self, code: str) -> str | None:
        """Return the name of a badge."""
        return self._name(self.programme.badge, code)

    def message(self, code: str) -> str | None:
        """Return the title of a message, or the question of a survey; `…` stands for what is filled in."""
        spec, survey = find_spec(self.programme.message, code), find_spec(self.programme.survey, code)
        if spec is not None:
            return self._outline(spec.title)
        return None if survey is None else self._outline(survey.question)

    def event(self, name: str) -> str | None:
        """Return the title of an event that the programme declares."""
        return event_title(self.programme, name, self.locale)

    def subject(self, subject: str | None) -> str | None:
        """Return what a figure is of: a wallet, a code that is entered, a message or a survey."""
        if subject is None:
            return None
        wallet, code = find_spec(self.programme.wallet, subject), find_spec(self.programme.code, subject)
        if wallet is not None:
            return wallet.name.for_locale(self.locale)
        return self.message(subject) if code is None else code.title.for_locale(self.locale)

    def _name(self, look_up: Callable[[str], _Named], code: str) -> str | None:
        spec = find_spec(look_up, code)
        return None if spec is None else spec.name.for_locale(self.locale)

    def _outline(self, text: LocalizedText) -> str | None:
        return outline(text, self.locale) or None
