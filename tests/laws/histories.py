"""Random histories of all kinds of events for three members, one of whom invited another, and the runs that live through them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from domain.model.decision import Decision
from domain.model.events import Json
from domain.model.programme import Programme
from domain.model.simulate import Input, Simulation
from domain.model.simulate.answers import Answer
from domain.model.timeline import turn
from tests.laws.club import SHAPES, club

DEEP = int(os.environ.get("SELO_LAWS", "1"))  # how many times as many histories as a quick run tries
BEGAN = datetime(2026, 9, 20, 9, tzinfo=UTC)
WHO = ("ana", "bob", "eva")


def tried(examples: int) -> settings:
    """Return how a law is tried: so many random histories, the same ones each time unless they are asked to be many."""
    quiet = [HealthCheck.too_slow, HealthCheck.data_too_large]
    return settings(max_examples=examples * DEEP, deadline=None, derandomize=DEEP == 1, database=None, suppress_health_check=quiet)


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
    *("late",) * 2,
    *("refund",) * 3,
    *("redeem",) * 3,
    *("use", "cancel", "cancel", "adjust", "play", "play", "plan", "end", "agree"),
)
GAPS = st.one_of(st.integers(0, 3_000), st.integers(0, 60 * 24 * 12), st.integers(0, 40).map(lambda days: days * 24 * 60))
STEPS = st.builds(Step, st.sampled_from(KINDS), st.sampled_from(WHO), GAPS, st.integers(0, 300), st.integers(0, 9))
HISTORIES = st.lists(STEPS, min_size=1, max_size=25)
PROGRAMMES = st.sampled_from(SHAPES).map(lambda shape: club(*shape))


def lines(history: list[Step]) -> Iterator[Input]:
    """Return a history as lines of an events file."""
    yield Input(1, BEGAN, "bob", "member.enrolled", "app", {})
    yield Input(2, BEGAN, "ana", "member.enrolled", "app", {"birthday": "1990-10-31", "referredBy": "bob"})
    yield Input(3, BEGAN, "eva", "member.enrolled", "app", {"consents": ["news"]})
    at = BEGAN
    for number, step in enumerate(history, start=4):
        at += timedelta(minutes=step.gap)
        name, data, when = _said(step, number, at)
        yield Input(number, when, step.who, name, "till", data)


def _said(step: Step, number: int, at: datetime) -> tuple[str, dict[str, Json], datetime]:
    a, b = step.a, step.b
    match step.kind:
        case "buy" | "late":
            back = timedelta(minutes=a * 200) if step.kind == "late" else timedelta(0)
            return "purchase.completed", _receipt(number, a, b), max(at - back, BEGAN)
        case "refund":
            which: dict[str, Json] = {"externalId": f"{step.who}{4 + a % max(1, number - 4)}"}
            how: dict[str, Json] = {} if b < 2 else {"amount": 1 + a * 20} if b < 7 else {"lines": [{"line": 1 + b % 2, "quantity": 1}]}
            return "purchase.refunded", {**which, **how}, at
        case "redeem":
            return "reward.redeemed", {"reward": ("mug", "pen", "coupon")[b % 3], "voucher": f"v{number}"}, at
        case "use" | "cancel":
            back_by = 1 + b % 6
            return ("voucher.used" if step.kind == "use" else "voucher.cancelled"), {"voucher": f"v{number - back_by}"}, at
        case "adjust":
            return "balance.adjusted", {"wallet": "points" if b else "credit", "amount": a - 150 or 1, "reason": "law"}, at
        case "play":
            return "game.played", {"score": a % 60}, at
        case "plan":
            until = (at + timedelta(minutes=1 + a * 100)).isoformat()
            return ("plan.started" if b < 7 else "plan.renewed"), {"plan": "plus", "until": until if b else None}, at
        case "end":
            return "plan.ended", {}, at
    return "member.consented", {"purpose": "news", "granted": a % 2 == 0}, at


def _receipt(number: int, a: int, b: int) -> dict[str, Json]:
    items: list[Json] = [
        {"sku": "c", "category": "coins", "quantity": 1 + b % 4, "amount": a * 17},
        {"sku": "s", "category": "gift" if b == 9 else "stamps", "quantity": 2, "amount": a * 11 + b},
    ]
    return {"externalId": str(number), "store": "lisboa", "total": a * 28 + b + (b % 3) * 40, "lines": items[: b % 3]}


class Watched(Simulation):
    """A simulation that keeps every decision; receipts are numbered by member."""

    def __init__(self, programme: Programme) -> None:
        super().__init__(programme)
        self.decisions: list[Decision] = []

    def _commit(self, code: str, decision: Decision) -> Iterator[Answer]:
        self.decisions.append(decision)
        return super()._commit(code, decision)


class Lazy(Watched):
    """One for whom no job ever runs: time passes for a member only with an event of their own, and at the end."""

    def advance(self, until: datetime) -> Iterator[Answer]:
        while self._later and self._later[0][0] <= until:
            self.clock = max(self.clock, self._later[0][0])
            yield from self._now(self.clock)
        self.clock = max(self.clock, until)

    def catch_up(self, until: datetime) -> None:
        for code, member in list(self.members.items()):
            for _ in self._commit(code, turn(self.programme, member, until=until)):
                pass


def live(programme: Programme, history: list[Step], *, kind: type[Watched] = Watched, more: timedelta = timedelta(days=90)) -> Watched:
    """Live through a history, and some time after it."""
    run = kind(programme)
    for line in lines(history):
        named = _named(line)
        for _ in run.event(named):
            pass
    end = run.clock + more
    for _ in run.advance(end):
        pass
    if isinstance(run, Lazy):
        run.catch_up(end)
    return run


def _named(line: Input) -> Input:
    if line.name not in ("purchase.completed",):
        return line
    return Input(line.number, line.at, line.member, line.name, line.source, {**line.data, "externalId": f"{line.member}{line.number}"})
