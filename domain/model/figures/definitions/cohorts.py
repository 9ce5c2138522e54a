"""Breakage by cohort: what lapsed of that which became spendable in a month, whenever it lapsed."""

from __future__ import annotations

from collections.abc import Iterator

from domain.model.figures.figure import Figure, ratio
from domain.model.figures.period import PeriodFigures
from domain.model.programme import Programme


def breakage_cohorts(period: PeriodFigures, programme: Programme) -> Iterator[Figure]:
    """Yield a figure for each wallet and month of the period: expired by now over awarded. The subject is
    `WALLET YYYY-MM`.
    """
    hidden = programme.hidden_wallets
    places = sorted({path.rpartition(".")[0] for path in period.cohorts})
    for place in places:
        wallet, _, month = place.partition(".")
        if wallet not in hidden and f"{period.start:%Y-%m}" <= month <= f"{period.end:%Y-%m}":
            expired, awarded = (period.cohorts.get(f"{place}.{name}", 0) for name in ("expired", "awarded"))
            yield ratio("breakage_cohort", expired, awarded, subject=f"{wallet} {month}")
