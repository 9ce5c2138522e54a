"""The long demo: believable, the same for the same instant, and proved by its journal."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest

from domain.model.event_names import PURCHASED, REFUNDED, SURVEY_ANSWERED
from domain.model.figures.uplift import Arm, measure
from domain.model.programme import load
from domain.services import demo_people
from domain.services.demo import SEED, DatabaseInUse, fill_demo
from domain.services.demo_catalogue import catalogue_of
from domain.services.demo_history.filling import fill_history
from domain.services.demo_history.lives import life_lines
from domain.services.demo_history.seasons import (
    CAMPAIGNS,
    MONTHS,
    SILENT_FOR,
    SILENT_STORE,
    VISIT_RATES,
    Shopping,
    with_campaigns,
)
from domain.services.demo_people import make_people
from domain.services.ledger.verification import verify
from domain.services.runtime import Runtime
from domain.store.connect import Database
from domain.store.ledger import journal
from tests.small_runtime import NUMISCOLLECT, join, open_runtime

NOW = datetime(2026, 12, 1, 10, tzinfo=UTC)
TEXT = with_campaigns(NUMISCOLLECT.read_text(encoding="utf-8"), until=NOW)


async def fill(runtime: Runtime) -> int:
    published = runtime.programmes.current()
    filled = await fill_history(
        runtime.store, published=published, batches=2, now=NOW, progress=lambda *_: None
    )
    return filled.members


async def test_two_batches_are_written_whole_and_the_journal_proves_them(
    unheard: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo_people, "MEMBERS", 12)
    monkeypatch.setattr(demo_people, "PARTS", ())
    runtime = await open_runtime(unheard, TEXT, now=NOW - timedelta(days=731))
    assert await fill(runtime) == 24
    assert [str(each) async for each in verify(runtime.store)] == []
    query = {"at": {"$gt": NOW - timedelta(days=900)}}
    reasons, rows = Counter[str](), 0
    async for row in runtime.store[journal.COLLECTION].find(query, {"outcomes": 1}):
        rows += 1
        of_campaigns = [each for each in row.get("outcomes", ()) if each[0].startswith("campaign-")]
        reasons.update("given" if each[1] else each[3] for each in of_campaigns)
    assert rows > 500
    assert reasons["given"] > reasons["holdout"] > 0
    members = await fill_demo(
        runtime.store, published=runtime.programmes.current(), now=NOW, progress=lambda *_: None
    )
    assert len(members) == 12  # those of the first batch sign in, as in the demo
    assert rows == len([row async for row in runtime.store[journal.COLLECTION].find(query, {"_id": 1})])


async def test_other_peoples_members_are_left_alone(unheard: Database) -> None:
    runtime = await open_runtime(unheard, TEXT, now=NOW - timedelta(days=731))
    await join(runtime, "ana")
    with pytest.raises(DatabaseInUse):
        await fill(runtime)
    assert await runtime.store["members"].find_one({"_id": "ana"}, {"_id": 1}) is not None


def test_a_life_has_seasons_returns_answers_a_silent_shop_and_what_campaigns_plant() -> None:
    programme = load(TEXT)
    shopping, catalogue = Shopping(programme, NOW), catalogue_of(programme)
    people = [person for batch in range(6) for person in make_people(seed=SEED + batch, until=NOW)]
    lines = life_lines(people, catalogue, shopping, seed=1)
    assert lines == life_lines(people, catalogue, shopping, seed=1)
    names = Counter(str(line["name"]) for line in lines)
    assert 0.03 < names[REFUNDED] / names[PURCHASED] < 0.08
    assert 0.1 < names[SURVEY_ANSWERED] / names[PURCHASED] < 0.2
    bought = [line for line in lines if line["name"] == PURCHASED]
    stores = Counter[str]()
    since_silent = Counter[str]()
    for line in bought:
        line_data = line["data"]
        assert isinstance(line_data, dict)
        stores[str(line_data["store"])] += 1
        if str(line["at"]) > (NOW - SILENT_FOR).isoformat():
            since_silent[str(line_data["store"])] += 1
    assert stores[SILENT_STORE] > 500
    assert since_silent["lisboa"] > since_silent[SILENT_STORE] == 0
    months = Counter(str(line["at"])[5:7] for line in bought if str(line["at"]) > "2025-12")
    assert months["12"] > 1.3 * months["01"]  # Christmas, though there are more members after it
    for campaign in CAMPAIGNS:
        held_out = {person.id for person in people if shopping.is_held_out(person.id, campaign)}
        first_day = campaign.first_day(NOW)
        tenth = datetime(first_day.year, first_day.month, first_day.day, 12, tzinfo=UTC) + timedelta(days=9)
        few = [person.id for person in people if shopping.visit_variant(person.id) == "few"]
        rate = shopping.rate(next(id for id in few if id in held_out), tenth)
        given = shopping.rate(next(id for id in few if id not in held_out), tenth)
        assert given / rate == pytest.approx(1 + campaign.effect)
        assert abs(len(held_out) / len(people) - campaign.holdout / 100) < 0.05


def test_of_the_rule_with_variants_the_second_is_found_to_win_at_the_usual_size() -> None:
    shopping, catalogue = Shopping(load(TEXT), NOW), catalogue_of(load(TEXT))
    arms = {"few": Arm(), "many": Arm()}
    for batch in range(
        5
    ):  # a thousand members, as `selo demo history` makes them unless it is told otherwise
        people = make_people(seed=SEED + batch, until=NOW)
        lines = life_lines(people, catalogue, shopping, seed=SEED + batch)
        bought = Counter(str(line["member"]) for line in lines if line["name"] == PURCHASED)
        for person in people:
            variant = shopping.visit_variant(person.id)
            arms[variant] = arms[variant].with_member(bought[person.id])
    measured = measure(arms["many"], arms["few"], days=730)
    assert measured is not None
    planted = (VISIT_RATES["many"] / VISIT_RATES["few"] - 1) * arms["few"].mean
    assert 0 < measured.low < planted < measured.high


def test_a_campaign_ran_when_its_title_says_and_was_over_by_then() -> None:
    by_code = {campaign.code: campaign for campaign in CAMPAIGNS}
    october = by_code["campaign-october"]
    assert (october.first_day(NOW), october.last_day(NOW)) == (date(2026, 10, 1), date(2026, 10, 31))
    while_it_runs = datetime(2026, 10, 31, 20, tzinfo=UTC)
    assert october.first_day(while_it_runs) == date(2025, 10, 1)
    summer = by_code["campaign-summer"]
    assert {summer.first_day(NOW).month, summer.last_day(NOW).month} == {7, 8}


def test_a_programme_without_the_campaigns_has_a_history_too() -> None:
    shopping = Shopping(load(NUMISCOLLECT.read_text(encoding="utf-8")), NOW)
    spring = CAMPAIGNS[0].first_day(NOW)
    at = datetime(spring.year, spring.month, spring.day, 12, tzinfo=UTC)
    assert shopping.is_held_out("ana", CAMPAIGNS[0])
    assert shopping.rate("ana", at) == MONTHS[at.month - 1] * VISIT_RATES["few"]
