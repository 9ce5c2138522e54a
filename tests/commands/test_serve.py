"""`selo serve`: it is ready when it says so, fails with one sentence, and leaves nothing behind when it ends."""

import asyncio
import json
import os
import resource
import secrets
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from pymongo import MongoClient
from pymongo.errors import PyMongoError

from api import RELEASE
from api.embedded import read_note
from tests.servers import READY, SHARED_KEYS, quick_folder, run_until_ready, selo, serve_selo
from tests.standalone_mongodb import standalone_mongodb


@pytest.fixture
def folder() -> Iterator[Path]:
    with quick_folder() as made:
        yield made


def gone(pid: int, within_seconds: float = 5) -> bool:
    """Whether a process ends in time."""
    until = time.monotonic() + within_seconds
    while time.monotonic() < until:
        try:
            os.kill(pid, 0)
            if "\nState:\tZ" in Path(f"/proc/{pid}/status").read_text():
                return True
        except (ProcessLookupError, FileNotFoundError):
            return True
        time.sleep(0.02)
    return False


def note(folder: Path) -> dict[str, object]:
    note = json.loads((folder / "server.json").read_text())
    assert isinstance(note, dict)
    return note


def uri(folder: Path) -> str:
    running = read_note(folder)
    assert running is not None, "a server has the data folder open"
    return running.uri


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_api_and_database_with_0(folder: Path, how: signal.Signals) -> None:
    with serve_selo(folder) as served:
        assert httpx.get(f"{served.url}/health").json() == {"status": "alive", "version": RELEASE}
        database = note(folder)["database_pid"]
        assert isinstance(database, int)
        assert served.stop(how) == 0
        assert gone(database)
    assert not (folder / "server.json").exists()


def test_the_data_folder_is_its_owners_alone(folder: Path) -> None:
    data_folder = folder / "fresh"
    with serve_selo(data_folder):
        assert data_folder.stat().st_mode & 0o777 == 0o700


def test_the_database_is_its_owners_alone_in_a_folder_open_to_all(folder: Path) -> None:
    data_folder = folder / "shared"
    data_folder.mkdir()
    data_folder.chmod(0o755)
    with serve_selo(data_folder):
        assert {
            each.name: each.stat().st_mode & 0o777 for each in data_folder.iterdir() if each.is_dir()
        } == {
            "database": 0o700,
            "keys": 0o700,
        }


def test_kill_9_takes_the_database_along_and_the_next_start_succeeds(folder: Path) -> None:
    with serve_selo(folder) as served:
        database = note(folder)["database_pid"]
        assert isinstance(database, int)
        served.process.kill()
        served.process.wait()
        assert gone(database)
    assert (folder / "server.json").exists(), "a killed server cannot take its note along"
    with serve_selo(folder) as again:
        assert httpx.get(f"{again.url}/health").status_code == 200


def test_a_database_that_dies_is_started_again_where_it_was(folder: Path) -> None:
    with serve_selo(folder) as served:
        before = note(folder)
        assert isinstance(before["database_pid"], int)
        os.kill(before["database_pid"], signal.SIGKILL)
        until = time.monotonic() + 20
        while time.monotonic() < until and note(folder)["database_pid"] == before["database_pid"]:
            time.sleep(0.05)
        answer = httpx.get(f"{served.url}/ready", timeout=10).json()
        assert answer["parts"]["database"] == "answers"
        assert note(folder)["uri"] == before["uri"]


def test_a_database_whose_disk_refuses_is_started_again_and_keeps_nothing_by_half(folder: Path) -> None:
    """Its storage then refuses everything until it is opened anew, while the process lives on and answers
    pings.
    """
    with serve_selo(folder) as served:
        before = note(folder)["database_pid"]
        assert isinstance(before, int)
        with MongoClient[dict[str, object]](uri(folder), timeoutMS=10_000, retryWrites=False) as client:
            meta = client["selo"]["meta"]
            _, most = resource.prlimit(before, resource.RLIMIT_FSIZE)
            resource.prlimit(before, resource.RLIMIT_FSIZE, (4096, most))
            with pytest.raises(PyMongoError):
                meta.insert_one({"_id": "lost"})
            assert gone(before)
            until = time.monotonic() + 20
            while (
                time.monotonic() < until
                and httpx.get(f"{served.url}/ready", timeout=10).json()["parts"]["database"] != "answers"
            ):
                time.sleep(0.1)
            assert meta.find_one({"_id": "lost"}) is None
            meta.insert_one({"_id": "kept"})
            assert meta.find_one({"_id": "kept"}) == {"_id": "kept"}


