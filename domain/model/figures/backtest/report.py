"""What a back-test says: each figure of what was beside that of what would have been.

Money is in minor units of the programme's currency. Liability is what is outstanding at what a unit costs;
cost is what rules gave in the time less what came back of it, at the same price. Both are None where the file
says no `unit_cost` (a wallet of money is worth its amount).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from fractions import Fraction

from domain.model.figures.backtest.comparison import Comparison, MemberChange, TakenAsStored
from domain.model.figures.backtest.totals import Totals
from domain.model.figures.definitions.points import unit_cost
from domain.model.programme import Programme
from domain.model.values import dataclass


@dataclass(frozen=True, slots=True)
class WalletFigures:
    """What happened to a wallet of all members, in units."""

    awarded: int
    clawed_back: int
    spent: int
    returned: int
    expired: int
    adjusted: int
    outstanding: int
    liability_minor: int | None
    cost_minor: int | None


@dataclass(frozen=True, slots=True)
class RuleFigures:
    """What came of a rule for one wallet, or for none where it gave no points."""

    fired: int
    members: int
    awarded: int
    clawed_back: int
    deducted: int
    cost_minor: int | None


@dataclass(frozen=True, slots=True)
class WalletComparison:
    wallet: str
    was: WalletFigures
    would_be: WalletFigures


@dataclass(frozen=True, slots=True)
class RuleComparison:
    rule: str
    wallet: str | None
    was: RuleFigures
    would_be: RuleFigures


@dataclass(frozen=True, slots=True)
class CountComparison:
    """How many of a code (a reward's vouchers, a message, members of a tier)."""

    code: str
    was: int
    would_be: int


@dataclass(frozen=True, slots=True)
class RefusedEvents:
    """How many events happened that would be refused, for a reason."""

    event: str
    refusal: str
    count: int


@dataclass(frozen=True, slots=True)
class BacktestReport:
    """A back-test of so many members, of all of them where `is_sample` is false; `event_count` events were
    decided again.
    """

    since: datetime
    until: datetime
    is_sample: bool
    member_count: int
    left_out_count: int
    event_count: int
    wallets: tuple[WalletComparison, ...]
    rules: tuple[RuleComparison, ...]
    rewards: tuple[CountComparison, ...]
    tiers: tuple[CountComparison, ...]
    messages: tuple[CountComparison, ...]
    refused: tuple[RefusedEvents, ...]
    gaining_count: int
    losing_count: int
    gaining: tuple[MemberChange, ...]
    losing: tuple[MemberChange, ...]
    taken_as_stored: TakenAsStored


def report_of(
    comparison: Comparison,
    ruling: Programme,
    draft: Programme,
    *,
    since: datetime,
    until: datetime,
    is_sample: bool,
    left_out_count: int,
) -> BacktestReport:
    """Return what a comparison says, in the draft's order of codes; what only the past has stands last."""
    was, would_be = comparison.was, comparison.would_be
    wallets = _ordered(
        [spec.code for spec in draft.wallets], [code for code, _ in (*was.entries, *would_be.entries)]
    )
    return BacktestReport(
        since,
        until,
        is_sample,
        comparison.members,
        left_out_count,
        comparison.events,
        wallets=tuple(
            WalletComparison(code, _wallet_figures(ruling, was, code), _wallet_figures(draft, would_be, code))
            for code in wallets
        ),
        rules=tuple(_rules(comparison, ruling, draft)),
        rewards=tuple(
            CountComparison(code, was.vouchers[code, "issued"], would_be.vouchers[code, "issued"])
            for code in _ordered(
                [spec.code for spec in draft.rewards],
                [code for code, _ in (*was.vouchers, *would_be.vouchers)],
            )
        ),
        tiers=_counts(
            [rung.code for rung in draft.tiers.ladder] if draft.tiers else [], was.tiers, would_be.tiers
        ),
        messages=_counts([spec.code for spec in draft.messages], was.messages, would_be.messages),
        refused=tuple(
            RefusedEvents(event, refusal, count)
            for (event, refusal), count in sorted(
                comparison.refused.items(), key=lambda counted: (-counted[1], counted[0])
            )
        ),
        gaining_count=comparison.gaining_count,
        losing_count=comparison.losing_count,
        gaining=tuple(comparison.gaining),
        losing=tuple(comparison.losing),
        taken_as_stored=comparison.taken,
    )


def _ordered(known: Iterable[str], met: Iterable[str]) -> list[str]:
    return list(dict.fromkeys([*known, *sorted(met)]))


def _counts(known: list[str], was: dict[str, int], would_be: dict[str, int]) -> tuple[CountComparison, ...]:
    codes = _ordered(known, [*was, *would_be])
    return tuple(CountComparison(code, was.get(code, 0), would_be.get(code, 0)) for code in codes)


def _cost_of(programme: Programme, wallet: str | None) -> Fraction | None:
    spec = next((spec for spec in programme.wallets if spec.code == wallet), None)
    return None if spec is None else unit_cost(spec, programme.programme.currency)


def _priced(units: int, cost: Fraction | None) -> int | None:
    return None if cost is None else round(units * cost)


def _wallet_figures(programme: Programme, totals: Totals, code: str) -> WalletFigures:
    def of(*kinds: str) -> int:
        return sum(totals.entries[code, kind] for kind in kinds)

    cost, outstanding = _cost_of(programme, code), totals.outstanding[code]
    awarded, clawed_back = of("AWARD", "BONUS"), -of("CLAWBACK")
    return WalletFigures(
        awarded=awarded,
        clawed_back=clawed_back,
        spent=-of("SPEND"),
        returned=of("RETURN"),
        expired=-of("EXPIRE"),
        adjusted=of("ADJUST"),
        outstanding=outstanding,
        liability_minor=_priced(outstanding, cost),
        cost_minor=_priced(awarded - clawed_back, cost),
    )


def _rules(comparison: Comparison, ruling: Programme, draft: Programme) -> Iterable[RuleComparison]:
    was, would_be = comparison.was, comparison.would_be
    met = [
        *was.fired,
        *would_be.fired,
        *(rule for rule, _, _ in (*was.entries_by_rule, *would_be.entries_by_rule)),
    ]
    for rule in _ordered([spec.code for spec in draft.rules], met):
        entries = (*was.entries_by_rule, *would_be.entries_by_rule)
        wallets: list[str] = sorted({wallet for name, wallet, _ in entries if name == rule})
        for wallet in (*wallets,) or (None,):
            yield RuleComparison(
                rule,
                wallet,
                _rule_figures(ruling, was, rule, wallet),
                _rule_figures(draft, would_be, rule, wallet),
            )


def _rule_figures(programme: Programme, totals: Totals, rule: str, wallet: str | None) -> RuleFigures:
    def of(*kinds: str) -> int:
        return sum(totals.entries_by_rule[rule, wallet or "", kind] for kind in kinds)

    awarded, clawed_back = of("AWARD", "BONUS"), -of("CLAWBACK")
    return RuleFigures(
        fired=totals.fired[rule],
        members=totals.members_by_rule[rule],
        awarded=awarded,
        clawed_back=clawed_back,
        deducted=-of("SPEND"),
        cost_minor=_priced(awarded - clawed_back, _cost_of(programme, wallet)),
    )
