"""A birthday over the real database: given once, corrected by service, celebrated once in 360 days."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from domain.services.errors import InvalidInput, NotAllowed
from domain.services.ledger.turn import turn
from domain.services.people import birthdays, profile
from domain.services.people.profile import ProfileUpdate
from domain.services.people.service_actor import ServiceActor
from tests.identity_harness import NOW, PROGRAMME, IdentityHarness, enrol_and_sign_in, stored_member

ANA = "ana@example.com"
MARIA = ServiceActor("maria", "MANAGER", "lisbon", "s1")


async def give(harness: IdentityHarness, member: str, day: date | None) -> None:
    change = ProfileUpdate(birthday=day)
    await profile.update_profile(harness.identity, member=member, change=change, now=NOW)


async def correct(
    harness: IdentityHarness, member: str, day: date | None, *, now: datetime = NOW, by: ServiceActor = MARIA
) -> None:
    await birthdays.correct_birthday(
        harness.identity, actor=by, member=member, birthday=day, reason="read in the passport", now=now
    )


@pytest.mark.parametrize("day", [date(1990, 5, 18), None])
async def test_a_member_gives_a_birthday_once(harness: IdentityHarness, day: date | None) -> None:
    ana = await enrol_and_sign_in(harness, ANA)
    await give(harness, ana.member, date(1990, 5, 17))
    before = await stored_member(harness, ana.member)
    with pytest.raises(InvalidInput) as fault:
        await give(harness, ana.member, day)
    assert (fault.value.field, fault.value.message) == (
        "birthday",
        "It is given once. Ask staff to correct it.",
    )
    await give(harness, ana.member, date(1990, 5, 17))  # the same again is no fault
    assert await stored_member(harness, ana.member) == before


async def test_service_corrects_one_with_a_reason_and_not_its_own(harness: IdentityHarness) -> None:
    ana = await enrol_and_sign_in(harness, ANA, birthday=date(1990, 5, 17))
    own = replace(MARIA, own_members=(ana.member,))
    for actor, reason in ((own, "OWN_MEMBERSHIP"), (replace(MARIA, role="CASHIER"), "ROLE")):
        with pytest.raises(NotAllowed) as refusal:
            await correct(harness, ana.member, date(1991, 5, 17), by=actor)
        assert refusal.value.reason == reason
    assert (await stored_member(harness, ana.member)).details.birthday == date(1990, 5, 17)
    await correct(harness, ana.member, date(1991, 6, 1))
    after = await stored_member(harness, ana.member)
    assert (after.details.birthday, after.next_due.at) == (
        date(1991, 6, 1),
        datetime(2026, 5, 31, 23, tzinfo=UTC),
    )
    act = await harness.store["audit"].find_one({"member": ana.member})
    assert act is not None
    assert (act["action"], act["actor"], act["reason"]) == (
        "BIRTHDAY_CORRECTED",
        "maria",
        "read in the passport",
    )


async def test_a_corrected_birthday_is_celebrated_no_sooner_than_360_days_after_the_last(
    harness: IdentityHarness,
) -> None:
    ana = await enrol_and_sign_in(harness, ANA, birthday=date(1990, 5, 17))
    assert await points_by(harness, ana.member, datetime(2026, 5, 17, 12, tzinfo=UTC)) == 107
    for day in (date(1990, 6, 1), date(1990, 7, 1)):  # twice: the last celebration stays that of May
        await correct(harness, ana.member, day, now=datetime(2026, 5, 20, tzinfo=UTC))
    assert (await stored_member(harness, ana.member)).details.celebrated_from == date(2027, 5, 12)
    assert await points_by(harness, ana.member, datetime(2026, 7, 2, tzinfo=UTC)) == 107
    assert await points_by(harness, ana.member, datetime(2027, 7, 2, tzinfo=UTC)) == 114


async def points_by(harness: IdentityHarness, member: str, now: datetime) -> int:
    await turn(harness.identity, now=now)
    return (await stored_member(harness, member)).member.wallets["points"].available


async def test_who_joins_is_as_old_as_the_programme_asks(harness: IdentityHarness) -> None:
    await harness.identity.programmes.publish(
        PROGRAMME.replace("currency: EUR,", "currency: EUR, minimum_age: 16,"), now=NOW
    )
    for day, message in (
        (None, "Give it: members of this programme are at least 16 years old."),
        (date(2010, 3, 2), "Members of this programme are at least 16 years old."),
    ):
        with pytest.raises(InvalidInput) as fault:
            await enrol_and_sign_in(harness, ANA, birthday=day)
        assert (fault.value.field, fault.value.message) == ("birthday", message)
    ana = await enrol_and_sign_in(harness, ANA, birthday=date(2010, 3, 1))  # 16 today
    with pytest.raises(InvalidInput):
        await correct(harness, ana.member, date(2010, 3, 2))
