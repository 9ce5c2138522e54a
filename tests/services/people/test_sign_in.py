"""One-time codes over the real database: exactly five tries, one use, and no hint about who is enrolled
before a proof.
"""

import asyncio
from collections import Counter
from datetime import timedelta

import pytest

from domain.services.errors import InvalidInput, NotEnrolled, SignInRefused, TooManyRequests
from domain.services.people.sign_in import MemberSignedIn, request_code, sign_in
from tests.command_log import CommandLog
from tests.identity_harness import NOW, IdentityHarness, enrol_and_sign_in, wrong_code

ANA = "ana@example.com"
LATER = NOW + timedelta(hours=2)


async def ask(harness: IdentityHarness, contact: str = ANA) -> str:
    await request_code(harness.identity, contact=contact, locale="pt", now=LATER)
    return harness.code_sender.last


async def refused(
    harness: IdentityHarness, code: str, *, contact: str = ANA, after: timedelta = timedelta()
) -> tuple[str, int | None]:
    with pytest.raises(SignInRefused) as fault:
        await sign_in(harness.identity, contact=contact, code=code, now=LATER + after)
    return fault.value.reason, fault.value.attempts_left


async def sessions(harness: IdentityHarness) -> int:
    return len(await harness.store["sessions"].find({"subject": {"$gt": ""}}).to_list())


async def test_a_member_signs_in_by_a_code_and_again_by_another(
    harness: IdentityHarness, command_log: CommandLog
) -> None:
    first = await enrol_and_sign_in(harness, ANA)
    code = await ask(harness)
    with command_log.counting() as counted:
        signed_in = await sign_in(
            harness.identity, contact=" ANA@example.com ", code=f"{code[:3]} {code[3:]}", now=LATER
        )
    assert counted.names == ["find", "update", "find", "bulkWrite", "commitTransaction"]
    assert (signed_in.member, signed_in.enrolled) == (first.member, False)
    assert signed_in.opened_session.session.expires_at == LATER + timedelta(days=30)
    assert await sessions(harness) == 2


async def test_a_code_works_once(harness: IdentityHarness) -> None:
    await enrol_and_sign_in(harness, ANA)
    code = await ask(harness)
    await sign_in(harness.identity, contact=ANA, code=code, now=LATER)
    assert await refused(harness, code) == ("EXPIRED_CODE", None)
    assert await sessions(harness) == 2


async def test_a_code_works_for_ten_minutes(harness: IdentityHarness) -> None:
    await enrol_and_sign_in(harness, ANA)
    code = await ask(harness)
    assert await refused(harness, code, after=timedelta(minutes=10)) == ("EXPIRED_CODE", None)
    await sign_in(harness.identity, contact=ANA, code=code, now=LATER + timedelta(minutes=9, seconds=59))


async def test_five_wrong_tries_end_a_code_the_right_one_included(harness: IdentityHarness) -> None:
    await enrol_and_sign_in(harness, ANA)
    code = await ask(harness)
    assert [await refused(harness, wrong_code(code)) for _ in range(5)] == [
        ("WRONG_CODE", left) for left in (4, 3, 2, 1, 0)
    ]
    assert await refused(harness, code) == ("TOO_MANY_ATTEMPTS", 0)
    assert await sessions(harness) == 1
    await sign_in(harness.identity, contact=ANA, code=await ask(harness), now=LATER)


async def test_thirty_wrong_tries_at_once_are_five(harness: IdentityHarness) -> None:
    await enrol_and_sign_in(harness, ANA)
    code = await ask(harness)
    results = await asyncio.gather(*(refused(harness, wrong_code(code)) for _ in range(30)))
    tried = Counter(results)
    assert {left: tried["WRONG_CODE", left] for left in range(5)} == dict.fromkeys(range(5), 1)
    assert tried["TOO_MANY_ATTEMPTS", 0] == 25


async def test_of_twenty_sign_ins_at_once_with_the_right_code_one_gets_a_session(
    harness: IdentityHarness,
) -> None:
    await enrol_and_sign_in(harness, ANA)
    code = await ask(harness)
    results = await asyncio.gather(
        *(sign_in(harness.identity, contact=ANA, code=code, now=LATER) for _ in range(20)),
        return_exceptions=True,
    )
    assert len([one for one in results if isinstance(one, MemberSignedIn)]) == 1
    assert len([one for one in results if isinstance(one, SignInRefused)]) == 19
    assert await sessions(harness) == 2


async def test_a_new_code_ends_the_one_before(harness: IdentityHarness) -> None:
    await enrol_and_sign_in(harness, ANA)
    first, second = await ask(harness), await ask(harness)
    if first != second:
        assert await refused(harness, first) == ("WRONG_CODE", 4)
    await sign_in(harness.identity, contact=ANA, code=second, now=LATER)


async def test_an_unknown_contact_is_told_apart_only_once_it_is_proven(
    harness: IdentityHarness, command_log: CommandLog
) -> None:
    await enrol_and_sign_in(harness, ANA)
    with command_log.counting() as known:
        mine = await ask(harness)
    with command_log.counting() as unknown:
        unknown_code = await ask(harness, "nobody@example.com")
    assert known.names == ["find", "update"]
    assert unknown.names == ["find", "insert"]
    assert (
        await refused(harness, wrong_code(mine))
        == await refused(harness, wrong_code(unknown_code), contact="nobody@example.com")
        == ("WRONG_CODE", 4)
    )
    with pytest.raises(NotEnrolled):
        await sign_in(harness.identity, contact="nobody@example.com", code=unknown_code, now=LATER)
    assert await refused(harness, unknown_code, contact="nobody@example.com") == ("EXPIRED_CODE", None)


async def test_where_no_code_was_asked_for_there_is_none(harness: IdentityHarness) -> None:
    assert await refused(harness, "123456", contact="nobody@example.com") == ("EXPIRED_CODE", None)


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦", "1" * 100_000])
async def test_junk_for_a_code_is_a_wrong_code(harness: IdentityHarness, code: str) -> None:
    await enrol_and_sign_in(harness, ANA)
    await ask(harness)
    assert await refused(harness, code) == ("WRONG_CODE", 4)


async def test_codes_are_limited_for_each_contact_known_or_not(harness: IdentityHarness) -> None:
    for contact in ("nobody@example.com", "bo@example.com"):
        for _ in range(5):
            await ask(harness, contact)
        with pytest.raises(TooManyRequests) as fault:
            await ask(harness, contact)
        assert fault.value.retry_after == 3600


async def test_twenty_requests_at_once_send_five_codes(harness: IdentityHarness) -> None:
    results = await asyncio.gather(
        *(request_code(harness.identity, contact=ANA, locale="pt", now=NOW) for _ in range(20)),
        return_exceptions=True,
    )
    assert len([one for one in results if isinstance(one, TooManyRequests)]) == 15
    assert len(harness.code_sender.codes) == 5


async def test_a_contact_or_installation_that_cannot_be_is_named(harness: IdentityHarness) -> None:
    for words, field in (
        ({"contact": "nobody"}, "contact"),
        ({"contact": ANA, "installation": ""}, "installationId"),
    ):
        await request_code(harness.identity, contact=ANA, locale="pt", now=NOW)
        with pytest.raises(InvalidInput) as fault:
            await sign_in(harness.identity, code=harness.code_sender.last, now=NOW, **words)
        assert fault.value.field == field
