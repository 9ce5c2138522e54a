"""What `decide` and `simulate` cost, this tree beside an older commit of it: each in a process, in turns.

    bench_decide.py DEMO    the worker: reads a case and how often, prints microseconds (a line, of `simulate`)
                            and a digest; DEMO is the demo's programme

The worker imports the domain from wherever PYTHONPATH says, so that one file measures both trees. Both read the
older tree's demo by its shape alone: the other knows words that the older one does not.
"""

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench_load import lower_quartile, paired

from domain.model.event_names import ENROLLED, PURCHASED, REDEEMED
from domain.model.ledger.decide import decide
from domain.model.ledger.decision import Decision
from domain.model.ledger.events import Event, Line, Profile, Purchase
from domain.model.ledger.member import Member
from domain.model.programme.loading import load_published
from domain.model.simulate import simulate
from domain.model.simulate.answers import row_answer

ROOT = Path(__file__).parent.parent
BEGIN = datetime(2026, 1, 1, 10, tzinfo=UTC)
HEAD = "programme: {code: one, name: One, currency: EUR, timezone: Europe/Lisbon, locales: [en]}\n"
WALLET = "wallets: [{code: points, kind: points, name: Points, expiry: never}]\n"
AWARD = "{award: {wallet: points, amount: 1, per: 100, of: purchase.eligible}}"
RULE = f"  - {{code: buy, title: Buy, on: purchase.completed, do: [{AWARD}]}}\n"
ROUNDS = 7

# How each case grows: what it is, and the sizes that are compared, the first with all others.
GROWTH = {
    "rewards": (20, 200, 500),
    "firing rules": (1, 50, 500),
    "other rules": (1, 50, 500),
    "badges": (1, 20, 200),
    "segments": (1, 20, 200),
    "purchases before": (20, 200, 700),
    "open vouchers": (0, 20),
    "members": (100, 2_000),
}


# ---------------------------------------------------------------- programmes


def programme_text(what: str, size: int) -> str:
    """Return a programme that has so many of one thing."""
    rules, more = RULE, ""
    if what == "rewards":
        rows = "".join(
            f"  - {{code: r{n}, title: R{n}, kind: product, cost: {{wallet: points, amount: {(n + 1) * 37}}}}}\n"
            for n in range(size)
        )
        more = f"rewards:\n{rows}"
    elif what == "firing rules":
        award = "{award: {wallet: points, fixed: 1}}"
        rules = "".join(
            f"  - {{code: f{n}, title: F{n}, on: purchase.completed, do: [{award}]}}\n" for n in range(size)
        )
    elif what == "other rules":
        rules += "".join(
            f"  - {{code: o{n}, title: O{n}, on: purchase.completed, when: 'purchase.total > {10**8 + n}',"
            f" do: [{AWARD}]}}\n"
            for n in range(size)
        )
    elif what == "badges":
        rows = "".join(
            f"  - {{code: b{n}, name: B{n}, on: purchase.completed, levels: [{10**6 + n}]}}\n"
            for n in range(size)
        )
        more = f"badges:\n{rows}"
    elif what == "segments":
        rows = "".join(
            f"  - {{code: s{n}, when: 'member.purchases.count > {10**6 + n}'}}\n" for n in range(size)
        )
        more = f"segments:\n{rows}"
    elif what == "open vouchers":
        cost = "cost: {wallet: points, amount: 1}, voucher: {valid: {days: 3000}}"
        more = f"rewards:\n  - {{code: mug, title: A mug, kind: product, {cost}}}\n"
    return f"{HEAD}{WALLET}rules:\n{rules}{more}"


def _bought(n: int) -> Event:
    lines = (
        Line(1, "a", 3_900, category="silver-coins"),
        Line(2, "b", 1_250, category="stamps"),
        Line(3, "c", 990, category="supplies"),
    )
    receipt = Purchase(f"r{n}", 6_140, "EUR", "lisboa", lines)
    return Event(f"e{n}", PURCHASED, BEGIN + timedelta(days=n), "till", purchase=receipt)


def _deciding(text: str, *, purchases: int = 50, vouchers: int = 0) -> Callable[[], object]:
    """Return one decision: a purchase of three lines by a member with purchases, and vouchers, before."""
    programme = load_published(text)
    joined = Event("e0", ENROLLED, BEGIN, profile=Profile(locale="pt"))
    member = decide(programme, Member("m", "1"), joined, now=BEGIN).member
    for n in range(1, purchases + 1):
        event = _bought(n)
        member = decide(programme, member, event, now=event.at).member
    at = BEGIN + timedelta(days=purchases, hours=1)
    for n in range(vouchers):
        redeemed = Event(f"v{n}", REDEEMED, at, "app", {"reward": "mug"})
        member = decide(programme, member, redeemed, now=at).member
    event = _bought(purchases + 1)
    return lambda: decide(programme, member, event, now=event.at)


def _simulating(text: str, *, members: int, events: int) -> Callable[[], object]:
    programme = load_published(text)
    lines = [_line(BEGIN, n, "member.enrolled", {"name": "A", "locale": "en"}) for n in range(members)]
    for n in range(events):
        at = BEGIN + timedelta(minutes=n + 1)
        lines.append(_line(at, n % members, "purchase.completed", {"externalId": str(n), "total": 1_234}))
    return lambda: list(simulate(programme, iter(lines), until=None, warn=lambda _text: None))


