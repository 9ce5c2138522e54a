"""Sessions over the real database: tokens that work once, a retry that is none, a theft that ends everything,
and what memory knows.
"""

import asyncio
from datetime import timedelta

import pytest

from domain.model.people.sessions import read_token, write_token
from domain.services.errors import SignInRefused
from domain.services.live.change_follower import ChangeFollower
from domain.services.people import sessions
from domain.services.people.session_registry import SessionRegistry
from domain.services.people.sessions import OpenedSession
from domain.store.connect import Raw
from tests.services.people import NOW, SECRET, People
from tests.wire import Wire

MEMBER = "m" * 32


async def opened(people: People, who: str = MEMBER) -> OpenedSession:
    one = sessions.new_session(people.desk, "member", who, now=NOW)
    await sessions.open_session(people.desk, one)
    return one


async def row(people: People, session: str) -> Raw:
    found = await people.store["sessions"].find_one({"_id": session})
    assert found is not None
    return found


async def ended(people: People, token: str, *, after: timedelta = timedelta()) -> None:
    with pytest.raises(SignInRefused) as refused:
        await sessions.refresh(people.desk, token, now=NOW + after)
    assert refused.value.reason == "SESSION_ENDED"


async def test_neither_token_nor_its_secret_is_in_the_database(people: People) -> None:
    one = await opened(people)
    token = read_token(one.refresh_token, key=SECRET)
    kept = str(await row(people, one.session.id))
    assert token is not None
    assert one.refresh_token not in kept
    assert token.secret.hex() not in kept


async def test_each_token_gives_the_next(people: People, wire: Wire) -> None:
    one = await opened(people)
    with wire.counting() as counted:
        two = await sessions.refresh(people.desk, one.refresh_token, now=NOW + timedelta(days=1))
    assert counted.names == ["find", "update", "update"]  # the last one tells that its phone is in use
    three = await sessions.refresh(people.desk, two.refresh_token, now=NOW + timedelta(days=2))
    assert len({one.refresh_token, two.refresh_token, three.refresh_token}) == 3
    assert {each.session.id for each in (one, two, three)} == {one.session.id}
    assert three.session.expires_at == NOW + timedelta(days=32)


async def test_a_retry_within_ten_seconds_gets_the_very_same_token(people: People) -> None:
    one = await opened(people)
    two = await sessions.refresh(people.desk, one.refresh_token, now=NOW)
    again = await sessions.refresh(people.desk, one.refresh_token, now=NOW + timedelta(seconds=10))
    assert again.refresh_token == two.refresh_token
    await sessions.refresh(people.desk, two.refresh_token, now=NOW + timedelta(seconds=11))


async def test_twenty_refreshes_at_once_get_one_and_the_same_token(people: People) -> None:
    one = await opened(people)
    answers = await asyncio.gather(
        *(sessions.refresh(people.desk, one.refresh_token, now=NOW) for _ in range(20))
    )
    assert len({each.refresh_token for each in answers}) == 1
    assert people.desk.session_registry.is_alive(one.session.id)


async def test_a_second_use_later_is_a_theft_and_ends_the_session_for_both(
    people: People, capsys: pytest.CaptureFixture[str]
) -> None:
    one = await opened(people)
    two = await sessions.refresh(people.desk, one.refresh_token, now=NOW)
    await ended(people, one.refresh_token, after=timedelta(seconds=11))
    await ended(people, two.refresh_token, after=timedelta(seconds=12))
    assert (await row(people, one.session.id))["ended_by"] == "theft"
    assert not people.desk.session_registry.is_alive(one.session.id)
    said = capsys.readouterr()
    assert one.session.id in said.out + said.err
    assert one.refresh_token not in said.out + said.err


async def test_a_token_of_any_age_is_known_as_stolen(people: People) -> None:
    tokens = [(await opened(people)).refresh_token]
    for hours in range(1, 6):
        tokens.append(
            (await sessions.refresh(people.desk, tokens[-1], now=NOW + timedelta(hours=hours))).refresh_token
        )
    await ended(people, tokens[1], after=timedelta(hours=6))
    await ended(people, tokens[-1], after=timedelta(hours=6))


async def test_a_forged_token_ends_nobodys_session(people: People) -> None:
    one = await opened(people)
    token = read_token(one.refresh_token, key=SECRET)
    assert token is not None
    await ended(people, write_token(token, key=b"somebody else's key of 32 bytes!"))
    await ended(people, "")
    await ended(people, "A" * 86)
    await sessions.refresh(people.desk, one.refresh_token, now=NOW)


async def test_a_session_ends_after_thirty_days_idle_and_ninety_in_all(people: People) -> None:
    idle = await opened(people)
    await ended(people, idle.refresh_token, after=timedelta(days=30))
    busy = await opened(people)
    for days in (29, 58, 87):
        busy = await sessions.refresh(people.desk, busy.refresh_token, now=NOW + timedelta(days=days))
    assert busy.session.expires_at == NOW + timedelta(days=90)
    await ended(people, busy.refresh_token, after=timedelta(days=90))


async def test_signing_out_ends_this_session_or_all_of_ones_own(people: People) -> None:
    mine = [await opened(people) for _ in range(3)]
    other = await opened(people, "o" * 32)
    assert await sessions.sign_out(people.desk, mine[0].session.id, now=NOW) == 1
    assert await sessions.sign_out(people.desk, mine[0].session.id, now=NOW) == 0
    await ended(people, mine[0].refresh_token)
    assert await sessions.sign_out(people.desk, mine[1].session.id, everywhere=True, now=NOW) == 2
    await ended(people, mine[2].refresh_token)
    await sessions.refresh(people.desk, other.refresh_token, now=NOW)
    assert [people.desk.session_registry.is_alive(each.session.id) for each in (*mine, other)] == [
        False,
        False,
        False,
        True,
    ]


async def test_another_process_hears_at_once_that_a_session_ended(people: People) -> None:
    before, after, alive = await opened(people), await opened(people), await opened(people)
    await sessions.sign_out(people.desk, before.session.id, now=NOW)
    elsewhere = SessionRegistry()
    follower = ChangeFollower(elsewhere)
    following = asyncio.create_task(follower.follow(people.store, clock=lambda: NOW))
    try:
        await asyncio.wait_for(follower.is_following.wait(), 5)
        assert not elsewhere.is_alive(before.session.id)
        await sessions.sign_out(people.desk, after.session.id, now=NOW)
        async with asyncio.timeout(5):
            while elsewhere.is_alive(after.session.id):
                await asyncio.sleep(0.01)
        assert elsewhere.is_alive(alive.session.id)
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)


async def test_memory_forgets_a_session_once_no_token_of_it_can_be_about(people: People) -> None:
    registry = SessionRegistry()
    registry.note_ended(["old"], now=NOW)
    registry.note_ended(["new"], now=NOW + timedelta(hours=2, seconds=1))
    assert registry.is_alive("old")
    assert not registry.is_alive("new")
