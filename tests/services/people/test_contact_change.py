"""A member's contacts change once they are proven, over the real database; a refusal changes nothing."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from domain.model.people.contacts import Contact
from domain.services.errors import (
    ContactOutOfReach,
    ContactProofNeeded,
    ContactTaken,
    NotEnrolled,
    SignInRefused,
)
from domain.services.people import sessions
from domain.services.people.sign_in import MemberSignedIn, request_code, sign_in
from domain.services.senders import ChangeNotice
from domain.store import audit
from domain.store.people.contacts import find_member
from tests.command_log import CommandLog
from tests.identity_harness import (
    NOW,
    IdentityHarness,
    RecordingCodeSender,
    count_documents,
    enrol_and_sign_in,
    stored_member,
    wrong_code,
)
from tests.services.people.contact_acts import (
    ANA,
    BO,
    LATER,
    NEW,
    PHONE,
    ask_to_change,
    bring_codes,
    change_to,
    sign_in_again,
)

FRESH = NOW + timedelta(minutes=10)
WEEK = timedelta(days=7)


class MuteCodeSender(RecordingCodeSender):
    async def tell_changed(self, contact: Contact, notice: ChangeNotice) -> None:
        raise ContactOutOfReach("It is away.")


# ---------------------------------------------------------------- what a change takes
async def test_a_present_contact_approves_a_new_one(harness: IdentityHarness) -> None:
    ana = await enrol_and_sign_in(harness, ANA)
    requested = await ask_to_change(harness, ana, NEW)
    assert requested.current_contact == Contact("email", ANA)
    assert [
        (to.value, message.use)
        for (to, _, _), message in zip(
            harness.code_sender.codes[-2:], harness.code_sender.messages[-2:], strict=True
        )
    ] == [(ANA, "approve_contact"), (NEW, "new_contact")]
    assert harness.code_sender.messages[-2].changed_contact == Contact("email", NEW)
    code, approval = harness.code_sender.code_for(NEW), harness.code_sender.code_for(ANA)
    before = await stored_member(harness, ana.member)
    # Whoever has the session and the new contact alone changes nothing.
    with pytest.raises(ContactProofNeeded):
        await bring_codes(harness, ana, NEW, code)
    with pytest.raises(SignInRefused):
        await bring_codes(harness, ana, NEW, code, wrong_code(approval))
    with pytest.raises(SignInRefused):
        await bring_codes(harness, ana, NEW, wrong_code(code), approval)
    assert await stored_member(harness, ana.member) == before
    assert (harness.code_sender.notices, await count_documents(harness, "contact_changes")) == ([], 0)
    await bring_codes(harness, ana, NEW, code, approval)
    assert (await stored_member(harness, ana.member)).details.email == NEW


async def test_a_sign_in_of_the_last_ten_minutes_needs_no_approval(harness: IdentityHarness) -> None:
    ana = await enrol_and_sign_in(harness, ANA)
    requested = await ask_to_change(harness, ana, NEW, now=FRESH)
    assert (requested.current, requested.current_contact) == (None, None)
    # The code that was asked for in time works as long as every code does.
    await bring_codes(harness, ana, NEW, harness.code_sender.last, now=FRESH + timedelta(minutes=9))
    assert (await stored_member(harness, ana.member)).details.email == NEW


async def test_a_refresh_is_no_sign_in(harness: IdentityHarness) -> None:
    ana = await enrol_and_sign_in(harness, ANA)
    late = FRESH + timedelta(seconds=1)
    await sessions.refresh(harness.identity, ana.opened_session.refresh_token, now=late)
    requested = await ask_to_change(harness, ana, NEW, now=late)
    assert requested.current_contact == Contact("email", ANA)
    with pytest.raises(ContactProofNeeded):
        await bring_codes(harness, ana, NEW, harness.code_sender.last, now=late)
    again = await sign_in_again(harness, ANA, now=late)
    await bring_codes(harness, again, NEW, harness.code_sender.code_for(NEW), now=late)
    assert (await stored_member(harness, ana.member)).details.email == NEW


async def test_an_approval_is_of_one_contact_and_one_member(harness: IdentityHarness) -> None:
    ana, bo = await enrol_and_sign_in(harness, ANA), await enrol_and_sign_in(harness, BO)
    await ask_to_change(harness, ana, NEW)
    approval = harness.code_sender.code_for(ANA)
    await ask_to_change(harness, ana, "thief@example.com")
    for who in (ana, bo):
        with pytest.raises(SignInRefused) as refused:
            await bring_codes(harness, who, "other@example.com", "123456", approval)
        assert refused.value.reason == "EXPIRED_CODE"
    # The code that approves a contact signs nobody in.
    with pytest.raises(SignInRefused):
        await sign_in(harness.identity, contact=ANA, code=approval, now=LATER)


async def test_the_other_contact_approves_where_that_of_the_kind_is_not_reached(
    harness: IdentityHarness,
) -> None:
    ana = await enrol_and_sign_in(harness, ANA)
    await change_to(harness, ana, PHONE)
    assert (await ask_to_change(harness, ana, "+351919999999")).current_contact == Contact("phone", PHONE)
    harness.code_sender.reaches = frozenset({"email"})
    assert (await ask_to_change(harness, ana, NEW)).current_contact == Contact("email", ANA)
    sent = len(harness.code_sender.codes)
    harness.code_sender.reaches = frozenset()
    with pytest.raises(ContactOutOfReach):
        await ask_to_change(harness, ana, NEW)
    assert len(harness.code_sender.codes) == sent


async def test_where_no_present_contact_is_reached_a_new_sign_in_is_needed(harness: IdentityHarness) -> None:
    ana = await enrol_and_sign_in(harness, ANA)
    harness.code_sender.reaches = frozenset({"phone"})
    sent = len(harness.code_sender.codes)
    with pytest.raises(ContactProofNeeded):
        await ask_to_change(harness, ana, PHONE)
    assert len(harness.code_sender.codes) == sent


# ---------------------------------------------------------------- what a change does
async def test_the_contact_before_keeps_signing_in_for_a_week(harness: IdentityHarness) -> None:
    ana = await enrol_and_sign_in(harness, ANA)
    await change_to(harness, ana, "Ana.New@example.com")
    assert (await stored_member(harness, ana.member)).details.email == "ana.new@example.com"
    last = LATER + WEEK - timedelta(seconds=1)
    for contact in (ANA, "ana.new@example.com"):
        for at in (LATER, last):
            assert (await sign_in_again(harness, contact, now=at)).member == ana.member
    with pytest.raises(NotEnrolled):
        await sign_in_again(harness, ANA, now=LATER + WEEK)
    assert (await sign_in_again(harness, "ana.new@example.com", now=LATER + WEEK)).member == ana.member


async def test_the_contact_before_is_nobody_elses_for_a_week_and_anybodys_then(
    harness: IdentityHarness,
) -> None:
    ana, bo = await enrol_and_sign_in(harness, ANA), await enrol_and_sign_in(harness, BO)
    await change_to(harness, ana, NEW)
    with pytest.raises(ContactTaken):
        await change_to(harness, bo, ANA)
    joined = await enrol_and_sign_in(harness, ANA, now=LATER)
    assert (joined.member, joined.enrolled) == (ana.member, False)
    joined = await enrol_and_sign_in(harness, ANA, now=LATER + WEEK)
    assert (joined.member != ana.member, joined.enrolled) == (True, True)
    assert await find_member(harness.store, f"email:{ANA}") == joined.member
    again = await sign_in_again(harness, BO, now=LATER + WEEK)
    await change_to(harness, ana, "newest@example.com", now=LATER + WEEK)
    await change_to(harness, again, NEW, now=LATER + WEEK * 2)
    assert (await stored_member(harness, bo.member)).details.email == NEW


async def test_a_member_takes_their_own_contact_back(harness: IdentityHarness) -> None:
    ana = await enrol_and_sign_in(harness, ANA)
    await change_to(harness, ana, NEW)
    await change_to(harness, ana, ANA)
    assert (await stored_member(harness, ana.member)).details.email == ANA
    assert (await sign_in_again(harness, ANA, now=LATER + WEEK)).member == ana.member
    with pytest.raises(NotEnrolled):
        await sign_in_again(harness, NEW, now=LATER + WEEK)


async def test_the_other_kind_of_contact_is_added(harness: IdentityHarness) -> None:
    ana = await enrol_and_sign_in(harness, ANA)
    await change_to(harness, ana, PHONE)
    details = (await stored_member(harness, ana.member)).details
    assert (details.email, details.phone) == (ANA, PHONE)
    ((to, notice),) = harness.code_sender.notices
    assert (to, notice.changed_contact, notice.locale) == (
        Contact("email", ANA),
        Contact("phone", PHONE),
        "pt",
    )
    assert notice.undo_token is not None
    assert (
        await find_member(harness.store, f"email:{ANA}")
        == await find_member(harness.store, f"phone:{PHONE}")
        == ana.member
    )


async def test_who_holds_the_contact_that_gave_way_is_told_and_the_audit_trail_says_which_kind(
    harness: IdentityHarness,
) -> None:
    ana = await enrol_and_sign_in(harness, ANA, locale="pl")
    token = await change_to(harness, ana, NEW)
    ((to, notice),) = harness.code_sender.notices
    assert (to, notice.changed_contact, notice.locale) == (Contact("email", ANA), Contact("email", NEW), "pl")
    acts = await audit.find_between(harness.store, since=NOW, until=LATER, member=ana.member)
    assert [(act.action, act.actor, act.subject, act.at) for act in acts] == [
        ("CONTACT_CHANGED", "member", "email", LATER)
    ]
    assert "example.com" not in repr(acts)
    (row,) = await harness.store["contact_changes"].find({"member": ana.member}).to_list()
    assert token is not None
    assert token not in repr(row)


async def test_a_contact_that_changed_stays_changed_where_nobody_can_be_told(
    harness: IdentityHarness,
) -> None:
    ana = await enrol_and_sign_in(harness, ANA)
    mute = MuteCodeSender()
    muted = IdentityHarness(replace(harness.identity, code_sender=mute), mute)
    with capture_logs() as logged:
        await change_to(muted, ana, BO)
    assert (await stored_member(harness, ana.member)).details.email == BO
    assert logged == [
        {
            "event": "contacts.notice_not_sent",
            "log_level": "warning",
            "channel": "email",
            "fault": "ContactOutOfReach",
        }
    ]


async def test_that_a_contact_is_taken_is_told_only_to_who_holds_it(
    harness: IdentityHarness, command_log: CommandLog
) -> None:
    ana, other = await enrol_and_sign_in(harness, ANA), await enrol_and_sign_in(harness, BO)
    before = await stored_member(harness, ana.member)
    with command_log.counting() as taken:
        await ask_to_change(harness, ana, BO, now=FRESH)
    with command_log.counting() as free:
        await ask_to_change(harness, ana, NEW, now=FRESH)
    assert (taken.names, free.names) == (["find", "find", "update"], ["find", "find", "insert"])
    code = harness.code_sender.code_for(BO)
    with pytest.raises(SignInRefused):
        await bring_codes(harness, ana, BO, wrong_code(code), now=FRESH)
    with pytest.raises(ContactTaken):
        await bring_codes(harness, ana, BO, code, now=FRESH)
    assert await stored_member(harness, ana.member) == before
    assert (
        harness.code_sender.notices,
        await audit.find_between(harness.store, since=NOW, until=LATER),
    ) == ([], [])
    assert await find_member(harness.store, f"email:{BO}") == other.member
    with pytest.raises(SignInRefused):
        await bring_codes(harness, ana, BO, code, now=FRESH)


async def test_a_code_for_a_change_signs_nobody_in_and_the_other_way_round(harness: IdentityHarness) -> None:
    ana, other = await enrol_and_sign_in(harness, ANA), await enrol_and_sign_in(harness, BO)
    await ask_to_change(harness, ana, NEW, now=FRESH)
    code = harness.code_sender.last
    with pytest.raises(SignInRefused):
        await sign_in(harness.identity, contact=NEW, code=code, now=FRESH)
    with pytest.raises(SignInRefused):
        await bring_codes(harness, other, NEW, code, now=FRESH)
    await bring_codes(harness, ana, NEW, code, now=FRESH)
    await request_code(harness.identity, contact="newer@example.com", locale="pt", now=FRESH)
    with pytest.raises(SignInRefused):
        await bring_codes(harness, ana, "newer@example.com", harness.code_sender.last, now=FRESH)


async def test_proving_ones_own_contact_changes_nothing(harness: IdentityHarness) -> None:
    ana = await enrol_and_sign_in(harness, ANA)
    before = await stored_member(harness, ana.member)
    await ask_to_change(harness, ana, ANA, now=FRESH)
    await bring_codes(harness, ana, ANA, harness.code_sender.last, now=FRESH)
    assert await stored_member(harness, ana.member) == before
    assert (
        harness.code_sender.notices,
        await audit.find_between(harness.store, since=NOW, until=LATER),
    ) == ([], [])
    assert await find_member(harness.store, f"email:{ANA}") == ana.member


async def test_a_contact_that_an_enrolment_races_for_is_one_members(harness: IdentityHarness) -> None:
    """Somebody proves a contact for their own membership while a code for joining with it waits: whoever is
    first has it.
    """
    ana = await enrol_and_sign_in(harness, ANA)
    await change_to(harness, ana, BO)
    joined = await enrol_and_sign_in(harness, BO, now=LATER)
    assert (joined.member, joined.enrolled) == (ana.member, False)
    assert len(await harness.store["members"].find({"_id": {"$gt": ""}}).to_list()) == 1


async def test_changes_at_once_leave_one_contact_of_a_kind(harness: IdentityHarness) -> None:
    ana: MemberSignedIn = await enrol_and_sign_in(harness, ANA)
    wanted = [f"ana{at}@example.com" for at in range(5)]
    codes = []
    for contact in wanted:
        await ask_to_change(harness, ana, contact, now=FRESH)
        codes.append(harness.code_sender.last)
    await asyncio.gather(
        *(
            bring_codes(harness, ana, contact, code, now=FRESH)
            for contact, code in zip(wanted, codes, strict=True)
        )
    )
    email = (await stored_member(harness, ana.member)).details.email
    rows = await harness.store["contacts"].find({"_id": {"$gt": "email:", "$lt": "email;"}}).to_list()
    assert [row["_id"] for row in rows if "until" not in row] == [f"email:{email}"]
    assert len(rows) == 6
    assert {row["until"] for row in rows if "until" in row} == {FRESH + WEEK}
