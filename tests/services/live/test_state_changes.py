"""What no journal row and no new letter tells comes live too: the profile, friends, and letters that were read."""

from dataclasses import replace

from domain.services.decisions import load_member
from domain.services.live.activity_feed import (
    ActivityCursor,
    LettersActivity,
    ProfileActivity,
    ProgressActivity,
    ReferralActivity,
    StateVersions,
)
from domain.services.messages import inbox
from domain.services.runtime import Runtime
from domain.store.connect import Database
from domain.store.ledger import members
from domain.store.ledger.members import ProfileChange
from domain.store.messages.inbox import MAILBOXES, MAX_CHANGED
from tests.activity_listeners import wait_for_listeners
from tests.loud_runtime import NOON, deliver_all_due, new_delivery_worker, open_loud_runtime, record_event
from tests.services.live.test_activity_feed import ActivityReader, followed


async def test_letters_that_were_read_are_told_and_told_again_after_a_cut(database: Database) -> None:
    runtime = await open_loud_runtime(database)
    ids = [await record_event(runtime, "visited", at=NOON, place="Baixa", people=at) for at in range(3)]
    await deliver_all_due(runtime, new_delivery_worker())
    async with followed(runtime):
        start = ActivityCursor(4, 0, 3, StateVersions(1, 0, 0))
        phone = ActivityReader(runtime, after=start)
        await wait_for_listeners(runtime.activity_hub, 1)
        await inbox.mark_read(runtime, member_id="ana", letter_ids=ids[:2], now=NOON)
        (read,) = await phone.wait_for(1)
        assert isinstance(read, LettersActivity)
        assert sorted(letter.id for letter in read.letters) == sorted(ids[:2])
        assert {letter.read_at for letter in read.letters} == {NOON}
        await inbox.mark_read(runtime, member_id="ana", letter_ids=ids, now=NOON)
        _, last = await phone.wait_for(2)
        assert isinstance(last, LettersActivity)
        assert [letter.id for letter in last.letters] == ids[2:]
        back, between = ActivityReader(runtime, after=start), phone.activities[0].cursor
        (both,) = await back.wait_for(1)
        assert isinstance(both, LettersActivity)
        assert sorted(letter.id for letter in both.letters) == sorted(ids)
        half = ActivityReader(runtime, after=between)
        assert await half.wait_for(1) == [last]
        for each in (phone, back, half):
            await each.close()


async def test_more_read_letters_than_a_mailbox_remembers_are_told_to_read_afresh(database: Database) -> None:
    runtime = await open_loud_runtime(database)
    await record_event(runtime, "nudged")
    await deliver_all_due(runtime, new_delivery_worker())
    changed = [[version, 1] for version in range(10, 10 + MAX_CHANGED)]
    await runtime.store[MAILBOXES].update_one({"_id": "ana"}, {"$set": {"changed": changed, "version": 300}})
    for version, expected in ((8, "ResyncRequired"), (9, "LettersActivity")):
        phone = ActivityReader(runtime, after=ActivityCursor(2, 0, 1, StateVersions(1, 0, version)))
        (activity,) = await phone.wait_for(1)
        assert type(activity).__name__ == expected
        await phone.close()


async def speak_portuguese(runtime: Runtime) -> None:
    """Change the language of the member."""
    stored = await load_member(runtime, "ana")
    change = ProfileChange(stored.profile_version, replace(stored.details, locale="pt"))
    await runtime.store.transact([members.profile_write("ana", change)])


async def test_a_profile_and_a_friend_are_told_and_told_again_after_a_cut(database: Database) -> None:
    runtime = await open_loud_runtime(database)
    start = ActivityCursor(1, 0, 0, StateVersions(1, 0, 0))
    async with followed(runtime):
        phone = ActivityReader(runtime, after=start)
        await wait_for_listeners(runtime.activity_hub, 1)
        await speak_portuguese(runtime)
        assert await phone.wait_for(1) == [ProfileActivity()]
        await runtime.store.transact([members.count_invited_write("ana")])
        assert await phone.wait_for(2) == [ProfileActivity(), ReferralActivity()]
        assert phone.activities[-1].cursor == ActivityCursor(1, 0, 0, StateVersions(2, 1, 0))
        back = ActivityReader(runtime, after=start)
        assert await back.wait_for(2) == [ReferralActivity(), ProfileActivity()]
        half = ActivityReader(runtime, after=back.activities[0].cursor)
        assert await half.wait_for(1) == [ProfileActivity()]
        for each in (phone, back, half):
            await each.close()


async def test_a_cursor_of_an_earlier_release_goes_on_from_the_profile_of_now(database: Database) -> None:
    runtime = await open_loud_runtime(database)
    await speak_portuguese(runtime)
    async with followed(runtime):
        phone = ActivityReader(runtime, after=ActivityCursor(1, 0, 0))
        await wait_for_listeners(runtime.activity_hub, 1)
        await record_event(runtime, "nudged")
        assert await phone.wait_for(1) == [ProgressActivity()]
        assert phone.activities[0].cursor == ActivityCursor(2, 0, 0, StateVersions(2, 0, 0))
        await phone.close()
