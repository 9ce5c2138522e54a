"""What a member says of themselves, over the real database: profile, terms, consents and contacts; a refusal
changes nothing.
"""

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from structlog.testing import capture_logs

from domain.model.people.contacts import Contact
from domain.services.errors import (
    ContactTaken,
    InvalidInput,
    NotEnrolled,
    NotFound,
    SignInRefused,
    TermsNotAccepted,
)
from domain.services.people import contact_change, profile, terms
from domain.services.people.consents import PurposeAnswer, set_consent
from domain.services.people.profile import ProfileUpdate
from domain.services.people.sign_in import request_code, sign_in
from domain.store import audit
from domain.store.people.contacts import find_member
from tests.command_log import CommandLog
from tests.identity_harness import (
    NOW,
    PROGRAMME,
    ContactUnreachable,
    IdentityHarness,
    RecordingCodeSender,
    enrol_and_sign_in,
    stored_member,
    wrong_code,
)

LATER = NOW + timedelta(hours=2)
ANA, BO = "ana@example.com", "bo@example.com"


# ---------------------------------------------------------------- profile
async def test_fields_left_out_stay_and_null_clears(harness: IdentityHarness) -> None:
    ana = await enrol_and_sign_in(
        harness, ANA, birthday=date(1990, 5, 17), locale="pl", timezone="Europe/Warsaw"
    )
    before = (await stored_member(harness, ana.member)).details
    await profile.update_profile(
        harness.identity, member=ana.member, change=ProfileUpdate(name="  Ana Maria "), now=LATER
    )
    assert (await stored_member(harness, ana.member)).details == replace(before, name="Ana Maria")
    await profile.update_profile(
        harness.identity,
        member=ana.member,
        change=ProfileUpdate(birthday=None, locale=None, timezone=None),
        now=LATER,
    )
    after = (await stored_member(harness, ana.member)).details
    assert (after.name, after.birthday, after.locale, after.timezone) == (
        "Ana Maria",
        None,
        "pt",
        "Europe/Lisbon",
    )


async def test_a_change_moves_the_profiles_version_and_not_the_ledgers(harness: IdentityHarness) -> None:
    ana = await enrol_and_sign_in(harness, ANA)
    await profile.update_profile(
        harness.identity, member=ana.member, change=ProfileUpdate(locale="en"), now=LATER
    )
    after = await stored_member(harness, ana.member)
    assert (after.profile_version, after.member.seq) == (2, 1)


async def test_what_is_as_it_was_is_not_written(harness: IdentityHarness, command_log: CommandLog) -> None:
    ana = await enrol_and_sign_in(harness, ANA)
    with command_log.counting() as counted:
        await profile.update_profile(
            harness.identity, member=ana.member, change=ProfileUpdate(name="Ana", locale="pt"), now=LATER
        )
    assert counted.names == ["find"]


async def test_a_birthday_given_later_is_what_time_brings_next(harness: IdentityHarness) -> None:
    ana = await enrol_and_sign_in(harness, ANA)
    await profile.update_profile(
        harness.identity, member=ana.member, change=ProfileUpdate(birthday=date(1990, 5, 17)), now=LATER
    )
    assert (await stored_member(harness, ana.member)).next_due.at == datetime(2026, 5, 16, 23, tzinfo=UTC)
    await profile.update_profile(
        harness.identity, member=ana.member, change=ProfileUpdate(birthday=None), now=LATER
    )
    assert (await stored_member(harness, ana.member)).next_due.at == datetime(2027, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (ProfileUpdate(name=None), "name"),
        (ProfileUpdate(name=""), "name"),
        (ProfileUpdate(name="Ana", birthday=date(2026, 3, 2)), "birthday"),
        (ProfileUpdate(name="Ana", locale="xx"), "locale"),
        (ProfileUpdate(name="Bo", timezone="Mars/Olympus"), "timezone"),
    ],
)
async def test_a_refused_change_changes_nothing(
    harness: IdentityHarness, change: ProfileUpdate, field: str
) -> None:
    ana = await enrol_and_sign_in(harness, ANA)
    before = await stored_member(harness, ana.member)
    with pytest.raises(InvalidInput) as fault:
        await profile.update_profile(harness.identity, member=ana.member, change=change, now=NOW)
    assert fault.value.field == field
    assert await stored_member(harness, ana.member) == before


async def test_twenty_changes_at_once_all_count(harness: IdentityHarness) -> None:
    ana = await enrol_and_sign_in(harness, ANA)
    changes = [ProfileUpdate(name=f"Ana {at}") for at in range(10)] + [
        ProfileUpdate(birthday=date(1990, 1, at + 1)) for at in range(10)
    ]
    await asyncio.gather(
        *(
            profile.update_profile(harness.identity, member=ana.member, change=change, now=LATER)
            for change in changes
        )
    )
    after = await stored_member(harness, ana.member)
    assert after.profile_version == 21
    assert after.details.name.startswith("Ana ")
    assert after.details.birthday is not None


