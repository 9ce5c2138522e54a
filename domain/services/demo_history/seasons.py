"""What two years of a shop look like: how much is bought when, its campaigns, and the store that went silent.

A campaign runs on the same days of each year, those of which its title speaks, and holds some members out.
What it brings is planted: members who have it buy that much more often while it runs, so that a measured
uplift can be compared with the truth. One of three brings nothing. A rule with variants (A/B) runs all the
time: who gets more of it buys more often, by as much as is planted.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final

from domain.model.ledger.deciding.earning import is_held_out
from domain.model.programme import Programme
from domain.model.programme.varied.varied_part import variant_of
from domain.model.values import dataclass

# How much is bought in each month, beside an average one, and on each day of the week, Monday first.
MONTHS: Final = (0.85, 0.85, 0.95, 1.0, 1.05, 0.95, 0.85, 0.65, 1.0, 1.1, 1.3, 1.6)
WEEKDAYS: Final = (0.7, 0.75, 0.85, 0.95, 1.3, 1.7, 0.6)
SILENT_STORE: Final = "braga"
SILENT_FOR: Final = timedelta(days=47)


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign from one (month, day) through another, when it was last over. `effect` is by how much it
    raises the purchases of those who have it; `holdout` percent have it not.
    """

    code: str
    title: str
    first: tuple[int, int]
    last: tuple[int, int]
    holdout: int
    effect: float
    points: int

    def first_day(self, until: datetime) -> date:
        """Return the first day of the last time that was over by an instant."""
        return date(self.last_day(until).year, *self.first)

    def last_day(self, until: datetime) -> date:
        """Return its last day."""
        this_year = date(until.year, *self.last)
        return this_year if this_year < until.date() else date(until.year - 1, *self.last)

    def runs_on(self, day: date, until: datetime) -> bool:
        """Tell whether it runs on a day."""
        return self.first_day(until) <= day <= self.last_day(until)


CAMPAIGNS: Final = (
    Campaign(
        "campaign-collectors",
        "{pt: Primavera do colecionador, en: Collectors' spring, pl: Wiosna kolekcjonera}",
        first=(3, 20),
        last=(6, 20),
        holdout=30,
        effect=0.5,
        points=40,
    ),
    Campaign(
        "campaign-summer",
        "{pt: Verão, en: Summer, pl: Lato}",
        first=(7, 1),
        last=(8, 31),
        holdout=20,
        effect=0.0,
        points=60,
    ),
    Campaign(
        "campaign-october",
        "{pt: Outubro da prata, en: Silver October, pl: Srebrny październik}",
        first=(10, 1),
        last=(10, 31),
        holdout=20,
        effect=0.5,
        points=30,
    ),
)

MARGIN: Final = 35  # percent of revenue, a dealer's
VISITS: Final = "visit-points"
VISIT_RATES: Final = {"few": 0.87, "many": 1.13}  # by what its members' purchases are multiplied: 30 % more
VISIT_RULE: Final = f"""\
  - code: {VISITS}
    title: {{pt: Pontos por cada visita, en: Points for each visit, pl: Punkty za każdą wizytę}}
    on: purchase.completed
    qualifying: false
    do: [{{award: {{wallet: points, fixed: 2}}}}]
    variants: [{{code: few}}, {{code: many, do: [{{award: {{wallet: points, fixed: 10}}}}]}}]
"""


def with_campaigns(text: str, *, until: datetime) -> str:
    """Return the example's file with the campaigns of the two years that end at an instant, the rule with
    variants, and a margin.
    """
    head, mark, tail = text.partition("\nrules:\n")
    assert mark, "the example has rules"
    head = head.replace("\n  currency: EUR\n", f"\n  currency: EUR\n  margin: {MARGIN}\n", 1)
    rules = "".join(
        f"  - code: {campaign.code}\n"
        f"    title: {campaign.title}\n"
        "    on: purchase.completed\n"
        f'    during: {{from: "{campaign.first_day(until)}", until: "{campaign.last_day(until)}"}}\n'
        f"    holdout: {campaign.holdout}\n"
        "    qualifying: false\n"
        f"    do: [{{award: {{wallet: points, fixed: {campaign.points}}}}}]\n"
        for campaign in CAMPAIGNS
    )
    return head + mark + rules + VISIT_RULE + tail


@dataclass(frozen=True, slots=True)
class Shopping:
    """How often a member buys at an instant, beside their own rhythm, in the years that end at another."""

    programme: Programme
    until: datetime

    def rate(self, member: str, at: datetime) -> float:
        """Return by what a member's purchases are multiplied: the month's share, what campaigns add, and what
        the member's variant does.
        """
        rate = MONTHS[at.month - 1] * VISIT_RATES[self.visit_variant(member)]
        for campaign in CAMPAIGNS:
            if campaign.runs_on(at.date(), self.until) and not self.is_held_out(member, campaign):
                rate *= 1 + campaign.effect
        return rate

    def is_held_out(self, member: str, campaign: Campaign) -> bool:
        """Tell whether a campaign is held back from a member, as deciding tells it: from everybody, where a
        folder's own programme does not run it.
        """
        rule = next((rule for rule in self.programme.rules if rule.code == campaign.code), None)
        return rule is None or is_held_out(member, rule)

    def visit_variant(self, member: str) -> str:
        """Return which variant a member has of the rule with variants, as deciding draws it."""
        rule = next((rule for rule in self.programme.rules if rule.code == VISITS), None)
        if rule is None:  # a folder that an earlier version made
            return next(iter(VISIT_RATES))
        return variant_of(rule.varied_name, rule.variants, member)

    def is_silent(self, store: str, at: datetime) -> bool:
        """Tell whether nothing came from a store any more."""
        return store == SILENT_STORE and at > self.until - SILENT_FOR
