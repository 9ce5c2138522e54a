"""Enrolment over the real database: reserved, proven, begun; once in every race; the same answer for every
caller.
"""

import asyncio
from datetime import date, timedelta

import pytest

from domain.model.people import codes
from domain.model.people.codes import valid_number
from domain.model.people.contacts import Contact
from domain.services.errors import ContactOutOfReach, IdempotencyKeyConflict, NotEnrolled, SignInRefused
from domain.services.ledger.verification import prove_members
from domain.services.people.consents import PurposeAnswer
from domain.services.people.enrolment import Application, Applied, enrol
from domain.services.people.sign_in import MemberSignedIn, request_code, sign_in
from domain.store.connect import Raw
from domain.store.people import contacts
from tests.command_log import CommandLog
from tests.identity_harness import (
    NOW,
    SECRET,
    IdentityHarness,
    count_documents,
    enrol_and_sign_in,
    stored_member,
    with_token,
)

ANA = Application(name="Ana Silva", terms_version="2026-01", email="Ana@Example.com")
LIFE = timedelta(minutes=10)


async def codes_row(harness: IdentityHarness) -> Raw:
    (row,) = await harness.store["sign_in_codes"].find({"_id": {"$gt": ""}}).to_list()
    return row


async def test_a_membership_is_reserved_until_the_contact_is_proven(harness: IdentityHarness) -> None:
    answer = await enrol(harness.identity, ANA, key="k1", now=NOW)
    assert (answer.sent_to, answer.expires_at) == ("a***@example.com", NOW + LIFE)
    assert [(contact, locale) for contact, _, locale in harness.code_sender.codes] == [
        (Contact("email", "ana@example.com"), "pt")
    ]
    assert [
        await count_documents(harness, name) for name in ("members", "contacts", "journal", "sessions")
    ] == [
        0,
        0,
        0,
        0,
    ]

    signed_in = await sign_in(
        harness.identity,
        contact="ana@example.com",
        code=harness.code_sender.last,
        challenge=answer.challenge,
        device=with_token(answer, installation="phone-1"),
        now=NOW + timedelta(minutes=9),
    )
    assert signed_in.enrolled
    member = await stored_member(harness, signed_in.member)
    assert (member.details.name, member.details.email, member.details.phone) == (
        "Ana Silva",
        "ana@example.com",
        None,
    )
    assert (member.details.locale, member.details.timezone, member.details.terms) == (
        "pt",
        "Europe/Lisbon",
        "2026-01",
    )
    assert member.member.joined_at == NOW + timedelta(minutes=9)
    assert member.member.wallets["points"].available == 100
    assert valid_number(member.member.number)
    assert await contacts.find_member(harness.store, "email:ana@example.com") == signed_in.member
    assert await contacts.find_member(harness.store, f"number:{member.member.number}") == signed_in.member
    assert (signed_in.opened_session.session.owner_id, signed_in.opened_session.session.installation) == (
        signed_in.member,
        "phone-1",
    )


async def test_the_journal_says_why_and_holds_nothing_personal(harness: IdentityHarness) -> None:
    signed_in = await enrol_and_sign_in(
        harness, "ana@example.com", name="Ana Silva", birthday=date(1990, 5, 17)
    )
    (row,) = await harness.store["journal"].find({"member": signed_in.member}).to_list()
    assert (row["seq"], row["event"]["name"], row["event"]["source"]) == (1, "member.enrolled", "app")
    assert not [word for word in ("Ana", "Silva", "ana@", "example.com", "1990-05-17") if word in str(row)]


async def test_neither_code_nor_contact_stands_in_the_record_of_codes_or_requests(
    harness: IdentityHarness,
) -> None:
    applied = await enrol(harness.identity, ANA, key="k1", now=NOW)
    (request,) = await harness.store["requests"].find({"_id": {"$gt": ""}}).to_list()
    (enrolment,) = await harness.store["enrolments"].find({"_id": {"$gt": ""}}).to_list()
    said = str(await codes_row(harness)) + str(request) + str(enrolment)
    assert harness.code_sender.last not in str((await codes_row(harness))["challenges"])
    words = ("ana@", "Ana@", "example.com", SECRET.decode(), applied.enrolment_token)
    assert not [word for word in words if word in said]
    assert "Ana" not in str(request)


async def test_a_phone_number_enrols_as_well(harness: IdentityHarness) -> None:
    said = Application(
        name="Bo",
        terms_version="2026-01",
        phone="+351 912 345 678",
        locale="pl",
        timezone="Europe/Warsaw",
        birthday=date(1990, 2, 28),
    )
    applied = await enrol(harness.identity, said, key="k", now=NOW)
    assert applied.sent_to == "+351******678"
    assert harness.code_sender.codes[-1][2] == "pl"
    signed_in = await sign_in(
        harness.identity,
        contact="+351-912-345-678",
        code=harness.code_sender.last,
        device=with_token(applied),
        now=NOW,
    )
    details = (await stored_member(harness, signed_in.member)).details
    assert (details.phone, details.email, details.locale, details.timezone) == (
        "+351912345678",
        None,
        "pl",
        "Europe/Warsaw",
    )
    assert details.birthday == date(1990, 2, 28)