def _line(at: datetime, member: int, name: str, fields: dict[str, object]) -> str:
    row = {"at": at.isoformat(), "member": f"m{member}", "name": name, "source": "till", "data": fields}
    return json.dumps(row)


def prepare(case: str, demo: str) -> Callable[[], object]:
    """Return what a case does once; `demo` is the text of the demo's programme."""
    what, _, size = case.rpartition(":")
    if case == "decide, demo:3":
        return _deciding(demo)
    if what == "simulate, one rule":
        return _simulating(programme_text("none", 1), members=100, events=int(size))
    if what == "simulate, demo":
        return _simulating(demo, members=100, events=int(size))
    if what == "members":
        return _simulating(programme_text("none", 1), members=int(size), events=2_000)
    if what == "purchases before":
        return _deciding(demo, purchases=int(size))
    text = programme_text(what, int(size))
    return _deciding(text, vouchers=int(size) if what == "open vouchers" else 0)


def outcome(result: object) -> object:
    """Return what a decision wrote as `simulate` tells it, which does not change with the fields of ours."""
    return [row_answer("m", row, []) for row in result.rows] if isinstance(result, Decision) else result


def work(demo: str) -> None:
    """Do what is asked, line by line."""
    prepared: dict[str, Callable[[], object]] = {}
    for line in sys.stdin:
        case, _, times = line.rstrip("\n").rpartition("\t")
        if case not in prepared:
            prepared[case] = prepare(case, demo)
            result = prepared[case]()
        act = prepared[case]
        begun = time.process_time_ns()
        for _ in range(int(times)):
            result = act()
        events = len(result) if isinstance(result, list) else 1
        spent = (time.process_time_ns() - begun) / int(times) / events / 1000
        digest = hashlib.sha256(repr(outcome(result)).encode()).hexdigest()[:12]
        print(f"{spent:.3f}\t{digest}", flush=True)


# ---------------------------------------------------------------- the bench


class Worker:
    """A worker over one tree."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process

    def take(self, case: str, times: int) -> tuple[float, str]:
        """Return the microseconds of a case, and the digest of what it came to."""
        assert self.process.stdin is not None, "a pipe"
        assert self.process.stdout is not None, "a pipe"
        print(f"{case}\t{times}", file=self.process.stdin, flush=True)
        spent, _, digest = self.process.stdout.readline().rstrip("\n").partition("\t")
        if not digest:
            sys.exit(
                "A commit that old cannot be measured here: what it lacks stands above. Name a later one."
            )
        return float(spent), digest


@contextmanager
def run_worker(tree: Path, demo: Path) -> Iterator[Worker]:
    path = os.pathsep.join([str(tree), str(ROOT / "scripts")])
    environment = {**os.environ, "PYTHONPATH": path, "PYTHONSAFEPATH": "1", "PYTHONHASHSEED": "0"}
    command = [sys.executable, __file__, str(demo)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        try:
            yield Worker(process)
        finally:
            process.terminate()


@contextmanager
def older_tree(revision: str | None) -> Iterator[Path | None]:
    """Check an older commit out beside this one; None where there is none to compare with."""
    if revision is None:
        yield None
        return
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "older"
        git = ["git", "-C", str(ROOT), "worktree"]
        add = [*git, "add", "--quiet", "--detach", str(tree), revision]
        subprocess.run(add, check=True)
        try:
            yield tree
        finally:
            subprocess.run([*git, "remove", "--force", str(tree)], check=True)


def run(against: str | None, *, deciding: bool, growth: bool) -> None:
    """Print what deciding and simulating cost, beside an older commit where it is named."""
    cases = [("decide, demo:3", 100), ("simulate, one rule:2000", 1), ("simulate, demo:500", 1)]
    with ExitStack() as stack:
        tree = stack.enter_context(older_tree(against))
        demo = next(((tree or ROOT) / "scripts/demo").rglob("numiscollect.yaml"))  # it has moved since
        worker = stack.enter_context(run_worker(ROOT, demo))
        older = stack.enter_context(run_worker(tree, demo)) if tree else None
        print(
            f"{'deciding, CPU of one process':<34}{'here':>12}"
            + (f"{against:>12}{'paired':>9}" if older else "")
        )
        for case, times in cases if deciding else ():
            _print_case(case, times, worker, older)
        for what, sizes in GROWTH.items() if growth else ():
            smallest = None
            for size in sizes:
                times = 1 if what == "members" else max(1, 40 // (1 + size // 50))
                spent = _print_case(f"{what}:{size}", times, worker, older, of=smallest)
                smallest = smallest or spent


def _print_case(
    case: str, times: int, worker: Worker, older: Worker | None, *, of: float | None = None
) -> float:
    mine, before = list[float](), list[float]()
    digests = set()
    for _ in range(ROUNDS):
        spent, digest = worker.take(case, times)
        mine.append(spent)
        digests.add(digest)
        if older is not None:
            spent, digest = older.take(case, times)
            before.append(spent)
            digests.add(digest)
    text = f"{case.replace(':', ' '):<34}{lower_quartile(mine):>9.0f} us"
    if older is not None:
        text += f"{lower_quartile(before):>9.0f} us{paired(mine, before):>8.2f}x"
        text += "" if len(digests) == 1 else "  not the same outcome"
    print(text + (f"   {lower_quartile(mine) / of:.2f}x of the smallest" if of else ""))
    return lower_quartile(mine)


if __name__ == "__main__":
    work(Path(sys.argv[1]).read_text(encoding="utf-8"))
