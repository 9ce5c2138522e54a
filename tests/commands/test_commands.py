"""The `selo` commands: beside a running server, on a database of their own, and refused with a sentence."""

import io
import json
import re
import secrets
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from pymongo import MongoClient

from api.commands import audit, people, programme
from api.commands.running import CannotRun
from api.commands.terminal.instants import read_day, read_instant
from tests.servers import ROOT, SHARED_KEYS, quick_folder, selo, serve_selo

DEMO = ROOT / "scripts/demo/programmes/numiscollect.yaml"

Says = Callable[..., str]


@pytest.fixture
def folder() -> Iterator[Path]:
    with quick_folder() as made:
        yield made


@pytest.fixture
def at(folder: Path, database_uri: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A data folder, with a fresh database on the server of this run."""
    name = f"test-{secrets.token_hex(8)}"
    monkeypatch.setenv("MONGODB_URI", database_uri)
    monkeypatch.setenv("SELO_DATABASE", name)
    for variable, value in SHARED_KEYS.items():
        monkeypatch.setenv(variable, value)
    yield folder
    with MongoClient[dict[str, object]](database_uri) as client:
        client.drop_database(name)


@pytest.fixture
def says(capsys: pytest.CaptureFixture[str]) -> Says:
    """Run a command's function; return what it printed."""

    def run(command: Callable[..., None], *words: object, **options: object) -> str:
        command(*words, **options)
        said = capsys.readouterr()
        assert said.err == ""
        return said.out.rstrip("\n")

    return run


@pytest.fixture
def refuses(capsys: pytest.CaptureFixture[str]) -> Says:
    """Run a command's function that must fail; return its sentence."""

    def run(command: Callable[..., None], *words: object, **options: object) -> str:
        with pytest.raises(SystemExit) as ended:
            command(*words, **options)
        said = capsys.readouterr()
        assert (ended.value.code, said.out) == (1, "")
        return said.err.rstrip("\n")

    return run


def test_publish_counts_versions_by_content(at: Path, says: Says, refuses: Says) -> None:
    changed = at / "changed.yaml"
    changed.write_text(DEMO.read_text().replace("fixed: 200", "fixed: 300"))
    assert refuses(programme.show, data=at) == "No programme is published yet: selo programme publish FILE."
    assert says(programme.publish, DEMO, data=at) == "Version 1 is published."
    assert says(programme.publish, DEMO, data=at) == "Version 1 says the same already; nothing was published."
    assert says(programme.publish, changed, data=at) == "Version 2 is published."
    assert says(programme.show, data=at).splitlines()[0] == "Version 2"
    assert says(programme.show, text=True, data=at) == changed.read_text().rstrip("\n")


def test_check_tells_faults_by_exit_code_for_people_and_machines(folder: Path) -> None:
    bad = folder / "bad.yaml"
    bad.write_text(DEMO.read_text().replace("wallet: points, fixed: 200", "wallet: pionts, fixed: 200"))
    done = selo("programme", "check", str(bad))
    assert (done.returncode, "did you mean points?" in done.stdout) == (1, True)
    machine = selo("programme", "check", "--json", str(bad))
    assert (machine.returncode, json.loads(machine.stdout)["sound"]) == (1, False)
    sound = selo("programme", "check", "--json", str(DEMO))
    assert (sound.returncode, json.loads(sound.stdout)["sound"]) == (0, True)


def test_a_file_that_is_not_there(at: Path, refuses: Says) -> None:
    assert (
        refuses(programme.publish, at / "none.yaml", data=at)
        == f"Cannot read {at / 'none.yaml'}: No such file or directory."
    )


def test_a_faulty_programme_keeps_the_server_from_starting(folder: Path) -> None:
    bad = folder / "bad.yaml"
    bad.write_text("programme: {}")
    done = selo("serve", "--port", "0", "--data", str(folder), "--programme", str(bad))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"{bad} was not published. The programme file has ")


def test_a_command_uses_a_running_servers_database_and_else_its_own(folder: Path) -> None:
    where = ("--data", str(folder))
    with serve_selo(folder, "--programme", str(DEMO)) as served:
        assert httpx.get(f"{served.url}/ready").json()["parts"]["programme"] == "version 1"
        assert selo("store", "add", "lisboa", "--name", "Lisboa", *where).stdout == "lisboa is open\n"
    assert selo("store", "list", *where).stdout == "lisboa\tLisboa\n"