async def test_the_same_key_and_application_again_answer_the_same_and_send_nothing(
    harness: IdentityHarness,
) -> None:
    first = await enrol(harness.identity, ANA, key="k1", now=NOW)
    again = await enrol(harness.identity, ANA, key="k1", now=NOW + timedelta(days=29))
    assert again == first
    assert len(harness.code_sender.codes) == 1
    with pytest.raises(IdempotencyKeyConflict):
        await enrol(
            harness.identity,
            Application(name="Ana Silva", terms_version="2026-01", email="ana@example.com", locale="en"),
            key="k1",
            now=NOW,
        )
    assert len(harness.code_sender.codes) == 1


async def test_where_no_code_can_be_sent_nothing_is_written_and_no_key_bound(
    harness: IdentityHarness,
) -> None:
    harness.code_sender.reaches = frozenset()
    with pytest.raises(ContactOutOfReach):
        await enrol(harness.identity, ANA, key="k1", now=NOW)
    with pytest.raises(ContactOutOfReach):
        await request_code(harness.identity, contact="ana@example.com", locale="pt", now=NOW)
    assert [await count_documents(harness, name) for name in ("sign_in_codes", "requests")] == [0, 0]
    harness.code_sender.reaches = frozenset({"email"})
    await enrol(harness.identity, ANA, key="k1", now=NOW)


async def test_a_key_belongs_to_its_contact(harness: IdentityHarness) -> None:
    await enrol(harness.identity, ANA, key="k1", now=NOW)
    await enrol(
        harness.identity,
        Application(name="Bo", terms_version="2026-01", email="bo@example.com"),
        key="k1",
        now=NOW,
    )
    assert len(harness.code_sender.codes) == 2


async def test_a_key_lapses_after_thirty_days(harness: IdentityHarness) -> None:
    await enrol(harness.identity, ANA, key="k1", now=NOW)
    again = await enrol(harness.identity, ANA, key="k1", now=NOW + timedelta(days=31))
    assert again.expires_at == NOW + timedelta(days=31) + LIFE
    assert len(harness.code_sender.codes) == 2


async def test_twenty_times_the_same_request_at_once_is_one(harness: IdentityHarness) -> None:
    answers = await asyncio.gather(*(enrol(harness.identity, ANA, key="k1", now=NOW) for _ in range(20)))
    assert len(set(answers)) == 1
    assert len(harness.code_sender.codes) == 1
    assert await count_documents(harness, "requests") == 1


async def test_a_known_contact_is_answered_by_the_same_commands_and_signed_in_as_who_they_are(
    harness: IdentityHarness, command_log: CommandLog
) -> None:
    member = await enrol_and_sign_in(harness, "ana@example.com")
    later = NOW + timedelta(days=1)
    with command_log.counting() as known:
        answer = await enrol(
            harness.identity,
            Application(name="Eve", terms_version="2026-01", email="ana@example.com"),
            key="k2",
            now=later,
        )
    with command_log.counting() as unknown:
        other = await enrol(
            harness.identity,
            Application(name="Eve", terms_version="2026-01", email="eva@example.com"),
            key="k2",
            now=later,
        )
    assert known.names == unknown.names
    assert (answer.expires_at, answer.sent_to[-12:]) == (other.expires_at, other.sent_to[-12:])
    again = await sign_in(
        harness.identity,
        contact="ana@example.com",
        code=harness.code_sender.codes[-2][1],
        device=with_token(answer),
        now=later,
    )
    assert (again.member, again.enrolled) == (member.member, False)
    assert (await stored_member(harness, member.member)).details.name == "Ana"
    assert (await stored_member(harness, member.member)).member.wallets["points"].available == 100


async def test_twenty_first_sign_ins_at_once_begin_one_membership_with_one_session(
    harness: IdentityHarness,
) -> None:
    applied = await enrol(harness.identity, ANA, key="k1", now=NOW)
    code = harness.code_sender.last
    results = await asyncio.gather(
        *(
            sign_in(
                harness.identity,
                contact="ana@example.com",
                code=code,
                challenge=applied.challenge,
                device=with_token(applied),
                now=NOW,
            )
            for _ in range(20)
        ),
        return_exceptions=True,
    )
    signed_in = [one for one in results if isinstance(one, MemberSignedIn)]
    refused = [one.reason for one in results if isinstance(one, SignInRefused)]
    assert (len(signed_in), len(refused)) == (1, 19)
    assert set(refused) <= {"EXPIRED_CODE", "TOO_MANY_ATTEMPTS"}
    assert [
        await count_documents(harness, name) for name in ("members", "contacts", "journal", "sessions")
    ] == [
        1,
        2,
        1,
        1,
    ]


