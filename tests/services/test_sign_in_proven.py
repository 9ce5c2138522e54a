"""Signing in by contacts that somebody we trust has seen proven, over the real database."""

import asyncio

import pytest

from domain.model.people.contacts import Contact
from domain.services.errors import NotEnrolled
from domain.services.people.enrolment import Application, enrol
from domain.services.people.sign_in import sign_in_proven
from tests.services.people import NOW, People, enrolled, kept
from tests.wire import Wire

ANA = Contact("email", "ana@example.com")
PHONE = Contact("phone", "+351912345678")


async def reserved(people: People) -> None:
    application = Application(name="Ana", terms_version="2026-01", phone=PHONE.value)
    await enrol(people.desk, application, key="k", now=NOW)


async def sessions(people: People) -> int:
    return len(await people.store["sessions"].find({"subject": {"$gt": ""}}).to_list())


async def test_a_member_gets_a_session_of_their_own(people: People, wire: Wire) -> None:
    first = await enrolled(people)
    with wire.counting() as counted:
        found = await sign_in_proven(people.desk, [PHONE, ANA], installation="phone-1", now=NOW)
    assert (found.member, found.enrolled, found.opened_session.session.installation) == (
        first.member,
        False,
        "phone-1",
    )
    assert counted.names[:2] == ["find", "find"]
    assert await sessions(people) == 2


async def test_the_first_sign_in_begins_the_membership_that_waits(people: People) -> None:
    await reserved(people)
    found = await sign_in_proven(people.desk, [PHONE], now=NOW)
    assert found.enrolled
    member = await kept(people, found.member)
    assert (member.details.phone, member.member.wallets["points"].available) == (PHONE.value, 100)
    again = await sign_in_proven(people.desk, [PHONE], now=NOW)
    assert (again.member, again.enrolled) == (found.member, False)


async def test_twenty_first_sign_ins_at_once_begin_one_membership(people: People) -> None:
    await reserved(people)
    found = await asyncio.gather(*(sign_in_proven(people.desk, [PHONE], now=NOW) for _ in range(20)))
    assert len({one.member for one in found}) == 1
    assert [one.enrolled for one in found].count(True) == 1
    assert await sessions(people) == 20


async def test_who_has_not_enrolled_is_told_and_nothing_is_written(people: People) -> None:
    with pytest.raises(NotEnrolled):
        await sign_in_proven(people.desk, [PHONE, ANA], now=NOW)
    assert await sessions(people) == 0


async def test_a_code_sent_before_is_of_no_use_after(people: People) -> None:
    await reserved(people)
    await sign_in_proven(people.desk, [PHONE], now=NOW)
    rows = await people.store["sign_in_codes"].find({"_id": {"$gt": ""}}).to_list()
    assert [("live" in row, "reserved" in row) for row in rows] == [(False, False)]
