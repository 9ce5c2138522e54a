"""`selo ops backup` and `restore`: cold and beside a server, damaged, half restored, and with people erased since."""

import asyncio
import gzip
import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from api.commands.database import open_server_database
from api.process import open_process
from api.settings import Settings
from domain.services.ledger.purchases import record
from domain.services.runtime import Runtime
from domain.store.people import contacts
from tests.servers import SHARED_KEYS, quick_folder, selo, serve_selo
from tests.small_runtime import NOW, SMALL, TILL, join, new_purchase

NUMBER = "1234567890"
EXACT = "2 members: no difference\n"


@pytest.fixture(scope="module")
def filled() -> Iterator[Path]:
    """A data folder with two members, one of whom has bought something; to be copied."""
    with quick_folder() as folder:
        asyncio.run(fill(folder / "data"))
        yield folder / "data"


@pytest.fixture
def folder(filled: Path) -> Iterator[Path]:
    """A folder of its own with that data folder in it."""
    with quick_folder() as folder:
        shutil.copytree(filled, folder / "data")
        yield folder


async def fill(data_folder: Path) -> None:
    settings = Settings(data=data_folder)
    async with open_server_database(settings) as database, open_process(settings, database) as process:
        await fill_store(process.runtime)


async def fill_store(runtime: Runtime) -> None:
    """Two members, and what one of them bought."""
    await runtime.programmes.publish(SMALL, now=NOW)
    for member in ("ana", "rui"):
        await join(runtime, member)
    purchase = new_purchase("r-1")
    await record(runtime, till=TILL, member_id="ana", purchase_input=purchase, key="k" * 16, now=NOW)
    await runtime.store.transact([contacts.take_write(f"number:{NUMBER}", "ana")])


def back_up(folder: Path, *words: str) -> Path:
    """Back the data folder up; return the backup."""
    done = selo("ops", "backup", str(folder / "backups"), *words, "--data", str(folder / "data"))
    assert (done.returncode, done.stderr) == (0, "")
    return Path(done.stdout.split(": ")[0])


def restore(backup: Path, data: Path, **environment: str) -> tuple[int, str]:
    done = selo("ops", "restore", str(backup), "--data", str(data), environment=environment)
    return done.returncode, done.stdout + done.stderr


def verify(data: Path) -> str:
    done = selo("verify", "--data", str(data))
    return done.stdout + done.stderr


def test_a_cold_backup_is_restored_whole_with_its_keys_and_its_owner_alone_reads_it(folder: Path) -> None:
    backup = back_up(folder)
    code, said = restore(backup, folder / "new")
    assert (code, "erased again: there is no" in said) == (0, True), said
    assert verify(folder / "new") == EXACT
    for name in ("secret", "web-push.pem", *(key.name for key in (folder / "data/keys").glob("token-*.pem"))):
        assert (folder / "new/keys" / name).read_bytes() == (folder / "data/keys" / name).read_bytes()
    assert {path.stat().st_mode & 0o077 for path in [backup, *backup.rglob("*")]} == {0}
    assert "was restored from this backup already" in restore(backup, folder / "new")[1]
    assert "holds something already" in restore(back_up(folder), folder / "new")[1]
    assert verify(folder / "new") == EXACT


def test_a_backup_beside_a_server_is_of_one_moment(folder: Path) -> None:
    with serve_selo(folder / "data") as served:
        backup = back_up(folder)
        assert "A server has the data folder" in restore(backup, folder / "data")[1]
        assert served.stop() == 0
    assert restore(backup, folder / "new")[0] == 0
    assert verify(folder / "new") == EXACT