async def test_nobody_has_no_profile(harness: IdentityHarness) -> None:
    with pytest.raises(NotFound):
        await profile.update_profile(
            harness.identity, member="0" * 32, change=ProfileUpdate(name="Ana"), now=NOW
        )


# ---------------------------------------------------------------- terms
async def test_new_terms_are_accepted_and_old_ones_refused(harness: IdentityHarness) -> None:
    ana = await enrol_and_sign_in(harness, ANA)
    await harness.identity.programmes.publish(PROGRAMME.replace('"2026-01"', '"2026-06"'), now=NOW)
    with pytest.raises(TermsNotAccepted) as fault:
        await terms.accept_terms(harness.identity, member=ana.member, version="2026-01")
    assert fault.value.current_version == "2026-06"
    assert (await stored_member(harness, ana.member)).details.terms == "2026-01"
    await terms.accept_terms(harness.identity, member=ana.member, version="2026-06")
    await terms.accept_terms(harness.identity, member=ana.member, version="2026-06")
    after = await stored_member(harness, ana.member)
    assert (after.details.terms, after.profile_version) == ("2026-06", 2)


# ---------------------------------------------------------------- consents
async def test_a_consent_is_kept_with_its_wording_and_raises_its_event(harness: IdentityHarness) -> None:
    ana = await enrol_and_sign_in(harness, ANA, locale="en")
    (consent,) = await set_consent(
        harness.identity, member=ana.member, answer=PurposeAnswer("marketing", True, 3), now=LATER
    )
    assert (consent.purpose, consent.granted, consent.at, consent.wording, consent.source) == (
        "marketing",
        True,
        LATER,
        "Yes, news",
        "app",
    )
    after = await stored_member(harness, ana.member)
    assert after.details.consents == (consent,)
    assert (after.member.seq, after.member.wallets["points"].available, after.profile_version) == (2, 120, 2)
    row = await harness.store["journal"].find_one({"_id": f"{ana.member}:2"})
    assert row is not None
    assert row["event"]["name"] == "member.consented"
    assert dict(row["event"]["data"]) == {"purpose": "marketing", "granted": True, "wordingVersion": 3}


async def test_the_same_answer_again_is_no_event(harness: IdentityHarness) -> None:
    ana = await enrol_and_sign_in(harness, ANA)
    for _ in range(2):
        await set_consent(
            harness.identity, member=ana.member, answer=PurposeAnswer("marketing", True, 3), now=LATER
        )
    assert (await stored_member(harness, ana.member)).member.seq == 2


async def test_taking_back_and_granting_again_is_written_each_time_and_rewarded_once(
    harness: IdentityHarness,
) -> None:
    ana = await enrol_and_sign_in(harness, ANA)
    for granted in (True, False, True):
        await set_consent(
            harness.identity, member=ana.member, answer=PurposeAnswer("marketing", granted, 3), now=LATER
        )
    after = await stored_member(harness, ana.member)
    assert (after.member.seq, after.member.wallets["points"].available) == (4, 120)
    assert after.member.profile.consents == {"marketing"}


async def test_twenty_consents_at_once_are_one_event(harness: IdentityHarness) -> None:
    ana = await enrol_and_sign_in(harness, ANA)
    await asyncio.gather(
        *(
            set_consent(
                harness.identity, member=ana.member, answer=PurposeAnswer("marketing", True, 3), now=LATER
            )
            for _ in range(20)
        )
    )
    after = await stored_member(harness, ana.member)
    assert (after.member.seq, after.member.wallets["points"].available) == (2, 120)


@pytest.mark.parametrize(
    ("answer", "field"),
    [(PurposeAnswer("spying", True, 1), "purpose"), (PurposeAnswer("marketing", True, 2), "wordingVersion")],
)
async def test_a_consent_to_what_was_not_shown_is_refused(
    harness: IdentityHarness, answer: PurposeAnswer, field: str
) -> None:
    ana = await enrol_and_sign_in(harness, ANA)
    before = await stored_member(harness, ana.member)
    with pytest.raises(InvalidInput) as fault:
        await set_consent(harness.identity, member=ana.member, answer=answer, now=LATER)
    assert fault.value.field == field
    assert await stored_member(harness, ana.member) == before


# ---------------------------------------------------------------- contacts
class MuteCodeSender(RecordingCodeSender):
    async def tell_changed(self, contact: Contact, new: Contact, locale: str) -> None:
        raise ContactUnreachable


async def moved(harness: IdentityHarness, member: str, contact: str) -> None:
    await contact_change.request_change(
        harness.identity, member=member, contact=contact, locale="pt", now=LATER
    )
    await contact_change.change_contact(
        harness.identity, member=member, contact=contact, code=harness.code_sender.last, now=LATER
    )


async def test_a_proven_contact_takes_the_place_of_the_one_before(harness: IdentityHarness) -> None:
    ana = await enrol_and_sign_in(harness, ANA)
    await moved(harness, ana.member, "Ana.New@example.com")
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
    await moved(harness, ana.member, "+351912345678")
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
    await moved(harness, ana.member, "ana.new@example.com")
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
    await moved(harness, ana.member, ANA)
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
    await moved(harness, ana.member, BO)
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
