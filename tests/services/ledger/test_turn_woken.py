"""What is due at once for another member does not wait for the next turn: the row that brings it wakes a
worker.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from domain.model import event_names
from domain.model.ledger.decide import decide, new_member
from domain.model.ledger.events import Event
from domain.services.decisions import commit_decision
from domain.services.ledger import purchases
from domain.services.ledger.turn import keep_turning
from domain.services.live.change_follower import ChangeFollower
from domain.services.runtime import Runtime
from domain.store.connect import Database
from domain.store.document_store import DocumentStore
from domain.store.messages import outbox
from domain.store.people.details import Details
from domain.store.prepare import prepare
from tests.command_log import Command, CommandLog
from tests.small_runtime import NOW, SMALL, TILL, join, new_purchase, open_runtime

FRIENDS = f"""{SMALL}
referral:
  friend: [{{award: {{wallet: points, fixed: 7}}}}]
  referrer: [{{award: {{wallet: points, fixed: 9}}}}, {{message: thanks}}]
  qualifies: {{on: [purchase.completed], when: "purchase.total >= 1000"}}
  wait: {{hours: 1}}
"""
JOINED = NOW - timedelta(hours=3)  # a friend buys two hours ago: what they wait for is over by now
PROMPT_SECONDS = 10  # half of what a turn that nobody wakes may take, since the machine may be busy


@asynccontextmanager
async def turning(runtime: Runtime) -> AsyncIterator[None]:
    """A process that follows what is committed and has taken its first turn, for as long as the block
    runs.
    """
    faults: list[Exception] = []
    follower = ChangeFollower(runtime.activity_hub)
    tasks = [asyncio.create_task(follower.follow(runtime.store, clock=lambda: NOW))]
    try:
        await asyncio.wait_for(follower.is_following.wait(), PROMPT_SECONDS)
        tasks.append(
            asyncio.create_task(
                keep_turning(
                    runtime,
                    clock=lambda: NOW,
                    woken=runtime.activity_hub.agenda_ready,
                    on_error=faults.append,
                )
            )
        )
        await asyncio.sleep(1)
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    assert faults == []


async def join_as_friend(runtime: Runtime, member: str, *, of: str) -> None:
    """A member whom another has invited."""
    details = Details(name=member.title(), locale="en", timezone="Europe/Lisbon")
    event = Event(
        f"enrol:{member}", event_names.ENROLLED, JOINED, "selo", {"referredBy": of}, profile=details.profile
    )
    published = runtime.programmes.current()
    decision = decide(
        published.programme, new_member(member, f"0000{member}"), event, now=NOW, version=published.number
    )
    await commit_decision(runtime, published, decision, now=NOW, details=details)


async def buy_again(runtime: Runtime, friend: str) -> None:
    """A friend who bought two hours ago buys again: by now their first purchase qualifies them."""
    await purchases.record(
        runtime,
        till=TILL,
        member_id=friend,
        purchase_input=new_purchase(f"{friend} again", total=100),
        key=f"{friend} again",
        now=NOW,
    )


async def buy_first(runtime: Runtime, friend: str) -> None:
    """What a friend bought two hours ago."""
    at = NOW - timedelta(hours=2)
    await purchases.record(
        runtime, till=TILL, member_id=friend, purchase_input=new_purchase(friend), key=friend, now=at
    )


async def promised(
    runtime: Runtime, member: str, messages: int, *, within_seconds: float = PROMPT_SECONDS
) -> list[str]:
    """Return a member's pending messages as soon as there are so many."""
    async with asyncio.timeout(within_seconds):
        while len(codes := [one.code for one in await outbox.find_pending(runtime.store, member)]) < messages:
            await asyncio.sleep(0.05)
    return codes


async def test_who_invited_a_friend_is_promised_their_message_without_waiting_for_the_next_turn(
    database: Database,
) -> None:
    runtime = await open_runtime(database, FRIENDS)
    await join(runtime, "ana")
    await join_as_friend(runtime, "rui", of="ana")
    async with turning(runtime):
        await buy_first(runtime, "rui")
        await buy_again(runtime, "rui")
        assert await promised(runtime, "ana", 1) == ["thanks"]


async def test_what_is_due_later_wakes_nobody(database: Database, command_log: CommandLog) -> None:
    runtime = await open_runtime(database, FRIENDS)
    await join(runtime, "ana")
    async with turning(runtime):
        with command_log.counting() as counted:
            await purchases.record(
                runtime,
                till=TILL,
                member_id="ana",
                purchase_input=new_purchase("r1"),
                key="k1",
                now=NOW - timedelta(minutes=1),
            )
            await asyncio.sleep(1)
        assert turns(counted.commands) == 0


async def test_of_twenty_at_once_each_counts_once_in_a_few_turns_of_two_processes(
    database: Database, command_log: CommandLog
) -> None:
    runtime, other = (
        await open_runtime(database, FRIENDS),
        Runtime.for_store(DocumentStore.of(database, embedded=True)),
    )
    await prepare(other.store)
    await other.programmes.refresh()
    await join(runtime, "ana")
    friends = [f"rui{at}" for at in range(20)]
    for friend in friends:
        await join_as_friend(runtime, friend, of="ana")
    async with turning(runtime), turning(other):
        with command_log.counting() as counted:
            await asyncio.gather(*(buy_first(runtime, friend) for friend in friends))
            await asyncio.gather(*(buy_again(runtime, friend) for friend in friends))
            # That it comes promptly the test of one shows; here it is counted.
            assert await promised(runtime, "ana", 20, within_seconds=60) == ["thanks"] * 20
            await asyncio.sleep(1)
        assert 1 <= turns(counted.commands) <= 10
        assert len(await outbox.find_pending(runtime.store, "ana")) == 20


def turns(commands: list[Command]) -> int:
    """How often a worker looked for what is due."""
    return sum(one.name == "find" and one.body["find"] == "agenda" for one in commands)
