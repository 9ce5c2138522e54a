"""`selo audit list` shows what was done by commands: who did what to whom, and no password."""

import getpass
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pymongo import MongoClient

from tests.servers import ROOT, SHARED_KEYS, quick_folder, selo

DEMO = ROOT / "scripts/demo/numiscollect.yaml"
Says = Callable[..., str]


@pytest.fixture
def folder() -> Iterator[Path]:
    with quick_folder() as made:
        yield made


@pytest.fixture
def says(folder: Path, database_uri: str) -> Iterator[Says]:
    """Run a command on a fresh database of this run's server; return what it printed."""
    name = f"test-{secrets.token_hex(8)}"
    environment = {"MONGODB_URI": database_uri, "SELO_DATABASE": name, **SHARED_KEYS}

    def run(*words: str) -> str:
        done = selo(*words, "--data", str(folder), environment=environment)
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout.rstrip("\n")

    yield run
    with MongoClient[dict[str, object]](database_uri) as client:
        client.drop_database(name)


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
