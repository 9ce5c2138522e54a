"""A programme of three tiers, and how its tests read a run: what a purchase of some worth is, and when the tier changed."""

from domain.model.programme import Programme
from tests.model.simulation_runs import (
    PER_EURO,
    Run,
    programme,
    rules,
)

RUNGS = (
    "{code: basic, name: B, from: 0}, {code: silver, name: S, from: 1000, keep: 800}, {code: gold, name: G,"
    " from: 5000, keep: 4000}"
)
ROLLING = "{rolling: {months: 12}}"
REACHING = "{from_reaching: {months: 12}}"


def tier_programme(
    window: str, keys: str = "", *, count: str = "{wallet: points}", zone: str = "Europe/Lisbon"
) -> Programme:
    tiers = f"tiers: {{count: {count}, window: {window}, {keys + ', ' if keys else ''}ladder: [{RUNGS}]}}"
    mug = "rewards: [{code: mug, title: M, kind: product, cost: {wallet: points, amount: 900}}]"
    game = "events: [{name: game.played, title: P, data: {score: int}}]"
    return programme(rules(PER_EURO), tiers, mug, game, zone=zone)


def tier_changes(ran: Run) -> list[tuple[str, str]]:
    """Return when the tier changed, and on what."""
    return [
        (row["at"][:16], row["event"])
        for row in ran
        if row["event"] == "tier.changed" or "tier.changed" in row["events"]
    ]


def worth(points: int) -> int:
    return points * 100