@pytest.mark.parametrize(
    "words",
    [
        ("verify",),
        ("turn",),
        ("outbox", "list"),
        ("staff", "list"),
        ("token", "--member", "1"),
        ("audit", "list"),
        ("export", "fiscal", "--from", "2026-03-01"),
    ],
)
def test_a_data_folder_that_is_not_there_is_told_and_not_made(folder: Path, words: tuple[str, ...]) -> None:
    done = selo(*words, "--data", str(folder / "misspelt"))
    complaint = (
        f"There is no database in the data folder {folder / 'misspelt'}: name another with --data, or make it"
        " by selo serve.\n"
    )
    assert (done.returncode, done.stdout, done.stderr) == (1, "", complaint)
    assert list(folder.iterdir()) == []


def test_staff_are_added_listed_given_a_token_and_shut_out(at: Path, says: Says, refuses: Says) -> None:
    says(people.add_store, "lisboa", name="Lisboa", data=at)
    assert "password: " in says(
        people.add_staff, "rita", name="Rita", role="manager", store=["lisboa"], data=at
    )
    assert says(people.list_staff, data=at) == "rita\tmanager\tlisboa\tRita"
    assert says(people.token, username="rita", data=at).count(".") == 2
    assert refuses(people.token, username="rita", store="porto", data=at) == "rita cannot sign in at porto."
    assert says(people.disable, "rita", data=at) == "rita is shut out; 1 sessions ended"
    assert refuses(people.token, username="rita", data=at) == "rita is disabled."
    assert says(people.list_staff, data=at) == "rita\tmanager\tlisboa\tRita\tdisabled"


def test_an_operator_gets_a_set_up_key_and_another_one_for_a_lost_phone(
    at: Path, says: Says, refuses: Says
) -> None:
    said = says(people.add_staff, "olga", name="Olga", role="operator", data=at)
    first = re.search(r"^set-up key for the second factor: ([A-Z2-7-]{19})$", said, re.MULTILINE)
    assert first is not None
    assert says(people.list_staff, data=at) == "olga\toperator\tall\tOlga\tset-up key"
    said = says(people.reset_second_factor, "olga", data=at)
    assert said.startswith("olga enrols a second factor at the next sign-in; 0 sessions ended\n")
    assert re.search("[A-Z2-7]{4}(-[A-Z2-7]{4}){3}", said) is not None
    assert first[1] not in said
    sentence = "There is nobody called nobody."
    assert refuses(people.reset_second_factor, "nobody", data=at) == sentence
    assert "set-up" not in says(people.add_staff, "rui", name="Rui", data=at)


@pytest.mark.parametrize(
    ("command", "words", "sentence"),
    [
        (people.token, {}, "Name one of --member NUMBER and --staff USERNAME."),
        (people.token, {"member": "12345"}, "No membership has the number 12345."),
        (people.token, {"username": "nobody"}, "There is nobody called nobody."),
        (people.disable, {"username": "nobody"}, "There is nobody called nobody."),
        (
            people.add_staff,
            {"username": "!", "name": "N"},
            "Write a username of 1 to 64 letters a-z, digits, dots, dashes or underscores.",
        ),
        (
            audit.list_acts,
            {"since": "yesterday"},
            "--since yesterday is no instant; write it like 2026-03-01T10:00:00Z.",
        ),
        (
            audit.list_acts,
            {"until": "0001-01-01T00:00:00+14:00"},
            "--until 0001-01-01T00:00:00+14:00 is out of range; write a year from 1970 to 2999.",
        ),
        (
            people.add_store,
            {"code": "L", "name": "L"},
            "Write a code of 1 to 64 letters a-z, digits, dashes or underscores.",
        ),
    ],
)
def test_what_cannot_be_done_is_refused_in_a_sentence(
    at: Path, refuses: Says, command: Callable[..., None], words: dict[str, object], sentence: str
) -> None:
    assert refuses(command, **words, data=at) == sentence


@pytest.mark.parametrize("text", ["9999-12-31", "0001-01-01", "1969-12-31", "3000-01-01"])
def test_a_day_at_the_end_of_the_calendar_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(CannotRun) as refused:
        read_day("--to", text)
    assert str(refused.value) == f"--to {text} is out of range; write a year from 1970 to 2999."


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+02:00", "9999-12-31T23:59:59-10:00"])
def test_an_instant_at_the_end_of_the_calendar_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(CannotRun) as refused:
        read_instant("--since", text)
    assert str(refused.value) == f"--since {text} is out of range; write a year from 1970 to 2999."


@pytest.mark.parametrize("ending", ["\n", "\r\n", ""])
def test_a_password_from_a_file_of_windows_ends_where_its_line_does(
    monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"three quiet words{ending}", newline=""))
    assert people._password(from_stdin=True) == ("three quiet words", False)
