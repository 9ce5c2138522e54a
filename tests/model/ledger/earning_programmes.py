"""Programmes of one earning rule, and the event that it is about."""

from domain.model.programme import Programme
from tests.model.simulation_runs import line, programme, rules

GAME = "events: [{name: game.played, title: Played, data: {score: int, level: string}}]"
FIFTY = "do: [{award: {wallet: points, fixed: 50}}]"
TIERS = (
    "tiers: {count: {wallet: points}, window: {rolling: {months: 12}}, ladder: [{code: basic, name: B, from:"
    " 0}, {code: gold, name: G, from: 100, multiplier: 1.5}]}"
)
PLAN = "plans: [{code: plus, name: P, price: 100, period: {months: 1}, multiplier: %s}]"


def played(at: str, **event_data: object) -> dict[str, object]:
    return line(at, "game.played", dict(event_data))


def with_rule(rule: str, *parts: str, zone: str = "Europe/Lisbon") -> Programme:
    return programme(rules(f"{{code: one, title: One, {rule}}}"), GAME, *parts, zone=zone)
