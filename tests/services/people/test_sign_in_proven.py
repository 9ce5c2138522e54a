"""Sign-in by contacts that a trusted provider has proven, over the real database."""

import asyncio

import pytest

from domain.model.people.contacts import Contact
from domain.services.errors import NotEnrolled
from domain.services.people.enrolment import Application, enrol
from domain.services.people.sign_in import DeviceInput, sign_in_proven
from tests.command_log import CommandLog
from tests.identity_harness import NOW, IdentityHarness, enrol_and_sign_in, stored_member

ANA = Contact("email", "ana@example.com")
PHONE = Contact("phone", "+351912345678")


async def reserved(harness: IdentityHarness) -> DeviceInput:
    application = Application(name="Ana", terms_version="2026-01", phone=PHONE.value)
    applied = await enrol(harness.identity, application, key="k", now=NOW)
    return DeviceInput(enrolment_token=applied.enrolment_token)


async def sessions(harness: IdentityHarness) -> int:
    return len(await harness.store["sessions"].find({"subject": {"$gt": ""}}).to_list())


async def test_a_member_gets_a_session_of_their_own(
    harness: IdentityHarness, command_log: CommandLog
) -> None:
    first = await enrol_and_sign_in(harness)
    with command_log.counting() as counted:
        signed_in = await sign_in_proven(
            harness.identity, [PHONE, ANA], device=DeviceInput("phone-1"), now=NOW
        )
    assert (signed_in.member, signed_in.enrolled, signed_in.opened_session.session.installation) == (
        first.member,
        False,
        "phone-1",
    )
    assert counted.names[:2] == ["find", "find"]
    assert await sessions(harness) == 2


async def test_the_sign_in_that_brings_its_token_begins_the_membership_that_waits(
    harness: IdentityHarness,
) -> None:
    device = await reserved(harness)
    signed_in = await sign_in_proven(harness.identity, [ANA, PHONE], device=device, now=NOW)
    assert signed_in.enrolled
    member = await stored_member(harness, signed_in.member)
    assert (member.details.phone, member.member.wallets["points"].available) == (PHONE.value, 100)
    again = await sign_in_proven(harness.identity, [PHONE], now=NOW)
    assert (again.member, again.enrolled) == (signed_in.member, False)


async def test_twenty_first_sign_ins_at_once_begin_one_membership(harness: IdentityHarness) -> None:
    device = await reserved(harness)
    results = await asyncio.gather(
        *(sign_in_proven(harness.identity, [PHONE], device=device, now=NOW) for _ in range(20))
    )
    assert len({one.member for one in results}) == 1
    assert [one.enrolled for one in results].count(True) == 1
    assert await sessions(harness) == 20


async def test_who_has_not_enrolled_is_told_and_nothing_is_written(harness: IdentityHarness) -> None:
    with pytest.raises(NotEnrolled):
        await sign_in_proven(harness.identity, [PHONE, ANA], now=NOW)
    assert await sessions(harness) == 0


async def test_what_was_applied_for_is_gone_once_it_has_begun(harness: IdentityHarness) -> None:
    device = await reserved(harness)
    await sign_in_proven(harness.identity, [PHONE], device=device, now=NOW)
    assert await harness.store["enrolments"].find({"_id": {"$gt": ""}}).to_list() == []
