"""How long points stay valid: the wallet's rule, and what moves the last days of open lots since.

A lot's last day follows from where it began and from the changes since: renewals by activity, and changes of
a tier with a validity of its own. The newest changes are kept one by one, so that a late one can be put in
its place and an undone one taken out; what is older is kept as runs of renewals. Pure functions.
"""

from __future__ import annotations

from bisect import bisect_left
from datetime import date
from operator import attrgetter, is_
from typing import Literal

from domain.model.calendar import day_after, rounded
from domain.model.ledger.lots import Layer, Origin
from domain.model.programme.wallets import WalletSpec
from domain.model.values import dataclass, evolve

_count = attrgetter("count")

SPANS_KEPT = 16
SINGLE_CHANGES_KEPT = 30


@dataclass(frozen=True, slots=True)
class ValidityChange:
    """What moved the last days of open lots: a renewal, or a run of them, each before the last one's validity
    ended; or a change of tier.

    `entered` a tier with a validity of its own, or `left` one (for another, or for none). `tier` is the one
    whose validity ruled. A change that is kept by itself has a `count` (of renewals on its day) and the day
    `until` which it moved what was spendable by then; runs and changes of earlier formats have a count of 0.
    `since` is the day from which validity counts where a late event left the tier on an earlier day.
    """

    kind: Literal["renewed", "entered", "left"]
    first: date
    last: date
    tier: str | None = None
    count: int = 0
    until: date | None = None
    since: date | None = None

    @property
    def counts_from(self) -> date:
        """The day from which what was spendable by then counts."""
        return self.since or self.last


Changes = tuple[ValidityChange, ...]


def expiry_of(spec: WalletSpec, *, tier: str | None, since: date) -> date | None:
    """Return the last valid day of what becomes spendable on a day, None where it never lapses."""
    expiry = spec.expiry
    own = expiry.by_tier.get(tier) if tier else None
    after = expiry.after if own is None else own
    if after == "never" or (own is None and expiry.never):
        return None
    assert after is not None, "the check lets no expiry through without never or after"
    return rounded(day_after(since, after), expiry.round)


def is_earlier(a: date | None, b: date | None) -> bool:
    """Tell whether a last day comes before another; None never comes."""
    return a is not None and (b is None or a < b)


def ruled_by(spec: WalletSpec, tier: str | None) -> str | None:
    """Return the tier where it has a validity of its own."""
    return tier if tier in spec.expiry.by_tier else None


def moved(changes: Changes, spec: WalletSpec, *, since: date, origin: Origin) -> tuple[date | None, date]:
    """Return the last valid day that changes gave what began on a day, and the day it counts from by now.

    Exact but for a lot of fewer days than the wallet gives (one returned with grace) in a run of renewals: it
    counts as renewed by the run.
    """
    until = origin.until
    for change in changes:
        if change.last < origin.on:
            continue
        if until is not None and until < change.first:
            break  # it had lapsed by then
        counts_from = since if change.kind == "entered" else max(since, change.counts_from)
        if change.count and change.kind != "entered" and counts_from == change.counts_from:
            later = change.until
        else:
            later = expiry_of(spec, tier=change.tier, since=counts_from)
        if change.kind != "renewed" or not is_earlier(later, until):
            until, since = later, counts_from
    return until, since


# ---------------------------------------------------------------- what is kept of changes


def split(changes: Changes) -> tuple[Changes, Changes]:
    """Return the older changes, kept as runs, and the newest ones, kept one by one."""
    if not changes or changes[0].count:  # the commonest, without a search
        return (), changes
    first = bisect_left(changes, 1, key=_count)
    return changes[:first], changes[first:]


def with_renewal(changes: Changes, spec: WalletSpec, *, tier: str | None, day: date) -> Changes:
    """Return the changes with a renewal on a day, in its place."""
    older, newest = split(changes)
    if newest and newest[-1].last < day:  # the commonest, without a search
        return _bounded(older, (*newest, _renewal(spec, tier=tier, day=day)), spec)
    for index, change in enumerate(newest):
        if change.kind == "renewed" and change.last == day and change.tier == tier:
            counted = evolve(change, count=change.count + 1)
            return (*older, *newest[:index], counted, *newest[index + 1 :])
    is_full = len(newest) >= SINGLE_CHANGES_KEPT
    if (older and day <= older[-1].last) or (is_full and day < newest[0].first):
        return (*_with_run(older, spec, tier=tier, day=day), *newest)
    place = len(newest)
    while place and newest[place - 1].last > day:
        place -= 1
    renewal = _renewal(spec, tier=tier, day=day)
    return _bounded(older, (*newest[:place], renewal, *newest[place:]), spec)


