"""What holds do to a row: points are set aside, come back, or pay for a purchase.

Setting aside and giving back write no entry, since the balance stays what it is; a capture is a SPEND like
any payment.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final, cast

from domain.model.calendar import local_day
from domain.model.event_names import HOLD_PLACED
from domain.model.ledger import wallet
from domain.model.ledger.deciding.row_builder import RowBuilder
from domain.model.ledger.decision import BalanceTooLow, MemberFrozen
from domain.model.ledger.events import Event, Json, Purchase, WalletPayment
from domain.model.ledger.holding import holds
from domain.model.ledger.holding.holds import HoldNotUsable, HoldRefused, PlacedHold
from domain.model.ledger.lots import FiscalUse, Hold, LotPart
from domain.model.ledger.payments import with_worth
from domain.model.ledger.wallet import InsufficientBalance
from domain.model.programme import Programme, WalletSpec
from domain.model.values import evolve

DEFAULT_MINUTES: Final = 30
MAX_MINUTES: Final = 7 * 24 * 60


def placing_data(programme: Programme, event: Event) -> dict[str, Json]:
    """Return what the event of a hold says more by the programme's terms: what it is worth, whether that
    earns, and when it ends. Raises PaymentNotAccepted.
    """
    event_data = event.data
    total, minutes = cast(int, event_data["total"]), cast(int, event_data.get("minutes") or DEFAULT_MINUTES)
    part = WalletPayment(str(event_data["wallet"]), cast(int, event_data["amount"]))
    payment = with_worth(programme, Purchase("", total, programme.programme.currency), [part]).payment
    assert payment is not None, "priced as a payment"
    until = event.at + timedelta(minutes=minutes)
    return {"worth": payment.parts[0].worth, "earns": payment.parts[0].earns, "until": until.isoformat()}


def placed_hold(event: Event) -> PlacedHold:
    """Return the hold that an event places, without its lots."""
    assert event.name == HOLD_PLACED, "event_data of a hold's own event"
    event_data = event.data
    store = event_data.get("store")
    hold = Hold(
        order=str(event_data["order"]),
        store=None if store is None else str(store),
        units=cast(int, event_data["amount"]),
        worth=cast(int, event_data["worth"]),
        total=cast(int, event_data["total"]),
        placed_at=event.at,
        until=datetime.fromisoformat(str(event_data["until"])),
        earns=bool(event_data["earns"]),
        fiscal=cast(FiscalUse, event_data.get("fiscal") or "DISCOUNT"),
    )
    return PlacedHold(str(event_data["hold"]), str(event_data["wallet"]), hold)


# ---------------------------------------------------------------- placing, releasing
def place(builder: RowBuilder) -> None:
    """Set an amount aside. A live hold of the same order comes back first. Raises MemberFrozen,
    BalanceTooLow, HoldRefused.
    """
    if builder.member.frozen:
        raise MemberFrozen("a frozen member pays with no wallet")
    placed = placed_hold(builder.event)
    same_order = (placed.hold.store, placed.hold.order)
    for known in tuple(holds.holds_of(builder.member)):
        if (known.hold.store, known.hold.order) == same_order:
            end(builder, known, is_final=True)
    live = sum(known.hold.is_live for known in holds.holds_of(builder.member))
    if live >= holds.LIVE_HOLDS:
        raise HoldRefused("TOO_MANY_HOLDS", holds.LIVE_HOLDS)
    try:
        after, taken = wallet.take(builder.wallet(placed.wallet), amount=placed.hold.units)
    except InsufficientBalance as error:
        raise BalanceTooLow(error.missing) from None
    if len(taken) > holds.LOTS_HELD:
        raise HoldRefused("TOO_MANY_LOTS", sum(part.amount for part in taken[: holds.LOTS_HELD]))
    hold = evolve(placed.hold, placed_at=builder.at, parts=taken)
    builder.set_wallet(placed.wallet, holds.with_hold(after, placed.key, hold))


def release(builder: RowBuilder) -> None:
    """Give a hold back for good, or forget one that time has ended. Raises HoldNotUsable."""
    end(builder, holds.find_hold(builder.member, str(builder.event.data["hold"])), is_final=True)


def end(builder: RowBuilder, placed: PlacedHold, *, is_final: bool) -> None:
    """Give back what a hold has left; one that is not final may still be paid with late."""
    before = builder.wallet(placed.wallet)
    if is_final:
        ended = holds.without_hold(before, placed.key)
    else:
        ended = holds.with_hold(before, placed.key, evolve(placed.hold, parts=()))
    builder.set_wallet(placed.wallet, ended)
    _put_back(builder, placed, placed.hold.parts)
    builder.lapse(placed.wallet)


def end_all(builder: RowBuilder) -> None:
    """Give back what all holds have left."""
    for placed in tuple(holds.holds_of(builder.member)):
        if placed.hold.is_live:
            end(builder, placed, is_final=False)


def _put_back(builder: RowBuilder, placed: PlacedHold, parts: tuple[LotPart, ...]) -> None:
    """Put parts back; what was written off since they were set aside is taken of them."""
    if not parts:
        return
    code, on = placed.wallet, _taken_on(builder, placed.hold)
    after, rest = holds.give_back(builder.wallet(code), _spec_of(builder, code), parts, taken_on=on)
    builder.set_wallet(code, after)
    after, recovered = wallet.recover_from_return(after, rest, since=on)
    amount = sum(part.amount for part in recovered)
    builder.write_entry(code, "CLAWBACK", -amount, after, lots=recovered)


def _taken_on(builder: RowBuilder, hold: Hold) -> date:
    return local_day(hold.placed_at, builder.programme.zone)


def _spec_of(builder: RowBuilder, code: str) -> WalletSpec | None:
    return next((spec for spec in builder.programme.wallets if spec.code == code), None)


# ---------------------------------------------------------------- capturing
def with_promises(builder_programme: Programme, purchase: Purchase, known: dict[str, Hold]) -> Purchase:
    """Return a purchase with what its payment is worth: by the terms, or as its holds promised. Raises
    PaymentNotAccepted, HoldNotUsable.
    """
    assert purchase.payment is not None, "event_data of a purchase that wallets pay for"
    if any(part.hold is not None and part.hold not in known for part in purchase.payment.parts):
        raise HoldNotUsable
    return with_worth(builder_programme, purchase, purchase.payment.parts, promised=known)


def capture(builder: RowBuilder, part: WalletPayment) -> tuple[tuple[LotPart, ...], date]:
    """Pay with a hold, and give what is left of it back. One that time has ended pays of what is there now.
    Returns the lots, and the day on which they were taken. Raises BalanceTooLow, HoldNotUsable.
    """
    assert part.hold is not None, "event_data of a payment by a hold"
    placed = holds.find_hold(builder.member, part.hold)
    hold = placed.hold
    if placed.wallet != part.wallet or part.units > hold.units:
        raise HoldNotUsable
    if not hold.is_live:
        builder.set_wallet(part.wallet, holds.without_hold(builder.wallet(part.wallet), part.hold))
        try:
            return builder.take(
                part.wallet, part.units, kind="SPEND", rule=None, is_payment=True
            ), builder.today
        except InsufficientBalance as error:
            raise BalanceTooLow(error.missing) from None
    taken, rest = holds.split_parts(hold.parts, part.units)
    left = holds.with_hold(builder.wallet(part.wallet), part.hold, evolve(hold, parts=taken))
    builder.set_wallet(part.wallet, left)
    _put_back(builder, placed, rest)
    before = builder.wallet(part.wallet)
    after = evolve(holds.without_hold(before, part.hold), spent=before.spent + part.units)
    builder.write_entry(part.wallet, "SPEND", -part.units, after, lots=taken, is_payment=True)
    builder.lapse(part.wallet)
    return taken, _taken_on(builder, hold)
