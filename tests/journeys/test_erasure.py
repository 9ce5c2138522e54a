"""A person erased: nothing of them is left anywhere, and every total still adds up."""

import gzip
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from api.senders.erasure_file import erasure_file
from domain.services.archiving.choosing import LEAST_DAYS, bound
from domain.services.archiving.moving_out import archive
from domain.services.club import leaderboards
from domain.services.decisions import load_member
from domain.services.erasure.erasing import ErasureActor, erase, run_round
from domain.services.erasure.replaying import replay
from domain.services.errors import NotFound
from domain.store import personal_data
from domain.store.archive.folder import ArchiveFolder
from domain.store.connect import Database
from domain.store.document_store import DocumentStore
from domain.store.ledger import erasures
from domain.store.ledger.archived import journal_bases
from domain.store.ledger.members import StoredMember
from domain.store.personal_data import PLACES, DataPlace
from domain.store.prepare import COLLECTIONS
from tests.command_log import CommandLog
from tests.journeys.erased_person import (
    PROGRAMME,
    Person,
    dump,
    expect_whole,
    fiscal,
    found_in,
    let_time_pass,
    live,
    totals,
)
from tests.running_app import RunningApp, open_running_app

BY_SERVICE = ErasureActor("service", "cli:root", "asked by letter")


@pytest.fixture
async def app(database: Database, command_log: CommandLog, tmp_path: Path) -> AsyncIterator[RunningApp]:
    file = tmp_path / "club.yaml"
    file.write_text(PROGRAMME, encoding="utf-8")
    async with open_running_app(database, command_log, tmp_path / "data", programme=file) as running:
        yield running


def test_every_collection_says_what_becomes_of_an_erased_members_data() -> None:
    assert {place.collection for place in PLACES} == set(COLLECTIONS)


