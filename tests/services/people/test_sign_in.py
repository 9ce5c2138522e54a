"""One-time codes over the real database: exactly five tries, one use, no hint about who is enrolled before a
proof, and no way for a stranger to shut a member out.
"""

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from domain.services.errors import InvalidInput, NotEnrolled, SignInRefused, TooManyRequests
from domain.services.people.one_time_codes import SentCode
from domain.services.people.sign_in import DeviceInput, MemberSignedIn, request_code, sign_in
from tests.command_log import CommandLog
from tests.identity_harness import NOW, IdentityHarness, enrol_and_sign_in, wrong_code

ANA = "ana@example.com"
LATER = NOW + timedelta(hours=2)


async def ask(harness: IdentityHarness, contact: str = ANA) -> str:
    await request_code(harness.identity, contact=contact, locale="pt", now=LATER)
    return harness.code_sender.last


async def ask_here(harness: IdentityHarness, device_token: str | None = None) -> tuple[SentCode, str]:
    """Ask for a code for Ana on a device; return what was answered, and the code."""
    sent = await request_code(
        harness.identity, contact=ANA, locale="pt", device_token=device_token, now=LATER
    )
    return sent, harness.code_sender.last


async def refused(
    harness: IdentityHarness,
    code: str,
    *,
    contact: str = ANA,
    challenge: str | None = None,
    after: timedelta = timedelta(),
) -> tuple[str, int | None]:
    with pytest.raises(SignInRefused) as fault:
        await sign_in(harness.identity, contact=contact, code=code, challenge=challenge, now=LATER + after)
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


async def test_a_code_belongs_to_its_challenge(harness: IdentityHarness) -> None:
    """Two people ask for codes for one contact: neither ends the other's, nor spends the other's tries."""
    await enrol_and_sign_in(harness, ANA)
    (mine, my_code), (theirs, their_code) = await ask_here(harness), await ask_here(harness)
    assert mine.challenge != theirs.challenge
    if my_code != their_code:
        assert await refused(harness, their_code, challenge=mine.challenge) == ("WRONG_CODE", 4)
    for left in (4, 3, 2, 1, 0):
        assert await refused(harness, wrong_code(their_code)) == ("WRONG_CODE", left)  # the newest is meant
    assert await refused(harness, their_code) == ("TOO_MANY_ATTEMPTS", 0)
    assert await refused(harness, their_code, challenge=theirs.challenge) == ("TOO_MANY_ATTEMPTS", 0)
    assert await refused(harness, my_code, challenge="another") == ("EXPIRED_CODE", None)
    await sign_in(harness.identity, contact=ANA, code=my_code, challenge=mine.challenge, now=LATER)
    assert await refused(harness, my_code, challenge=mine.challenge) == ("EXPIRED_CODE", None)


async def test_a_contact_has_twenty_tries_an_hour_over_all_challenges(harness: IdentityHarness) -> None:
    await enrol_and_sign_in(harness, ANA)
    for _ in range(4):
        code = await ask(harness)
        for _ in range(5):
            await refused(harness, wrong_code(code))
    with pytest.raises(TooManyRequests) as fault:
        await ask(harness)
    assert fault.value.retry_after == 3600
    assert await sessions(harness) == 1
    await request_code(harness.identity, contact=ANA, locale="pt", now=LATER + timedelta(hours=1))


async def test_the_last_tries_of_an_hour_are_shared_by_the_challenges(harness: IdentityHarness) -> None:
    await enrol_and_sign_in(harness, ANA)
    asked = [await ask_here(harness) for _ in range(5)]
    for sent, code in asked[:3]:
        for _ in range(5):
            await refused(harness, wrong_code(code), challenge=sent.challenge)
    for left in (4, 3, 2):
        sent, code = asked[3]
        assert await refused(harness, wrong_code(code), challenge=sent.challenge) == ("WRONG_CODE", left)
    sent, code = asked[4]
    assert await refused(harness, "junk", challenge=sent.challenge) == ("WRONG_CODE", 2)
    assert await refused(harness, wrong_code(code), challenge=sent.challenge) == ("WRONG_CODE", 1)
    assert await refused(harness, wrong_code(code), challenge=sent.challenge) == ("WRONG_CODE", 0)
    assert await refused(harness, code, challenge=sent.challenge) == ("TOO_MANY_ATTEMPTS", 0)


async def use_up(harness: IdentityHarness, device_token: str | None = None) -> None:
    """Ask for codes and try wrong ones until nothing is sent any more. Raises TooManyRequests."""
    while True:
        sent, code = await ask_here(harness, device_token)
        for _ in range(5):
            await refused(harness, wrong_code(code), challenge=sent.challenge)


