"""What `selo figures show` says of leaderboards, challenges and recommendations: sums, and nobody's name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import date
from typing import Any, get_args

from domain.model.club.recommending import Kind
from domain.model.figures.definitions.club import BoardPeriodResult, Gifts
from domain.services.figures.reading import FiguresReport


def club_json(report: FiguresReport) -> Mapping[str, object]:
    """Return the part of the report for machines."""
    return {
        "leaderboards": [_plain(asdict(each)) for each in report.boards],
        "challenges": [asdict(each) for each in report.challenges],
        "recommendations": {
            kind: {"opened": opened, "taken": taken} for kind, opened, taken in _recommended(report)
        },
    }


def club_lines(report: FiguresReport) -> Iterator[str]:
    """Yield the lines of the report for people."""
    for board in report.boards:
        yield (
            f"leaderboard {board.leaderboard}: {board.joined} joined, {board.left} left,"
            f" {board.prizes} prizes{_cost(board.gifts)}"
        )
        for period in board.periods:
            yield f"leaderboard {board.leaderboard} from {period.first_day}: {_period_text(period)}"
    for challenge in report.challenges:
        started = "" if challenge.started is None else f"{challenge.started} started, "
        yield f"challenge {challenge.badge}: {started}{challenge.reached} reached{_cost(challenge.gifts)}"
    for kind, opened, taken in _recommended(report):
        yield f"recommended, {kind}: {opened} opened, {taken} taken"


def _period_text(period: BoardPeriodResult) -> str:
    spread = period.spread
    players = "not known how many took part" if spread is None else f"{spread.players} take part"
    quartiles = ""
    if spread is not None and spread.quartiles is not None:
        quartiles = f", quartiles {' / '.join(f'{score:,}' for score in spread.quartiles)}"
    judged = "" if period.judged_on is None else f", judged on {period.judged_on}"
    turnout = f"{period.joined} joined, {period.left} left"
    return f"{players}, {turnout}{quartiles}{judged}, {period.prizes} prizes{_cost(period.gifts)}"


def _cost(gifts: Gifts) -> str:
    return ", cost unknown" if gifts.cost is None else f", cost {gifts.cost:,.0f}"


def _recommended(report: FiguresReport) -> Iterator[tuple[str, int, int]]:
    for kind in get_args(Kind):
        opened, taken = (
            report.whole.sums.get(f"recommended.{what}.{kind}", 0) for what in ("opened", "taken")
        )
        yield kind, opened, taken


def _plain(value: Any) -> Any:
    """Return a value with its days written."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list | tuple) else value
