"""Joining over the real database: reserved, proven, begun; once whatever races; and the same answer whoever
asks.
"""

import asyncio
from collections.abc import Mapping
from datetime import date, timedelta

import pytest

from domain.model.people import codes
from domain.model.people.codes import valid_number
from domain.model.people.contacts import Contact
from domain.services.errors import (
    IdempotencyKeyConflict,
    InvalidInput,
    NotEnrolled,
    SignInRefused,
    TermsNotAccepted,
    TooManyRequests,
)
from domain.services.people.consents import PurposeAnswer
from domain.services.people.enrolment import Application, CodeSent, enrol
from domain.services.people.sign_in import MemberSignedIn, request_code, sign_in
from domain.store.connect import Raw
from domain.store.people import contacts
from tests.services.people import NOW, SECRET, People, Unreached, enrolled, kept
from tests.wire import Wire

ANA = Application(name="Ana Silva", terms_version="2026-01", email="Ana@Example.com")
LIFE = timedelta(minutes=10)


async def count(people: People, collection: str) -> int:
    return len(await people.store[collection].find({"_id": {"$gt": ""}}).to_list())


async def codes_row(people: People) -> Raw:
    (row,) = await people.store["sign_in_codes"].find({"_id": {"$gt": ""}}).to_list()
    return row


async def test_a_membership_is_reserved_until_the_contact_is_proven(people: People) -> None:
    answer = await enrol(people.desk, ANA, key="k1", now=NOW)
    assert answer == CodeSent("a***@example.com", NOW + LIFE)
    assert [(contact, locale) for contact, _, locale in people.sent.codes] == [
        (Contact("email", "ana@example.com"), "pt")
    ]
    assert [await count(people, name) for name in ("members", "contacts", "journal", "sessions")] == [
        0,
        0,
        0,
        0,
    ]

    one = await sign_in(
        people.desk,
        contact="ana@example.com",
        code=people.sent.last,
        installation="phone-1",
        now=NOW + timedelta(minutes=9),
    )
    assert one.enrolled
    member = await kept(people, one.member)
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
    assert await contacts.find_member(people.store, "email:ana@example.com") == one.member
    assert await contacts.find_member(people.store, f"number:{member.member.number}") == one.member
    assert (one.opened_session.session.owner_id, one.opened_session.session.installation) == (
        one.member,
        "phone-1",
    )


async def test_the_journal_says_why_and_holds_nothing_personal(people: People) -> None:
    one = await enrolled(people, "ana@example.com", name="Ana Silva", birthday=date(1990, 5, 17))
    (row,) = await people.store["journal"].find({"member": one.member}).to_list()
    assert (row["seq"], row["event"]["name"], row["event"]["source"]) == (1, "member.enrolled", "app")
    assert not [word for word in ("Ana", "Silva", "ana@", "example.com", "1990-05-17") if word in str(row)]


async def test_neither_code_nor_contact_stands_in_the_record_of_codes_or_requests(people: People) -> None:
    await enrol(people.desk, ANA, key="k1", now=NOW)
    (request,) = await people.store["requests"].find({"_id": {"$gt": ""}}).to_list()
    said = str(await codes_row(people)) + str(request)
    assert people.sent.last not in str((await codes_row(people))["live"])
    assert not [word for word in ("ana@", "Ana@", "example.com", SECRET.decode()) if word in said]
    assert "Ana" not in str(request)


async def test_a_phone_number_enrols_as_well(people: People) -> None:
    said = Application(
        name="Bo",
        terms_version="2026-01",
        phone="+351 912 345 678",
        locale="pl",
        timezone="Europe/Warsaw",
        birthday=date(1990, 2, 28),
    )
    assert (await enrol(people.desk, said, key="k", now=NOW)).sent_to == "+351******678"
    assert people.sent.codes[-1][2] == "pl"
    one = await sign_in(people.desk, contact="+351-912-345-678", code=people.sent.last, now=NOW)
    details = (await kept(people, one.member)).details
    assert (details.phone, details.email, details.locale, details.timezone) == (
        "+351912345678",
        None,
        "pl",
        "Europe/Warsaw",
    )
    assert details.birthday == date(1990, 2, 28)


