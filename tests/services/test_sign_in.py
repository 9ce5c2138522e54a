"""One-time codes over the real database: five tries counted exactly, one use, and no word about who is
enrolled before a proof.
"""

import asyncio
from collections import Counter
from datetime import timedelta

import pytest

from domain.services.errors import InvalidInput, NotEnrolled, SignInRefused, TooManyRequests
from domain.services.people.sign_in import MemberSignedIn, request_code, sign_in
from tests.services.people import NOW, People, enrolled, wrong
from tests.wire import Wire

ANA = "ana@example.com"
LATER = NOW + timedelta(hours=2)


async def ask(people: People, contact: str = ANA) -> str:
    await request_code(people.desk, contact=contact, locale="pt", now=LATER)
    return people.sent.last


async def refused(
    people: People, code: str, *, contact: str = ANA, after: timedelta = timedelta()
) -> tuple[str, int | None]:
    with pytest.raises(SignInRefused) as fault:
        await sign_in(people.desk, contact=contact, code=code, now=LATER + after)
    return fault.value.reason, fault.value.attempts_left


async def sessions(people: People) -> int:
    return len(await people.store["sessions"].find({"subject": {"$gt": ""}}).to_list())


async def test_a_member_signs_in_by_a_code_and_again_by_another(people: People, wire: Wire) -> None:
    first = await enrolled(people, ANA)
    code = await ask(people)
    with wire.counting() as counted:
        one = await sign_in(
            people.desk, contact=" ANA@example.com ", code=f"{code[:3]} {code[3:]}", now=LATER
        )
    assert counted.names == ["find", "update", "find", "bulkWrite", "commitTransaction"]
    assert (one.member, one.enrolled) == (first.member, False)
    assert one.opened_session.session.expires_at == LATER + timedelta(days=30)
    assert await sessions(people) == 2


async def test_a_code_works_once(people: People) -> None:
    await enrolled(people, ANA)
    code = await ask(people)
    await sign_in(people.desk, contact=ANA, code=code, now=LATER)
    assert await refused(people, code) == ("EXPIRED_CODE", None)
    assert await sessions(people) == 2


async def test_a_code_works_for_ten_minutes(people: People) -> None:
    await enrolled(people, ANA)
    code = await ask(people)
    assert await refused(people, code, after=timedelta(minutes=10)) == ("EXPIRED_CODE", None)
    await sign_in(people.desk, contact=ANA, code=code, now=LATER + timedelta(minutes=9, seconds=59))


async def test_five_wrong_tries_end_a_code_the_right_one_included(people: People) -> None:
    await enrolled(people, ANA)
    code = await ask(people)
    assert [await refused(people, wrong(code)) for _ in range(5)] == [
        ("WRONG_CODE", left) for left in (4, 3, 2, 1, 0)
    ]
    assert await refused(people, code) == ("TOO_MANY_ATTEMPTS", 0)
    assert await sessions(people) == 1
    await sign_in(people.desk, contact=ANA, code=await ask(people), now=LATER)


async def test_thirty_wrong_tries_at_once_are_five(people: People) -> None:
    await enrolled(people, ANA)
    code = await ask(people)
    results = await asyncio.gather(*(refused(people, wrong(code)) for _ in range(30)))
    tried = Counter(results)
    assert {left: tried["WRONG_CODE", left] for left in range(5)} == dict.fromkeys(range(5), 1)
    assert tried["TOO_MANY_ATTEMPTS", 0] == 25


async def test_of_twenty_sign_ins_at_once_with_the_right_code_one_gets_a_session(people: People) -> None:
    await enrolled(people, ANA)
    code = await ask(people)
    results = await asyncio.gather(
        *(sign_in(people.desk, contact=ANA, code=code, now=LATER) for _ in range(20)), return_exceptions=True
    )
    assert len([one for one in results if isinstance(one, MemberSignedIn)]) == 1
    assert len([one for one in results if isinstance(one, SignInRefused)]) == 19
    assert await sessions(people) == 2


async def test_a_new_code_ends_the_one_before(people: People) -> None:
    await enrolled(people, ANA)
    first, second = await ask(people), await ask(people)
    if first != second:
        assert await refused(people, first) == ("WRONG_CODE", 4)
    await sign_in(people.desk, contact=ANA, code=second, now=LATER)


async def test_an_unknown_contact_is_told_apart_only_once_it_is_proven(people: People, wire: Wire) -> None:
    await enrolled(people, ANA)
    with wire.counting() as known:
        mine = await ask(people)
    with wire.counting() as unknown:
        theirs = await ask(people, "nobody@example.com")
    assert known.names == ["find", "update"]
    assert unknown.names == ["find", "insert"]
    assert (
        await refused(people, wrong(mine))
        == await refused(people, wrong(theirs), contact="nobody@example.com")
        == ("WRONG_CODE", 4)
    )
    with pytest.raises(NotEnrolled):
        await sign_in(people.desk, contact="nobody@example.com", code=theirs, now=LATER)
    assert await refused(people, theirs, contact="nobody@example.com") == ("EXPIRED_CODE", None)


async def test_where_no_code_was_asked_for_there_is_none(people: People) -> None:
    assert await refused(people, "123456", contact="nobody@example.com") == ("EXPIRED_CODE", None)


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦", "1" * 100_000])
async def test_junk_for_a_code_is_a_wrong_code(people: People, code: str) -> None:
    await enrolled(people, ANA)
    await ask(people)
    assert await refused(people, code) == ("WRONG_CODE", 4)


async def test_codes_are_limited_for_each_contact_known_or_not(people: People) -> None:
    for contact in ("nobody@example.com", "bo@example.com"):
        for _ in range(5):
            await ask(people, contact)
        with pytest.raises(TooManyRequests) as fault:
            await ask(people, contact)
        assert fault.value.retry_after == 3600


async def test_twenty_requests_at_once_send_five_codes(people: People) -> None:
    results = await asyncio.gather(
        *(request_code(people.desk, contact=ANA, locale="pt", now=NOW) for _ in range(20)),
        return_exceptions=True,
    )
    assert len([one for one in results if isinstance(one, TooManyRequests)]) == 15
    assert len(people.sent.codes) == 5


async def test_a_contact_or_installation_that_cannot_be_is_named(people: People) -> None:
    for words, field in (
        ({"contact": "nobody"}, "contact"),
        ({"contact": ANA, "installation": ""}, "installationId"),
    ):
        await request_code(people.desk, contact=ANA, locale="pt", now=NOW)
        with pytest.raises(InvalidInput) as fault:
            await sign_in(people.desk, code=people.sent.last, now=NOW, **words)
        assert fault.value.field == field