def test_who_was_erased_since_is_erased_by_the_restore(folder: Path) -> None:
    backup = back_up(folder)
    erased = selo("erase", NUMBER, "--reason", "letter", "--data", str(folder / "data"))
    assert erased.returncode == 0
    file = {"SELO_ERASURES_FILE": str(folder / "data.erasures")}
    code, said = restore(backup, folder / "new", **file)
    assert (code, said.splitlines()[-1]) == (0, "1 members erased again")
    assert verify(folder / "new") == EXACT
    looked = selo("export", "member", NUMBER, "--reason", "look", "--data", str(folder / "new"))
    assert "No membership has" in looked.stderr


def test_a_damaged_backup_is_refused_before_anything_is_written(folder: Path) -> None:
    backup = back_up(folder)
    members = backup / "members.bson.gz"
    whole = gzip.decompress(members.read_bytes())
    faults = {
        "is not what manifest.json says": gzip.compress(whole.replace(b"Ana", b"Eva")),
        "cannot be read, or is damaged": members.read_bytes()[:-20],
    }
    for words, content in faults.items():
        members.write_bytes(content)
        code, said = restore(backup, folder / "new")
        assert (code, words in said, (folder / "new").exists()) == (1, True, False), said
    (backup / "manifest.json").write_text("{}")
    assert "its manifest.json is damaged" in restore(backup, folder / "new")[1]
    assert "is no backup" in restore(folder / "nowhere", folder / "new")[1]


def test_nothing_is_not_backed_up(folder: Path) -> None:
    words = ("ops", "backup", str(folder / "backups"), "--data", str(folder / "data"))
    done = selo(*words, environment={"SELO_DATABASE": "other"})
    assert (done.returncode, done.stderr) == (
        1,
        "The database other holds nothing to back up: see SELO_DATABASE.\n",
    )
    assert list((folder / "backups").glob("*")) == []


def test_a_backup_without_the_secret_that_the_server_is_given_is_refused(folder: Path) -> None:
    (folder / "data/keys/secret").rename(folder / "secret")
    words = ("ops", "backup", str(folder / "backups"), "--data", str(folder / "data"))
    done = selo(*words)
    told = f"SELO_SECRET is not set here, and {folder}/data/keys/secret is missing: give the command the server's"
    assert (done.returncode, done.stderr) == (1, f"{told} settings.\n")
    assert list((folder / "backups").glob("*")) == []
    assert selo(*words, environment={"SELO_SECRET": (folder / "secret").read_text()}).returncode == 0


def test_a_backup_of_another_secret_is_refused(folder: Path) -> None:
    code, said = restore(back_up(folder), folder / "new", SELO_SECRET=SHARED_KEYS["SELO_SECRET"])
    assert (code, said.startswith("The backup is of another secret")) == (1, True)


def test_more_days_than_the_calendar_has_are_refused_before_a_backup(folder: Path) -> None:
    words = ("ops", "backup", str(folder / "backups"), "--data", str(folder / "data"))
    done = selo(*words, "--keep-days", "1000000")
    assert (done.returncode, "36600" in done.stderr) == (2, True)
    assert not (folder / "backups").exists()


def test_backups_that_are_too_old_are_deleted_once_a_new_one_is_whole(folder: Path) -> None:
    first = back_up(folder)
    now = datetime.now(UTC)
    for days in (34, 36):
        made = now - timedelta(days=days)
        first.with_name(made.strftime("selo-%Y%m%dT%H%M%SZ")).mkdir()
        shutil.copy(first / "manifest.json", first.with_name(made.strftime("selo-%Y%m%dT%H%M%SZ")))
    (folder / "backups/selo-notes-of-Tina-Z").mkdir()
    done = selo("ops", "backup", str(folder / "backups"), "--data", str(folder / "data"))
    assert "deleted, since it is older than 35 days" in done.stdout
    assert len(list((folder / "backups").glob("selo-2*"))) == 3
    assert (folder / "backups/selo-notes-of-Tina-Z").exists()
    manifest = json.loads((Path(done.stdout.split(": ")[0]) / "manifest.json").read_text())
    assert manifest["collections"]["members"]["documents"] == 2