async def test_the_same_key_and_application_again_answer_the_same_and_send_nothing(people: People) -> None:
    first = await enrol(people.desk, ANA, key="k1", now=NOW)
    again = await enrol(people.desk, ANA, key="k1", now=NOW + timedelta(days=29))
    assert again == first
    assert len(people.sent.codes) == 1
    with pytest.raises(IdempotencyKeyConflict):
        await enrol(
            people.desk,
            Application(name="Ana Silva", terms_version="2026-01", email="ana@example.com", locale="en"),
            key="k1",
            now=NOW,
        )
    assert len(people.sent.codes) == 1


async def test_where_no_code_can_be_sent_nothing_is_written_and_no_key_bound(people: People) -> None:
    people.sent.reaches = False
    with pytest.raises(Unreached):
        await enrol(people.desk, ANA, key="k1", now=NOW)
    with pytest.raises(Unreached):
        await request_code(people.desk, contact="ana@example.com", locale="pt", now=NOW)
    assert [await count(people, name) for name in ("sign_in_codes", "requests")] == [0, 0]
    people.sent.reaches = True
    await enrol(people.desk, ANA, key="k1", now=NOW)


async def test_a_key_belongs_to_its_contact(people: People) -> None:
    await enrol(people.desk, ANA, key="k1", now=NOW)
    await enrol(
        people.desk,
        Application(name="Bo", terms_version="2026-01", email="bo@example.com"),
        key="k1",
        now=NOW,
    )
    assert len(people.sent.codes) == 2


async def test_a_key_lapses_after_thirty_days(people: People) -> None:
    await enrol(people.desk, ANA, key="k1", now=NOW)
    again = await enrol(people.desk, ANA, key="k1", now=NOW + timedelta(days=31))
    assert again.expires_at == NOW + timedelta(days=31) + LIFE
    assert len(people.sent.codes) == 2


async def test_twenty_times_the_same_request_at_once_is_one(people: People) -> None:
    answers = await asyncio.gather(*(enrol(people.desk, ANA, key="k1", now=NOW) for _ in range(20)))
    assert set(answers) == {CodeSent("a***@example.com", NOW + LIFE)}
    assert len(people.sent.codes) == 1
    assert await count(people, "requests") == 1


async def test_a_known_contact_is_answered_by_the_same_commands_and_signed_in_as_who_they_are(
    people: People, wire: Wire
) -> None:
    member = await enrolled(people, "ana@example.com")
    later = NOW + timedelta(days=1)
    with wire.counting() as known:
        answer = await enrol(
            people.desk,
            Application(name="Eve", terms_version="2026-01", email="ana@example.com"),
            key="k2",
            now=later,
        )
    with wire.counting() as unknown:
        other = await enrol(
            people.desk,
            Application(name="Eve", terms_version="2026-01", email="eva@example.com"),
            key="k2",
            now=later,
        )
    assert known.names == unknown.names
    assert (answer.expires_at, answer.sent_to[-12:]) == (other.expires_at, other.sent_to[-12:])
    again = await sign_in(people.desk, contact="ana@example.com", code=people.sent.codes[-2][1], now=later)
    assert (again.member, again.enrolled) == (member.member, False)
    assert (await kept(people, member.member)).details.name == "Ana"
    assert (await kept(people, member.member)).member.wallets["points"].available == 100


async def test_of_two_enrolments_for_one_contact_the_later_one_counts_and_one_member_begins(
    people: People,
) -> None:
    await enrol(people.desk, ANA, key="k1", now=NOW)
    await enrol(
        people.desk,
        Application(name="Ana Costa", terms_version="2026-01", email="ana@example.com"),
        key="k2",
        now=NOW,
    )
    first, second = (code for _, code, _ in people.sent.codes)
    if first != second:
        with pytest.raises(SignInRefused):
            await sign_in(people.desk, contact="ana@example.com", code=first, now=NOW)
    one = await sign_in(people.desk, contact="ana@example.com", code=second, now=NOW)
    assert (await kept(people, one.member)).details.name == "Ana Costa"
    assert await count(people, "members") == 1


