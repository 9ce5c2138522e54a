"""`selo export members | entries | purchases | events`: files that a warehouse reads, whole after any end."""

import csv
import json
import secrets
import shutil
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from api.commands.export.writing import Format, open_rows
from api.commands.running import CannotRun
from api.keys import fingerprints, read_keys
from api.settings import Settings
from domain.services import demo, demo_people
from domain.services.moving.row_export import ExportColumn
from domain.store.connect import connect
from domain.store.ledger.scans import member_scans
from domain.store.secret_check import replace_fingerprint
from tests.servers import ROOT, SHARED_KEYS, run_until_ready, selo
from tests.small_runtime import NUMISCOLLECT, open_runtime

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
DAYS = ("--to", "2026-03-02")


@dataclass(frozen=True)
class SmallDemo:
    """A database with a few members of the demo: how a command reaches it, and what it holds."""

    environment: dict[str, str]
    balances: dict[tuple[str, str], int]
    turnover: int


@pytest.fixture
async def small_demo(database_uri: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[SmallDemo]:
    monkeypatch.setattr(demo_people, "MEMBERS", 6)
    monkeypatch.setattr(demo_people, "DAYS", 200)
    monkeypatch.setattr(demo_people, "PARTS", ())
    fresh = connect(database_uri, f"test-{secrets.token_hex(8)}", timeout_seconds=30)
    try:
        runtime = await open_runtime(fresh, NUMISCOLLECT.read_text(encoding="utf-8"), now=NOW)
        published = runtime.programmes.current()
        await demo.fill_demo(runtime.store, published=published, now=NOW, progress=lambda *_: None)
        keys = Settings(secret=SHARED_KEYS["SELO_SECRET"], token_keys=SHARED_KEYS["SELO_TOKEN_KEYS"])
        await replace_fingerprint(runtime.store, fingerprints(read_keys(keys, now=NOW))[0])
        stored = [each async for each in member_scans.iterate_members(runtime.store, after="", first=100)]
        yield SmallDemo(
            {"MONGODB_URI": database_uri, "SELO_DATABASE": fresh.mongo.name, **SHARED_KEYS},
            {
                (each.member.id, code): wallet.balance
                for each in stored
                for code, wallet in each.member.wallets.items()
                if wallet.entries
            },
            sum(each.member.purchases.total for each in stored),
        )
    finally:
        await fresh.client.drop_database(fresh.mongo.name)
        await fresh.close()


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def export(demo: SmallDemo, of: str, out: Path, *words: str) -> None:
    done = selo("export", of, "--out", str(out), *words, environment=demo.environment)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def sums(query: str) -> dict[tuple[str, str], int]:
    rows = duckdb.execute(f"select member, wallet, sum(amount) from {query} group by all").fetchall()
    return {(str(member), str(wallet)): int(amount) for member, wallet, amount in rows}


def test_what_duckdb_sums_up_is_what_is_stored(small_demo: SmallDemo, tmp_path: Path) -> None:
    out = tmp_path / "entries"
    export(small_demo, "entries", out, "--format", "parquet", *DAYS)
    assert sums(f"'{out}/entries-*.parquet'") == small_demo.balances
    out = tmp_path / "purchases"
    export(small_demo, "purchases", out, "--format", "csv", *DAYS)
    assert duckdb.execute(f"select sum(total) from read_csv('{out}/purchases-*.csv')").fetchall() == [
        (small_demo.turnover,)
    ]
    export(small_demo, "members", tmp_path / "members")
    text = (tmp_path / "members" / "members-00001.ndjson").read_text()
    rows = [json.loads(line) for line in text.splitlines()]
    assert sum(row["purchases_total"] for row in rows) == small_demo.turnover
    assert {row["member"] for row in rows} == {member for member, _ in small_demo.balances}
    assert "numiscollect.example" not in text


def test_an_export_that_was_killed_goes_on_to_the_same_files(small_demo: SmallDemo, tmp_path: Path) -> None:
    whole, cut_off = tmp_path / "whole", tmp_path / "cut-off"
    personal = ("--personal", "--reason", "a trial of the rules")
    refused = selo("export", "events", "--out", str(whole), "--personal", environment=small_demo.environment)
    assert "--personal needs --reason" in refused.stderr
    export(small_demo, "events", whole, *personal, *DAYS)
    words = ("export", "events", "--out", str(cut_off), *personal, *DAYS)
    manifest = cut_off / "events.json"
    with run_until_ready(*words, environment=small_demo.environment) as running:
        while not manifest.exists() or len(json.loads(manifest.read_bytes())["parts"]) < 100:
            assert running.poll() is None, "it was to be killed before its end"
        running.kill()
    assert json.loads(manifest.read_bytes())["done"] is False
    other = selo(*words[:4], *DAYS, "--format", "csv", environment=small_demo.environment)
    assert (other.returncode, "was cut off and had other options" in other.stderr) == (1, True)
    export(small_demo, "events", cut_off, *personal)  # its days are those of the run that was cut off
    for path in cut_off.glob(".*"):
        path.unlink()  # what the kill left half written, under a name that nobody reads
    assert contents(cut_off) == contents(whole)
    events = tmp_path / "events.ndjson"
    with events.open("wb") as joined:
        for path in sorted(whole.glob("events-*.ndjson")):
            with path.open("rb") as part:
                shutil.copyfileobj(part, joined)
    done = selo("simulate", str(NUMISCOLLECT), str(events), "--until", NOW.isoformat())
    assert (done.returncode, done.stderr) == (0, "")
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    simulated = {
        (answer["member"], code): wallet["available"] + wallet["pending"] - wallet["debt"]
        for answer in answers
        for code, wallet in answer.get("wallets", {}).items()
    }
    assert {key: simulated[key] for key in small_demo.balances} == small_demo.balances


@pytest.fixture
def columns() -> list[ExportColumn]:
    return [ExportColumn("receipt"), ExportColumn("amount", "int"), ExportColumn("lines", "json")]


def test_a_spreadsheet_finds_no_formula_in_a_text(tmp_path: Path, columns: list[ExportColumn]) -> None:
    path, texts = tmp_path / "rows.csv", ["=1+1", "+351 91", "-2", "@SUM(A1)", "\tx", "A-1", ""]
    with open_rows(path, Format.CSV, columns) as write:
        for text in texts:
            write({"receipt": text, "amount": -5, "lines": [{"sku": "=2"}]})
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["receipt"] for row in rows] == ["'=1+1", "'+351 91", "'-2", "'@SUM(A1)", "'\tx", "A-1", ""]
    assert Counter(row["amount"] for row in rows) == {"-5": len(texts)}


def test_what_parquet_needs_is_locked_as_the_tests_have_it() -> None:
    lock = (ROOT / "requirements-parquet.lock").read_text(encoding="utf-8")
    assert lock.startswith("pyarrow==")
    assert lock in (ROOT / "requirements-dev.lock").read_text(encoding="utf-8")


def test_a_file_gets_its_name_when_it_is_whole(tmp_path: Path, columns: list[ExportColumn]) -> None:
    for form in (Format.CSV, Format.NDJSON, Format.PARQUET):
        path = tmp_path / f"rows.{form.value}"
        with pytest.raises(ZeroDivisionError), open_rows(path, form, columns) as write:
            write({"receipt": "A", "amount": 1 // 0})
        assert list(tmp_path.iterdir()) == []
    with pytest.raises(CannotRun, match="name the file"), open_rows(None, Format.PARQUET, columns):
        pass
