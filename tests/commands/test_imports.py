"""`selo import members | stores | staff`, as its user runs it: tried first, whole after a kill, and nobody twice."""

import asyncio
import csv
import re
import secrets
import stat
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from api.commands.imports.members import System, import_members
from api.commands.imports.people import import_staff, import_stores
from api.commands.running import CannotRun
from domain.services.ledger.verification import verify
from domain.services.runtime import Runtime
from domain.store.connect import connect
from domain.store.ledger import members
from domain.store.ledger.scans import member_scans
from tests.servers import SHARED_KEYS, run_until_ready, selo
from tests.services.moving.imported_files import MadeMember, made_file
from tests.services.moving.test_importing import CLUB, NOW
from tests.small_runtime import open_runtime

COUNT = 300


@dataclass(frozen=True)
class EmptyClub:
    """A database with a programme and nobody: how a command reaches it, and its runtime."""

    environment: dict[str, str]
    runtime: Runtime


@pytest.fixture
async def club(database_uri: str) -> AsyncIterator[EmptyClub]:
    fresh = connect(database_uri, f"test-{secrets.token_hex(8)}", timeout_seconds=30)
    try:
        runtime = await open_runtime(fresh, CLUB, now=NOW)
        yield EmptyClub(
            {"MONGODB_URI": database_uri, "SELO_DATABASE": fresh.mongo.name, **SHARED_KEYS}, runtime
        )
    finally:
        await fresh.client.drop_database(fresh.mongo.name)
        await fresh.close()


async def count(club: EmptyClub) -> int:
    return len([each async for each in members.iterate_ids(club.runtime.store)])


async def test_an_import_is_tried_killed_and_gone_on_with(club: EmptyClub, tmp_path: Path) -> None:
    file, refusals = tmp_path / "smile.csv", tmp_path / "smile.csv.refusals.csv"
    faulty = "not-an-address,5\nMember3@example.com,7\nlast@example.com,1,2\n"
    file.write_text(made_file("smile", COUNT) + faulty, encoding="utf-8")
    words = ("import", "members", str(file), "--format", "smile")
    tried = selo(*words, environment=club.environment)
    assert (tried.returncode, tried.stderr) == (1, "")
    assert tried.stdout.splitlines() == [
        f"{COUNT + 3} lines: {COUNT} would be brought along, 0 are here already, 3 are refused",
        f"Why each was refused stands in {refusals}",
        "Nothing was written: repeat it with --apply.",
    ]
    with refusals.open(newline="") as rows:
        refused = {row["line"]: (row["field"], row["fault"]) for row in csv.DictReader(rows)}
    assert refused == {
        str(COUNT + 2): ("email", "it cannot be read"),
        str(COUNT + 3): ("id", "line 5 has the same"),
        str(COUNT + 4): ("", "it has 3 columns, the header 2"),
    }
    assert await count(club) == 0
    with run_until_ready(*words, "--apply", environment=club.environment) as running:
        while not await count(club):
            assert running.poll() is None, "it was to be killed before its end"
            await asyncio.sleep(0.02)
        running.kill()
    gone_on = selo(*words, "--apply", environment=club.environment)
    # What the killed run had sent may have been committed after its end.
    line_count, new, known, refused_count = map(int, re.findall(r"\d+", gone_on.stdout.splitlines()[0]))
    assert (line_count, new + known, refused_count) == (COUNT + 3, COUNT, 3)
    assert known > 0
    balances = {
        each.details.email: each.member.wallets["points"].balance if each.member.wallets else 0
        async for each in member_scans.iterate_members(club.runtime.store, after="", first=10_000)
    }
    made = [MadeMember(number) for number in range(COUNT)]
    assert balances == {each.email.lower(): each.points for each in made}
    assert [difference async for difference in verify(club.runtime.store)] == []


@pytest.fixture
def at_club(club: EmptyClub, monkeypatch: pytest.MonkeyPatch) -> EmptyClub:
    """The club as this process's own commands find it."""
    for name, value in club.environment.items():
        monkeypatch.setenv(name, value)
    return club


def test_what_cannot_be_read_is_told_before_anything_is_done(
    at_club: EmptyClub, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, mapping = tmp_path / "members.csv", tmp_path / "old.yaml"
    file.write_text("Mail,Stars\na@b.example,5\n", encoding="utf-8")
    mapping.write_text(
        "columns: {email: Mail}\nbalances: [{wallet: stars, amount: Stars}]\n", encoding="utf-8"
    )

    def told(form: str | None = None, map_file: Path | None = None) -> str:
        with pytest.raises(SystemExit):
            import_members(file, form=System(form) if form else None, map_file=map_file)
        said = capsys.readouterr()
        assert said.out == ""
        return said.err

    assert "Name its system by --format (smile, loyaltylion, yotpo" in told()
    assert "there is no column of e-mail addresses or phones among Mail, Stars" in told("smile")
    assert "The programme has no wallet stars; it has points, credit." in told(map_file=mapping)
    mapping.write_text("colums: {email: Mail}\n", encoding="utf-8")
    assert "colums is not known here" in told(map_file=mapping)
    assert not (tmp_path / "members.csv.refusals.csv").exists()


def test_stores_and_staff_come_from_files_once(
    at_club: EmptyClub, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shops, people, out = tmp_path / "stores.csv", tmp_path / "staff.csv", tmp_path / "secrets.csv"
    shops.write_text("code,name\nlisboa,Lisboa\nporto,Porto\n", encoding="utf-8")
    rows = ("rui,Rui,cashier,lisboa porto,", "maria,Maria,manager,,", "eva,Eva,operator,,e@x.example")
    people.write_text("\n".join(["username,name,role,stores,email", *rows]), encoding="utf-8")

    def said() -> str:
        return capsys.readouterr().out.splitlines()[0]

    import_stores(shops)
    assert said() == "2 stores would be new, 0 were here already"
    for told in ("2 stores are new, 0 were here already", "0 stores are new, 2 were here already"):
        import_stores(shops, apply=True)
        assert said() == told
    import_staff(people, out, apply=True)
    assert said() == "3 staff are new, 0 were here already"
    with out.open(newline="") as lines:
        by_name = {row["username"]: row for row in csv.DictReader(lines)}
    assert [name for name, row in by_name.items() if row["password"]] == ["rui", "maria", "eva"]
    assert by_name["eva"]["setup_key"]
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    with pytest.raises(CannotRun, match="is there already"):
        import_staff(people, out, apply=True)
    out.unlink()
    import_staff(people, out, apply=True)
    assert said() == "0 staff are new, 3 were here already"
    assert not out.exists()


@pytest.mark.parametrize("importing", [import_stores, import_staff])
def test_a_row_with_more_cells_than_the_header_is_refused(
    importing: Callable[..., None], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "rows.csv"
    head = "code,name" if importing is import_stores else "username,name"
    file.write_text(f"{head}\nlisboa,Rua Augusta 12, Lisboa\n", encoding="utf-8")
    with pytest.raises(SystemExit):
        importing(file, **({} if importing is import_stores else {"out": tmp_path / "secrets.csv"}))
    told = 'it has more cells than the header; write a comma inside a cell as "Rua Augusta 12, Lisboa".'
    assert capsys.readouterr().err == f"{file}, line 2: {told}\n"