async def test_a_stranger_who_uses_up_everything_does_not_shut_out_a_device_that_signed_in_before(
    harness: IdentityHarness,
) -> None:
    here = (await enrol_and_sign_in(harness, ANA)).device_token
    with pytest.raises(TooManyRequests):
        await use_up(harness)
    for _ in range(3):
        sent, code = await ask_here(harness, here)
        # The stranger goes on guessing, without a challenge and with a made up one.
        for guess in (None, "a-made-up-challenge"):
            assert (await refused(harness, wrong_code(code), challenge=guess))[0] != "WRONG_CODE"
        signed_in = await sign_in(
            harness.identity,
            contact=ANA,
            code=code,
            challenge=sent.challenge,
            device=DeviceInput(device_token=here),
            now=LATER,
        )
        assert signed_in.device_token == here
    # On its own device the challenge may be left out, too.
    _, code = await ask_here(harness, here)
    await sign_in(harness.identity, contact=ANA, code=code, device=DeviceInput(device_token=here), now=LATER)


async def test_twenty_tries_an_hour_are_what_a_known_device_has_as_well(harness: IdentityHarness) -> None:
    here = (await enrol_and_sign_in(harness, ANA)).device_token
    with pytest.raises(TooManyRequests):
        await use_up(harness, here)
    await ask(harness)  # everybody else is counted apart


async def test_only_a_device_of_this_member_is_counted_apart(harness: IdentityHarness) -> None:
    here = (await enrol_and_sign_in(harness, ANA)).device_token
    bos = (await enrol_and_sign_in(harness, "bo@example.com")).device_token
    for _ in range(20):
        await ask(harness)
    for token in (None, "", "junk", "é" * 5_000, bos, here[:-1] + ("A" if here[-1] != "A" else "B")):
        with pytest.raises(TooManyRequests):
            await ask_here(harness, token)
    await ask_here(harness, here)


async def test_a_device_is_forgotten_when_no_sign_in_brought_its_token_for_400_days(
    harness: IdentityHarness,
) -> None:
    here = (await enrol_and_sign_in(harness, ANA)).device_token
    much_later = NOW + timedelta(days=400)
    for _ in range(20):
        await request_code(harness.identity, contact=ANA, locale="pt", now=much_later)
    with pytest.raises(TooManyRequests):
        await request_code(harness.identity, contact=ANA, locale="pt", device_token=here, now=much_later)


async def test_the_token_of_a_device_stands_nowhere_and_proves_nothing_by_itself(
    harness: IdentityHarness, command_log: CommandLog
) -> None:
    here = (await enrol_and_sign_in(harness, ANA)).device_token
    rows = [
        str(row)
        for name in ("known_devices", "sessions", "sign_in_codes")
        for row in await harness.store[name].find({"_id": {"$gt": ""}}).to_list()
    ]
    assert [row for row in rows if here in row] == []
    with command_log.counting() as known:
        await ask_here(harness, here)
    with command_log.counting() as unknown:
        await request_code(
            harness.identity, contact="nobody@example.com", locale="pt", device_token=here, now=LATER
        )
    assert known.names == ["find", "find", "find", "update"]
    assert unknown.names == ["find", "find", "find", "insert"]
    assert await refused(harness, here) == ("EXPIRED_CODE", None)


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


@pytest.mark.parametrize("code", ["", "abc", "12345", "1234567", "abcdef", "١٢٣٤٥٦", "1" * 100_000])
async def test_what_cannot_be_a_code_costs_no_try(harness: IdentityHarness, code: str) -> None:
    await enrol_and_sign_in(harness, ANA)
    right = await ask(harness)
    for _ in range(6):
        assert await refused(harness, code) == ("WRONG_CODE", 5)
    dashed = f" {right[:2]}-{right[2:4]} \u2013 {right[4:]}\n"
    await sign_in(harness.identity, contact=ANA, code=dashed, now=LATER)


async def test_codes_are_limited_for_each_contact_known_or_not(harness: IdentityHarness) -> None:
    for contact in ("nobody@example.com", "bo@example.com"):
        for _ in range(20):
            await ask(harness, contact)
        with pytest.raises(TooManyRequests) as fault:
            await ask(harness, contact)
        assert fault.value.retry_after == 3600


async def test_thirty_requests_at_once_send_as_many_codes_as_are_allowed(harness: IdentityHarness) -> None:
    identity = replace(harness.identity, codes_per_hour=5)
    results = await asyncio.gather(
        *(request_code(identity, contact=ANA, locale="pt", now=NOW) for _ in range(30)),
        return_exceptions=True,
    )
    assert len([one for one in results if isinstance(one, TooManyRequests)]) == 25
    assert len(harness.code_sender.codes) == 5


async def test_a_contact_or_installation_that_cannot_be_is_named(harness: IdentityHarness) -> None:
    for words, field in (
        ({"contact": "nobody"}, "contact"),
        ({"contact": ANA, "device": DeviceInput(installation="")}, "installationId"),
    ):
        await request_code(harness.identity, contact=ANA, locale="pt", now=NOW)
        with pytest.raises(InvalidInput) as fault:
            await sign_in(harness.identity, code=harness.code_sender.last, now=NOW, **words)
        assert fault.value.field == field
