"""What of a membership moves into another one, and what stays with the one that is closed.

Receipts and vouchers stay, with the counters of journal, entries and vouchers, since a refund or a voucher's
use decides there. All else moves: wallets with their lots, what counts toward tiers, badges, limits, tags,
what was bought, referrals. What a later row of the closed membership leaves behind moves in the same way, as
a difference that may be negative. Pure values.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import cast

from domain.model.ledger import ladder
from domain.model.ledger.decision import StateValue
from domain.model.ledger.events import Json, Profile
from domain.model.ledger.gifts import Gift
from domain.model.ledger.member import Member, PurchaseTotals, ReferralState, Tally, TierStanding
from domain.model.ledger.state import ledger_restore, ledger_state
from domain.model.ledger.wallet import Wallet
from domain.model.programme import Programme
from domain.model.values import dataclass, evolve

STAYING_GIFTS = ("redeemed:", "used:")  # they go with the vouchers


@dataclass(frozen=True, slots=True)
class StateSplit:
    """A membership in two parts: what moves, and the closed one that stays."""

    moved: Member
    closed: Member


def split(programme: Programme, member: Member, *, at: datetime) -> StateSplit:
    """Return what of a membership moves into another one, and what stays of it at an instant. Of one that is
    closed already that is what a row has left behind.
    """
    is_closing = member.joined_at is not None
    staying_gifts = {
        source: gift for source, gift in member.gifts.items() if source.startswith(STAYING_GIFTS)
    }
    moved = Member(
        member.id,
        wallets={code: held for code, held in member.wallets.items() if held != _emptied(held)},
        tier=member.tier if is_closing or _has_counted(member.tier) else None,
        counters=member.counters,
        purchases=_moved_purchases(member.purchases),
        tags=member.tags,
        tag_sources=member.tag_sources,
        gifts={source: gift for source, gift in member.gifts.items() if source not in staying_gifts},
    )
    if is_closing:
        moved = evolve(
            moved,
            joined_at=member.joined_at,
            badges=member.badges,
            plan=member.plan,
            had_plan=member.had_plan,
            code=member.code,
            codes=member.codes,
            referral=member.referral,
            used_vouchers=member.used_vouchers,
            free_vouchers_used=member.free_vouchers_used,
        )
    closed = evolve(
        member,
        joined_at=None,
        wallets={code: _emptied(held) for code, held in member.wallets.items()},
        tier=member.tier if moved.tier is None else _begun(programme, moved.tier, at),
        badges={},
        counters={},
        purchases=_staying_purchases(member.purchases),
        plan=None,
        tags=frozenset(),
        segments=frozenset(),
        unlocked=frozenset(),
        referral=ReferralState(),
        tag_sources={},
        gifts=staying_gifts,
    )
    return StateSplit(moved, closed)


def _has_counted(standing: TierStanding | None) -> bool:
    if standing is None:
        return False
    tallies = (standing, *standing.tallies.values())
    return bool(standing.floors) or any(tally.days or tally.extras for tally in tallies)


def _begun(programme: Programme, standing: TierStanding, at: datetime) -> TierStanding:
    """Return a standing on which nothing has counted: what a refund takes off shows as a difference."""
    began = ladder.begin(programme, at=at) or TierStanding(standing.code, at)
    return evolve(began, tallies={name: Tally() for name in standing.tallies})


def _emptied(held: Wallet) -> Wallet:
    """Return a wallet that holds nothing: its entries are counted on, and what moved its days stays known."""
    return Wallet(entries=held.entries, validity_changes=held.validity_changes)


def _moved_purchases(bought: PurchaseTotals) -> PurchaseTotals:
    moved = bought.brought + bought.count
    if not (moved or bought.total or bought.returned or bought.first_at or _bought_any(bought)):
        return PurchaseTotals()
    categories = {code: total for code, total in bought.categories.items() if total.amount or total.quantity}
    return evolve(bought, count=0, brought=moved, categories=categories, quantities_since_seq=None)


def _bought_any(bought: PurchaseTotals) -> bool:
    return any(total.amount or total.quantity for total in bought.categories.values())


def _staying_purchases(bought: PurchaseTotals) -> PurchaseTotals:
    """Return totals of nothing, in which categories stay known, so that a refund shows as a difference."""
    categories = {code: evolve(total, amount=0, quantity=0) for code, total in bought.categories.items()}
    return PurchaseTotals(
        count=bought.count,
        brought=-bought.count,
        categories=categories,
        quantities_since_seq=bought.quantities_since_seq,
    )


def is_nothing(moved: Member) -> bool:
    """Tell whether nothing moves."""
    return moved == Member(moved.id)


# ---------------------------------------------------------------- as an event carries it
def write_state(moved: Member) -> list[Json]:
    """Return what moves as the event of the other membership carries it: the state's paths that say
    something.
    """
    blank = ledger_state.state_paths(Member(""))
    paths = ledger_state.state_paths(moved)
    said = {path: value for path, value in paths.items() if blank.get(path, ...) != value}
    return cast(list[Json], [[path, value] for path, value in said.items()])


def read_state(values: Sequence[object], *, id: str) -> Member:
    """Return what moves, of the membership of an id, as `write_state` wrote it."""
    paths = cast(Mapping[str, StateValue], dict(cast(Sequence[tuple[str, StateValue]], values)))
    state = ledger_state.nest(paths)
    return ledger_restore.restore_member(state, id=id, number="", profile=Profile(), seq=0)


def moved_gifts(gifts: Mapping[str, Gift], *, seq: int) -> dict[str, Gift]:
    """Return gifts as rows of the other membership know them: of the row that took them."""
    return {source: evolve(gift, seq=seq) for source, gift in gifts.items()}
