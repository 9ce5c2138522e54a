"""Rewards: who may redeem what and when, and what is still missing. Unlocked means: could be redeemed at this
instant, balance included.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field
from datetime import datetime, timedelta
from functools import lru_cache

from domain.model.calendar import Span, add_months, local_day, to_utc
from domain.model.ledger.deciding.earning import end_instant_of, instant_of
from domain.model.ledger.decision import RewardLock, StockState
from domain.model.ledger.events import Event
from domain.model.ledger.holding.holds import as_if_free
from domain.model.ledger.member import Member
from domain.model.ledger.period_counts import used_in_period
from domain.model.ledger.views.expression_view import ExpressionView, held_tier_code
from domain.model.ledger.views.field_reads import read_after
from domain.model.programme import Programme, RewardCost, RewardSpec
from domain.model.values import dataclass

NOTHING_SOLD_OUT = StockState()


@lru_cache(maxsize=64)
def listed(programme: Programme) -> tuple[RewardSpec, ...]:
    """Return the rewards that members may see and redeem: those with a cost."""
    return tuple(spec for spec in programme.rewards if spec.cost is not None)


def announced(programme: Programme, codes: Iterable[str]) -> list[str]:
    """Return those of some rewards that members are told of, in the file's order."""
    places = _places(programme)
    return sorted([code for code in codes if code in places], key=places.__getitem__)


def locks(
    programme: Programme,
    member: Member,
    spec: RewardSpec,
    *,
    now: datetime,
    stock: StockState = NOTHING_SOLD_OUT,
    view: ExpressionView | None = None,
) -> tuple[RewardLock, ...]:
    """Return why a member cannot redeem a reward now, each reason once; nothing where it is unlocked. The
    member is settled; the price is that of their variant.
    """
    if spec.cost is None:
        return (RewardLock("CONDITION"),)
    spec = spec.for_member(member.id)
    return tuple(_locks(programme, member, spec, now, stock, view, held_tier_code(programme, member)))


def _locks(
    programme: Programme,
    member: Member,
    spec: RewardSpec,
    now: datetime,
    stock: StockState,
    view: ExpressionView | None,
    tier: str | None,
) -> Iterator[RewardLock]:
    if member.frozen:
        yield RewardLock("FROZEN")
    if spec.tiers and tier not in spec.tiers:
        yield RewardLock(
            "TIER", tier=next((code for code in programme.tier_order if code in spec.tiers), None)
        )
    start, end = _windows(programme, tier)[spec.code]
    if start is not None and now < start:
        yield RewardLock("NOT_YET", start=start)
    if end is not None and now >= end:
        yield RewardLock("OVER")
    short = missing(member, spec)
    if short:
        yield RewardLock("BALANCE", missing=short)
    if spec.when is not None and not (view or member_only_view(programme, member, now)).test(spec.when):
        yield RewardLock("CONDITION")
    if spec.code in stock.sold_out:
        yield RewardLock("STOCK")
    if limit_reached(programme, member, spec, now):
        yield RewardLock("MEMBER_LIMIT")


def missing(member: Member, spec: RewardSpec) -> int:
    """Return how many more points or minor units the reward costs than are spendable; 0 where they reach."""
    cost = spec.for_member(member.id).cost
    if cost is None:
        return 0
    wallet = member.wallets.get(cost.wallet)
    short = cost.amount - (wallet.available if wallet else 0)
    return short if short > 0 else 0


def limit_reached(programme: Programme, member: Member, spec: RewardSpec, now: datetime) -> bool:
    """Tell whether a member has redeemed a reward as often as its period allows."""
    if spec.limit is None:
        return False
    counts = member.counters.get(redemption_counter(spec.code), ())
    return used_in_period(counts, spec.limit.per, local_day(now, programme.zone)).times >= spec.limit.times


def redemption_counter(code: str) -> str:
    """Return the name under which redemptions of a reward are counted."""
    return f"reward:{code}"


def redemption_window(
    programme: Programme, spec: RewardSpec, tier: str | None
) -> tuple[datetime | None, datetime | None]:
    """Return from when until when a holder of a tier may redeem; early access of that tier, or of one below
    it, comes first.
    """
    first, last = spec.available.from_, spec.available.until
    end = end_instant_of(last, programme.zone) if last is not None else None
    if first is None:
        return None, end
    place = programme.tier_order.get(tier or "", -1)
    early = [
        span for code, span in spec.early_access.items() if programme.tier_order.get(code, place + 1) <= place
    ]
    start = instant_of(first, programme.zone)
    return min((_before(start, span, programme) for span in early), default=start), end


def _before(instant: datetime, span: Span, programme: Programme) -> datetime:
    if span.hours:
        return instant - timedelta(hours=span.hours)
    local = instant.astimezone(programme.zone).replace(tzinfo=None)
    day = add_months(local.date(), -span.months) - timedelta(days=span.days)
    return to_utc(datetime.combine(day, local.time()), programme.zone)


