"""What operations cost on this machine: CPU time, each kind of request in turn, so that a busy machine shifts
all alike.

No figure here is a gate: they are for comparing before and after, on one machine, in one run.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from pathlib import Path

import bench_database
import httpx
from bench_database import Aged

from api.embedded import read_note
from api.logs import configure_logs
from domain.model.event_names import ENROLLED, PURCHASED
from domain.model.ledger.decide import decide
from domain.model.ledger.events import Event, Line, Profile, Purchase
from domain.model.ledger.member import Member
from domain.model.programme import Programme
from domain.model.programme.loading import load

ROOT = Path(__file__).parent.parent
PROGRAMME = ROOT / "scripts/demo/numiscollect.yaml"
READY = "Selo is ready at "
ROUNDS, IN_A_ROUND = 10, 40
LIGHT_IN_A_ROUND = 400  # what costs less than the clock of a process's CPU can tell, 10 ms, of so few
IDLE_SECONDS = 3
LIMITS = {"SELO_MEMBER_POINTS_PER_MINUTE": "1000000", "SELO_STAFF_REQUESTS_PER_MINUTE": "1000000"}
LIGHT, HOME_SCREEN = "GET /health", "me, the home screen"
STAFF, PASSWORD = "bench", "what is measured twice is known"
NUMBERS = count(1)

HOME = """{ me { name number balance { available pending expiring { amount on } } tier { current { name } toNext until fraction }
  badges { badge { name } level progress } pointHistory(first: 20) { edges { node { amount title occurredAt } } }
  rewards(first: 20) { edges { node { rewardState missing reward { title cost { wallet amount } } } } } } }"""
HISTORY = (
    "{ me { pointHistory(first: 20) { edges { cursor node { amount title occurredAt balanceAfter } } pageInfo"
    " { hasNextPage } } } }"
)
QUOTE = """query($n: String!) { quotePurchase(input: {member: $n, currency: "EUR", total: 4990}) { totals { wallet amount } } }"""
BUY = """mutation($n: String!, $x: String!) { recordPurchase(input: {member: $n, externalId: $x, currency: "EUR", total: 4990,
  idempotencyKey: $x}) { __typename ... on PurchaseRecorded { entries { amount } } } }"""


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument(
        "--entries",
        type=int,
        default=10_000,
        help="how many the old member has (default 10,000; 100,000 takes some minutes)",
    )
    entries = words.parse_args().entries
    text = PROGRAMME.read_text(encoding="utf-8")
    programme = load(text)
    print(f"decide, one purchase under the demo programme   {_decide_microseconds(programme):8.0f} us")
    rate, start = _simulated_a_second()
    print(
        f"simulate, one rule, 20,000 events               {rate:8.0f} events/s (its start, {start:.2f} s,"
        " aside)"
    )
    configure_logs(level="warning", form="console")
    with tempfile.TemporaryDirectory() as at:
        folder = Path(at)
        young, old = bench_database.main(folder, text, programme, entries=entries, now=datetime.now(UTC))
        with _served(folder) as (url, pid):
            _idle(pid)
            _hire(folder)
            with _served(folder / "second", beside=folder):
                pass
            _requests(url, pid, folder, young, old)


def _decide_microseconds(programme: Programme, times: int = 2_000) -> float:
    """Return the median of a purchase of three lines by a member with fifty purchases before."""
    at = datetime(2026, 1, 1, 10, tzinfo=UTC)
    joined = Event("e0", ENROLLED, at, profile=Profile(locale="pt"))
    member = decide(programme, Member("m", "1"), joined, now=at).member

    def bought(n: int) -> Event:
        lines = (
            Line(1, "a", 3_900, category="silver-coins"),
            Line(2, "b", 1_250, category="stamps"),
            Line(3, "c", 990, category="supplies"),
        )
        receipt = Purchase(f"r{n}", 6_140, "EUR", "lisboa", lines)
        return Event(f"e{n}", PURCHASED, at + timedelta(days=n), "till", purchase=receipt)

    for n in range(1, 51):
        event = bought(n)
        member = decide(programme, member, event, now=event.at).member
    event, taken = bought(51), list[int]()
    for _ in range(times):
        begun = time.process_time_ns()
        decide(programme, member, event, now=event.at)
        taken.append(time.process_time_ns() - begun)
    return statistics.median(taken) / 1000


def _simulated_a_second(events: int = 20_000) -> tuple[float, float]:
    """Return the events a second of CPU of `selo simulate`, without its start, and the seconds of its start.

    The programme has one rule, and there are a hundred members.
    """
    head = "programme: {code: one, name: One, currency: EUR, timezone: Europe/Lisbon, locales: [en]}\n"
    wallet = "wallets: [{code: points, kind: points, name: Points, expiry: never}]\n"
    award = "{award: {wallet: points, amount: 1, per: 100, of: purchase.eligible}}"
    rule = f"rules: [{{code: buy, title: Buy, on: purchase.completed, do: [{award}]}}]\n"
    with tempfile.TemporaryDirectory() as folder:
        file, few, many = Path(folder, "one.yaml"), Path(folder, "few.jsonl"), Path(folder, "many.jsonl")
        file.write_text(head + wallet + rule)
        at = datetime(2026, 1, 1, tzinfo=UTC)
        with few.open("w") as out:
            for n in range(100):
                _write_event(out.write, at, n, "member.enrolled", {"name": "A", "locale": "en"})
        with many.open("w") as out:
            out.write(few.read_text())
            for n in range(events):
                _write_event(
                    out.write,
                    at + timedelta(minutes=n + 1),
                    n % 100,
                    "purchase.completed",
                    {"externalId": str(n), "total": 1_234},
                )
        start, whole = (
            min(_child_cpu_seconds("simulate", str(file), str(lines)) for _ in range(3))
            for lines in (few, many)
        )
        return events / (whole - start), start


def _child_cpu_seconds(*words: str) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-m", "api.cli", *words], check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _write_event(
    write: Callable[[str], object], at: datetime, member: int, name: str, event_fields: dict[str, object]
) -> None:
    write(
        json.dumps(
            {
                "at": at.isoformat(),
                "member": f"m{member}",
                "name": name,
                "source": "till",
                "data": event_fields,
            }
        )
        + "\n"
    )


def _shared_settings(folder: Path) -> dict[str, str]:
    """Return the settings by which a second server serves the database of a folder whose server runs."""
    running = read_note(folder)
    assert running is not None, "a server has the folder open"
    (token_key,) = (folder / "keys").glob("token-*.pem")
    return {
        "MONGODB_URI": running.uri,
        "SELO_SECRET": (folder / "keys" / "secret").read_text(),
        "SELO_TOKEN_KEYS": token_key.read_text(),
    }


@contextmanager
def _served(folder: Path, *, beside: Path | None = None) -> Iterator[tuple[str, int]]:
    """Run a server with its worker, over its own database or a running one; yield its address and process id.

    Print what its start took.
    """
    settings = LIMITS if beside is None else _shared_settings(beside)
    # The second start reads the compiled code that the first left, as anybody's does, whatever this shell
    # says of keeping it.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    command = [sys.executable, "-m", "api.cli", "serve", "--port", "0", "--data", str(folder)]
    begun = time.perf_counter()
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env={**environment, **settings}
    ) as server:
        assert server.stdout is not None, "stdout is a pipe"
        try:
            url = next(line.removeprefix(READY).strip() for line in server.stdout if line.startswith(READY))
            took = time.perf_counter() - begun
            print(
                f"ready after {took:.2f} s, {_cpu_seconds(server.pid):.2f} s of them CPU of the API process",
                end="",
            )
            print(
                " (the embedded database started with it)"
                if beside is None
                else " (over a database that runs)"
            )
            yield url, server.pid
        finally:
            server.terminate()


def _idle(pid: int) -> None:
    """Print the memory of a process that has served nothing yet, its worker included."""
    time.sleep(IDLE_SECONDS)
    resident, own = _memory_mb(pid)
    print(
        f"memory of the idle API process, its worker on   {resident:8.0f} MB, {own:.0f} MB its own, the rest"
        " library files"
    )


def _buy(ask: Callable[..., object], cashier: str, number: str) -> object:
    """Record a purchase of its own."""
    return ask(cashier, BUY, n=number, x=f"bench-{next(NUMBERS)}")


def _requests(url: str, pid: int, folder: Path, young: Aged, old: Aged) -> None:
    """Measure each kind of request in rounds, and print the CPU of the API process (Linux) and the median
    answer.
    """
    with httpx.Client(base_url=url, timeout=30) as client:

        def ask(token: str, query: str, **variables: str) -> None:
            answer = client.post(
                "/graphql",
                json={"query": query, "variables": variables},
                headers={"Authorization": f"Bearer {token}"},
            )
            body = answer.json()
            assert "errors" not in body, body

        kinds: dict[str, Callable[[], object]] = {LIGHT: lambda: client.get("/health")}
        cashier = _token(folder, "--staff", STAFF)
        for who in (young, old):
            member = _token(folder, "--member", who.number)
            kinds[f"{HOME_SCREEN}, {who.name}"] = partial(ask, member, HOME)
            kinds[f"pointHistory, {who.name}"] = partial(ask, member, HISTORY)
            kinds[f"quotePurchase, {who.name}"] = partial(ask, cashier, QUOTE, n=who.number)
            kinds[f"recordPurchase, {who.name}"] = partial(_buy, ask, cashier, who.number)
        cpu, wall = {name: list[float]() for name in kinds}, {name: list[float]() for name in kinds}
        for _ in range(ROUNDS):
            for name, send in kinds.items():
                before, times = _cpu_seconds(pid), LIGHT_IN_A_ROUND if name == LIGHT else IN_A_ROUND
                for _ in range(times):
                    begun = time.perf_counter()
                    send()
                    wall[name].append(time.perf_counter() - begun)
                cpu[name].append((_cpu_seconds(pid) - before) / times)
    mean = {
        name: statistics.mean(taken[1:]) for name, taken in cpu.items()
    }  # the first round warms what the next ones use
    print(f"{'request':<28}{'API CPU':>12}{'of /health':>12}{'of young':>12}{'median answer':>16}")
    for name in kinds:
        against = (
            f"{mean[name] / mean[name.replace(', old', ', young')]:.2f}x" if name.endswith(", old") else ""
        )
        answer = f"{statistics.median(wall[name]) * 1e3:.1f} ms"
        print(
            f"{name:<28}{mean[name] * 1e6:>9.0f}"
            f" us{mean[name] / mean[LIGHT]:>11.1f}x{against:>12}{answer:>16}"
        )
    print(f"memory of the API process after it              {_memory_mb(pid)[0]:8.0f} MB")


def _hire(folder: Path) -> None:
    """Add the store and the cashier who records the purchases."""
    for words in (
        ("store", "add", "lisboa", "--name", "Lisboa"),
        ("staff", "add", STAFF, "--name", "Bench", "--password-stdin"),
    ):
        command = [sys.executable, "-m", "api.cli", *words, "--data", str(folder)]
        subprocess.run(command, check=True, input=PASSWORD, text=True, stdout=subprocess.DEVNULL)


def _token(folder: Path, *whom: str) -> str:
    command = [sys.executable, "-m", "api.cli", "token", *whom, "--data", str(folder)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _memory_mb(pid: int) -> tuple[float, float]:
    """Return the resident memory, and the part that no other process shares."""
    lines = (line.split() for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:])
    kilobytes = {name: int(value) for name, value, *_ in lines}
    return kilobytes["Rss:"] / 1024, (kilobytes["Private_Clean:"] + kilobytes["Private_Dirty:"]) / 1024


if __name__ == "__main__":
    main()
