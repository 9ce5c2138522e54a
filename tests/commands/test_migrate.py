"""`selo migrate`, the embedded database's own migration at start, and a server whose database is migrated."""

import asyncio
import secrets
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from pymongo import MongoClient

from api.embedded import open_embedded, read_note
from domain.store.connect import connect
from domain.store.migrations import FORMAT
from tests.servers import ROOT, SHARED_KEYS, quick_folder, selo, serve_selo
from tests.stored_folders import ARCHIVES, load_archive

DEMO = ROOT / "scripts/demo/programmes/numiscollect.yaml"
FIRST = ARCHIVES[0]
MEMBERS = 11


@pytest.fixture
def folder() -> Iterator[Path]:
    with quick_folder() as folder:
        yield folder


@pytest.fixture
def environment(database_uri: str) -> Iterator[dict[str, str]]:
    """What names a database of its own on the server of this run, which holds the first format."""
    name = f"test-{secrets.token_hex(8)}"

    async def load() -> None:
        database = connect(database_uri, name, timeout_seconds=30)
        await load_archive(database, FIRST)
        await database.close()

    asyncio.run(load())
    yield {"MONGODB_URI": database_uri, "SELO_DATABASE": name, **SHARED_KEYS}
    with MongoClient[dict[str, object]](database_uri) as client:
        client.drop_database(name)


def test_a_named_database_waits_for_the_command(environment: dict[str, str], folder: Path) -> None:
    where = ("--data", str(folder))
    refused = selo("verify", *where, environment=environment)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == (
        f"The database {environment['SELO_DATABASE']} holds data of format 1, and this version of Selo reads"
        f" format {FORMAT}: stop the servers of the version that wrote it, and run: selo migrate.\n"
    )
    migrated = selo("migrate", *where, environment=environment)
    assert (migrated.returncode, migrated.stderr) == (0, "")
    assert migrated.stdout.splitlines()[0] == "Letters of the inbox name their kind: 0 documents changed"
    assert migrated.stdout.splitlines()[-1] == f"The database is of format {FORMAT}"
    # An archive holds no keys, so the secret that its vouchers are sealed with is lost.
    accepted = selo("keys", "accept-secret", *where, environment=environment)
    assert (accepted.returncode, accepted.stderr) == (0, "")
    verified = selo("verify", *where, environment=environment)
    assert (verified.stdout, verified.returncode) == (f"{MEMBERS} members: no difference\n", 0)
    again = selo("migrate", *where, environment=environment)
    assert again.stdout == f"The database is of format {FORMAT} already\n"


def test_an_embedded_database_is_migrated_by_its_next_start(folder: Path) -> None:
    async def load() -> None:
        async with open_embedded(folder, is_announced=False) as server:
            database = connect(server.uri, "selo", timeout_seconds=30)
            await load_archive(database, FIRST)
            await database.close()

    asyncio.run(load())
    assert "is of another secret" in selo("verify", "--data", str(folder)).stderr
    assert selo("keys", "accept-secret", "--data", str(folder)).returncode == 0
    verified = selo("verify", "--data", str(folder))
    assert (verified.stdout, verified.returncode) == (f"{MEMBERS} members: no difference\n", 0)
    assert selo("migrate", "--data", str(folder)).stdout == f"The database is of format {FORMAT} already\n"


def test_a_running_server_stops_serving_a_newer_format(folder: Path) -> None:
    with serve_selo(folder, "--programme", str(DEMO)) as served:
        assert httpx.get(f"{served.url}/ready").json()["parts"]["format"] == "current"
        running = read_note(folder)
        assert running is not None
        with MongoClient[dict[str, object]](running.uri) as client:
            client["selo"]["meta"].update_one({"_id": "format"}, {"$set": {"migrating_to": FORMAT + 1}})
        give_up_at = time.monotonic() + 30
        while (ready := httpx.get(f"{served.url}/ready")).status_code == 200:
            assert time.monotonic() < give_up_at
        assert (ready.status_code, ready.json()["parts"]["format"]) == (503, f"newer: {FORMAT + 1}")
        enrol = (
            'mutation { enrol(input: {name: "Ana", email: "ana@example.com", termsVersion: "2026-01",'
            ' idempotencyKey: "a key of ours"}) { __typename } }'
        )
        answer = httpx.post(f"{served.url}/graphql", json={"query": enrol}).json()
        assert [error["extensions"]["code"] for error in answer["errors"]] == ["BUSY"]
    refused = selo("verify", "--data", str(folder))
    assert f"reads format {FORMAT}: start the version that migrated it, or a newer one." in refused.stderr
