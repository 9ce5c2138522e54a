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
from tests.services.people import NOW, PROGRAMME, People, Sent, Unreached, enrolled, kept, wrong
from tests.wire import Wire

LATER = NOW + timedelta(hours=2)
ANA, BO = "ana@example.com", "bo@example.com"


# ---------------------------------------------------------------- profile
async def test_fields_left_out_stay_and_null_clears(people: People) -> None:
    one = await enrolled(people, ANA, birthday=date(1990, 5, 17), locale="pl", timezone="Europe/Warsaw")
    before = (await kept(people, one.member)).details
    await profile.update_profile(
        people.desk, member=one.member, change=ProfileUpdate(name="  Ana Maria "), now=LATER
    )
    assert (await kept(people, one.member)).details == replace(before, name="Ana Maria")
    await profile.update_profile(
        people.desk,
        member=one.member,
        change=ProfileUpdate(birthday=None, locale=None, timezone=None),
        now=LATER,
    )
    after = (await kept(people, one.member)).details
    assert (after.name, after.birthday, after.locale, after.timezone) == (
        "Ana Maria",
        None,
        "pt",
        "Europe/Lisbon",
    )


async def test_a_change_moves_the_profiles_version_and_not_the_ledgers(people: People) -> None:
    one = await enrolled(people, ANA)
    await profile.update_profile(people.desk, member=one.member, change=ProfileUpdate(locale="en"), now=LATER)
    after = await kept(people, one.member)
    assert (after.profile_version, after.member.seq) == (2, 1)


async def test_what_is_as_it_was_is_not_written(people: People, wire: Wire) -> None:
    one = await enrolled(people, ANA)
    with wire.counting() as counted:
        await profile.update_profile(
            people.desk, member=one.member, change=ProfileUpdate(name="Ana", locale="pt"), now=LATER
        )
    assert counted.names == ["find"]


async def test_a_birthday_given_later_is_what_time_brings_next(people: People) -> None:
    one = await enrolled(people, ANA)
    await profile.update_profile(
        people.desk, member=one.member, change=ProfileUpdate(birthday=date(1990, 5, 17)), now=LATER
    )
    assert (await kept(people, one.member)).next_due.at == datetime(2026, 5, 16, 23, tzinfo=UTC)
    await profile.update_profile(
        people.desk, member=one.member, change=ProfileUpdate(birthday=None), now=LATER
    )
    assert (await kept(people, one.member)).next_due.at == datetime(2027, 3, 1, tzinfo=UTC)


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
async def test_a_refused_change_changes_nothing(people: People, change: ProfileUpdate, field: str) -> None:
    one = await enrolled(people, ANA)
    before = await kept(people, one.member)
    with pytest.raises(InvalidInput) as fault:
        await profile.update_profile(people.desk, member=one.member, change=change, now=NOW)
    assert fault.value.field == field
    assert await kept(people, one.member) == before


async def test_twenty_changes_at_once_all_count(people: People) -> None:
    one = await enrolled(people, ANA)
    changes = [ProfileUpdate(name=f"Ana {at}") for at in range(10)] + [
        ProfileUpdate(birthday=date(1990, 1, at + 1)) for at in range(10)
    ]
    await asyncio.gather(
        *(
            profile.update_profile(people.desk, member=one.member, change=change, now=LATER)
            for change in changes
        )
    )
    after = await kept(people, one.member)
    assert after.profile_version == 21
    assert after.details.name.startswith("Ana ")
    assert after.details.birthday is not None


async def test_nobody_has_no_profile(people: People) -> None:
    with pytest.raises(NotFound):
        await profile.update_profile(people.desk, member="0" * 32, change=ProfileUpdate(name="Ana"), now=NOW)


# ---------------------------------------------------------------- terms
async def test_new_terms_are_accepted_and_old_ones_refused(people: People) -> None:
    one = await enrolled(people, ANA)
    await people.desk.programmes.publish(PROGRAMME.replace('"2026-01"', '"2026-06"'), now=NOW)
    with pytest.raises(TermsNotAccepted) as fault:
        await terms.accept_terms(people.desk, member=one.member, version="2026-01")
    assert fault.value.current_version == "2026-06"
    assert (await kept(people, one.member)).details.terms == "2026-01"
    await terms.accept_terms(people.desk, member=one.member, version="2026-06")
    await terms.accept_terms(people.desk, member=one.member, version="2026-06")
    after = await kept(people, one.member)
    assert (after.details.terms, after.profile_version) == ("2026-06", 2)


