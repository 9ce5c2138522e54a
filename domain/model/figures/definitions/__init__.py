"""Definitions of key figures: one pure function each, of a period and the programme in force.

`all_figures` calls them in the order in which they are shown.
"""

from __future__ import annotations

from collections.abc import Iterator

from domain.model.figures.definitions import asking, buying, cohorts, people, points
from domain.model.figures.figure import Figure
from domain.model.figures.period import PeriodFigures
from domain.model.programme import Programme

# Those of receipts, each of which has a store. Who joins, holds, redeems by phone or answers does so in none.
BY_STORE = frozenset({"receipts", "revenue", "average_ticket"})


def all_figures(period: PeriodFigures, programme: Programme) -> Iterator[Figure]:
    """Yield every figure of a period."""
    yield people.enrolled(period)
    yield people.enrolments(period)
    yield people.participation(period)
    for window in people.ACTIVE_WINDOWS:
        yield people.active(period, window)
    yield people.retention(period)
    yield people.churn(period)
    yield buying.receipts(period)
    yield buying.revenue(period)
    yield buying.average_ticket(period)
    yield buying.repeat_rate(period)
    yield buying.frequency(period)
    yield buying.clv(period)
    yield points.redemption_members(period)
    for wallet in programme.wallets:
        if not wallet.hidden:
            yield points.redemption_points(period, wallet.code)
            yield points.burn(period, wallet.code)
            yield points.breakage(period, wallet.code)
            yield points.outstanding(period, wallet.code)
            yield points.liability(period, wallet, programme.programme.currency)
    yield from cohorts.breakage_cohorts(period, programme)
    yield from asking.all_answers(period, programme)
