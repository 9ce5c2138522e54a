"""Two memberships of one person that become one: figures count the person once, and what was bought by either."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import permutations

import pytest

from domain.model.figures.increments import DAYS
from domain.services.figures import reading
from domain.services.figures.reading import Period
from domain.services.figures.rebuilding import rebuild
from domain.services.people.identity_runtime import IdentityRuntime
from domain.services.runtime import Runtime
from domain.store.connect import Database
from domain.store.figures import due
from domain.store.figures.lease import LEASE, LeaseHolder
from tests.folding import fold_waiting
from tests.identity_harness import RecordingCodeSender
from tests.services.figures.figure_sums import all_figures
from tests.services.ledger.code_club import CODES, enter
from tests.services.people.test_merging import LATER, buy, merge_two, undo
from tests.small_runtime import NOW, SMALL, join, open_runtime

MARCH = Period(date(2026, 3, 1), date(2026, 3, 31))
AFTER = Period(date(2026, 3, 3), date(2026, 3, 31))  # the merge is on the day before
PEOPLE = ("enrolled", "participation", "active_30", "active_365", "retention", "churn")


async def open_club(database: Database, *who: str, text: str = SMALL) -> IdentityRuntime:
    """Members who joined, each as often as they are named beyond the first time with a receipt."""
    identity = IdentityRuntime.of(
        await open_runtime(database, text), secret=bytes(32), code_sender=RecordingCodeSender()
    )
    for member in dict.fromkeys(who):
        await join(identity, member)
        for number in range(who.count(member) - 1):
            await buy(identity, member, f"{member}-{number}", now=NOW + timedelta(minutes=number))
    return identity


async def told(runtime: Runtime, period: Period) -> dict[str, tuple[float | None, float | None]]:
    """What figures of people say once everything is folded: numerator and denominator."""
    await fold_waiting(runtime, LeaseHolder(lambda: LATER, name="one"), now=LATER)
    report = await reading.read_report(runtime, period)
    return {each.code: (each.numerator, each.denominator) for each in report.figures if each.code in PEOPLE}


async def summed(runtime: Runtime, name: str) -> int:
    """What a sum comes to in the year, once everything is folded."""
    await told(runtime, MARCH)
    report = await reading.read_report(runtime, Period(date(2026, 1, 1), date(2026, 12, 31)))
    return report.whole.all_sums.get(name, 0)


async def test_whoever_took_a_buyer_over_takes_part_is_active_and_has_stayed(database: Database) -> None:
    identity = await open_club(database, "ana", "ana", "ana", "bob")
    assert (await told(identity, MARCH))["participation"] == (1, 2)
    await merge_two(identity, "ana", "bob")
    assert await told(identity, AFTER) == {
        "enrolled": (1, None),
        "participation": (1, 1),
        "active_30": (1, 1),
        "active_365": (1, 1),
        "retention": (1, 1),
        "churn": (0, 1),
    }
    april = await told(identity, Period(date(2026, 4, 1), date(2026, 4, 30)))
    assert (april["active_30"], april["active_365"]) == ((0, 1), (1, 1)), "30 days after ana bought"
    await buy(identity, "bob", "bobs-first", now=NOW + timedelta(days=3))
    assert (await told(identity, Period(date(2026, 3, 4), date(2026, 3, 31))))["retention"] == (1, 1)
    assert await summed(identity, "first_purchases") == 1


async def test_two_buyers_who_become_one_are_no_customer_lost(database: Database) -> None:
    identity = await open_club(database, "ana", "ana", "bob", "bob", "eve", "eve")
    await told(identity, MARCH)
    await merge_two(identity, "ana", "bob", now=NOW + timedelta(days=3))
    figures = await told(identity, AFTER)
    assert (figures["enrolled"], figures["participation"]) == ((2, None), (2, 2))
    assert (figures["active_30"], figures["retention"], figures["churn"]) == ((2, 2), (3, 3), (0, 3))
    later = await told(identity, Period(date(2026, 3, 7), date(2026, 3, 31)))
    assert (later["retention"], later["churn"]) == ((2, 2), (0, 2))


@pytest.mark.parametrize("buyers", [("ana",), ("ana", "bob"), ("bob",), ()])
async def test_a_merge_undone_leaves_the_figures_of_before(
    database: Database, buyers: tuple[str, ...]
) -> None:
    identity = await open_club(database, "ana", "bob", *buyers)
    before = await told(identity, AFTER), await told(identity, MARCH)
    await merge_two(identity, "ana", "bob")
    await told(identity, AFTER)
    await undo(identity, "ana", now=LATER + timedelta(hours=23))
    assert (await told(identity, AFTER), await told(identity, MARCH)) == before
    changes = [
        row.get("levels", {}) async for row in identity.store[DAYS].find({"_id": {"$gt": "2026-03-04"}})
    ]
    assert sum(each.get("active_365", 0) for each in changes) == -len(buyers), "each ends once"


async def test_one_that_was_merged_into_another_before_comes_along(database: Database) -> None:
    identity = await open_club(database, "ana", "ana", "bob", "eve")
    await merge_two(identity, "ana", "bob")
    await merge_two(identity, "bob", "eve", now=LATER + timedelta(minutes=1))
    figures = await told(identity, AFTER)
    assert (figures["participation"], figures["active_30"], figures["retention"]) == ((1, 1), (1, 1), (1, 1))


async def test_a_code_leads_to_a_purchase_also_after_a_merge_and_once(database: Database) -> None:
    identity = await open_club(database, "ana", "bob", "eve", text=CODES)
    for member in ("ana", "eve"):
        await enter(identity, member, "ANA10")
    await merge_two(identity, "ana", "bob")
    await buy(identity, "bob", "bobs-first", now=LATER)
    assert await summed(identity, "codes.ANA10.converted") == 1
    await merge_two(identity, "eve", "bob", now=LATER)
    await buy(identity, "bob", "bobs-second", now=LATER)
    assert await summed(identity, "codes.ANA10.converted") == 1, "ana's was the first of the two"


async def test_a_code_of_a_merge_that_was_undone_is_the_other_ones_again(database: Database) -> None:
    identity = await open_club(database, "ana", "bob", text=CODES)
    await enter(identity, "ana", "ANA10")
    await merge_two(identity, "ana", "bob")
    await undo(identity, "ana")
    await buy(identity, "bob", "bobs-first", now=LATER)
    assert await summed(identity, "codes.ANA10.converted") == 0
    await buy(identity, "ana", "anas-first", now=LATER)
    assert await summed(identity, "codes.ANA10.converted") == 1


@pytest.mark.parametrize("order", list(permutations(("ana", "bob", "eve"))))
async def test_members_are_folded_in_any_order_and_made_again_the_same(
    database: Database, order: tuple[str, ...]
) -> None:
    identity = await open_club(database, "ana", "ana", "bob", "eve", "eve")
    await merge_two(identity, "ana", "bob")
    await merge_two(identity, "bob", "eve", now=LATER + timedelta(minutes=1))
    waiting = await due.find_due(identity.store, first=10)
    for place, member in enumerate(order):
        since = {"$set": {"since": NOW + timedelta(seconds=place)}}
        await identity.store[due.COLLECTION].update_one({"_id": member}, since)
    assert {each.member for each in waiting} == set(order)
    figures = await told(identity, AFTER)
    assert (figures["participation"], figures["retention"]) == ((1, 1), (2, 2))
    folded = await all_figures(identity)
    await rebuild(identity, LeaseHolder(lambda: LATER + 2 * LEASE))
    assert await all_figures(identity) == folded
