"""Imports of many made members into the embedded database, a system's columns each, as `selo import` runs them.

Of each system: a run that is killed on its way, the run that goes on, and one more, which has to find everybody
here. Counts, sums of balances and last days have to be exact. Prints the rate in members a second.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import resource
import sys
import time
from collections import Counter
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from domain.model.calendar import local_day
from domain.model.ledger.validity.changes import expiry_of
from domain.model.moving.import_map import FORMATS
from domain.model.programme import load
from domain.store.connect import connect
from domain.store.document_store import DocumentStore
from domain.store.ledger.scans import member_scans
from tests.servers import SHARED_KEYS, embedded_in_thread, run_until_ready, selo
from tests.services.moving.imported_files import MadeMember, made_file

PROGRAMME = Path(__file__).parents[1] / "demo" / "programmes" / "numiscollect.yaml"
COUNTS = re.compile(r"(\d+) lines: (\d+) were brought along, (\d+) are here already, (\d+) are refused")


def main() -> int:
    """Import the files of each system and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int, nargs="?", default=20_000)
    parser.add_argument("systems", nargs="*", default=sorted(FORMATS))
    arguments = parser.parse_args()
    failed = 0
    for system in arguments.systems:
        with (
            TemporaryDirectory(prefix="selo-imports-") as folder,
            embedded_in_thread(Path(folder) / "db") as uri,
        ):
            failed += not import_system(system, arguments.count, Path(folder), uri)
    return 1 if failed else 0


def import_system(system: str, count: int, folder: Path, uri: str) -> bool:
    """Import the file of a system into a database of its own; tell whether all is as the file says."""
    environment = {"MONGODB_URI": uri, **SHARED_KEYS}
    selo("programme", "publish", str(PROGRAMME), environment=environment)
    file = folder / f"{system}.csv"
    file.write_text(made_file(system, count), encoding="utf-8")
    words = ("import", "members", str(file), "--format", system, "--apply")
    with run_until_ready(*words, environment=environment) as killed:
        while asyncio.run(here(uri)) < count // 10:
            time.sleep(0.2)
        killed.kill()
    before, began, spent = asyncio.run(here(uri)), time.perf_counter(), cpu_seconds()
    gone_on = COUNTS.search(run(words, environment))
    seconds, spent = time.perf_counter() - began, cpu_seconds() - spent
    began = time.perf_counter()
    again = COUNTS.search(run(words, environment))
    again_seconds = time.perf_counter() - began
    assert gone_on is not None
    assert again is not None
    lines, new, known, refused = map(int, gone_on.groups())
    # What the killed command had sent may be committed after its end.
    is_whole = lines == new + known == count and known >= before and refused == 0
    is_known = again.groups() == (str(count), "0", str(count), "0")
    is_exact = is_whole and is_known and asyncio.run(are_exact(uri, system, count))
    print(
        f"{system}: {new} members in {seconds:.0f} s, {new / seconds:.0f} a second, and"
        f" {new / spent:.0f} a second of CPU (database and command), after a kill at {known}; again, all known: {again_seconds:.0f} s;"
        f" {'exact' if is_exact else 'NOT AS THE FILE SAYS'}",
        flush=True,
    )
    return is_exact


def run(words: tuple[str, ...], environment: dict[str, str]) -> str:
    """Run a command that may take minutes; return what it said."""
    with run_until_ready(*words, environment=environment) as process:
        output, _ = process.communicate()
    return output


def cpu_seconds() -> float:
    """Return the CPU that this process's children have had: the database, and commands that have ended."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    children = list[str]()
    for task in Path("/proc/self/task").iterdir():
        with suppress(FileNotFoundError):  # a thread that has ended meanwhile
            children += (task / "children").read_text(encoding="ascii").split()
    fields = [
        Path(f"/proc/{child}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        for child in children
    ]
    ticks = sum(int(each[11]) + int(each[12]) for each in fields)
    return ended.ru_utime + ended.ru_stime + ticks / os.sysconf("SC_CLK_TCK")


async def here(uri: str) -> int:
    """Return how many members there are."""
    database = connect(uri, "selo", timeout_seconds=30)
    try:
        return int(await database.mongo["members"].estimated_document_count())
    finally:
        await database.close()


async def are_exact(uri: str, system: str, count: int) -> bool:
    """Tell whether every member of a file is here with its balance and its last day."""
    database = connect(uri, "selo", timeout_seconds=30)
    found: Counter[tuple[str | None, int]] = Counter()
    days: set[date | None] = set()
    try:
        store = DocumentStore.of(database, embedded=True)
        async for each in member_scans.iterate_members(store, after="", first=count + 1):
            held = each.member.wallets.get("points")
            contact = each.details.phone if system == "square" else each.details.email
            found[contact, held.balance if held is not None else 0] += 1
            days |= {lot.expires_on for lot in held.lots} if held is not None else set()
    finally:
        await database.close()
    made = [MadeMember(number) for number in range(count)]
    phones = {each.number: "+1" + "".join(filter(str.isdigit, each.phone)) for each in made}
    contacts = {
        each.number: phones[each.number] if system == "square" else each.email.lower() for each in made
    }
    programme = load(PROGRAMME.read_text(encoding="utf-8"))
    today = local_day(datetime.now(UTC), programme.zone)
    lasts = {expiry_of(programme.wallet("points"), tier=None, since=today)}
    return found == Counter({(contacts[each.number], each.points): 1 for each in made}) and days == lasts


if __name__ == "__main__":
    sys.exit(main())
