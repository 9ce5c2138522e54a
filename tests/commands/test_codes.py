"""`selo codes`: single-use codes as CSV, told once, and what was entered of each."""

import csv
import getpass
import io
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pymongo import MongoClient

from domain.model.code_spelling import SINGLE_USE_SIGNS
from tests.servers import SHARED_KEYS, quick_folder, selo
from tests.services.ledger.code_club import CODES

Runs = Callable[..., tuple[int, str, str]]


@pytest.fixture
def runs(database_uri: str) -> Iterator[Runs]:
    """Run a command on a fresh database; return its exit code and what it printed."""
    name = f"test-{secrets.token_hex(8)}"
    environment = {"MONGODB_URI": database_uri, "SELO_DATABASE": name, **SHARED_KEYS}
    with quick_folder() as folder:

        def run(*words: str) -> tuple[int, str, str]:
            done = selo(*words, "--data", str(folder), environment=environment)
            return done.returncode, done.stdout, done.stderr.strip()

        yield run
    with MongoClient[dict[str, object]](database_uri) as client:
        client.drop_database(name)


def test_codes_are_made_once_and_written_down(runs: Runs, tmp_path: Path) -> None:
    programme = tmp_path / "programme.yaml"
    programme.write_text(CODES)
    assert runs("codes", "make", "packs", "1") == (
        1,
        "",
        "No programme is published yet: selo programme publish FILE.",
    )
    runs("programme", "publish", str(programme))
    code, printed, said = runs("codes", "make", "packs", "1200")
    assert (code, said) == (0, "1200 codes of packs are made")
    head, *rows = csv.reader(io.StringIO(printed))
    assert head == ["batch", "code"]
    assert (len(rows), len({row[1] for row in rows}), {row[0] for row in rows}) == (1200, 1200, {"packs"})
    assert {sign for row in rows for sign in row[1]} == {*SINGLE_USE_SIGNS, "-"}
    file = tmp_path / "codes.csv"
    assert runs("codes", "make", "packs", "3", "--out", str(file)) == (
        0,
        "",
        f"3 codes of packs are made, in {file}",
    )
    assert len(file.read_text().splitlines()) == 4
    assert file.stat().st_mode & 0o777 == 0o600
    code, printed, said = runs("codes", "make", "packs", "3", "--out", str(file))
    assert (code, printed) == (1, "")
    assert str(file) in said
    assert runs("codes", "make", "packs", "3", "--out", str(tmp_path / "nowhere/codes.csv")) == (
        1,
        "",
        f"{tmp_path}/nowhere is not there: make the folder, or name another.",
    )
    listed = runs("codes", "list")[1].splitlines()
    assert listed[0] == "ANA10\tcode\t0 entered\tno limit"
    assert listed[1] == "TEN\tcode\t0 entered\tof 10"
    assert listed[-1] == "packs\tbatch\t0 entered\tno limit\t1203 made"
    acts = [line.split("\t")[1:6] for line in runs("audit", "list")[1].splitlines()]
    assert [f"cli:{getpass.getuser()}", "CODES_MADE", "-", "-", "packs"] in acts


def test_a_batch_that_there_is_none_of_is_refused_with_what_to_do(runs: Runs, tmp_path: Path) -> None:
    programme = tmp_path / "programme.yaml"
    programme.write_text(CODES)
    runs("programme", "publish", str(programme))
    code, printed, said = runs("codes", "make", "pack", "5")
    assert (code, printed) == (1, "")
    assert said == (
        "The published programme has no batch pack: it has packs. Add codes: [{batch: pack, title: ...}] to the"
        " file and publish it first."
    )
    assert (
        runs("codes", "make", "packs", "0")[2] == "Write a number from 1 to 1000000; run it again for more."
    )
