"""`selo keys drop` ends a stolen signing key in every server at once; a token for long is refused before that."""

import asyncio
import json
import secrets
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pymongo import MongoClient
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from api.keys import TokenKey, add_key
from domain.store.connect import connect as connect_database
from tests.servers import ROOT, SHARED_KEYS, quick_folder, selo, serve_selo
from tests.small_runtime import join, open_runtime

DEMO = ROOT / "scripts/demo/programmes/numiscollect.yaml"


def key_named(beginning: str) -> TokenKey:
    """A key whose name begins so. A name is made of the key's own digits, and one of 64 begins with a dash."""
    while not (key := TokenKey(Ed25519PrivateKey.generate())).kid.startswith(beginning):
        pass
    return key


STOLEN, SPARE = key_named("-"), key_named("x")


def pem(*token_keys: TokenKey) -> str:
    return "".join(
        key.private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode()
        for key in token_keys
    )


@pytest.fixture
def folder() -> Iterator[Path]:
    with quick_folder() as made:
        yield made


@pytest.fixture
def environment(database_uri: str) -> Iterator[dict[str, str]]:
    """A database of its own for several servers, whose tokens are signed by the key that was stolen."""
    name = f"test-{secrets.token_hex(8)}"

    async def make_member() -> None:
        database = connect_database(database_uri, name, timeout_seconds=30)
        await join(await open_runtime(database), "ana")
        await database.close()

    asyncio.run(make_member())
    yield {
        "MONGODB_URI": database_uri,
        "SELO_DATABASE": name,
        **SHARED_KEYS,
        "SELO_TOKEN_KEYS": pem(STOLEN, SPARE),
    }
    with MongoClient[dict[str, object]](database_uri) as client:
        client.drop_database(name)


def forged(key: TokenKey = STOLEN, *, lasts: timedelta = timedelta(minutes=15)) -> str:
    """A token that the thief of a key makes."""
    now = datetime.now(UTC)
    claims = {
        "iss": "selo",
        "aud": "selo",
        "sub": "ana",
        "role": "member",
        "sid": "1" * 32,
        "iat": int(now.timestamp()),
        "exp": int((now + lasts).timestamp()),
    }
    headers = {"typ": "at+jwt", "kid": key.kid}
    return jwt.encode(claims, key.private, algorithm="EdDSA", headers=headers)


def is_believed(url: str, token: str) -> bool:
    answer = httpx.post(
        f"{url}/graphql",
        json={"query": "{ me { number } }"},
        headers={"authorization": f"Bearer {token}"},
        timeout=20,
    )
    return [error["extensions"]["code"] for error in answer.json().get("errors", [])] == []


def is_refused_soon(url: str, token: str) -> bool:
    give_up_at = time.monotonic() + 60
    while is_believed(url, token):
        if time.monotonic() > give_up_at:
            return False
        time.sleep(0.05)
    return True


async def open_socket(url: str, token: str) -> ClientConnection:
    socket = await connect(
        f"{url.replace('http', 'ws', 1)}/graphql", subprotocols=[Subprotocol("graphql-transport-ws")]
    )
    payload = {"authorization": f"Bearer {token}"}
    await socket.send(json.dumps({"type": "connection_init", "payload": payload}))
    assert json.loads(await socket.recv())["type"] == "connection_ack"
    return socket


async def test_a_dropped_key_ends_in_every_server_and_its_sockets_with_it(
    folder: Path, environment: dict[str, str]
) -> None:
    with (
        serve_selo(folder / "a", environment=environment) as first,
        serve_selo(folder / "b", environment=environment) as second,
    ):
        urls = [first.url, second.url]
        for url in urls:
            assert not await asyncio.to_thread(is_believed, url, forged(lasts=timedelta(days=365)))
            assert await asyncio.to_thread(is_believed, url, forged())
        token = forged()
        assert [await asyncio.to_thread(is_believed, url, token) for url in urls] == [True, True]
        sockets = [await open_socket(url, token) for url in urls]

        dropped = await asyncio.to_thread(selo, "keys", "drop", STOLEN.kid, environment=environment)
        assert dropped.stdout == (
            f"{STOLEN.kid} is dropped, and {SPARE.kid} signs: apps refresh their session, a till scans its"
            " customer again.\n"
        ), dropped.stderr
        for url, socket in zip(urls, sockets, strict=True):
            assert await asyncio.to_thread(is_refused_soon, url, token)
            assert not await asyncio.to_thread(is_believed, url, forged())
            with pytest.raises(ConnectionClosed):
                await asyncio.wait_for(socket.recv(), 60)
            assert await asyncio.to_thread(is_believed, url, forged(SPARE))
            jwks = (await asyncio.to_thread(httpx.get, f"{url}/.well-known/jwks.json")).json()
            assert [key["kid"] for key in jwks["keys"]] == [SPARE.kid]
            assert (await asyncio.to_thread(httpx.get, f"{url}/ready")).json()["parts"]["keys"] == "one signs"

    last = await asyncio.to_thread(
        selo, "keys", "drop", SPARE.kid, environment={**environment, "SELO_TOKEN_KEYS": pem(SPARE)}
    )
    assert last.stderr.startswith(f"{SPARE.kid} is the only key in SELO_TOKEN_KEYS: put another in front")
    alone = await asyncio.to_thread(
        selo, "verify", environment={**environment, "SELO_TOKEN_KEYS": pem(STOLEN)}
    )
    assert alone.stderr.startswith("SELO_TOKEN_KEYS cannot be used: every key there was dropped")


