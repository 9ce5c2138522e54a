"""`selo audit list` shows what was done by commands: who did what to whom, and no password."""

import getpass
import secrets
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.database import Database

from tests.servers import ROOT, SHARED_KEYS, quick_folder, selo

DEMO = ROOT / "scripts/demo/programmes/numiscollect.yaml"
Says = Callable[..., str]
Rows = Database[dict[str, Any]]


@pytest.fixture
def folder() -> Iterator[Path]:
    with quick_folder() as made:
        yield made


@pytest.fixture
def rows(database_uri: str) -> Iterator[Rows]:
    """A fresh database of this run's server, past all our code."""
    with MongoClient[dict[str, Any]](database_uri) as client:
        made = client[f"test-{secrets.token_hex(8)}"]
        yield made
        client.drop_database(made.name)


@pytest.fixture
def says(folder: Path, database_uri: str, rows: Rows) -> Says:
    """Run a command on that database; return what it printed."""
    environment = {"MONGODB_URI": database_uri, "SELO_DATABASE": rows.name, **SHARED_KEYS}

    def run(*words: str) -> str:
        done = selo(*words, "--data", str(folder), environment=environment)
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout.rstrip("\n")

    return run


def test_what_commands_did_is_listed_with_who_ran_them(folder: Path, says: Says) -> None:
    says("programme", "publish", str(DEMO))
    says("programme", "publish", str(DEMO))
    says("staff", "add", "rui", "--name", "Rui Costa")
    assert says("staff", "disable", "rui") == "rui is shut out; 0 sessions ended"
    assert says("staff", "enable", "rui") == "rui can sign in again"
    assert says("staff", "enable", "rui") == "rui was not shut out"
    changed = says("staff", "password", "rui")
    assert changed.startswith("rui has another password: ")
    assert changed.endswith("; 0 sessions ended")
    says("keys", "accept-secret")
    listed = says("audit", "list")
    me = f"cli:{getpass.getuser()}"
    assert [line.split("\t")[1:6] for line in listed.splitlines()] == [
        [me, "SECRET_ACCEPTED", "-", "-", "secret"],
        [me, "PASSWORD_CHANGED", "-", "-", "rui"],
        [me, "STAFF_ENABLED", "-", "-", "rui"],
        [me, "STAFF_DISABLED", "-", "-", "rui"],
        [me, "STAFF_ADDED", "-", "-", "rui"],
        [me, "PROGRAMME_PUBLISHED", "-", "-", "version 1"],
    ]
    assert changed.split(": ")[1].split(";")[0] not in listed


def test_look_ups_are_listed_by_store_and_member_together(rows: Rows, says: Says) -> None:
    says("programme", "publish", str(DEMO))
    rows["contacts"].insert_one({"_id": "number:123456789016", "member": "m-ana"})
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    for store, member in (("lisboa", "m-ana"), ("porto", "m-ana"), ("lisboa", None)):
        look_up = {"actor": "rui", "session": "s", "request": None, "by": "EMAIL", "purge_at": tomorrow}
        rows["look_ups"].insert_one(
            {
                "_id": secrets.token_hex(8),
                "at": datetime.now(UTC),
                "store": store,
                "member": member,
                **look_up,
            }
        )

    def listed(*options: str) -> list[list[str]]:
        lines = says("audit", "list", "--look-ups", *options).splitlines()
        return sorted(line.split("\t")[2:5] for line in lines)

    looked_up = "MEMBER_LOOKED_UP"
    assert len(listed()) == 3
    assert listed("--store", "lisboa") == [[looked_up, "lisboa", "-"], [looked_up, "lisboa", "m-ana"]]
    assert listed("--store", "lisboa", "--member", "123456789016") == [[looked_up, "lisboa", "m-ana"]]