async def test_nothing_of_the_person_is_left_and_every_total_adds_up(
    app: RunningApp, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    person = await live(app)
    assert await app.count("recommendation_openings") == 1
    assert await app.process.store["figures_members"].find_one(
        {"_id": person.id, "tastes.items": {"$ne": []}}
    )
    before = await dump(app)
    # Each of them is there before, or this test would find nothing whatever happened.
    hidden = {"912 345 678", "Zuzia", "Sokół"} | set(person.secrets)
    assert set(person.traces) - set(found_in(before, person.traces)) <= hidden
    documents, sums = await fiscal(app), await totals(app)
    await expect_whole(app)
    capsys.readouterr()
    erased = await erase(app.process.runtime, person.id, by=BY_SERVICE, now=app.clock())
    assert erased is not None
    assert (erased.entry_count, erased.voucher_count) == (2, 2)
    assert found_in(await dump(app), person.traces) == []
    said = capsys.readouterr()
    assert found_in(said.out + said.err, person.traces) == []
    await expect_whole(app)
    assert await fiscal(app) == documents
    after = await totals(app)
    written_off = {key: after.pop(key) for key in list(after) if key[1] == "ERASE"}
    assert after == sums
    row = await app.process.store["members"].find_one({"_id": person.id})
    assert row is not None
    assert (row["status"], row["number"], row["profile"]["name"]) == ("erased", "", "")
    await expect_nothing_leads(app, person.id)
    assert len(written_off) == 2
    # Time brings them nothing more: no delayed rule, no birthday, no lapse, no message.
    count = await app.count("journal")
    await let_time_pass(app, days=840)
    assert [
        each
        async for each in app.process.store["journal"].find(
            {"member": person.id, "at": {"$gt": row["erase_at"]}}
        )
    ] == []
    assert await app.count("journal") >= count
    await expect_whole(app)
    swept = await run_round(app.process.runtime, now=app.clock())
    assert (swept.swept_count, swept.failed_count) == (2, 0)
    swept = await run_round(app.process.runtime, now=app.clock())
    assert swept.swept_count == 0
    assert found_in(await dump(app), person.traces) == []
    assert await erasure_file(app.process.settings).read() == [person.id, *row["merged"]]
    await expect_archived_without_traces(app, person, tmp_path / "archive")


async def expect_archived_without_traces(app: RunningApp, person: Person, folder: Path) -> None:
    """Assert that the person's rows leave for the archive, nameless, and that every total still adds up."""
    store, now, documents = app.process.store, app.clock(), await fiscal(app)
    before = bound(now, days=LEAST_DAYS)
    report = await archive(store, ArchiveFolder(folder), before=before, now=now, release="test")
    store.archive = ArchiveFolder(folder)
    assert report.rows > 10
    rows = store.archive.rows_of(person.id, until_seq=await journal_bases.find_seq(store, person.id))
    assert [row["event"]["name"] for row in rows].count("purchase.completed") > 1
    texts = [gzip.decompress(path.read_bytes()).decode() for path in folder.glob("*/*.gz")]
    assert found_in("".join(texts), person.traces) == []
    assert sorted(map(str, await fiscal(app))) == sorted(map(str, documents))  # many have one instant
    await expect_whole(app)


async def expect_nothing_leads(app: RunningApp, member: str) -> None:
    """Assert that no hash, index or body leads to a member, nor to one that was merged into theirs."""
    store = app.process.store
    row = await store["members"].find_one({"_id": member})
    assert row is not None
    for id in (member, *row["merged"]):
        each = await store["members"].find_one({"_id": id})
        assert each is not None
        emptied = {name: each[name] for name in erasures.EMPTIED_FIELDS}
        assert (each["status"], emptied) == ("erased", dict(erasures.EMPTIED_FIELDS))
        assert not set(erasures.REMOVED_FIELDS) & set(each)
    emptied_collections = ("parked_events", "merges", "intake_bindings", "intake_deliveries")
    for collection in (*emptied_collections, "recommendation_openings"):
        assert await app.count(collection) == 0, collection
    figures = [
        each async for each in store["figures_members"].find({"_id": {"$in": [member, *row["merged"]]}})
    ]
    assert len(figures) == 2
    assert all("tastes" not in each for each in figures)
    orders = [each async for each in store["intake_orders"].find({"_id": {"$gt": ""}})]
    assert [(each["member"], each["contacts"], each.get("customer")) for each in orders] == [
        (member, [], None)
    ]


class Killed(Exception):
    """Stands for the end of the process at this point."""


STEPS = [place.collection for place in PLACES if place.erase is not None]


@pytest.mark.parametrize("at", ["log", "commit", STEPS[0], STEPS[len(STEPS) // 2], STEPS[-1]])
@pytest.mark.parametrize("is_after", [False, True])
async def test_an_erasure_cut_off_at_any_step_is_made_whole_by_the_next_turn(
    app: RunningApp, monkeypatch: pytest.MonkeyPatch, at: str, is_after: bool
) -> None:
    person = await live(app)
    runtime = app.process.runtime
    with monkeypatch.context() as patch:
        if at == "log":
            note = runtime.erasure_log.note

            async def dying_note(member: str, *, at: object) -> None:
                if is_after:
                    await note(member, at=at)  # type: ignore[arg-type]
                raise Killed

            patch.setattr(
                type(runtime.erasure_log), "note", lambda self, *words, **more: dying_note(*words, **more)
            )
        elif at == "commit":
            transact = DocumentStore.transact

            async def dying_transact(self: DocumentStore, *words: object, **more: object) -> None:
                if is_after:
                    await transact(self, *words, **more)  # type: ignore[arg-type]
                raise Killed

            patch.setattr(DocumentStore, "transact", dying_transact)
        else:
            patch.setattr(personal_data, "PLACES", [_dying(place, at, is_after=is_after) for place in PLACES])
        with pytest.raises(Killed):
            await erase(runtime, person.id, by=BY_SERVICE, now=app.clock())
    await expect_whole(app)
    status = await app.process.store["members"].find_one({"_id": person.id})
    assert status is not None
    if status["status"] == "active":
        # It had not begun: a replay of the log, or whoever asked for it, begins again.
        assert (await replay(runtime, actor="cli", now=app.clock())) == (
            1 if at == "commit" or is_after else 0
        )
        await erase(runtime, person.id, by=BY_SERVICE, now=app.clock())
    else:
        assert (await run_round(runtime, now=app.clock())).swept_count == 2
    assert found_in(await dump(app), person.traces) == []
    await expect_whole(app)


def _dying(place: DataPlace, collection: str, *, is_after: bool) -> DataPlace:
    if place.collection != collection or place.erase is None:
        return place
    erase_there = place.erase

    async def die(store: DocumentStore, member: str) -> None:
        if is_after:
            await erase_there(store, member)
        raise Killed

    return replace(place, erase=die)


async def test_who_is_erased_while_they_join_a_leaderboard_leaves_no_nickname(
    app: RunningApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    await app.enrol_member()
    contact = await app.process.store["contacts"].find_one({"_id": "email:ana@example.com"})
    assert contact is not None
    member, runtime = contact["member"], app.process.runtime
    has_read = list[bool]()

    async def load_and_erase(*values: Any) -> StoredMember:
        stored_member = await load_member(*values)
        if not has_read:
            has_read.append(True)
            await erase(runtime, member, by=BY_SERVICE, now=app.clock())
        return stored_member

    monkeypatch.setattr(leaderboards, "load_member", load_and_erase)
    with pytest.raises(NotFound):
        await leaderboards.join(runtime, member_id=member, code="best", nickname="Zuzia", now=app.clock())
    assert found_in(await dump(app), ("Zuzia",)) == []
