"""The embedded database lets in nobody but us: no other user of this machine, at no moment, in no old folder."""

import ast
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from pymongo import MongoClient
from pymongo.errors import ConnectionFailure, OperationFailure

from api.embedded import SERVER, read_note
from tests.servers import ROOT, quick_folder, selo, serve_selo

UNAUTHORIZED, WRONG_PASSWORD = 13, 18
Client = MongoClient[dict[str, object]]


@pytest.fixture
def folder() -> Iterator[Path]:
    with quick_folder() as made:
        yield made


def stranger(port: int, credentials: str = "") -> Client:
    return MongoClient(f"mongodb://{credentials}127.0.0.1:{port}/?directConnection=true", timeoutMS=10_000)


def address(folder: Path) -> tuple[int, int]:
    """Return the port and the process of the database."""
    running = read_note(folder)
    assert running is not None, "a server has the data folder open"
    return int(running.uri.rpartition("@")[2].partition("/")[0].partition(":")[2]), running.database_pid


ACTS: dict[str, Callable[[Client], object]] = {
    "read": lambda client: client["selo"]["members"].find_one({}),
    "write": lambda client: client["selo"]["staff"].insert_one({"_id": "a-new-operator"}),
    "list databases": lambda client: client.list_database_names(),
    "make a user": lambda client: client["admin"].command("createUser", "mallory", pwd="m", roles=["root"]),
}


def refusal(client: Client, act: str = "read") -> int | None:
    with client, pytest.raises(OperationFailure) as refused:
        ACTS[act](client)
    return refused.value.code


def test_without_the_password_nothing_is_read_or_written(folder: Path) -> None:
    with serve_selo(folder):
        port, _ = address(folder)
        assert {act: refusal(stranger(port), act) for act in ACTS} == dict.fromkeys(ACTS, UNAUTHORIZED)
        assert refusal(stranger(port, "selo:a-guess@")) == WRONG_PASSWORD
        assert refusal(stranger(port, "mallory:mallory@")) == WRONG_PASSWORD


def test_the_password_is_its_owners_alone_and_stands_nowhere_else(folder: Path) -> None:
    with serve_selo(folder) as served:
        file = folder / "keys" / "database-password"
        password = file.read_text()
        assert (len(password), file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (
            43,
            0o600,
            0o700,
        )
        assert password not in (folder / "server.json").read_text()
        assert password not in "\n".join(served.said)
        _, pid = address(folder)
        for kind in ("cmdline", "environ"):
            assert password not in Path(f"/proc/{pid}/{kind}").read_text()


def test_the_child_has_none_of_our_secrets_in_its_environment(folder: Path) -> None:
    secrets = {
        "SELO_SECRET": "a secret of thirty-two characters",
        "SELO_SMTP_PASSWORD": "hush",
        "AWS_SECRET_ACCESS_KEY": "hush",
        "GOOGLE_APPLICATION_CREDENTIALS": "/hush",
    }
    with serve_selo(folder, environment=secrets):
        _, pid = address(folder)
        names = {line.partition("=")[0] for line in Path(f"/proc/{pid}/environ").read_text().split("\0")}
    assert "PATH" in names
    assert [name for name in names if name.startswith("SELO_") or name in secrets] == []


def test_every_child_is_given_an_environment_of_its_own() -> None:
    starters = {"create_subprocess_exec", "create_subprocess_shell", "Popen", "check_call", "check_output"}
    starts = {
        f"{path.relative_to(ROOT)}:{node.lineno}": {keyword.arg for keyword in node.keywords}
        for folder in ("api", "domain")
        for path in sorted((ROOT / folder).rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and (
            node.func.attr in starters
            or ast.unparse(node.func) in ("subprocess.run", "os.system", "os.popen")
        )
    }
    assert {place.partition(":")[0] for place in starts} == {
        "api/embedded.py",
        "domain/services/figures/backtest/process_pool.py",
        "domain/services/publishing/drafts.py",
    }
    assert [place for place, keywords in starts.items() if "env" not in keywords] == []


def test_a_database_that_died_asks_for_the_password_again(folder: Path) -> None:
    with serve_selo(folder) as served:
        port, pid = address(folder)
        os.kill(pid, signal.SIGKILL)
        give_up_at = time.monotonic() + 30
        while address(folder)[1] == pid:
            assert time.monotonic() < give_up_at
            time.sleep(0.05)
        assert refusal(stranger(port)) == UNAUTHORIZED
        assert httpx.get(f"{served.url}/ready", timeout=20).json()["parts"]["database"] == "answers"


def test_a_folder_from_before_there_were_passwords_is_taken_over_with_its_data_and_without_its_guests(
    folder: Path,
) -> None:
    (folder / "database").mkdir()
    with open_to_all(folder / "database") as port, stranger(port) as client:
        client["selo"]["meta"].insert_one({"_id": "format", "number": 2})
        client["admin"].command("createUser", "mallory", pwd="mallory", roles=["root"])
        client["admin"].command("createUser", "selo", pwd="a-guess", roles=["root"])
    with serve_selo(folder):
        port, _ = address(folder)
        assert refusal(stranger(port)) == UNAUTHORIZED
        assert refusal(stranger(port, "mallory:mallory@")) == WRONG_PASSWORD
        assert refusal(stranger(port, "selo:a-guess@")) == WRONG_PASSWORD
    again = selo("verify", "--data", str(folder))
    assert (again.stdout, again.returncode) == ("0 members: no difference\n", 0), again.stderr


def test_there_is_no_moment_in_which_it_is_open(folder: Path) -> None:
    (folder / "database").mkdir()
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = [sys.executable, "-P", str(SERVER), str(folder / "database"), str(port), "selo"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        assert server.stdin is not None
        server.stdin.write("the password of this test\n")
        server.stdin.close()
        codes: list[int | None] = []
        give_up_at = time.monotonic() + 60
        while len(codes) < 20 and time.monotonic() < give_up_at:
            try:
                with MongoClient[dict[str, object]](
                    "127.0.0.1", port, directConnection=True, serverSelectionTimeoutMS=20
                ) as client:
                    client["selo"]["members"].find_one({})
            except ConnectionFailure:
                continue
            except OperationFailure as refused:
                codes.append(refused.code)
            else:
                codes.append(None)
        server.kill()
    assert codes == [UNAUTHORIZED] * 20


class open_to_all:
    """The database as earlier versions started it: anybody on this machine is let in."""

    def __init__(self, storage: Path) -> None:
        command = [sys.executable, "-m", "secantus", "--port", "0", "--storage-path", str(storage)]
        self._process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)

    def __enter__(self) -> int:
        assert self._process.stderr is not None
        line = next(line for line in self._process.stderr if "listening on" in line)
        return int(line.rsplit(":", 1)[1])

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        assert self._process.stderr is not None
        self._process.stderr.close()
