"""Small programmes and the event lines that run through them, for the tests of the model.

Instants are UTC unless they say otherwise (`2026-01-10T10:00`), members are `ana` unless named. A run holds its
answers: rows in their order, and each member at the end.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from domain.model.programme import Programme, load
from domain.model.simulate import simulate
from domain.model.simulate.inputs import read_instant

Line = dict[str, Any]
Answer = dict[str, Any]

POINTS = "wallets: [{code: points, name: Points}]"
PER_EURO = (
    "{code: base, title: Base, on: purchase.completed, do: [{award: {wallet: points, amount: 1, per: 100, of:"
    " purchase.total}}]}"
)

_numbers = itertools.count(1)


def programme(*parts: str, zone: str = "Europe/Lisbon", more: str = "") -> Programme:
    """Load a programme of these parts; a points wallet where none is among them."""
    head = (
        f"programme: {{code: test, name: Test, currency: EUR, timezone: {zone}, locales:"
        f" [en]{', ' + more if more else ''}}}"
    )
    wallets = [] if any(part.lstrip().startswith("wallets:") for part in parts) else [POINTS]
    return load("\n".join([head, *wallets, *parts]))


def rules(*written: str) -> str:
    """Return the rules as a part of a programme, each written in one line."""
    return "rules:\n" + "".join(f"  - {rule}\n" for rule in written)


def line(
    at: str, name: str, event_data: Answer | None = None, *, who: str = "ana", source: str = "till"
) -> Line:
    """Return one line of an events file."""
    stamp = at if at.endswith("Z") or "+" in at else f"{at}{':00' if at.count(':') == 1 else ''}Z"
    return {"at": stamp, "member": who, "name": name, "source": source, "data": event_data or {}}


def enrol(at: str = "2026-01-01T09:00", *, who: str = "ana", **event_data: Any) -> Line:
    return line(at, "member.enrolled", event_data, who=who, source="app")


def buy(
    at: str,
    total: int,
    *items: tuple[str, int, int],
    id: str | None = None,
    who: str = "ana",
    source: str = "till",
) -> Line:
    """Return a purchase; `items` are (category, quantity, amount)."""
    lines = [
        {"sku": f"s{n}", "category": one[0], "quantity": one[1], "amount": one[2]}
        for n, one in enumerate(items)
    ]
    event_data = {"externalId": id or f"r{next(_numbers)}", "store": "lisboa", "total": total, "lines": lines}
    return line(at, "purchase.completed", event_data, who=who, source=source)


def refund(
    at: str,
    id: str,
    amount: int | None = None,
    *,
    lines: list[tuple[int, int]] | None = None,
    identity: str | None = None,
    who: str = "ana",
) -> Line:
    """Return a refund by amount, by (line, quantity), or of all that is left; `identity` is its own."""
    event_data: Answer = {"externalId": id}
    if identity is not None:
        event_data["refund"] = identity
    if amount is not None:
        event_data["amount"] = amount
    if lines is not None:
        event_data["lines"] = [{"line": number, "quantity": quantity} for number, quantity in lines]
    return line(at, "purchase.refunded", event_data, who=who)


def redeem(at: str, reward: str, label: str | None = None, *, who: str = "ana") -> Line:
    return line(
        at,
        "reward.redeemed",
        {"reward": reward, **({"voucher": label} if label else {})},
        who=who,
        source="app",
    )


def cancel(at: str, label: str, *, who: str = "ana") -> Line:
    return line(at, "voucher.cancelled", {"voucher": label}, who=who, source="app")


def use(at: str, label: str, *, who: str = "ana") -> Line:
    return line(at, "voucher.used", {"voucher": label}, who=who)


def adjust(at: str, amount: int, *, wallet: str = "points", who: str = "ana") -> Line:
    return line(
        at,
        "balance.adjusted",
        {"wallet": wallet, "amount": amount, "reason": "test"},
        who=who,
        source="console",
    )


@dataclass(frozen=True)
class Run:
    """The answers of a simulation."""

    rows: list[Answer]
    members: dict[str, Answer]

    def __iter__(self) -> Iterator[Answer]:
        return iter(self.rows)

    @property
    def ana(self) -> Answer:
        return self.members["ana"]

    @property
    def last(self) -> Answer:
        return self.rows[-1]

    def on(self, event: str, *, by: str | None = None) -> list[Answer]:
        """Return the rows of an event."""
        return [row for row in self.rows if row["event"] == event and by in (None, row["by"])]

    def times(self, event: str) -> list[str]:
        """Return when an event happened, to the minute."""
        return [row["at"][:16] for row in self.on(event)]

    def entries(self, *kinds: str) -> list[tuple[str, int]]:
        """Return every entry's kind and amount, of some kinds or of all."""
        return [
            (one["kind"], one["amount"])
            for row in self.rows
            for one in row["entries"]
            if not kinds or one["kind"] in kinds
        ]

    def outcome(self, rule: str, at: int = -1) -> tuple[bool, int, str | None]:
        """Return a rule's outcome: applied, amount, reason; the last one unless told otherwise."""
        outcomes = [o for row in self.rows for o in row["outcomes"] if o["rule"] == rule]
        return outcomes[at]["applied"], outcomes[at]["amount"], outcomes[at]["reason"]

    def outcomes(self, rule: str) -> list[tuple[bool, int, str | None]]:
        """Return each outcome of a rule."""
        return [
            (o["applied"], o["amount"], o["reason"])
            for row in self.rows
            for o in row["outcomes"]
            if o["rule"] == rule
        ]


def run(what: Programme, *lines: Line, until: str | None = None) -> Run:
    """Run lines through a programme up to an instant."""
    end = read_instant(0, line(until, "")["at"]) if until else None
    answers: list[Answer] = list(simulate(what, (json.dumps(one) for one in lines), until=end))
    return Run(
        [one for one in answers if "event" in one],
        {one["member"]: one for one in answers if "event" not in one},
    )


def lots(entry: Answer) -> list[tuple[int, str | None]]:
    """Return an entry's lots."""
    return [(lot["amount"], lot["expiresOn"]) for lot in entry["lots"]]


def figures(member: Answer, wallet: str = "points") -> dict[str, int]:
    """Return a wallet's figures."""
    return {name: value for name, value in member["wallets"][wallet].items() if name != "expiring"}


def expiring(member: Answer, wallet: str = "points") -> list[tuple[int, str]]:
    """Return the amounts that lapse, with their days."""
    return [(one["amount"], one["on"]) for one in member["wallets"][wallet]["expiring"]]
