"""Quiet hours in the worker: over midnight, over both changes of the clock, and for a member who changed
zones meanwhile.
"""

from datetime import UTC, datetime, timedelta

import pytest

from domain.services.runtime import Runtime
from domain.store.connect import Database
from tests.loud_runtime import (
    NIGHT,
    NOON,
    RecordingPushSender,
    change_details,
    deliver_all_due,
    load_outbox_row,
    new_delivery_worker,
    open_loud_runtime,
    record_event,
    register_phone,
)

SPREAD = timedelta(minutes=15)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


async def held_until(runtime: Runtime, *, since: datetime, morning: datetime) -> None:
    """Record rain, and assert that the phone stays silent until the morning and then rings once."""
    id, pushes = await record_event(runtime, "rained", at=since), RecordingPushSender()
    assert await deliver_all_due(runtime, new_delivery_worker(pushes), now=since) == 0
    due = (await load_outbox_row(runtime, id)).due_at
    assert morning <= due < morning + SPREAD
    for waiting in (since + (due - since) / 2, due - timedelta(milliseconds=1)):
        assert await deliver_all_due(runtime, new_delivery_worker(pushes), now=waiting) == 0
    assert await deliver_all_due(runtime, new_delivery_worker(pushes), now=due) == 1
    assert await deliver_all_due(runtime, new_delivery_worker(pushes), now=due + timedelta(days=1)) == 0
    assert len(pushes.sent) == 1


@pytest.mark.parametrize(
    ("since", "morning"),
    [
        ("2026-03-02T21:00", "2026-03-03T08:00"),  # the first moment of the night
        ("2026-03-02T23:59:59", "2026-03-03T08:00"),
        ("2026-03-03T00:00", "2026-03-03T08:00"),  # midnight itself
        ("2026-03-03T07:59:59", "2026-03-03T08:00"),  # the last
        (
            "2026-03-28T22:00",
            "2026-03-29T07:00",
        ),  # Lisbon's clock goes on to summer time: the night is an hour shorter
        ("2026-03-29T01:30", "2026-03-29T07:00"),  # after it has gone on
        (
            "2026-10-24T20:00",
            "2026-10-25T08:00",
        ),  # it goes back: the night, from 21:00 in summer time, is an hour longer
        ("2026-10-25T01:30", "2026-10-25T08:00"),  # in the hour that comes twice, the second time
    ],
)
async def test_what_comes_at_night_waits_for_the_morning(
    database: Database, since: str, morning: str
) -> None:
    runtime = await open_loud_runtime(database)
    await register_phone(runtime, at=at(since))
    await held_until(runtime, since=at(since), morning=at(morning))


@pytest.mark.parametrize(
    ("zone", "since", "morning"),
    [
        ("America/New_York", "2026-03-03T03:00", "2026-03-03T13:00"),  # ten in the evening
        ("Asia/Tokyo", "2026-03-02T13:00", "2026-03-02T23:00"),
        # New York went on to summer time on 8 March, three weeks before Lisbon.
        ("America/New_York", "2026-03-08T03:00", "2026-03-08T12:00"),
    ],
)
async def test_the_night_is_the_members_own(database: Database, zone: str, since: str, morning: str) -> None:
    runtime = await open_loud_runtime(database)
    await register_phone(runtime, at=at(since))
    await change_details(runtime, zone=zone)
    await held_until(runtime, since=at(since), morning=at(morning))


async def test_at_once_by_day_and_at_any_hour_where_the_programme_does_not_say_quiet(
    database: Database,
) -> None:
    runtime = await open_loud_runtime(database)
    await register_phone(runtime)
    pushes = RecordingPushSender()
    await record_event(runtime, "rained", at=NOON)
    assert await deliver_all_due(runtime, new_delivery_worker(pushes), now=NOON) == 1
    await record_event(runtime, "visited", at=NIGHT, place="Baixa", people=2)
    assert await deliver_all_due(runtime, new_delivery_worker(pushes), now=NIGHT) == 1


async def test_who_moved_to_where_it_is_day_before_it_was_sent_is_told_at_once(database: Database) -> None:
    runtime = await open_loud_runtime(database)
    await register_phone(runtime)
    await record_event(runtime, "rained", at=NIGHT)  # decided in Lisbon's night
    await change_details(runtime, zone="Pacific/Auckland")  # where it is noon
    assert await deliver_all_due(runtime, new_delivery_worker(RecordingPushSender()), now=NIGHT) == 1


async def test_who_moved_while_it_waited_is_woken_in_neither_night(database: Database) -> None:
    runtime = await open_loud_runtime(database)
    await register_phone(runtime)
    id, pushes = await record_event(runtime, "rained", at=NIGHT), RecordingPushSender()
    await deliver_all_due(runtime, new_delivery_worker(pushes), now=NIGHT)
    lisbons = (await load_outbox_row(runtime, id)).due_at
    await change_details(runtime, zone="America/Los_Angeles")
    assert await deliver_all_due(runtime, new_delivery_worker(pushes), now=lisbons) == 0  # midnight there
    due_at = (await load_outbox_row(runtime, id)).due_at
    assert at("2026-03-03T16:00") <= due_at < at("2026-03-03T16:00") + SPREAD
    await change_details(runtime, zone="Asia/Tokyo")
    assert (
        await deliver_all_due(runtime, new_delivery_worker(pushes), now=due_at) == 0
    )  # and one in the morning by then
    assert (
        at("2026-03-03T23:00")
        <= (await load_outbox_row(runtime, id)).due_at
        < at("2026-03-03T23:00") + SPREAD
    )
    assert (
        await deliver_all_due(
            runtime, new_delivery_worker(pushes), now=(await load_outbox_row(runtime, id)).due_at
        )
        == 1
    )