def refused(*words: str, environment: dict[str, str] | None = None) -> str:
    """Return the one line on stderr of a start that fails with exit code 1."""
    done = selo("serve", *words, environment=environment)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1), done.stdout + done.stderr
    return done.stderr.rstrip("\n")


def test_a_port_in_use(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert (
            refused("--port", str(port), "--data", str(folder))
            == f"Cannot listen on 127.0.0.1:{port}: Address already in use. Choose another with --port."
        )


def test_a_data_folder_that_is_a_file(folder: Path) -> None:
    (folder / "file").touch()
    assert (
        refused("--port", "0", "--data", str(folder / "file"))
        == f"The data folder {folder / 'file'} cannot be written: File exists."
    )


def test_a_data_folder_that_cannot_be_written() -> None:
    assert (
        refused("--port", "0", "--data", "/proc/selo")
        == "The data folder /proc/selo cannot be written: No such file or directory."
    )


def test_a_data_folder_of_a_running_server(folder: Path) -> None:
    with serve_selo(folder) as served:
        assert (
            refused("--port", "0", "--data", str(folder))
            == f"The data folder {folder} is in use by process {served.process.pid}; stop it, or choose"
            " another folder with --data."
        )
        assert httpx.get(f"{served.url}/health").status_code == 200, "the first goes on"


def test_an_unreachable_mongodb_keeps_its_password_to_itself(folder: Path) -> None:
    said = refused(
        *("--port", "0", "--data", str(folder)),
        environment={
            "MONGODB_URI": "mongodb://u:hush@127.0.0.1:9/?directConnection=true",
            "SELO_DATABASE_SECONDS": "0.3",
        },
    )
    assert said == "The database that MONGODB_URI names cannot be reached: nothing listens at 127.0.0.1:9."


async def test_a_mongodb_that_stands_alone_is_told_at_the_start(folder: Path) -> None:
    async with standalone_mongodb() as uri:
        said = await asyncio.to_thread(
            refused, "--port", "0", "--data", str(folder), environment={"MONGODB_URI": uri, **SHARED_KEYS}
        )
    assert said.startswith(
        "The MongoDB server takes no transactions, since it stands alone: name a replica set "
    )


def test_a_mongodb_that_does_not_let_us_in_is_not_said_to_be_away(folder: Path, database_uri: str) -> None:
    uri = f"mongodb://u:hush@{database_uri.rpartition('@')[2]}"
    said = refused("--port", "0", "--data", str(folder), environment={"MONGODB_URI": uri, **SHARED_KEYS})
    assert (
        said
        == "The database that MONGODB_URI names refuses us (AuthenticationFailed): look at its user, password"
        " and rights."
    )


@pytest.mark.parametrize(
    ("shared", "missing"),
    [
        ({}, "SELO_SECRET and SELO_TOKEN_KEYS"),
        ({"SELO_SECRET": SHARED_KEYS["SELO_SECRET"]}, "SELO_TOKEN_KEYS"),
        ({"SELO_TOKEN_KEYS": SHARED_KEYS["SELO_TOKEN_KEYS"]}, "SELO_SECRET"),
    ],
)
def test_a_named_database_needs_keys_that_all_servers_share(
    folder: Path, database_uri: str, shared: dict[str, str], missing: str
) -> None:
    environment = {"MONGODB_URI": database_uri, "SELO_DATABASE": f"test-{secrets.token_hex(8)}", **shared}
    said = refused("--port", "0", "--data", str(folder), environment=environment)
    assert said == (
        f"MONGODB_URI is set, so {missing} must be set too, alike for every server, worker and command: with a"
        " secret of its own a server could not read the voucher codes of the others. Where this database was"
        f" served with keys of a data folder, they stand in {folder}/keys."
    )
    assert list(folder.iterdir()) == [], "no key was made"


def test_a_data_folder_that_lost_its_secret_does_not_start_until_that_is_accepted(folder: Path) -> None:
    with serve_selo(folder):
        pass
    lost = (folder / "keys" / "secret").read_text()
    (folder / "keys" / "secret").unlink()
    assert refused("--port", "0", "--data", str(folder)) == (
        "The database selo is of another secret: set SELO_SECRET (or put back keys/secret of the data folder)"
        " to the one that it was served with, or name that one in SELO_SECRETS_BEFORE. Where it is lost for"
        " good, selo keys accept-secret goes on without it."
    )
    accepted = selo("keys", "accept-secret", "--data", str(folder))
    assert accepted.stdout == "The database selo is of the present secret from now on.\n", accepted.stderr
    assert "\tSECRET_ACCEPTED\t" in selo("audit", "list", "--data", str(folder)).stdout
    with serve_selo(folder, environment={"SELO_SECRETS_BEFORE": json.dumps([lost])}) as served:
        assert httpx.get(f"{served.url}/health").status_code == 200


def test_an_address_that_is_none(folder: Path) -> None:
    said = refused("--port", "0", "--data", str(folder), environment={"MONGODB_URI": "postgres://somewhere"})
    assert said == (
        "MONGODB_URI is not an address of a MongoDB server: mongodb://HOST:PORT/?OPTIONS, and in its user or"
        " password an @ is written %40, a : %3A, a / %2F and a % %25."
    )


def test_data_of_another_format(folder: Path, database_uri: str) -> None:
    name = f"test-{secrets.token_hex(8)}"
    with MongoClient[dict[str, object]](database_uri) as client:
        client[name]["members"].insert_one({"_id": "ana"})
        said = refused(
            "--port",
            "0",
            "--data",
            str(folder),
            environment={"MONGODB_URI": database_uri, "SELO_DATABASE": name, **SHARED_KEYS},
        )
        client.drop_database(name)
    assert said.startswith(
        f"The database {name} holds data of an earlier format, and this version of Selo reads format "
    )


def test_without_a_programme_it_says_what_it_waits_for(tmp_path: Path, database_uri: str) -> None:
    environment = {
        "MONGODB_URI": database_uri,
        "SELO_DATABASE": f"test-{secrets.token_hex(8)}",
        **SHARED_KEYS,
    }
    with (tmp_path / "faults").open("w+") as faults:
        with run_until_ready(
            "serve", "--port", "0", "--data", str(tmp_path), faults=faults, environment=environment
        ) as process:
            assert process.stdout is not None
            said = process.stdout.readline()
            ready = httpx.get(f"{process.stdout.readline().rstrip().removeprefix(READY)}/ready")
            process.terminate()
            assert process.wait(30) == 0
        faults.seek(0)
        assert [line.split()[3] for line in faults if "warning" in line] == ["serve.waits"]
    assert said.endswith(f"data in the database {environment['SELO_DATABASE']} that MONGODB_URI names\n")
    assert (ready.status_code, ready.json()["parts"]["programme"]) == (503, "none published")
    with MongoClient[dict[str, object]](database_uri) as client:
        client.drop_database(environment["SELO_DATABASE"])


def test_a_misspelt_setting_is_told_at_the_start(tmp_path: Path, folder: Path) -> None:
    environment = {"SELO_SMTP_HOTS": "mail.example", "SELO_PORT": "0"}
    with (tmp_path / "faults").open("w+") as faults:
        with run_until_ready(
            "serve", "--data", str(folder), faults=faults, environment=environment
        ) as process:
            assert process.stdout is not None
            assert [process.stdout.readline().split()[0] for _ in range(2)] == ["GraphQL", "Selo"]
            process.terminate()
            assert process.wait(30) == 0
        faults.seek(0)
        (line,) = [line for line in faults if "settings.unknown" in line]
    assert "nearest=SELO_SMTP_HOST variable=SELO_SMTP_HOTS" in line
    assert "mail.example" not in line


def test_mongodb_uri_starts_no_child(folder: Path, database_uri: str) -> None:
    with serve_selo(
        folder, environment={"MONGODB_URI": database_uri, "SELO_DATABASE": "test-ground", **SHARED_KEYS}
    ) as served:
        children = subprocess.run(
            ["pgrep", "-P", str(served.process.pid)], check=False, capture_output=True, text=True
        )
        assert children.stdout == ""
        assert not (folder / "server.json").exists()
