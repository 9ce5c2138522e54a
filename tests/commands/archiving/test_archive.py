"""`selo archive` as an operator runs it: tried first, killed at random, checked, read, and put back."""

import asyncio
import os
import random
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pymongo import MongoClient
from pymongo.database import Database as Mongo

from domain.services.archiving.choosing import LEAST_DAYS
from domain.store.archive.folder import ArchiveFolder
from domain.store.connect import connect
from domain.store.people import contacts
from tests.servers import ROOT, SHARED_KEYS, selo
from tests.services.archiving.long_lives import MEMBERS, open_long_lives

KILLS = 2
NUMBER = "0000ana"


async def fill(uri: str, name: str) -> None:
    """Members who bought each month since 2023."""
    database = connect(uri, name, timeout_seconds=30)
    # Vouchers would be sealed with another secret than that of the commands.
    runtime = await open_long_lives(database, months=13, with_rewards=False)
    await runtime.store[contacts.COLLECTION].insert_one({"_id": contacts.number_key(NUMBER), "member": "ana"})
    await runtime.store.drain()
    await database.close()


@pytest.fixture
def mongo(
    database_uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Mongo[dict[str, object]]]:
    name = f"test-{secrets.token_hex(8)}"
    environment = {"MONGODB_URI": database_uri, "SELO_DATABASE": name, "SELO_ARCHIVE": str(tmp_path / "old")}
    for variable, value in {**environment, **SHARED_KEYS}.items():
        monkeypatch.setenv(variable, value)
    asyncio.run(fill(database_uri, name))
    with MongoClient[dict[str, object]](database_uri) as client:
        yield client[name]
        client.drop_database(name)


def told(*words: str) -> subprocess.CompletedProcess[str]:
    """Run a command with the settings of the test."""
    names = ("MONGODB_URI", "SELO_DATABASE", "SELO_ARCHIVE", *SHARED_KEYS)
    return selo(*words, environment={name: os.environ[name] for name in names})


def killed(after_seconds: float) -> None:
    """Begin a run, and kill it with SIGKILL."""
    run = subprocess.Popen(
        [sys.executable, "-m", "api.cli", "archive"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    time.sleep(after_seconds)
    run.send_signal(signal.SIGKILL)
    run.wait(timeout=60)


def rows_of(mongo: Mongo[dict[str, object]], folder: Path) -> list[str]:
    """Return the id of every row, in the database and above no base in the archive."""
    archive = ArchiveFolder(folder)
    bases = {str(base["_id"]): int(str(base["seq"])) for base in mongo["journal_bases"].find()}
    archived = [str(row["_id"]) for id, seq in bases.items() for row in archive.rows_of(id, until_seq=seq)]
    return sorted([*archived, *(str(row["_id"]) for row in mongo["journal"].find({}, {"_id": 1}))])


def test_a_run_is_tried_killed_ended_checked_read_and_undone(
    mongo: Mongo[dict[str, object]], tmp_path: Path
) -> None:
    folder, rows = tmp_path / "old", sorted(str(row["_id"]) for row in mongo["journal"].find())
    dry = told("archive", "--dry-run")
    assert dry.returncode == 0, dry.stderr
    assert f"{len(MEMBERS)} members, " in dry.stdout
    assert not folder.exists()
    for _ in range(KILLS):
        killed(random.uniform(1.0, 5.0))
        assert rows_of(mongo, folder) == rows
    done = told("archive")
    assert (done.returncode, done.stdout.splitlines()[-1][:20]) == (0, "Moved: rows of befor"), done.stderr
    assert rows_of(mongo, folder) == rows
    assert mongo["journal"].count_documents({}) < len(rows) / 2
    assert told("archive", "check").returncode == 0
    assert told("verify").stdout == "3 members: no difference\n"
    lines = told("archive", "read", NUMBER).stdout.splitlines()
    assert (
        lines[0] == "2023-01-10 10:00 UTC       +60 points  balance 60  AWARD purchase.completed (purchase)"
    )
    assert told("archive", "restore", NUMBER).returncode == 0
    assert told("archive", "read", NUMBER).stdout == f"{NUMBER}: nothing is archived\n"
    assert rows_of(mongo, folder) == rows


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--data", "elsewhere", "check"), "Invalid value for --data: write it behind check"),
        (("--data", "elsewhere", "read", NUMBER), "Invalid value for --data: write it behind read"),
        (("--days", "900", "read", NUMBER), "Invalid value for --days: read takes none"),
        (("--dry-run", "restore", NUMBER), "Invalid value for --dry-run: restore has no such trial"),
    ],
)
def test_an_option_before_a_subcommand_is_refused(words: tuple[str, ...], sentence: str) -> None:
    refused = selo("archive", *words)
    assert (refused.returncode, refused.stderr.splitlines()[-1]) == (2, f"Error: {sentence}")


def test_what_cannot_be_is_said_in_a_sentence(
    mongo: Mongo[dict[str, object]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for days in (LEAST_DAYS - 1, 1_000_000):
        assert told("archive", "--days", str(days)).returncode == 2
    assert "There is no archive in" in told("archive", "check").stderr
    assert told("archive").returncode == 0
    [manifest, *_] = (tmp_path / "old").glob("*/manifest.json")
    manifest.write_text("{")
    damaged = told("archive", "read", NUMBER)
    assert (damaged.returncode, str(manifest) in damaged.stderr) == (1, True), damaged.stderr
    monkeypatch.setenv("SELO_ARCHIVE", str(tmp_path / "elsewhere"))
    assert "by SELO_ARCHIVE" in told("archive", "read", NUMBER).stderr
    assert "in an archive" in told("figures", "rebuild").stderr
    assert told("verify").stdout.splitlines()[-1] == "3 members: no difference"
    assert mongo["journal_bases"].count_documents({}) == len(MEMBERS)


def test_figures_are_counted_again_since_a_day_with_the_archive_and_not_without_it(
    mongo: Mongo[dict[str, object]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert told("archive").returncode == 0
    counted = told("figures", "rebuild")
    assert counted.returncode == 0, counted.stderr
    lost = mongo["figures_members"].find_one_and_delete({})
    assert lost is not None
    refused = told("figures", "rebuild", "--since", "2023-07-01")
    assert (refused.returncode, "count everything by selo figures rebuild" in refused.stderr) == (1, True)
    mongo["figures_members"].insert_one(lost)
    days = list(mongo["figures_days"].find().sort("_id"))
    query = {"day": {"$gte": "2023-07-01"}}
    assert 0 < mongo["figures_days"].count_documents(query) < len(days)
    mongo["figures_days"].delete_many(query)
    mongo["figures_days"].update_one({"_id": days[0]["_id"]}, {"$set": {"receipts": 777}})
    since = told("figures", "rebuild", "--since", "2023-07-01")
    rows = counted.stdout.rpartition("Counted again: ")[2]
    assert since.stdout.endswith(f"Counted again since 2023-07-01: {rows}"), since.stderr
    assert list(mongo["figures_days"].find().sort("_id")) == [{**days[0], "receipts": 777}, *days[1:]]
    assert "--since is no day" in told("figures", "rebuild", "--since", "July").stderr
    monkeypatch.setenv("SELO_ARCHIVE", str(tmp_path / "elsewhere"))
    assert "in an archive" in told("figures", "rebuild", "--since", "2023-07-01").stderr
    assert list(mongo["figures_days"].find().sort("_id")) == [{**days[0], "receipts": 777}, *days[1:]]
