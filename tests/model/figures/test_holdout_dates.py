"""What members bought counts for a rule with a holdout while its dates hold, and a return by its purchase."""

from __future__ import annotations

from datetime import UTC, date, datetime

from domain.model.event_names import ENROLLED, PURCHASED, REFUNDED
from domain.model.figures.folding import follow
from domain.model.figures.member_figures import NOTHING_YET, ArmFigures, MemberFigures
from domain.model.figures.uplift import Arm, measure
from domain.model.ledger.deciding.earning import is_held_out
from domain.model.ledger.events import Json
from domain.model.programme import Programme, load
from domain.services.demo import SEED, simulate_lines
from domain.services.demo_catalogue import catalogue_of
from domain.services.demo_history.lives import life_lines
from domain.services.demo_history.seasons import CAMPAIGNS, Shopping, with_campaigns
from domain.services.demo_people import make_people
from tests.small_runtime import NUMISCOLLECT

NOW = datetime(2026, 12, 1, 10, tzinfo=UTC)
PROGRAMME = """
programme: {code: club, name: Club, currency: EUR, timezone: Europe/Lisbon, locales: [en]}
wallets: [{code: points, name: Points}]

rules:
"""
RULE = """
  - code: fridays
    title: Fridays in October
    on: purchase.completed
    during: {from: "2026-10-01", until: "2026-10-31", weekdays: [fri]}
    holdout: 20
    do: [{award: {wallet: points, fixed: 10}}]
  - code: always
    title: Always
    on: purchase.completed
    holdout: 20
    do: [{award: {wallet: points, fixed: 1}}]
"""


def figures_of(programme: Programme, lines: list[dict[str, Json]]) -> dict[str, MemberFigures]:
    """The members' figures after all rows that lines bring."""
    figures = dict[str, MemberFigures]()
    for member, rows in simulate_lines(programme, lines, NOW, lambda *_: None).rows.items():
        figures[member] = NOTHING_YET
        for row in rows:
            figures[member] = follow(programme, figures[member], row, row.event.at.date())
    return figures


def line(at: str, name: str, **event_data: Json) -> dict[str, Json]:
    return {"at": f"{at}+00:00", "member": "ana", "name": name, "source": "till", "data": event_data}


def test_receipts_count_between_a_rules_dates_and_returns_by_the_day_of_their_purchase() -> None:
    # Lisbon's October begins at 23:00 UTC, in summer time, and ends at 24:00, in winter time.
    lines = [
        line("2026-09-01T10:00:00", ENROLLED),
        line("2026-09-30T22:59:00", PURCHASED, externalId="before", total=1_000),
        line("2026-09-30T23:00:00", PURCHASED, externalId="first", total=2_000),
        line("2026-10-07T12:00:00", PURCHASED, externalId="on-a-wednesday", total=4_000),
        line("2026-11-01T00:00:00", PURCHASED, externalId="after", total=8_000),
        line("2026-11-05T12:00:00", REFUNDED, externalId="on-a-wednesday"),
        line("2026-11-05T13:00:00", REFUNDED, externalId="after"),
    ]
    arms = figures_of(load(PROGRAMME + RULE), lines)["ana"].arms
    assert arms["fridays"] == ArmFigures(date(2026, 9, 30), receipts=2, revenue=2_000)
    assert arms["always"] == ArmFigures(date(2026, 9, 30), receipts=4, revenue=3_000)


def test_the_october_campaign_of_the_demo_is_found_to_have_worked() -> None:
    programme = load(with_campaigns(PROGRAMME, until=NOW))
    shopping = Shopping(programme, NOW)
    catalogue = catalogue_of(load(NUMISCOLLECT.read_text(encoding="utf-8")))
    people = [person for batch in range(3) for person in make_people(seed=SEED + batch, until=NOW)]
    lines: list[dict[str, Json]] = [
        {**line, "data": {}} if line["name"] == ENROLLED else line
        for line in life_lines(people, catalogue, shopping, seed=SEED)
        if line["name"] == ENROLLED or (line["name"] == PURCHASED and str(line["at"]) > "2026-07-15")
    ]
    figures = figures_of(programme, lines)
    for code, is_found in (("campaign-october", True), ("campaign-summer", False)):
        arms = {True: Arm(), False: Arm()}
        for person in people:
            known = figures.get(person.id, NOTHING_YET).arms.get(code)
            is_out = is_held_out(person.id, programme.rule(code))
            arms[is_out] = arms[is_out].with_member(known.receipts if known is not None else 0)
        measured = measure(arms[False], arms[True], days=31)
        assert measured is not None
        assert (measured.low > 0) is is_found
        assert next(each.effect > 0 for each in CAMPAIGNS if each.code == code) is is_found