async def test_twenty_first_sign_ins_at_once_begin_one_membership_with_one_session(people: People) -> None:
    await enrol(people.desk, ANA, key="k1", now=NOW)
    code = people.sent.last
    results = await asyncio.gather(
        *(sign_in(people.desk, contact="ana@example.com", code=code, now=NOW) for _ in range(20)),
        return_exceptions=True,
    )
    signed_in = [one for one in results if isinstance(one, MemberSignedIn)]
    refused = [one.reason for one in results if isinstance(one, SignInRefused)]
    assert (len(signed_in), len(refused)) == (1, 19)
    assert set(refused) <= {"EXPIRED_CODE", "TOO_MANY_ATTEMPTS"}
    assert [await count(people, name) for name in ("members", "contacts", "journal", "sessions")] == [
        1,
        2,
        1,
        1,
    ]


async def test_a_code_asked_for_later_begins_the_membership_too_for_a_day(people: People) -> None:
    await enrol(people.desk, ANA, key="k1", now=NOW)
    await request_code(people.desk, contact="ana@example.com", locale="en", now=NOW + timedelta(hours=23))
    assert (
        await sign_in(
            people.desk, contact="ana@example.com", code=people.sent.last, now=NOW + timedelta(hours=23)
        )
    ).enrolled

    await enrol(
        people.desk,
        Application(name="Bo", terms_version="2026-01", email="bo@example.com"),
        key="k1",
        now=NOW,
    )
    await request_code(people.desk, contact="bo@example.com", locale="en", now=NOW + timedelta(hours=24))
    with pytest.raises(NotEnrolled):
        await sign_in(
            people.desk, contact="bo@example.com", code=people.sent.last, now=NOW + timedelta(hours=24)
        )


async def test_consents_are_kept_as_they_were_given(people: People) -> None:
    answers = (PurposeAnswer("marketing", True, 3), PurposeAnswer("profiling", False, 1))
    one = await enrolled(people, locale="en", consents=answers)
    member = await kept(people, one.member)
    assert [
        (c.purpose, c.granted, c.at, c.wording, c.wording_version, c.source) for c in member.details.consents
    ] == [
        ("marketing", True, NOW, "Yes, news", 3, "enrolment"),
        ("profiling", False, NOW, "Sim, perfil", 1, "enrolment"),
    ]
    assert member.member.profile.consents == {"marketing"}
    assert member.member.seq == 1


async def test_a_friends_invitation_is_kept_and_counted(people: People) -> None:
    friend = await enrolled(people, "ana@example.com")
    number = (await kept(people, friend.member)).member.number
    one = await enrolled(people, "bo@example.com", referral_code=f" {number[:4]}-{number[4:]} ")
    assert (await kept(people, one.member)).member.referral.referred_by == friend.member
    assert (await kept(people, friend.member)).invited_count == 1
    assert (await kept(people, friend.member)).member.seq == 1