@lru_cache(maxsize=64)
def window_boundaries(programme: Programme) -> tuple[datetime, ...]:
    """Return every instant at which some reward's time begins or ends, early access included, in order."""
    boundaries = set[datetime]()
    for spec in listed(programme):
        for tier in (None, *programme.tier_order):
            boundaries.update(
                instant for instant in redemption_window(programme, spec, tier) if instant is not None
            )
    return tuple(sorted(boundaries))


def member_only_view(programme: Programme, member: Member, now: datetime) -> ExpressionView:
    """Return what conditions over a member alone may see at an instant."""
    return ExpressionView(programme, member, Event("", "", now), read_after(programme, ""))


def unlocked(
    programme: Programme,
    member: Member,
    *,
    now: datetime,
    stock: StockState,
    view: ExpressionView | None = None,
) -> frozenset[str]:
    """Return the rewards that a member could redeem at an instant, were nothing set aside for a payment."""
    if member.frozen:
        return frozenset()
    member = as_if_free(member)
    shelf = _shelf(programme)
    available = {code: wallet.available for code, wallet in member.wallets.items()}
    racks = [rack.affordable(available.get(code, 0)) for code, rack in shelf.by_price.items()]
    out = racks[0] if len(racks) == 1 else frozenset[str]().union(*racks)
    if not stock.sold_out.isdisjoint(out):  # where nothing goes, a set of hundreds is not made again
        out -= stock.sold_out
    offers = (*shelf.others, *_varied_offers(shelf, member.id)) if shelf.varied else shelf.others
    affordable = [spec for spec, cost in offers if cost.amount <= available.get(cost.wallet, 0)]
    if not affordable:
        return out
    view, tier = view or member_only_view(programme, member, now), held_tier_code(programme, member)
    return out.union(
        [
            spec.code
            for spec in affordable
            if next(_locks(programme, member, spec, now, stock, view, tier), None) is None
        ]
    )


# ---------------------------------------------------------------- found once a programme


@lru_cache(maxsize=64)
def _places(programme: Programme) -> Mapping[str, int]:
    """Return where in the file each reward stands that members are told of."""
    return {spec.code: place for place, spec in enumerate(listed(programme)) if spec.announce}


@dataclass(frozen=True, slots=True)
class _Rack:
    """Rewards of one wallet that anybody may redeem who can pay for them, by their price, cheapest first."""

    prices: list[int]
    codes: list[str]
    known: dict[int, frozenset[str]] = field(default_factory=dict)

    def affordable(self, balance: int) -> frozenset[str]:
        """Return those that a balance pays for: the same set for the same number of them."""
        count = bisect_right(self.prices, balance)
        codes = self.known.get(count)
        if codes is None:
            codes = self.known[count] = frozenset(self.codes[:count])
        return codes


@dataclass(frozen=True, slots=True)
class _Shelf:
    """The rewards with a price: those on which nothing else stands, by wallet, those that members have in
    variants, and all others.
    """

    by_price: dict[str, _Rack]
    others: tuple[tuple[RewardSpec, RewardCost], ...]
    varied: tuple[RewardSpec, ...]


@lru_cache(maxsize=64)
def _shelf(programme: Programme) -> _Shelf:
    racks = dict[str, _Rack]()
    priced = [(spec, spec.cost) for spec in programme.rewards if spec.cost is not None]
    varied = tuple([spec for spec, _ in priced if spec.variants])
    priced = [(spec, cost) for spec, cost in priced if not spec.variants]
    others = tuple([(spec, cost) for spec, cost in priced if _is_bounded(spec)])
    for spec, cost in sorted(priced, key=lambda pair: pair[1].amount):
        if not _is_bounded(spec):
            rack = racks.setdefault(cost.wallet, _Rack([], []))
            rack.prices.append(cost.amount)
            rack.codes.append(spec.code)
    return _Shelf(racks, others, varied)


def _varied_offers(shelf: _Shelf, member: str) -> list[tuple[RewardSpec, RewardCost]]:
    offers = [spec.for_member(member) for spec in shelf.varied]
    return [(spec, spec.cost) for spec in offers if spec.cost is not None]


def _is_bounded(spec: RewardSpec) -> bool:
    """Tell whether more than its price stands before a reward."""
    available = spec.available
    return any((spec.tiers, available.from_, available.until, spec.when, spec.limit))


@lru_cache(maxsize=256)
def _windows(programme: Programme, tier: str | None) -> Mapping[str, tuple[datetime | None, datetime | None]]:
    """Return from when until when a holder of a tier may redeem each reward."""
    return {spec.code: redemption_window(programme, spec, tier) for spec in programme.rewards}