def test_the_last_key_of_the_setting_that_works_stays(environment: dict[str, str]) -> None:
    assert selo("keys", "drop", STOLEN.kid, environment=environment).returncode == 0
    refused = selo("keys", "drop", SPARE.kid, environment=environment)
    assert refused.stderr == (
        f"{SPARE.kid} is the only key in SELO_TOKEN_KEYS that was not dropped: put another in front of it, start"
        " the servers and workers with both, and drop it then.\n"
    )
    assert refused.returncode == 1
    again = selo("keys", "drop", STOLEN.kid, environment=environment)
    assert again.stdout.startswith(f"{STOLEN.kid} is dropped, and {SPARE.kid} signs: "), again.stderr
    third = key_named("y")
    environment |= {"SELO_TOKEN_KEYS": pem(STOLEN, SPARE, third)}
    dropped = selo("keys", "drop", SPARE.kid, environment=environment)
    assert dropped.stdout.startswith(f"{SPARE.kid} is dropped, and {third.kid} signs: "), dropped.stderr


@pytest.mark.parametrize("name", ["--Zu7ey7nl5dbq4Z", "-h7ey7nl5dbq4Z", "-"])
def test_a_name_that_looks_like_an_option_is_read_as_a_name(folder: Path, name: str) -> None:
    dropped = selo("keys", "drop", name, "--data", str(folder), environment={"SELO_TOKEN_KEYS": pem(SPARE)})
    assert dropped.stderr == f"There is no key {name}: the keys are {SPARE.kid}.\n"


def test_the_key_of_a_data_folder_is_followed_by_a_new_one(folder: Path) -> None:
    with serve_selo(folder, "--programme", str(DEMO)) as served:
        url = served.url
        (old,) = selo("keys", "list", "--data", str(folder)).stdout.split()
        dropped = selo("keys", "drop", old, "--data", str(folder))
        assert dropped.returncode == 0, dropped.stderr
        (new,) = selo("keys", "list", "--data", str(folder)).stdout.split()
        assert new != old
        assert f"{old} is dropped, and {new} signs" in dropped.stdout
        give_up_at = time.monotonic() + 60
        while (keys := httpx.get(f"{url}/.well-known/jwks.json").json()["keys"])[0]["kid"] == old:
            assert time.monotonic() < give_up_at
        assert [key["kid"] for key in keys] == [new]
        assert f"\tKEYS_DROPPED\t-\t-\t{old}\t" in selo("audit", "list", "--data", str(folder)).stdout
    refused = selo("keys", "drop", old, "--data", str(folder))
    assert refused.stderr == f"There is no key {old}: the keys are {new}.\n"


def test_a_rotation_ends_the_keys_whose_time_is_over_in_running_servers_too(folder: Path) -> None:
    now = datetime.now(UTC)
    retired = add_key(folder / "keys", now=now - timedelta(days=3))
    signing = add_key(folder / "keys", now=now - timedelta(days=2))
    with serve_selo(folder, "--programme", str(DEMO)) as served:

        def kids() -> set[str]:
            return {key["kid"] for key in httpx.get(f"{served.url}/.well-known/jwks.json").json()["keys"]}

        assert kids() == {signing.kid, retired.kid}
        rotated = selo("keys", "rotate", "--data", str(folder))
        assert rotated.stdout.endswith(" signs from the next start on; 1 retired.\n"), rotated.stderr
        give_up_at = time.monotonic() + 60
        while retired.kid in kids():
            assert time.monotonic() < give_up_at
        assert kids() == {signing.kid}
    listed = selo("keys", "list", "--data", str(folder)).stdout.split()
    assert listed == [rotated.stdout.split()[0], signing.kid]