# ---------------------------------------------------------------- consents
async def test_a_consent_is_kept_with_its_wording_and_raises_its_event(people: People) -> None:
    one = await enrolled(people, ANA, locale="en")
    (consent,) = await set_consent(
        people.desk, member=one.member, answer=PurposeAnswer("marketing", True, 3), now=LATER
    )
    assert (consent.purpose, consent.granted, consent.at, consent.wording, consent.source) == (
        "marketing",
        True,
        LATER,
        "Yes, news",
        "app",
    )
    after = await kept(people, one.member)
    assert after.details.consents == (consent,)
    assert (after.member.seq, after.member.wallets["points"].available, after.profile_version) == (2, 120, 2)
    row = await people.store["journal"].find_one({"_id": f"{one.member}:2"})
    assert row is not None
    assert row["event"]["name"] == "member.consented"
    assert dict(row["event"]["data"]) == {"purpose": "marketing", "granted": True, "wordingVersion": 3}


async def test_the_same_answer_again_is_no_event(people: People) -> None:
    one = await enrolled(people, ANA)
    for _ in range(2):
        await set_consent(
            people.desk, member=one.member, answer=PurposeAnswer("marketing", True, 3), now=LATER
        )
    assert (await kept(people, one.member)).member.seq == 2


async def test_taking_back_and_granting_again_is_written_each_time_and_rewarded_once(people: People) -> None:
    one = await enrolled(people, ANA)
    for granted in (True, False, True):
        await set_consent(
            people.desk, member=one.member, answer=PurposeAnswer("marketing", granted, 3), now=LATER
        )
    after = await kept(people, one.member)
    assert (after.member.seq, after.member.wallets["points"].available) == (4, 120)
    assert after.member.profile.consents == {"marketing"}


async def test_twenty_consents_at_once_are_one_event(people: People) -> None:
    one = await enrolled(people, ANA)
    await asyncio.gather(
        *(
            set_consent(people.desk, member=one.member, answer=PurposeAnswer("marketing", True, 3), now=LATER)
            for _ in range(20)
        )
    )
    after = await kept(people, one.member)
    assert (after.member.seq, after.member.wallets["points"].available) == (2, 120)


@pytest.mark.parametrize(
    ("answer", "field"),
    [(PurposeAnswer("spying", True, 1), "purpose"), (PurposeAnswer("marketing", True, 2), "wordingVersion")],
)
async def test_a_consent_to_what_was_not_shown_is_refused(
    people: People, answer: PurposeAnswer, field: str
) -> None:
    one = await enrolled(people, ANA)
    before = await kept(people, one.member)
    with pytest.raises(InvalidInput) as fault:
        await set_consent(people.desk, member=one.member, answer=answer, now=LATER)
    assert fault.value.field == field
    assert await kept(people, one.member) == before


# ---------------------------------------------------------------- contacts
class Mute(Sent):
    async def tell_changed(self, contact: Contact, new: Contact, locale: str) -> None:
        raise Unreached


async def moved(people: People, member: str, contact: str) -> None:
    await contact_change.request_change(people.desk, member=member, contact=contact, locale="pt", now=LATER)
    await contact_change.change_contact(
        people.desk, member=member, contact=contact, code=people.sent.last, now=LATER
    )


async def test_a_proven_contact_takes_the_place_of_the_one_before(people: People) -> None:
    one = await enrolled(people, ANA)
    await moved(people, one.member, "Ana.New@example.com")
    assert (await kept(people, one.member)).details.email == "ana.new@example.com"
    assert await find_member(people.store, "email:ana.new@example.com") == one.member
    assert await find_member(people.store, f"email:{ANA}") is None
    await request_code(people.desk, contact=ANA, locale="pt", now=LATER)
    with pytest.raises(NotEnrolled):
        await sign_in(people.desk, contact=ANA, code=people.sent.last, now=LATER)
    await request_code(people.desk, contact="ana.new@example.com", locale="pt", now=LATER)
    assert (
        await sign_in(people.desk, contact="ana.new@example.com", code=people.sent.last, now=LATER)
    ).member == one.member


async def test_the_other_kind_of_contact_is_added(people: People) -> None:
    one = await enrolled(people, ANA)
    await moved(people, one.member, "+351912345678")
    details = (await kept(people, one.member)).details
    assert (details.email, details.phone) == (ANA, "+351912345678")
    assert people.sent.told == [(Contact("email", ANA), Contact("phone", "+351912345678"), "pt")]
    assert (
        await find_member(people.store, f"email:{ANA}")
        == await find_member(people.store, "phone:+351912345678")
        == one.member
    )


async def test_who_holds_the_contact_that_gave_way_is_told_and_the_audit_trail_says_which_kind(
    people: People,
) -> None:
    one = await enrolled(people, ANA, locale="pl")
    await moved(people, one.member, "ana.new@example.com")
    assert people.sent.told == [(Contact("email", ANA), Contact("email", "ana.new@example.com"), "pl")]
    acts = await audit.find_between(people.store, since=NOW, until=LATER, member=one.member)
    assert [(act.action, act.actor, act.subject, act.at) for act in acts] == [
        ("CONTACT_CHANGED", "member", "email", LATER)
    ]
    assert "example.com" not in repr(acts)


