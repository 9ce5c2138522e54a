"""Sessions over the real database: single-use tokens, safe retries, a theft that ends the session, and the
registry in memory.
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
from tests.command_log import CommandLog
from tests.identity_harness import NOW, SECRET, IdentityHarness

MEMBER = "m" * 32


async def open_member_session(harness: IdentityHarness, who: str = MEMBER) -> OpenedSession:
    opened_session = sessions.new_session(harness.identity, "member", who, now=NOW)
    await sessions.open_session(harness.identity, opened_session)
    return opened_session


async def load_document(harness: IdentityHarness, session: str) -> Raw:
    document = await harness.store["sessions"].find_one({"_id": session})
    assert document is not None
    return document


async def ended(harness: IdentityHarness, token: str, *, after: timedelta = timedelta()) -> None:
    with pytest.raises(SignInRefused) as refused:
        await sessions.refresh(harness.identity, token, now=NOW + after)
    assert refused.value.reason == "SESSION_ENDED"


async def test_neither_token_nor_its_secret_is_in_the_database(harness: IdentityHarness) -> None:
    opened_session = await open_member_session(harness)
    token = read_token(opened_session.refresh_token, keys=[SECRET])
    stored_text = str(await load_document(harness, opened_session.session.id))
    assert token is not None
    assert opened_session.refresh_token not in stored_text
    assert token.secret.hex() not in stored_text


async def test_each_token_gives_the_next(harness: IdentityHarness, command_log: CommandLog) -> None:
    opened_session = await open_member_session(harness)
    with command_log.counting() as counted:
        two = await sessions.refresh(
            harness.identity, opened_session.refresh_token, now=NOW + timedelta(days=1)
        )
    assert counted.names == ["find", "update", "update"]  # the last one tells that its phone is in use
    three = await sessions.refresh(harness.identity, two.refresh_token, now=NOW + timedelta(days=2))
    assert len({opened_session.refresh_token, two.refresh_token, three.refresh_token}) == 3
    assert {each.session.id for each in (opened_session, two, three)} == {opened_session.session.id}
    assert three.session.expires_at == NOW + timedelta(days=32)


@pytest.mark.parametrize("later", [timedelta(seconds=12), timedelta(hours=9), timedelta(days=20)])
async def test_a_retry_gets_the_very_same_token_whenever_it_comes(
    harness: IdentityHarness, later: timedelta
) -> None:
    opened_session = await open_member_session(harness)
    two = await sessions.refresh(harness.identity, opened_session.refresh_token, now=NOW)
    again = await sessions.refresh(harness.identity, opened_session.refresh_token, now=NOW + later)
    assert again.refresh_token == two.refresh_token
    await sessions.refresh(harness.identity, two.refresh_token, now=NOW + later)


async def test_twenty_refreshes_at_once_get_one_and_the_same_token(harness: IdentityHarness) -> None:
    opened_session = await open_member_session(harness)
    answers = await asyncio.gather(
        *(sessions.refresh(harness.identity, opened_session.refresh_token, now=NOW) for _ in range(20))
    )
    assert len({each.refresh_token for each in answers}) == 1
    assert harness.identity.session_registry.is_alive(opened_session.session.id)


async def test_a_second_use_after_its_successors_is_a_theft_and_ends_the_session_for_both(
    harness: IdentityHarness, capsys: pytest.CaptureFixture[str]
) -> None:
    opened_session = await open_member_session(harness)
    two = await sessions.refresh(harness.identity, opened_session.refresh_token, now=NOW)
    three = await sessions.refresh(harness.identity, two.refresh_token, now=NOW)
    await ended(harness, opened_session.refresh_token)
    await ended(harness, three.refresh_token)
    assert (await load_document(harness, opened_session.session.id))["ended_by"] == "theft"
    assert not harness.identity.session_registry.is_alive(opened_session.session.id)
    said = capsys.readouterr()
    assert opened_session.session.id in said.out + said.err
    assert opened_session.refresh_token not in said.out + said.err


async def test_a_token_of_any_age_is_known_as_stolen(harness: IdentityHarness) -> None:
    tokens = [(await open_member_session(harness)).refresh_token]
    for hours in range(1, 6):
        tokens.append(
            (
                await sessions.refresh(harness.identity, tokens[-1], now=NOW + timedelta(hours=hours))
            ).refresh_token
        )
    await ended(harness, tokens[1], after=timedelta(hours=6))
    await ended(harness, tokens[-1], after=timedelta(hours=6))


async def test_a_forged_token_ends_nobodys_session(harness: IdentityHarness) -> None:
    opened_session = await open_member_session(harness)
    token = read_token(opened_session.refresh_token, keys=[SECRET])
    assert token is not None
    await ended(harness, write_token(token, key=b"somebody else's key of 32 bytes!"))
    await ended(harness, "")
    await ended(harness, "A" * 86)
    await sessions.refresh(harness.identity, opened_session.refresh_token, now=NOW)


async def test_a_session_ends_after_thirty_days_idle_and_ninety_in_all(harness: IdentityHarness) -> None:
    idle = await open_member_session(harness)
    await ended(harness, idle.refresh_token, after=timedelta(days=30))
    busy = await open_member_session(harness)
    for days in (29, 58, 87):
        busy = await sessions.refresh(harness.identity, busy.refresh_token, now=NOW + timedelta(days=days))
    assert busy.session.expires_at == NOW + timedelta(days=90)
    await ended(harness, busy.refresh_token, after=timedelta(days=90))


async def test_signing_out_ends_this_session_or_all_of_ones_own(harness: IdentityHarness) -> None:
    mine = [await open_member_session(harness) for _ in range(3)]
    other = await open_member_session(harness, "o" * 32)
    assert await sessions.sign_out(harness.identity, mine[0].session.id, now=NOW) == 1
    assert await sessions.sign_out(harness.identity, mine[0].session.id, now=NOW) == 0
    await ended(harness, mine[0].refresh_token)
    assert await sessions.sign_out(harness.identity, mine[1].session.id, everywhere=True, now=NOW) == 2
    await ended(harness, mine[2].refresh_token)
    await sessions.refresh(harness.identity, other.refresh_token, now=NOW)
    assert [harness.identity.session_registry.is_alive(each.session.id) for each in (*mine, other)] == [
        False,
        False,
        False,
        True,
    ]


async def test_another_process_hears_at_once_that_a_session_ended(harness: IdentityHarness) -> None:
    before, after, alive = (
        await open_member_session(harness),
        await open_member_session(harness),
        await open_member_session(harness),
    )
    await sessions.sign_out(harness.identity, before.session.id, now=NOW)
    elsewhere = SessionRegistry()
    follower = ChangeFollower(elsewhere)
    following = asyncio.create_task(follower.follow(harness.store, clock=lambda: NOW))
    try:
        await asyncio.wait_for(follower.is_following.wait(), 60)
        assert not elsewhere.is_alive(before.session.id)
        await sessions.sign_out(harness.identity, after.session.id, now=NOW)
        async with asyncio.timeout(60):
            while elsewhere.is_alive(after.session.id):
                await asyncio.sleep(0.01)
        assert elsewhere.is_alive(alive.session.id)
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)


async def test_memory_forgets_a_session_once_no_token_of_it_can_be_about(harness: IdentityHarness) -> None:
    registry = SessionRegistry()
    registry.note_ended(["old"], now=NOW)
    registry.note_ended(["new"], now=NOW + timedelta(hours=2, seconds=1))
    assert registry.is_alive("old")
    assert not registry.is_alive("new")
