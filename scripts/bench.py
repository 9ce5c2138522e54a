"""What things cost on this machine: figures are CPU time, and requests are measured in turn, so that a busy machine shifts all alike.

No figure here is a gate: they are for comparing before and after, on one machine, in one run.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import bench_database
import httpx

from api.logs import configure_logs
from domain.model.decide import decide
from domain.model.events import ENROLLED, PURCHASED, Event, Line, Profile, Purchase
from domain.model.member import Member
from domain.model.programme import Programme
from domain.model.programme.loading import load

ROOT = Path(__file__).parent.parent
PROGRAMME = ROOT / "scripts/demo/numiscollect.yaml"
READY = "Selo is ready at "
ROUNDS, IN_A_ROUND = 10, 40
NUMBERS = count(1)

HOME = """{ me { name number balance { available pending expiring { amount on } } tier { current { name } toNext until fraction }
  badges { badge { name } level progress } pointHistory(first: 20) { edges { node { amount title occurredAt } } }
  rewards(first: 20) { edges { node { rewardState missing reward { title cost { wallet amount } } } } } } }"""
HISTORY = "{ me { pointHistory(first: 20) { edges { cursor node { amount title occurredAt balanceAfter } } pageInfo { hasNextPage } } } }"
QUOTE = """query($n: String!) { quotePurchase(input: {member: $n, currency: "EUR", total: 4990}) { totals { wallet amount } } }"""
BUY = """mutation($n: String!, $x: String!) { recordPurchase(input: {member: $n, externalId: $x, currency: "EUR", total: 4990,
  idempotencyKey: $x}) { __typename ... on PurchaseRecorded { entries { amount } } } }"""


def main() -> None:
    programme = load(PROGRAMME.read_text(encoding="utf-8"))
    print(f"decide, one purchase under the demo programme   {_decide_microseconds(programme):8.0f} us")
    print(f"simulate, one rule, 20,000 events               {_simulated_a_second():8.0f} events/s")
    configure_logs(level="warning", form="console")
    bench_database.main(PROGRAMME.read_text(encoding="utf-8"), programme)
    with tempfile.TemporaryDirectory() as folder, _served(Path(folder)) as (url, pid):
        _requests(url, pid, Path(folder))


def _decide_microseconds(programme: Programme, times: int = 2_000) -> float:
    """The median of a purchase of three lines by a member who has bought fifty times before."""
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


def _simulated_a_second(events: int = 20_000) -> float:
    """Events a second of `selo simulate`, its start included, with one rule and a hundred members."""
    head = "programme: {code: one, name: One, currency: EUR, timezone: Europe/Lisbon, locales: [en]}\n"
    wallet = "wallets: [{code: points, kind: points, name: Points, expiry: never}]\n"
    award = "{award: {wallet: points, amount: 1, per: 100, of: purchase.eligible}}"
    rule = f"rules: [{{code: buy, title: Buy, on: purchase.completed, do: [{award}]}}]\n"
    with tempfile.TemporaryDirectory() as folder:
        file, lines = Path(folder, "one.yaml"), Path(folder, "events.jsonl")
        file.write_text(head + wallet + rule)
        at = datetime(2026, 1, 1, tzinfo=UTC)
        with lines.open("w") as out:
            for n in range(100):
                _line(out.write, at, n, "member.enrolled", {"name": "A", "locale": "en"})
            for n in range(events):
                _line(out.write, at + timedelta(minutes=n + 1), n % 100, "purchase.completed", {"externalId": str(n), "total": 1_234})
        begun = time.perf_counter()
        subprocess.run([sys.executable, "-m", "api.cli", "simulate", str(file), str(lines)], check=True, stdout=subprocess.DEVNULL)
        return events / (time.perf_counter() - begun)


def _line(write: Callable[[str], object], at: datetime, member: int, name: str, data: dict[str, object]) -> None:
    write(json.dumps({"at": at.isoformat(), "member": f"m{member}", "name": name, "source": "till", "data": data}) + "\n")


@contextmanager
def _served(folder: Path) -> Iterator[tuple[str, int]]:
    """A demo server: its address and process."""
    limits = {"SELO_MEMBER_POINTS_PER_MINUTE": "1000000", "SELO_STAFF_REQUESTS_PER_MINUTE": "1000000", "SELO_WORKER": "false"}
    command = [sys.executable, "-m", "api.cli", "serve", "--demo", "--port", "0", "--data", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, **limits}) as server:
        assert server.stdout is not None, "stdout is a pipe"
        try:
            yield next(line.removeprefix(READY).strip() for line in server.stdout if line.startswith(READY)), server.pid
        finally:
            server.terminate()


def _requests(url: str, pid: int, folder: Path) -> None:
    """Measure each kind of request in rounds, one kind after the other, and print its API process's CPU (Linux) and the median answer."""
    sheet = json.loads((folder / "demo.json").read_text())
    number = sheet["members"][0]["number"]
    member, cashier = _token(folder, "--member", number), _token(folder, "--staff", sheet["staff"][0]["username"])
    with httpx.Client(base_url=url) as client:

        def ask(token: str, query: str, **variables: str) -> None:
            answer = client.post("/graphql", json={"query": query, "variables": variables}, headers={"Authorization": f"Bearer {token}"})
            body = answer.json()
            assert "errors" not in body, body

        def buy() -> None:
            ask(cashier, BUY, n=number, x=f"bench-{next(NUMBERS)}")

        kinds: dict[str, Callable[[], object]] = {
            "GET /health": lambda: client.get("/health"),
            "me, the home screen": lambda: ask(member, HOME),
            "pointHistory, newest 20": lambda: ask(member, HISTORY),
            "quotePurchase": lambda: ask(cashier, QUOTE, n=number),
            "recordPurchase": buy,
        }
        cpu, wall = {name: list[float]() for name in kinds}, {name: list[float]() for name in kinds}
        for _ in range(ROUNDS):
            for name, send in kinds.items():
                before = _cpu_seconds(pid)
                for _ in range(IN_A_ROUND):
                    begun = time.perf_counter()
                    send()
                    wall[name].append(time.perf_counter() - begun)
                cpu[name].append((_cpu_seconds(pid) - before) / IN_A_ROUND)
    base = statistics.mean(cpu["GET /health"][1:])
    print(f"{'request':<28}{'API CPU':>12}{'of /health':>12}{'median answer':>16}")
    for name in kinds:
        mean = statistics.mean(cpu[name][1:])  # the first round warms what the next ones use
        print(f"{name:<28}{mean * 1e6:>9.0f} us{mean / base:>11.1f}x{statistics.median(wall[name]) * 1e3:>13.1f} ms")
    print(f"memory of the API process after it: {_resident_mb(pid):.0f} MB")


def _token(folder: Path, *whom: str) -> str:
    command = [sys.executable, "-m", "api.cli", "token", *whom, "--data", str(folder)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _resident_mb(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


if __name__ == "__main__":
    main()
