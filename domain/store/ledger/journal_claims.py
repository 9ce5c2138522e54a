"""What refunds have claimed of a purchase, and what counts toward tiers, as they are stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from domain.model.ledger.decision import RefundClaim
from domain.model.ledger.events import JoinedRule, PurchaseClaim
from domain.model.ledger.gifts import NOT_COUNTED, Counted
from domain.model.programme.tiers import SINGLE_COUNT


def list_pairs(values: Mapping[str, Any]) -> list[Any]:
    """Return a map as a list of pairs: a field's name may hold neither dots nor dollars."""
    return [[name, value] for name, value in values.items()]


def claim_document(claim: RefundClaim) -> list[Any]:
    """Return a refund's claim as journal and receipts keep it."""
    delayed = [[key, _claim_values(part)] for key, part in claim.delayed.items()]
    return [*_claim_values(claim.purchase), delayed]


def _claim_values(claim: PurchaseClaim) -> list[Any]:
    named = named_counts(claim.uncounted)
    single = claim.uncounted.get(SINGLE_COUNT, NOT_COUNTED)
    return [
        list_pairs(claim.amounts),
        named or single.awards,
        single.event,
        single.extras,
        list_pairs(claim.badge_counts),
        list(claim.sources),
        [[one.rule, one.left, one.shared_left] for one in claim.joined],
    ]


def named_counts(counted: Mapping[str, Counted]) -> list[Any]:
    """Return what counted toward several counts, by name; a single count has fields of its own."""
    return [
        [name, one.awards, one.extras, one.event] for name, one in counted.items() if name != SINGLE_COUNT
    ]


def read_claim(values: Sequence[Any]) -> RefundClaim:
    """Return a claim as it was kept."""
    if len(values) == 3:  # of days when a claim held no more
        return RefundClaim(PurchaseClaim(dict(values[0]), read_counted((values[1], 0, values[2]))))
    delayed = {key: _read_part_claim(part) for key, part in values[7]}
    return RefundClaim(_read_part_claim(values), delayed)


def _read_part_claim(values: Sequence[Any]) -> PurchaseClaim:
    return PurchaseClaim(
        dict(values[0]),
        read_counted((0, 0, 0), values[1])
        if isinstance(values[1], list)
        else read_counted((values[1], values[3], values[2])),
        dict(values[4]),
        tuple(values[5]),
        tuple([JoinedRule(one) if isinstance(one, str) else JoinedRule(*one) for one in values[6]]),
    )


def read_counted(single: tuple[int, int, int], named: Sequence[Any] = ()) -> dict[str, Counted]:
    """Return what counted toward tiers, by count, without counts that got nothing."""
    counted = {SINGLE_COUNT: Counted(*single), **{name: Counted(*amounts) for name, *amounts in named}}
    return {name: one for name, one in counted.items() if one != NOT_COUNTED}