async def test_whether_a_number_is_anybodys_is_told_to_nobody_who_asks_to_join(
    people: People, wire: Wire
) -> None:
    friend = await enrolled(people, "ana@example.com")
    known = (await kept(people, friend.member)).member.number
    answers, commands = [], []
    for at, code in enumerate((known, codes.membership_number(7))):
        application = Application(
            name="Bo", terms_version="2026-01", email=f"b{at}@example.com", referral_code=code
        )
        with wire.counting() as counted:
            answers.append(await enrol(people.desk, application, key="k", now=NOW))
        commands.append(counted.names)
    assert answers[0] == answers[1]
    assert commands[0] == commands[1]
    joined = [
        await sign_in(people.desk, contact=f"b{at}@example.com", code=people.sent.codes[at - 2][1], now=NOW)
        for at in (0, 1)
    ]
    assert [(await kept(people, one.member)).member.referral.referred_by for one in joined] == [
        friend.member,
        None,
    ]
    assert (await kept(people, friend.member)).invited_count == 1


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": " "}, "name"),
        ({"name": "a" * 101}, "name"),
        ({"name": "Ana\x00"}, "name"),
        ({"name": "Ana\n"}, "name"),
        ({"name": "\u202eanA"}, "name"),
        ({"name": "\u200b\u200b"}, "name"),
        ({"name": "Ana\u200bSilva"}, "name"),
        ({"name": "Ana\u061c"}, "name"),
        ({"name": "Ana\u00ad"}, "name"),
        ({"name": "Ana\U000e0041"}, "name"),
        ({"email": None}, "email"),
        ({"phone": "+351912345678"}, "email"),
        ({"email": "ana@"}, "email"),
        ({"email": None, "phone": "912345678"}, "phone"),
        ({"birthday": date(2026, 3, 2)}, "birthday"),
        ({"birthday": date(1895, 12, 31)}, "birthday"),
        ({"locale": "de"}, "locale"),
        ({"locale": ""}, "locale"),
        ({"timezone": "Europe/Nowhere"}, "timezone"),
        ({"timezone": "../../etc/passwd"}, "timezone"),
        ({"consents": (PurposeAnswer("spying", True, 1),)}, "consents[0].purpose"),
        (
            {"consents": (PurposeAnswer("profiling", True, 1), PurposeAnswer("marketing", True, 2))},
            "consents[1].wordingVersion",
        ),
        (
            {"consents": (PurposeAnswer("profiling", True, 1), PurposeAnswer("profiling", False, 1))},
            "consents[1].purpose",
        ),
        ({"referral_code": "nobody"}, "referralCode"),
        ({"referral_code": "5724816390"}, "referralCode"),
        ({"referral_code": "x" * 10_000}, "referralCode"),
    ],
)
async def test_each_field_that_cannot_be_is_named_and_nothing_is_kept(
    people: People, said: Mapping[str, object], field: str
) -> None:
    given: dict[str, object] = {"name": "Ana", "terms_version": "2026-01", "email": "ana@example.com", **said}
    with pytest.raises(InvalidInput) as fault:
        await enrol(people.desk, Application(**given), key="k1", now=NOW)  # type: ignore[arg-type]
    assert fault.value.field == field
    assert [await count(people, name) for name in ("sign_in_codes", "requests", "members")] == [0, 0, 0]
    assert people.sent.codes == []


@pytest.mark.parametrize("key", ["", "k" * 129])
async def test_a_key_has_1_to_128_characters(people: People, key: str) -> None:
    with pytest.raises(InvalidInput) as fault:
        await enrol(people.desk, ANA, key=key, now=NOW)
    assert fault.value.field == "idempotencyKey"


async def test_other_terms_than_todays_are_refused_with_todays_and_bind_no_key(people: People) -> None:
    with pytest.raises(TermsNotAccepted) as fault:
        await enrol(
            people.desk,
            Application(name="Ana", terms_version="2025-01", email="ana@example.com"),
            key="k1",
            now=NOW,
        )
    assert fault.value.current_version == "2026-01"
    assert await count(people, "sign_in_codes") == 0
    await enrol(people.desk, ANA, key="k1", now=NOW)


async def test_a_sixth_code_in_an_hour_is_refused_until_the_first_is_an_hour_old(people: People) -> None:
    for minute in range(5):
        await enrol(people.desk, ANA, key=f"k{minute}", now=NOW + timedelta(minutes=minute))
    with pytest.raises(TooManyRequests) as fault:
        await enrol(people.desk, ANA, key="k5", now=NOW + timedelta(minutes=30))
    assert fault.value.retry_after == 30 * 60
    with pytest.raises(TooManyRequests):
        await request_code(
            people.desk, contact="ana@example.com", locale="pt", now=NOW + timedelta(minutes=30)
        )
    await request_code(people.desk, contact="ana@example.com", locale="pt", now=NOW + timedelta(minutes=60))
    assert len(people.sent.codes) == 6