async def test_a_code_asked_for_later_begins_the_membership_too_for_a_day(harness: IdentityHarness) -> None:
    applied = await enrol(harness.identity, ANA, key="k1", now=NOW)
    await request_code(
        harness.identity, contact="ana@example.com", locale="en", now=NOW + timedelta(hours=23)
    )
    assert (
        await sign_in(
            harness.identity,
            contact="ana@example.com",
            code=harness.code_sender.last,
            device=with_token(applied),
            now=NOW + timedelta(hours=23),
        )
    ).enrolled

    applied = await enrol(
        harness.identity,
        Application(name="Bo", terms_version="2026-01", email="bo@example.com"),
        key="k1",
        now=NOW,
    )
    await request_code(harness.identity, contact="bo@example.com", locale="en", now=NOW + timedelta(hours=24))
    with pytest.raises(NotEnrolled):
        await sign_in(
            harness.identity,
            contact="bo@example.com",
            code=harness.code_sender.last,
            device=with_token(applied),
            now=NOW + timedelta(hours=24),
        )


async def test_consents_are_kept_as_they_were_given(harness: IdentityHarness) -> None:
    answers = (PurposeAnswer("marketing", True, 3), PurposeAnswer("profiling", False, 1))
    signed_in = await enrol_and_sign_in(harness, locale="en", consents=answers)
    member = await stored_member(harness, signed_in.member)
    assert [
        (c.purpose, c.granted, c.at, c.wording, c.wording_version, c.source) for c in member.details.consents
    ] == [
        ("marketing", True, NOW, "Yes, news", 3, "enrolment"),
        ("profiling", False, NOW, "Sim, perfil", 1, "enrolment"),
    ]
    assert member.member.profile.consents == {"marketing"}


async def test_a_consent_granted_at_enrolment_is_an_event_of_its_own(harness: IdentityHarness) -> None:
    answers = (PurposeAnswer("marketing", True, 3), PurposeAnswer("profiling", False, 1))
    signed_in = await enrol_and_sign_in(harness, locale="en", consents=answers)
    rows = await harness.store["journal"].find({"member": signed_in.member}).sort("seq").to_list()
    assert [(row["seq"], row["event"]["name"], row["by"]) for row in rows] == [
        (1, "member.enrolled", "input"),
        (2, "member.consented", "decision"),
    ]
    assert (rows[1]["event"]["source"], dict(rows[1]["event"]["data"])) == (
        "enrolment",
        {"purpose": "marketing", "granted": True, "wordingVersion": 3},
    )
    assert (await stored_member(harness, signed_in.member)).member.seq == 2
    assert (await prove_members(harness.store, [signed_in.member])).differences == []


async def test_a_friends_invitation_is_kept_and_counted(harness: IdentityHarness) -> None:
    friend = await enrol_and_sign_in(harness, "ana@example.com")
    number = (await stored_member(harness, friend.member)).member.number
    signed_in = await enrol_and_sign_in(
        harness, "bo@example.com", referral_code=f" {number[:4]}-{number[4:]} "
    )
    assert (await stored_member(harness, signed_in.member)).member.referral.referred_by == friend.member
    assert (await stored_member(harness, friend.member)).invited_count == 1
    assert (await stored_member(harness, friend.member)).member.seq == 1


async def test_whether_a_number_is_anybodys_is_told_to_nobody_who_asks_to_join(
    harness: IdentityHarness, command_log: CommandLog
) -> None:
    friend = await enrol_and_sign_in(harness, "ana@example.com")
    known = (await stored_member(harness, friend.member)).member.number
    answers: list[Applied] = []
    commands = []
    for at, code in enumerate((known, codes.membership_number(7))):
        application = Application(
            name="Bo", terms_version="2026-01", email=f"b{at}@example.com", referral_code=code
        )
        with command_log.counting() as counted:
            answers.append(await enrol(harness.identity, application, key="k", now=NOW))
        commands.append(counted.names)
    assert (answers[0].sent_to, answers[0].expires_at) == (answers[1].sent_to, answers[1].expires_at)
    assert commands[0] == commands[1]
    joined = [
        await sign_in(
            harness.identity,
            contact=f"b{at}@example.com",
            code=harness.code_sender.codes[at - 2][1],
            device=with_token(answers[at]),
            now=NOW,
        )
        for at in (0, 1)
    ]
    assert [(await stored_member(harness, one.member)).member.referral.referred_by for one in joined] == [
        friend.member,
        None,
    ]
    assert (await stored_member(harness, friend.member)).invited_count == 1
