"""`selo ops move`: a data folder to another server by the wire, with its secret, and back."""

import asyncio
import secrets
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from pymongo import MongoClient

from tests.commands.test_backup import EXACT, fill, verify
from tests.servers import quick_folder, selo, serve_selo


@pytest.fixture
def data() -> Iterator[Path]:
    with quick_folder() as folder:
        asyncio.run(fill(folder / "data"))
        yield folder / "data"


@pytest.fixture
def target(database_uri: str) -> Iterator[dict[str, str]]:
    """What names an empty database on the server of this run: a second one beside that of the folder."""
    name = f"test-{secrets.token_hex(8)}"
    yield {"MONGODB_URI": database_uri, "SELO_DATABASE": name}
    with MongoClient[dict[str, object]](database_uri) as client:
        client.drop_database(name)


def move(data: Path, target: dict[str, str], *words: str) -> tuple[int, str]:
    done = selo("ops", "move", *words, "--data", str(data), environment=target)
    return done.returncode, done.stdout + done.stderr


def environment(file: Path) -> dict[str, str]:
    """Read a file of settings as a shell does."""
    words = shlex.split(file.read_text())
    return dict(word.split("=", 1) for word in words)


def test_a_data_folder_moves_with_its_secret_and_is_served_there_alone(
    data: Path, target: dict[str, str]
) -> None:
    code, said = move(data, target)
    assert (code, "documents are at 127.0.0.1:" in said, "selo:" in said) == (0, True, False), said
    given = environment(data / "moved.env")
    assert (data / "moved.env").stat().st_mode & 0o077 == 0
    assert given["SELO_SECRET"] == (data / "keys/secret").read_text()
    assert given["SELO_WEB_PUSH_KEY"] == (data / "keys/web-push.pem").read_text()
    assert given["SELO_ERASURES_FILE"] == str(data.with_name("data.erasures"))
    there = {**target, **given}
    verified = selo("verify", environment=there)
    assert (verified.stdout, verified.stderr) == (EXACT, "")
    listed = selo("keys", "list", environment=there).stdout
    assert listed == selo("keys", "list", "--data", str(data)).stdout
    assert "was moved to 127.0.0.1:" in verify(data)
    assert move(data, target)[0] == 0  # once more changes nothing
    assert selo("verify", environment=there).stdout == EXACT
    assert "is being moved to" in move(data, {**target, "SELO_DATABASE": "other"})[1]
    code, said = move(data, target, "--cancel")
    assert (code, "is served again" in said) == (0, True), said
    assert verify(data) == EXACT
    assert "was not moved" in move(data, target, "--cancel")[1]
    assert "holds something already" in move(data, target)[1]


def test_a_move_wants_a_server_to_go_to_and_none_that_is_running(data: Path, target: dict[str, str]) -> None:
    assert "MONGODB_URI is not set" in move(data, {})[1]
    assert "There is no database other" in move(data, target, "--database", "other")[1]
    with serve_selo(data) as served:
        assert "stop it first" in move(data, target)[1]
        assert served.stop() == 0
    secret = data / "keys/secret"
    shutil.copy(secret, data / "kept")
    secret.chmod(0o600)
    secret.write_text("another secret that is long enough to be one")
    code, said = move(data, target)
    assert (code, "is of another secret" in said) == (1, True), said
    assert "moved" not in verify(data)
