"""Random histories of all kinds of events for three members, one invited by another, and the simulations that
run them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TypeVar

from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st

from domain.model.ledger.decision import Decision
from domain.model.ledger.events import Json
from domain.model.ledger.timeline import turn
from domain.model.programme import Programme
from domain.model.simulate import InputLine, Simulation
from domain.model.simulate.answers import Answer
from tests.laws.law_programmes import SHAPES, law_programme

DEEP = int(os.environ.get("SELO_LAWS", "1"))  # how many times as many histories as a quick run tries
LIVES = 48
T = TypeVar("T", bound=Callable[..., None])
BEGAN = datetime(2026, 9, 20, 9, tzinfo=UTC)
WHO = ("ana", "bob", "eva")


def with_examples(examples: int) -> settings:
    """Return how a law is tried: so many random histories, the same ones each time unless they are asked to
    be many.
    """
    quiet = [HealthCheck.too_slow, HealthCheck.data_too_large]
    return settings(
        max_examples=examples * DEEP,
        deadline=None,
        derandomize=DEEP == 1,
        database=None,
        suppress_health_check=quiet,
    )


def on_histories(law: T) -> T:
    """Try a law of `life` on the same histories as the other laws: what is dear, living through them, is done
    once for all.

    So each law looks at more of them than it could if it lived through its own. Asked to be many, they are
    random for each.
    """
    return with_examples(LIVES)(seed(1)(law) if DEEP == 1 else law)


@dataclass(frozen=True)
class Step:
    """One thing that happens: after so many minutes, to whom, and two numbers that say what of its kind."""

    kind: str
    who: str
    gap: int
    a: int
    b: int


KINDS = (
    *("buy",) * 6,
    *("pay",) * 3,
    *("late",) * 2,
    *("refund",) * 4,
    *("redeem",) * 5,
    *("use", "cancel", "cancel", "adjust", "adjust", "play", "play", "plan", "end", "agree"),
    *("code",) * 2,
    *("hold",) * 3,
    *("capture", "capture", "release"),
)
SHORT, LONG, DAYS = (
    st.integers(0, 2_000),
    st.integers(0, 60 * 24 * 12),
    st.integers(0, 40).map(lambda day: day * 1_440),
)
CODES: tuple[dict[str, Json], ...] = ({"code": "SUN10"}, {"code": "rain"}, {"code": "none"})
GAPS = st.one_of(SHORT, SHORT, LONG, DAYS)
STEPS = st.builds(
    Step, st.sampled_from(KINDS), st.sampled_from(WHO), GAPS, st.integers(0, 300), st.integers(0, 9)
)
HISTORIES = st.lists(STEPS, min_size=8, max_size=30)
PROGRAMMES = st.sampled_from(SHAPES).map(lambda shape: law_programme(*shape))


def lines(history: list[Step]) -> Iterator[InputLine]:
    """Return a history as lines of an events file. Each member begins with a purchase, so that there is
    something to take back.
    """
    yield InputLine(1, BEGAN, "bob", "member.enrolled", "app", {})
    yield InputLine(
        2,
        BEGAN,
        "ana",
        "member.enrolled",
        "app",
        {"birthday": "1990-10-31", "referredBy": "bob", "code": "sun-1O"},
    )
    yield InputLine(3, BEGAN, "eva", "member.enrolled", "app", {"consents": ["news"]})
    at = BEGAN
    bought: dict[str, list[int]] = {who: [] for who in WHO}
    redeemed: dict[str, list[int]] = {who: [] for who in WHO}
    held: dict[str, list[int]] = {who: [] for who in WHO}
    begun = [Step("adjust", who, 0, 150, b) for who in WHO for b in (0, 1)]  # something to pay with
    begun += [Step("pay", who, 0, 250 + 10 * place, 2) for place, who in enumerate(WHO)]
    begun += [Step(kind, who, 0, 80, 1) for who in WHO for kind in ("hold", "capture", "hold")]
    for number, step in enumerate([*begun, *history], start=4):
        at += timedelta(minutes=step.gap)
        mine = bought[step.who], redeemed[step.who], held[step.who]
        name, event_data, when = _event_of(step, number, at, *mine)
        yield InputLine(number, when, step.who, name, "till", event_data)
        if name == "purchase.completed":
            bought[step.who].append(number)
        if name == "reward.redeemed":
            redeemed[step.who].append(number)
        if name == "hold.placed":
            held[step.who].append(number)


def _event_of(
    step: Step, number: int, at: datetime, bought: list[int], redeemed: list[int], held: list[int]
) -> tuple[str, dict[str, Json], datetime]:
    a, b = step.a, step.b
    match step.kind:
        case "buy" | "late" | "pay":
            back = timedelta(minutes=a * 200) if step.kind == "late" else timedelta(0)
            paid: dict[str, Json] = {"payWith": _payment(a, b)} if step.kind == "pay" or b == 8 else {}
            return "purchase.completed", {**_receipt(number, a, b), **paid}, max(at - back, BEGAN)
        case "hold" | "capture" | "release":
            name, event_data = _event_of_hold(step, number, held)
            return name, event_data, at
        case "refund":
            place = (-1 - a if b % 2 else a) % len(bought)
            which: dict[str, Json] = {"externalId": str(bought[place])}
            how: dict[str, Json] = (
                {}
                if b < 3
                else {"amount": 1 + a * 20}
                if b < 7
                else {"lines": [{"line": 1 + b % 2, "quantity": 1}]}
            )
            return "purchase.refunded", {**which, **how}, at
        case "redeem":
            return "reward.redeemed", {"reward": ("mug", "pen", "coupon")[b % 3], "voucher": f"v{number}"}, at
        case "use" | "cancel":
            which_one = redeemed[-1 - a % min(2, len(redeemed))] if redeemed else 0
            return (
                ("voucher.used" if step.kind == "use" else "voucher.cancelled"),
                {"voucher": f"v{which_one}"},
                at,
            )
        case "adjust":
            return (
                "balance.adjusted",
                {
                    "wallet": "points" if b else "credit",
                    "amount": -a - 1 if b > 2 else a + 1,
                    "reason": "law",
                },
                at,
            )
        case "play":
            return "game.played", {"score": a % 60}, at
        case "code":
            packs: tuple[dict[str, Json], ...] = ({"batch": "packs", "code": f"p{a % 9}"}, {"batch": "packs"})
            return "code.entered", (*CODES, *packs)[b % 5], at
        case "plan":
            until = (at + timedelta(minutes=1 + a * 100)).isoformat()
            return (
                ("plan.started" if b < 7 else "plan.renewed"),
                {"plan": "plus", "until": until if b else None},
                at,
            )
        case "end":
            return "plan.ended", {}, at
    return "member.consented", {"purpose": "news", "granted": a % 2 == 0}, at


def _event_of_hold(step: Step, number: int, held: list[int]) -> tuple[str, dict[str, Json]]:
    a, b = step.a, step.b
    if step.kind == "hold":
        return "hold.placed", _hold(number, a, b)
    label = f"h{held[-1 - (a % 5 == 0 and len(held) > 1)]}" if held else "none"
    if step.kind == "release":
        return "hold.released", {"hold": label}
    part: dict[str, Json] = {"hold": label, **({"units": 2} if b > 5 else {})}
    return "purchase.completed", {**_receipt(number, 100 + a, b), "payWith": [part]}


def _receipt(number: int, a: int, b: int) -> dict[str, Json]:
    items: list[Json] = [
        {"sku": "c", "category": "coins", "quantity": 1 + b % 4, "amount": a * 17},
        {"sku": "s", "category": "gift" if b == 9 else "stamps", "quantity": 2, "amount": a * 11 + b},
    ]
    return {
        "externalId": str(number),
        "store": "lisboa",
        "total": a * 28 + b + (b % 3) * 40,
        "lines": items[: b % 3],
    }


def _hold(number: int, a: int, b: int) -> dict[str, Json]:
    """Return what is held for one of three orders, for up to four days."""
    wallet, units = ("points", 2 + a // 20 * 2) if b else ("credit", 1 + a % 23)
    event_data: dict[str, Json] = {"hold": f"h{number}", "wallet": wallet, "amount": units}
    return {**event_data, "order": str(b % 3), "total": 30_000, "minutes": 1 + a * 33}


def _payment(a: int, b: int) -> list[Json]:
    """Return what wallets pay, mostly less than they hold: with points, with credit or with both."""
    parts: list[Json] = [
        {"wallet": "points", "units": 2 + a // 15 * 2},
        {"wallet": "credit", "units": 1 + a % 23},
    ]
    return parts[b % 3 == 1 : 1 + (b % 3 > 0)]


class RecordedSimulation(Simulation):
    """A simulation that keeps every decision."""

    def __init__(self, programme: Programme) -> None:
        super().__init__(programme)
        self.decisions: list[Decision] = []

    def _commit(self, code: str, decision: Decision) -> Iterator[Answer]:
        self.decisions.append(decision)
        return super()._commit(code, decision)


class LazySimulation(RecordedSimulation):
    """One for whom no job ever runs: time passes for a member only with an event of their own, and at the
    end.
    """

    def advance(self, until: datetime) -> Iterator[Answer]:
        while self._delayed and self._delayed[0][0] <= until:
            self.clock = max(self.clock, self._delayed[0][0])
            yield from self._run_delayed(self.clock)
        self.clock = max(self.clock, until)

    def catch_up(self, until: datetime) -> None:
        for code, member in list(self.members.items()):
            for _ in self._commit(code, turn(self.programme, member, until=until)):
                pass


def run_history(
    programme: Programme,
    history: list[Step],
    *,
    kind: type[RecordedSimulation] = RecordedSimulation,
    more: timedelta = timedelta(days=90),
) -> RecordedSimulation:
    """Live through a history, and some time after it."""
    run = kind(programme)
    for line in lines(history):
        for _ in run.event(line):
            pass
    end = run.clock + more
    for _ in run.advance(end):
        pass
    if isinstance(run, LazySimulation):
        run.catch_up(end)
    return run


def timely_run(programme: Programme, history: list[Step]) -> RecordedSimulation:
    """Return a life with its decisions, lived through once, whichever law looks at it. Not to be changed."""
    return _timely_run(programme, tuple(history))


@lru_cache(maxsize=LIVES)
def _timely_run(programme: Programme, history: tuple[Step, ...]) -> RecordedSimulation:
    return run_history(programme, list(history))
