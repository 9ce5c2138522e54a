"""Published programmes: numbered, immutable, the same content is no new version, and other processes notice."""

import asyncio
from datetime import timedelta

import pytest

from domain.model.programme.faults import ProgrammeInvalid
from domain.store.connect import Database
from domain.store.ledger.programmes import NothingPublished, Programmes
from tests.command_log import CommandLog
from tests.small_runtime import NOW, SMALL, open_runtime

OTHER = SMALL.replace("per: 100", "per: 50")


async def test_the_same_content_is_no_new_version(database: Database) -> None:
    runtime = await open_runtime(database)
    again = await runtime.programmes.publish("# a comment\n" + SMALL, now=NOW)
    assert again.number == 1


async def test_versions_are_numbered_and_stay(database: Database) -> None:
    runtime = await open_runtime(database)
    second = await runtime.programmes.publish(OTHER, now=NOW + timedelta(days=1))
    third = await runtime.programmes.publish(SMALL, now=NOW + timedelta(days=2))
    assert (second.number, third.number) == (2, 3)
    assert await runtime.programmes.read_text(2) == OTHER
    ruled = [await runtime.programmes.version_at(NOW + timedelta(days=days)) for days in (-1, 0, 1, 5)]
    assert [one.number for one in ruled] == [1, 1, 2, 3]


async def test_two_publishers_at_once_get_two_versions(database: Database) -> None:
    runtime = await open_runtime(database)
    other = Programmes(runtime.store)
    made = await asyncio.gather(
        runtime.programmes.publish(OTHER, now=NOW), other.publish(SMALL.replace("A mug", "Mug"), now=NOW)
    )
    assert {one.number for one in made} <= {2, 3}
    await runtime.programmes.refresh()
    assert runtime.programmes.current().number == 3


async def test_another_process_notices(database: Database, command_log: CommandLog) -> None:
    runtime = await open_runtime(database)
    other = Programmes(runtime.store)
    with pytest.raises(NothingPublished):
        other.current()
    await other.refresh()
    await runtime.programmes.publish(OTHER, now=NOW)
    assert other.current().number == 1
    await other.refresh()
    assert other.current().number == 2
    with command_log.counting() as counted:
        await other.load_version(1)
        await other.load_version(2)
    assert counted.names == []


async def test_a_faulty_file_is_not_published(database: Database) -> None:
    runtime = await open_runtime(database)
    with pytest.raises(ProgrammeInvalid):
        await runtime.programmes.publish(SMALL.replace("EUR", "12"), now=NOW)
    assert runtime.programmes.current().number == 1


async def test_a_large_file_is_read_beside_the_event_loop(database: Database) -> None:
    runtime = await open_runtime(database)
    rules = "".join(
        f"  - {{code: large-{n}, title: Large, on: purchase.completed, when: 'purchase.total > {n}',"
        " do: [{award: {wallet: points, fixed: 1}}]}\n"
        for n in range(150)
    )
    publishing = asyncio.create_task(
        runtime.programmes.publish(SMALL.replace("rules:\n", f"rules:\n{rules}", 1), now=NOW)
    )
    turns = 0
    while not publishing.done():
        await asyncio.sleep(0)
        turns += 1
    assert len((await publishing).programme.rules) >= 150
    assert turns > 1_000
    other = Programmes(runtime.store)
    first, again = await asyncio.gather(other.load_version(2), other.load_version(2))
    assert first is again


async def test_versions_are_listed_newest_first_with_who_published_them_and_what_for(
    database: Database,
) -> None:
    runtime = await open_runtime(database)
    await runtime.programmes.publish(OTHER, now=NOW + timedelta(days=1), by="cli:ana", note="Twice as dear")
    listed = await runtime.programmes.find_versions(first=5)
    assert [(each.number, each.published_by, each.note) for each in listed] == [
        (2, "cli:ana", "Twice as dear"),
        (1, None, None),
    ]
    assert [each.number for each in await runtime.programmes.find_versions(first=5, before=2)] == [1]
