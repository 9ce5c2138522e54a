"""A ladder of nights or spend, and of points or visits, for the tests of several counts by name."""

from domain.model.programme import Programme
from tests.model.simulation_runs import PER_EURO, Line, line, programme, rules

STAYS = "events: [{name: stay.completed, title: Stay, data: {nights: int}}]"
NIGHTS = "nights: {on: stay.completed, of: event.data.nights, title: Nights}"
SPEND = "spend: {on: purchase.completed, of: purchase.eligible, kind: money, title: Spent}"
HOTEL_RUNGS = (
    "{code: basic, name: B, from: 0},"
    " {code: silver, name: S, from: {nights: 10, spend: 100000}, keep: {nights: 8, spend: 80000}},"
    " {code: gold, name: G, from: {nights: 30, spend: 300000}},"
    " {code: top, name: T, from: {nights: 60}}"
)
SHOP_RUNGS = (
    "{code: basic, name: B, from: 0}, {code: silver, name: S, from: {points: 100, visits: 3}, multiplier: 1.5},"
    " {code: gold, name: G, from: {points: 200}}"
)


def hotel(window: str, keys: str = "", *, rungs: str = HOTEL_RUNGS) -> Programme:
    """Load a programme whose tiers are reached by nights or by spend."""
    tiers = (
        f"tiers: {{counts: {{{NIGHTS}, {SPEND}}}, window: {window}, {keys + ', ' if keys else ''}ladder:"
        f" [{rungs}]}}"
    )
    return programme(rules(PER_EURO), tiers, STAYS)


def shop(window: str, *more: str) -> Programme:
    """Load a programme whose tiers are reached by points, which the tier multiplies, or by visits."""
    counts = "{points: {wallet: points, title: P}, visits: {on: purchase.completed, title: V}}"
    tiers = f"tiers: {{counts: {counts}, window: {window}, ladder: [{SHOP_RUNGS}]}}"
    tiered = PER_EURO.replace("purchase.total", "purchase.total, tiered: true")
    return programme(rules(tiered), tiers, *more)


def stay(at: str, nights: int) -> Line:
    """Return a stay of some nights."""
    return line(at, "stay.completed", {"nights": nights}, source="pms")