def _renewal(spec: WalletSpec, *, tier: str | None, day: date) -> ValidityChange:
    return ValidityChange("renewed", day, day, tier, 1, expiry_of(spec, tier=tier, since=day))


def without_renewal(changes: Changes, *, tier: str | None, day: date) -> Changes:
    """Return the changes without one renewal of a day; the very same where none is known."""
    on_day = [
        change for change in changes if change.kind == "renewed" and change.count and change.last == day
    ]
    known = next((change for change in on_day if change.tier == tier), on_day[0] if on_day else None)
    if known is None:
        return changes
    left = (evolve(known, count=known.count - 1),) if known.count > 1 else ()
    place = changes.index(known)
    return (*changes[:place], *left, *changes[place + 1 :])


def bounded(changes: Changes, spec: WalletSpec) -> Changes:
    """Return the changes with at most 30 kept one by one: the oldest joins the runs."""
    return _bounded(*split(changes), spec)


def _bounded(older: Changes, newest: Changes, spec: WalletSpec) -> Changes:
    while len(newest) > SINGLE_CHANGES_KEPT:
        oldest, newest = newest[0], newest[1:]
        if oldest.kind == "renewed":
            older = _with_run(older, spec, tier=oldest.tier, day=oldest.last)
        else:
            older = (*older, evolve(oldest, count=0, until=None))[-SPANS_KEPT:]
    return (*older, *newest)


def _with_run(runs: Changes, spec: WalletSpec, *, tier: str | None, day: date) -> Changes:
    """Return the runs with a renewal on a day: it joins the run before it, the one after it, or both."""
    run = ValidityChange("renewed", day, day, tier)
    if not runs or runs[-1].last < day:  # the commonest: none comes after it
        is_joined = bool(runs) and _reaches(runs[-1], run, spec)
        return (*runs[:-1], evolve(runs[-1], last=day)) if is_joined else (*runs, run)[-SPANS_KEPT:]
    place = sum(1 for earlier in runs if earlier.last < day)
    before, after = runs[:place], runs[place:]
    if any(later.first <= day and later.kind == "renewed" for later in after):
        return runs
    if after[0].first == day:  # a change of tier on that day
        return runs
    if before and _reaches(before[-1], run, spec):
        before, run = before[:-1], evolve(run, first=before[-1].first)
    if _reaches(run, after[0], spec):
        run, after = evolve(run, last=after[0].last), after[1:]
    return (*before, run, *after)[-SPANS_KEPT:]


def _reaches(earlier: ValidityChange, later: ValidityChange, spec: WalletSpec) -> bool:
    if earlier.kind != "renewed" or later.kind != "renewed" or earlier.tier != later.tier:
        return False
    end = expiry_of(spec, tier=earlier.tier, since=earlier.last)
    return end is None or later.first <= end


# ---------------------------------------------------------------- lots


def origin_of(spec: WalletSpec, *, on: date, until: date | None) -> Origin | None:
    """Return the origin that a new lot keeps: only where activity renews the wallet."""
    return Origin(on, until) if spec.expiry.renewing_events else None


def rebased(layers: tuple[Layer, ...], older: Changes, spec: WalletSpec) -> tuple[Layer, ...]:
    """Return layers with those that count from before the changes kept one by one as beginning with them. The
    very same ones come back where none does.
    """
    if not older or layers[0].since > older[-1].last:
        return layers
    boundary = older[-1].last
    out = list(layers)
    for index, layer in enumerate(layers):  # they stand in the order of their days
        if layer.since > boundary:
            break
        if layer.origin is not None and layer.origin.on < boundary:
            out[index] = _rebased(layer, layer.origin, older, spec)
    return layers if all(map(is_, out, layers)) else tuple(out)


def _rebased(layer: Layer, origin: Origin, older: Changes, spec: WalletSpec) -> Layer:
    until, since = moved(older, spec, since=layer.since, origin=origin)
    return Layer(layer.amount, since, Origin(older[-1].last, until))
