"""Shard keys that a cluster takes, and roles with which a server, a worker and a backup get by and nobody more."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pymongo.errors import OperationFailure

import api.embedded
from api.embedded import open_embedded
from domain.services.runtime import Runtime
from domain.store.cluster.roles import ROLES, USERS, role_commands, role_document
from domain.store.cluster.shard_keys import BY_ID, SHARD_KEYS, UNSHARDED, NoCluster, shard, shard_commands
from domain.store.connect import Database, connect
from domain.store.copying.documents import collection_names, open_snapshot, read_windows
from domain.store.document_store import DocumentStore
from domain.store.prepare import COLLECTIONS, prepare
from tests.commands.test_backup import fill_store
from tests.servers import ROOT, quick_folder, selo

ROOTED_SERVER = Path(__file__).parent.parent / "rooted_server.py"
PASSWORD = "a password of a test"


def test_every_collection_is_sharded_or_stays_on_one_shard() -> None:
    assert SHARD_KEYS.keys() | UNSHARDED == COLLECTIONS.keys()
    assert SHARD_KEYS.keys() & UNSHARDED == set()


def test_every_unique_index_of_a_sharded_collection_begins_with_its_key() -> None:
    """Else the cluster refuses to shard it, or could not promise uniqueness."""
    unique = {
        name: list(index.document["key"])
        for name, indexes in COLLECTIONS.items()
        for index in indexes
        if index.document.get("unique")
    }
    assert {name for name in unique if name in SHARD_KEYS} == {"journal", "inbox", "vouchers"}
    for name, key in SHARD_KEYS.items():
        if key != BY_ID:
            assert unique[name][: len(key)] == list(key)
        assert name not in unique or key != BY_ID


def test_the_commands_of_sharding_are_what_mongosh_takes() -> None:
    printed = selo("ops", "shard", environment={"SELO_DATABASE": "club"})
    lines = printed.stdout.splitlines()
    assert (printed.returncode, lines) == (0, list(shard_commands("club")))
    assert lines[0] == 'sh.shardCollection("club.agenda", {_id: 1})'
    assert 'sh.shardCollection("club.journal", {member: 1, seq: 1})' in lines
    assert len(lines) == len(SHARD_KEYS) == len(set(lines))
    assert all(
        re.fullmatch(r'sh\.shardCollection\("club\.\w+", \{\w+: 1(, \w+: 1)?\}\)', line) for line in lines
    )


def test_the_commands_of_roles_are_what_mongosh_takes() -> None:
    printed = selo("ops", "roles", environment={"SELO_DATABASE": "club"})
    assert (printed.returncode, printed.stdout.splitlines()) == (0, list(role_commands("club")))
    admin = 'db.getSiblingDB("admin")'
    resource = '{"resource": {"db": "club", "collection": ""}'
    reads = '"actions": ["find", "listCollections"]}'
    assert printed.stdout.splitlines()[1:] == [
        f'{admin}.createRole({{"role": "seloBackup", "privileges": [{resource}, {reads}], "roles": []}})',
        f'{admin}.createUser({{user: "selo", pwd: passwordPrompt(), roles: ["seloServer"]}})',
        f'{admin}.createUser({{user: "selo-backup", pwd: passwordPrompt(), roles: ["seloBackup"]}})',
    ]


async def test_a_server_that_is_no_mongos_shards_nothing(database: Database, database_uri: str) -> None:
    with pytest.raises(NoCluster):
        await shard(DocumentStore.of(database))
    refused = selo("ops", "shard", "--apply", environment={"MONGODB_URI": database_uri})
    assert (refused.returncode, "is no mongos" in refused.stderr) == (1, True)


@pytest.fixture
async def guarded_uri(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[str]:
    """A server with the roles and users of `selo ops roles`."""
    monkeypatch.setattr(api.embedded, "SERVER", ROOTED_SERVER)
    monkeypatch.setattr(api.embedded, "USER", "owner")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    with quick_folder() as folder:
        async with open_embedded(folder, is_announced=False) as server:
            root = connect(server.uri, "admin", timeout_seconds=30)
            for name in ROLES:
                document = role_document(name, "selo")
                await root.client.admin.command({"createRole": document["role"], **document})
            for user, role in USERS.items():
                await root.client.admin.command("createUser", user, pwd=PASSWORD, roles=[role])
            await root.close()
            yield server.uri


def as_user(uri: str, user: str) -> Database:
    return connect(
        re.sub("//.*@", f"//{user}:{PASSWORD.replace(' ', '%20')}@", uri), "selo", timeout_seconds=30
    )


async def test_a_server_and_a_backup_get_by_with_their_roles_and_no_more(guarded_uri: str) -> None:
    server, backup = as_user(guarded_uri, "selo"), as_user(guarded_uri, "selo-backup")
    try:
        store = DocumentStore.of(server, embedded=True)
        await prepare(store)
        await fill_store(Runtime.for_store(store))
        async with await store.mongo.watch() as changes:
            assert changes.alive
        reader = DocumentStore.of(backup)
        async with open_snapshot(reader, is_embedded=True) as session:
            counts = {
                name: sum([len(window) async for window in read_windows(reader, name, session=session)])
                for name in await collection_names(reader)
            }
        assert (counts["members"], counts["journal"]) == (2, 3)
        for refused in (
            lambda: reader["members"].delete_many({"_id": "ana"}),
            store["members"].drop,
            lambda: store.client["other"]["members"].find_one({"_id": "ana"}),
        ):
            with pytest.raises(OperationFailure, match="not authorized"):
                await refused()
    finally:
        await server.close()
        await backup.close()