async def test_a_contact_that_changed_stays_changed_where_nobody_can_be_told(people: People) -> None:
    one = await enrolled(people, ANA)
    await contact_change.request_change(people.desk, member=one.member, contact=BO, locale="pt", now=LATER)
    desk = replace(people.desk, code_sender=Mute())
    with capture_logs() as logged:
        await contact_change.change_contact(
            desk, member=one.member, contact=BO, code=people.sent.last, now=LATER
        )
    assert (await kept(people, one.member)).details.email == BO
    assert logged == [
        {
            "event": "contacts.notice_not_sent",
            "log_level": "warning",
            "channel": "email",
            "fault": "Unreached",
        }
    ]


async def test_that_a_contact_is_taken_is_told_only_to_who_holds_it(people: People, wire: Wire) -> None:
    one, other = await enrolled(people, ANA), await enrolled(people, BO)
    before = await kept(people, one.member)
    with wire.counting() as taken:
        await contact_change.request_change(
            people.desk, member=one.member, contact=BO, locale="pt", now=LATER
        )
    assert taken.names == ["find", "update"]
    with pytest.raises(SignInRefused):
        await contact_change.change_contact(
            people.desk, member=one.member, contact=BO, code=wrong(people.sent.last), now=LATER
        )
    with pytest.raises(ContactTaken):
        await contact_change.change_contact(
            people.desk, member=one.member, contact=BO, code=people.sent.last, now=LATER
        )
    assert await kept(people, one.member) == before
    assert (people.sent.told, await audit.find_between(people.store, since=NOW, until=LATER)) == ([], [])
    assert await find_member(people.store, f"email:{BO}") == other.member
    with pytest.raises(SignInRefused):
        await contact_change.change_contact(
            people.desk, member=one.member, contact=BO, code=people.sent.last, now=LATER
        )


async def test_a_code_for_a_change_signs_nobody_in_and_the_other_way_round(people: People) -> None:
    one, other = await enrolled(people, ANA), await enrolled(people, BO)
    await contact_change.request_change(
        people.desk, member=one.member, contact="new@example.com", locale="pt", now=LATER
    )
    code = people.sent.last
    with pytest.raises(SignInRefused):
        await sign_in(people.desk, contact="new@example.com", code=code, now=LATER)
    with pytest.raises(SignInRefused):
        await contact_change.change_contact(
            people.desk, member=other.member, contact="new@example.com", code=code, now=LATER
        )
    await contact_change.change_contact(
        people.desk, member=one.member, contact="new@example.com", code=code, now=LATER
    )
    await request_code(people.desk, contact="newer@example.com", locale="pt", now=LATER)
    with pytest.raises(SignInRefused):
        await contact_change.change_contact(
            people.desk, member=one.member, contact="newer@example.com", code=people.sent.last, now=LATER
        )


async def test_proving_ones_own_contact_changes_nothing(people: People) -> None:
    one = await enrolled(people, ANA)
    before = await kept(people, one.member)
    await moved(people, one.member, ANA)
    assert await kept(people, one.member) == before
    assert (people.sent.told, await audit.find_between(people.store, since=NOW, until=LATER)) == ([], [])
    assert await find_member(people.store, f"email:{ANA}") == one.member


async def test_a_contact_that_an_enrolment_races_for_is_one_members(people: People) -> None:
    """Somebody proves a contact for their own membership while a code for joining with it waits: whoever is
    first has it.
    """
    one = await enrolled(people, ANA)
    await moved(people, one.member, BO)
    joined = await enrolled(people, BO, now=LATER)
    assert (joined.member, joined.enrolled) == (one.member, False)
    assert len(await people.store["members"].find({"_id": {"$gt": ""}}).to_list()) == 1


async def test_two_changes_at_once_leave_one_contact_of_a_kind(people: People) -> None:
    one = await enrolled(people, ANA)
    wanted = [f"ana{at}@example.com" for at in range(5)]
    codes = []
    for contact in wanted:
        await contact_change.request_change(
            people.desk, member=one.member, contact=contact, locale="pt", now=LATER
        )
        codes.append(people.sent.last)
    await asyncio.gather(
        *(
            contact_change.change_contact(
                people.desk, member=one.member, contact=contact, code=code, now=LATER
            )
            for contact, code in zip(wanted, codes, strict=True)
        )
    )
    email = (await kept(people, one.member)).details.email
    rows = await people.store["contacts"].find({"_id": {"$gt": "email:", "$lt": "email;"}}).to_list()
    assert [row["_id"] for row in rows] == [f"email:{email}"]
