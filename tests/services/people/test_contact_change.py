"""A member's contacts change once they are proven, over the real database; a refusal changes nothing."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from domain.model.people.contacts import Contact
from domain.services.errors import (
    ContactTaken,
    NotEnrolled,
    SignInRefused,
)
from domain.services.people import contact_change
from domain.services.people.sign_in import request_code, sign_in
from domain.store import audit
from domain.store.people.contacts import find_member
from tests.command_log import CommandLog
from tests.identity_harness import (
    NOW,
    ContactUnreachable,
    IdentityHarness,
    RecordingCodeSender,
    enrol_and_sign_in,
    stored_member,
    wrong_code,
)

ANA, BO = "ana@example.com", "bo@example.com"
LATER = NOW + timedelta(hours=2)


class MuteCodeSender(RecordingCodeSender):
    async def tell_changed(self, contact: Contact, new: Contact, locale: str) -> None:
        raise ContactUnreachable


async def change_to(harness: IdentityHarness, member: str, contact: str) -> None:
    await contact_change.request_change(
        harness.identity, member=member, contact=contact, locale="pt", now=LATER
    )
    await contact_change.change_contact(
        harness.identity, member=member, contact=contact, code=harness.code_sender.last, now=LATER
    )


async def test_a_proven_contact_takes_the_place_of_the_one_before(harness: IdentityHarness) -> None:
    ana = await enrol_and_sign_in(harness, ANA)
    await change_to(harness, ana.member, "Ana.New@example.com")
    assert (await stored_member(harness, ana.member)).details.email == "ana.new@example.com"
    assert await find_member(harness.store, "email:ana.new@example.com") == ana.member
    assert await find_member(harness.store, f"email:{ANA}") is None
    await request_code(harness.identity, contact=ANA, locale="pt", now=LATER)
    with pytest.raises(NotEnrolled):
        await sign_in(harness.identity, contact=ANA, code=harness.code_sender.last, now=LATER)
    await request_code(harness.identity, contact="ana.new@example.com", locale="pt", now=LATER)
    assert (
        await sign_in(
            harness.identity, contact="ana.new@example.com", code=harness.code_sender.last, now=LATER
        )
    ).member == ana.member


async def test_the_other_kind_of_contact_is_added(harness: IdentityHarness) -> None:
    ana = await enrol_and_sign_in(harness, ANA)
    await change_to(harness, ana.member, "+351912345678")
    details = (await stored_member(harness, ana.member)).details
    assert (details.email, details.phone) == (ANA, "+351912345678")
    assert harness.code_sender.contact_changes == [
        (Contact("email", ANA), Contact("phone", "+351912345678"), "pt")
    ]
    assert (
        await find_member(harness.store, f"email:{ANA}")
        == await find_member(harness.store, "phone:+351912345678")
        == ana.member
    )


async def test_who_holds_the_contact_that_gave_way_is_told_and_the_audit_trail_says_which_kind(
    harness: IdentityHarness,
) -> None:
    ana = await enrol_and_sign_in(harness, ANA, locale="pl")
    await change_to(harness, ana.member, "ana.new@example.com")
    assert harness.code_sender.contact_changes == [
        (Contact("email", ANA), Contact("email", "ana.new@example.com"), "pl")
    ]
    acts = await audit.find_between(harness.store, since=NOW, until=LATER, member=ana.member)
    assert [(act.action, act.actor, act.subject, act.at) for act in acts] == [
        ("CONTACT_CHANGED", "member", "email", LATER)
    ]
    assert "example.com" not in repr(acts)


async def test_a_contact_that_changed_stays_changed_where_nobody_can_be_told(
    harness: IdentityHarness,
) -> None:
    ana = await enrol_and_sign_in(harness, ANA)
    await contact_change.request_change(
        harness.identity, member=ana.member, contact=BO, locale="pt", now=LATER
    )
    identity = replace(harness.identity, code_sender=MuteCodeSender())
    with capture_logs() as logged:
        await contact_change.change_contact(
            identity, member=ana.member, contact=BO, code=harness.code_sender.last, now=LATER
        )
    assert (await stored_member(harness, ana.member)).details.email == BO
    assert logged == [
        {
            "event": "contacts.notice_not_sent",
            "log_level": "warning",
            "channel": "email",
            "fault": "ContactUnreachable",
        }
    ]


async def test_that_a_contact_is_taken_is_told_only_to_who_holds_it(
    harness: IdentityHarness, command_log: CommandLog
) -> None:
    ana, other = await enrol_and_sign_in(harness, ANA), await enrol_and_sign_in(harness, BO)
    before = await stored_member(harness, ana.member)
    with command_log.counting() as taken:
        await contact_change.request_change(
            harness.identity, member=ana.member, contact=BO, locale="pt", now=LATER
        )
    assert taken.names == ["find", "update"]
    with pytest.raises(SignInRefused):
        await contact_change.change_contact(
            harness.identity,
            member=ana.member,
            contact=BO,
            code=wrong_code(harness.code_sender.last),
            now=LATER,
        )
    with pytest.raises(ContactTaken):
        await contact_change.change_contact(
            harness.identity, member=ana.member, contact=BO, code=harness.code_sender.last, now=LATER
        )
    assert await stored_member(harness, ana.member) == before
    assert (
        harness.code_sender.contact_changes,
        await audit.find_between(harness.store, since=NOW, until=LATER),
    ) == ([], [])
    assert await find_member(harness.store, f"email:{BO}") == other.member
    with pytest.raises(SignInRefused):
        await contact_change.change_contact(
            harness.identity, member=ana.member, contact=BO, code=harness.code_sender.last, now=LATER
        )


async def test_a_code_for_a_change_signs_nobody_in_and_the_other_way_round(harness: IdentityHarness) -> None:
    ana, other = await enrol_and_sign_in(harness, ANA), await enrol_and_sign_in(harness, BO)
    await contact_change.request_change(
        harness.identity, member=ana.member, contact="new@example.com", locale="pt", now=LATER
    )
    code = harness.code_sender.last
    with pytest.raises(SignInRefused):
        await sign_in(harness.identity, contact="new@example.com", code=code, now=LATER)
    with pytest.raises(SignInRefused):
        await contact_change.change_contact(
            harness.identity, member=other.member, contact="new@example.com", code=code, now=LATER
        )
    await contact_change.change_contact(
        harness.identity, member=ana.member, contact="new@example.com", code=code, now=LATER
    )
    await request_code(harness.identity, contact="newer@example.com", locale="pt", now=LATER)
    with pytest.raises(SignInRefused):
        await contact_change.change_contact(
            harness.identity,
            member=ana.member,
            contact="newer@example.com",
            code=harness.code_sender.last,
            now=LATER,
        )


async def test_proving_ones_own_contact_changes_nothing(harness: IdentityHarness) -> None:
    ana = await enrol_and_sign_in(harness, ANA)
    before = await stored_member(harness, ana.member)
    await change_to(harness, ana.member, ANA)
    assert await stored_member(harness, ana.member) == before
    assert (
        harness.code_sender.contact_changes,
        await audit.find_between(harness.store, since=NOW, until=LATER),
    ) == ([], [])
    assert await find_member(harness.store, f"email:{ANA}") == ana.member


async def test_a_contact_that_an_enrolment_races_for_is_one_members(harness: IdentityHarness) -> None:
    """Somebody proves a contact for their own membership while a code for joining with it waits: whoever is
    first has it.
    """
    ana = await enrol_and_sign_in(harness, ANA)
    await change_to(harness, ana.member, BO)
    joined = await enrol_and_sign_in(harness, BO, now=LATER)
    assert (joined.member, joined.enrolled) == (ana.member, False)
    assert len(await harness.store["members"].find({"_id": {"$gt": ""}}).to_list()) == 1


async def test_two_changes_at_once_leave_one_contact_of_a_kind(harness: IdentityHarness) -> None:
    ana = await enrol_and_sign_in(harness, ANA)
    wanted = [f"ana{at}@example.com" for at in range(5)]
    codes = []
    for contact in wanted:
        await contact_change.request_change(
            harness.identity, member=ana.member, contact=contact, locale="pt", now=LATER
        )
        codes.append(harness.code_sender.last)
    await asyncio.gather(
        *(
            contact_change.change_contact(
                harness.identity, member=ana.member, contact=contact, code=code, now=LATER
            )
            for contact, code in zip(wanted, codes, strict=True)
        )
    )
    email = (await stored_member(harness, ana.member)).details.email
    rows = await harness.store["contacts"].find({"_id": {"$gt": "email:", "$lt": "email;"}}).to_list()
    assert [row["_id"] for row in rows] == [f"email:{email}"]
