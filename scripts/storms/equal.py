"""Random histories decided by this tree and by an older commit of it: rows, outcomes and states are compared.

A third each are lives under the programmes of `tests/laws/law_programmes.py` (late events, refunds, payments,
codes, plans), stories of returns under random programmes (stamp cards, referrals), and lives under the demo
programme. Both trees run in processes of their own, by the generators of this tree, and print a digest of
each history. Of a history that differs the first line that does is printed from both.

    equal.py --work FIRST COUNT     the worker: a digest a history
    equal.py --work SEED            the worker: every line of one history
"""

from __future__ import annotations

import argparse
import dataclasses
import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from random import Random
from typing import IO

import domain.model.ledger.state.ledger_state as ledger_state

ROOT = Path(__file__).parent.parent.parent
# The domain is the one that PYTHONPATH names; the histories are those of this tree whichever that is.
sys.path.insert(0, str(ROOT))
DEMO = ROOT / "scripts/demo/programmes/numiscollect.yaml"

from bench_decide import older_tree  # noqa: E402 - after the path that it is found by

from domain.model.event_names import CODE_ENTERED, ENROLLED, PURCHASED, REDEEMED, REFUNDED  # noqa: E402
from domain.model.ledger.events import Json  # noqa: E402
from domain.model.programme import Programme  # noqa: E402
from domain.model.programme.loading import load  # noqa: E402
from domain.model.simulate import InputLine  # noqa: E402
from tests.laws.law_programmes import SHAPES, law_programme  # noqa: E402
from tests.laws.random_histories import BEGAN, KINDS, WHO, RecordedSimulation, Step, run_history  # noqa: E402
from tests.laws.returning_histories import lived, random_story, settled  # noqa: E402

MORE, TOLD_EVERY = timedelta(days=120), 500
CATEGORIES = ("gold-coins", "silver-coins", "stamps", "supplies", "gift-card")


# ---------------------------------------------------------------- histories


def lived_through(seed: int) -> RecordedSimulation:
    """Return the history of a seed, lived through."""
    random = Random(seed)
    if seed % 3 == 0:
        steps = [
            Step(
                random.choice(KINDS),
                random.choice(WHO),
                random.choice(
                    (random.randrange(2_000), random.randrange(17_280), random.randrange(41) * 1_440)
                ),
                random.randrange(301),
                random.randrange(10),
            )
            for _ in range(random.randint(8, 30))
        ]
        return run_history(law_programme(*random.choice(SHAPES)), steps)
    if seed % 3 == 1:
        with_others = seed % 2 == 1
        return settled(lived(random_story(random, with_others=with_others), is_recorded=True))
    return _life_of_the_demo(random)


@cache
def _demo() -> Programme:
    return load(DEMO.read_text(encoding="utf-8"))


def _life_of_the_demo(random: Random) -> RecordedSimulation:
    run = RecordedSimulation(_demo())
    at, bought = BEGAN + timedelta(days=random.randrange(400)), list[str]()
    fields: dict[str, Json] = {"birthday": "1992-02-29", "locale": "pt"}
    lines = [InputLine(1, at, "ana", ENROLLED, "app", fields)]
    rewards = [spec.code for spec in run.programme.rewards if spec.cost is not None]
    for number in range(2, random.randint(10, 60)):
        at += timedelta(minutes=random.choice((7, 900, 4_000, 20_000, 60_000)))
        kind, when, name = random.random(), at, PURCHASED
        event_data: dict[str, Json]
        if kind < 0.6:
            event_data = _demo_receipt(random, number)
            when = at - timedelta(hours=random.randrange(90)) if kind < 0.1 else at
            bought.append(str(number))
        elif kind < 0.75 and bought:
            name = REFUNDED
            amount: dict[str, Json] = {"amount": random.randrange(1, 9_000)} if kind < 0.7 else {}
            event_data = {"externalId": random.choice(bought), **amount}
        elif kind < 0.85:
            name, event_data = REDEEMED, {"reward": random.choice(rewards), "voucher": f"v{number}"}
        elif kind < 0.9:
            name, event_data = CODE_ENTERED, {"code": "NONE"}
        else:
            name, event_data = "event.attended", {"event": "fair"}
        lines.append(InputLine(number, max(when, lines[0].at), "ana", name, "till", event_data))
    for line in lines:
        for _ in run.event(line):
            pass
    for _ in run.advance(run.clock + MORE):
        pass
    return run


