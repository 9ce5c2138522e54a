"""Each key figure equals what plain Python computes from the rows that `selo export` gives."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

from domain.model.event_names import CLOSED, ENROLLED, ERASED, REDEEMED
from domain.services.figures import reading
from domain.services.figures.reading import Period
from domain.services.moving import row_export
from domain.services.runtime import Runtime
from domain.store.connect import Database
from tests.services.figures.random_journals import Projector, commit_in_pieces, random_rows
from tests.small_runtime import open_runtime

PROGRAMME = """
programme: {code: small, name: Small, currency: EUR, timezone: UTC, locales: [en]}
wallets: [{code: p, name: P, unit_cost: "0.01"}, {code: c, kind: money, name: C}]
"""
START, END = datetime(2020, 1, 1, tzinfo=UTC), datetime(2032, 1, 1, tzinfo=UTC)


@dataclass
class Exported:
    """Exported entries and purchases, and of the journal who joined, left and redeemed, and when; `merged` into
    whom.
    """

    entries: list[dict[str, Any]] = field(default_factory=list)
    purchases: list[dict[str, Any]] = field(default_factory=list)
    joined: dict[str, str] = field(default_factory=dict)
    left: dict[str, str] = field(default_factory=dict)
    merged: dict[str, str] = field(default_factory=dict)
    redeemed: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def entries_between(self, start: str, end: str, wallet: str, *kinds: str) -> int:
        return sum(
            each["amount"]
            for each in self.entries
            if start <= each["day"] <= end and each["wallet"] == wallet and each["kind"] in kinds
        )

    def enrolled(self, day: str) -> set[str]:
        return {m for m, on in self.joined.items() if on <= day and not self.left.get(m, "9") <= day}

    def sales(self, start: str, end: str) -> list[dict[str, Any]]:
        return [p for p in self.purchases if start <= p["day"] <= end and p["document"] == "sale"]

    def active(self, day: str, window: int) -> set[str]:
        first = (date.fromisoformat(day) - timedelta(days=window - 1)).isoformat()
        buyers = self.people({p["member"] for p in self.sales(first, day)}, day)
        return {m for m in buyers if not self.left.get(m, "9") < day}

    def people(self, members: set[str], day: str) -> set[str]:
        """Whose memberships these are on a day, after the merges of the days before it."""
        return {self.merged[m] if m in self.merged and self.left[m] < day else m for m in members}

    def customers_merged(self, start: str, end: str) -> int:
        """Customers who became one with another one from one day on, before another day."""
        return sum(
            start <= self.left[m] < end and {m, into} <= self.active(self.left[m], 365)
            for m, into in self.merged.items()
        )


async def export(runtime: Runtime) -> Exported:
    """Export everything."""
    exported = Exported()
    exported.entries = [e async for e in row_export.iterate_entries(runtime, start=START, end=END)]
    exported.purchases = [p async for p in row_export.iterate_purchases(runtime, start=START, end=END)]
    async for row in runtime.store["journal"].find({"member": {"$gt": ""}}):
        name, day = row["event"]["name"], row["at"].date().isoformat()
        if name == ENROLLED:
            exported.joined[row["member"]] = day
        elif name in (ERASED, CLOSED):
            exported.left[row["member"]] = day
            if name == CLOSED:
                story, _, _ = row["member"].rpartition("-")
                exported.merged[row["member"]] = f"{story}-{dict(row['event']['data'])['into']}"
        elif name == REDEEMED:
            exported.redeemed[row["member"]].append(day)
    return exported


def expected(rows: Exported, start: str, end: str) -> dict[str, tuple[float, float | None]]:
    """Numerator and denominator of each figure, from exported rows."""
    enrolled, sales = len(rows.enrolled(end)), rows.sales(start, end)
    before = (date.fromisoformat(start) - timedelta(days=1)).isoformat()
    revenue = sum(p["total"] for p in rows.purchases if start <= p["day"] <= end)
    first_bought: dict[str, str] = {}
    for sale in rows.sales("0", "9"):
        first_bought[sale["member"]] = min(sale["day"], first_bought.get(sale["member"], "9"))
    by_buyer = Counter(sale["member"] for sale in sales)
    new = sum(start <= day <= end for day in first_bought.values())
    customers, customers_before = len(rows.active(end, 365)), len(rows.active(before, 365))
    customers += rows.customers_merged(before, end)
    awarded = rows.entries_between(start, end, "p", "AWARD", "BONUS")
    spent = -rows.entries_between(start, end, "p", "SPEND")
    back = rows.entries_between(start, end, "p", "RETURN")
    clawed_back = -rows.entries_between(start, end, "p", "CLAWBACK")
    expired = -rows.entries_between(start, end, "p", "EXPIRE")
    outstanding = sum(e["amount"] for e in rows.entries if e["day"] <= end and e["wallet"] == "p")
    redeemers = {m for m, days in rows.redeemed.items() if any(start <= day <= end for day in days)}
    day_after = (date.fromisoformat(end) + timedelta(days=1)).isoformat()
    bought = rows.people({m for m, day in first_bought.items() if day <= end}, day_after)
    return {
        "enrolled": (enrolled, None),
        "enrolments": (sum(start <= day <= end for day in rows.joined.values()), None),
        "participation": (len(bought & rows.enrolled(end)), enrolled),
        **{f"active_{window}": (len(rows.active(end, window)), enrolled) for window in (30, 90, 365)},
        "retention": (customers - new, customers_before),
        "churn": (customers_before - customers + new, customers_before),
        "receipts": (len(sales), None),
        "revenue": (revenue, None),
        "average_ticket": (revenue, len(sales)),
        "repeat_rate": (sum(number >= 2 for number in by_buyer.values()), len(by_buyer)),
        "frequency": (len(sales), len(by_buyer)),
        "redemption_members": (len(redeemers), enrolled),
        "redemption_points": (spent, awarded),
        "burn": (spent - back, awarded - clawed_back),
        "breakage": (expired, awarded),
        "outstanding": (outstanding, None),
    }


async def test_each_figure_equals_a_plain_computation_on_exported_rows(database: Database) -> None:
    runtime = await open_runtime(database, PROGRAMME)
    rows = {member: of_member for seed in range(40, 70) for member, of_member in random_rows(seed).items()}
    projector_ = Projector(runtime, Random(1), kills=0)
    await commit_in_pieces(runtime, rows, projector_, Random(2))
    await projector_.run_to_the_end()
    exported = await export(runtime)
    told = 0
    for start, end in (
        ("2026-01-01", "2026-01-31"),
        ("2026-02-01", "2026-12-31"),
        ("2026-07-01", "2027-06-30"),
    ):
        period = Period(date.fromisoformat(start), date.fromisoformat(end))
        report = await reading.read_report(runtime, period)
        figures = {each.code: each for each in report.figures if each.subject in (None, "p")}
        for code, (numerator, denominator) in expected(exported, start, end).items():
            figure = figures[code]
            assert (figure.numerator, figure.denominator) == (numerator, denominator), (code, start)
            if denominator is not None:
                assert figure.value == (numerator / denominator if denominator else None), (code, start)
                told += bool(numerator)
    assert told > 25