def _demo_receipt(random: Random, number: int) -> dict[str, Json]:
    items: list[Json] = [
        {
            "sku": f"s{place}",
            "category": random.choice(CATEGORIES),
            "quantity": random.randint(1, 5),
            "amount": random.choice((990, 3_900, 30_000)),
        }
        for place in range(random.randrange(5))
    ]
    total = sum(int(str(item["amount"])) for item in items if isinstance(item, dict))
    return {"externalId": str(number), "store": "lisboa", "total": total + 250, "lines": items}


# ---------------------------------------------------------------- what is compared


def told(run: RecordedSimulation) -> Iterator[str]:
    """Yield what a history came to, line by line: every row with its changes, and every state at the end."""
    for decision in run.decisions:
        for row in decision.rows:
            for field in dataclasses.fields(row):
                yield f"{decision.member.id} {row.seq} {row.event.id} {field.name}: {plain(getattr(row, field.name))!r}"
    for code, member in sorted(run.members.items()):
        for path, value in ledger_state.state_paths(member).items():
            yield f"{code} {path}: {plain(value)!r}"
        yield f"{code} member: {plain(member)!r}"


def plain(value: object) -> object:
    """Return a value of the domain as lists and words, in the order in which it is kept."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return [
            type(value).__name__,
            *((f.name, plain(getattr(value, f.name))) for f in dataclasses.fields(value)),
        ]
    if isinstance(value, Mapping):
        return {key if isinstance(key, str) else str(key): plain(one) for key, one in value.items()}
    if isinstance(value, frozenset | set):
        return sorted(map(str, value))
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    return value.isoformat() if isinstance(value, date) else value


def work(first: int, count: int | None) -> None:
    """Print every line of one history, or the digests of many."""
    if count is None:
        for line in told(lived_through(first)):
            print(line)
        return
    for seed in range(first, first + count):
        run = lived_through(seed)
        digest = hashlib.sha256("\n".join(told(run)).encode()).hexdigest()[:16]
        print(seed, len(run.decisions), digest, flush=True)


# ---------------------------------------------------------------- both trees


def _worker(tree: Path, *words: str) -> subprocess.Popen[str]:
    path = os.pathsep.join([str(tree), str(ROOT / "scripts")])
    environment = {**os.environ, "PYTHONPATH": path, "PYTHONSAFEPATH": "1", "PYTHONHASHSEED": "0"}
    command = [sys.executable, __file__, "--work", *words]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)


def _lines(process: subprocess.Popen[str]) -> IO[str]:
    assert process.stdout is not None, "a pipe"
    return process.stdout


def _print_difference(older: Path, seed: int) -> None:
    here, there = ([*_lines(_worker(tree, str(seed)))] for tree in (ROOT, older))
    for mine, other in zip([*here, "-\n"], [*there, "-\n"], strict=False):
        if mine != other:
            print(f"history {seed} differs:\n  here  {mine}  there {other}", end="", flush=True)
            return


def compare(older: Path, first: int, count: int) -> int:
    """Compare so many histories, and return how many differ."""
    began, decisions, failed = time.perf_counter(), 0, 0
    with _worker(ROOT, str(first), str(count)) as here, _worker(older, str(first), str(count)) as there:
        for mine, other in zip(_lines(here), _lines(there), strict=True):
            decisions += int(mine.split()[1])
            if mine != other:
                failed += 1
                _print_difference(older, int(mine.split()[0]))
            if (done := int(mine.split()[0]) - first + 1) % TOLD_EVERY == 0:
                print(f"{done} of {count}, {failed} differ", file=sys.stderr, flush=True)
    codes = (here.returncode, there.returncode)
    seconds = time.perf_counter() - began
    print(f"{count} histories of {decisions} decisions in {seconds:.0f} s: {failed} differ", flush=True)
    return failed or any(codes)


def main() -> int:
    """Compare, or be a worker."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("revision", nargs="?", help="the older commit")
    words.add_argument("count", type=int, nargs="?", default=20_000)
    words.add_argument("--from", type=int, default=0, dest="first", help="the first seed")
    words.add_argument("--work", type=int, nargs="+", help=argparse.SUPPRESS)
    arguments = words.parse_args()
    if arguments.work:
        work(arguments.work[0], arguments.work[1] if len(arguments.work) > 1 else None)
        return 0
    if arguments.revision is None:
        words.error("name the older commit")
    with older_tree(arguments.revision) as tree:
        assert tree is not None, "a revision is named"
        return 1 if compare(tree, arguments.first, arguments.count) else 0


if __name__ == "__main__":
    sys.exit(main())
