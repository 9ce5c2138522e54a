"""A member erased: what their ledger comes to, in one row. No rule is judged and nothing follows from it."""

from __future__ import annotations

from domain.model.event_names import ERASED
from domain.model.ledger.deciding.row_builder import RowBuilder
from domain.model.ledger.deciding.voucher_steps import change_voucher
from domain.model.ledger.lots import NO_HOLDS, LotPart, parts_of
from domain.model.ledger.wallet import Wallet
from domain.model.values import evolve


def settle_erasure(builder: RowBuilder) -> bool:
    """Decide the row of an erasure; tell whether it is one."""
    if builder.event.name == ERASED:
        _erase(builder)
        return True
    return False


def _erase(builder: RowBuilder) -> None:
    """End the open vouchers and the plan, judge no friend's event any more, and write every balance off by an
    entry of its own, so that all totals still add up. Whoever has not joined is brought nothing by time.
    """
    for voucher, opened in builder.member.vouchers.items():
        if opened.used_at is None:
            change_voucher(builder, voucher, None, "cancelled")
    referral = evolve(builder.member.referral, waiting=())
    builder.member = evolve(builder.member, joined_at=None, plan=None, referral=referral)
    for code in sorted(builder.member.wallets):
        before = builder.wallet(code)
        after, parts = _empty(before)
        builder.write_entry(code, "ERASE", -before.balance, after, lots=parts, debt=-before.debt)


def _empty(wallet: Wallet) -> tuple[Wallet, tuple[LotPart, ...]]:
    """Take every lot out, pending and held ones too, and forgive what is owed; say what the lots held."""
    after = evolve(
        wallet,
        lots=(),
        debt=0,
        write_offs=(),
        adjusted=wallet.adjusted - wallet.balance,
        holds=NO_HOLDS,
    )
    held = [part for hold in wallet.holds.values() for part in hold.parts]
    return after, (*held, *(part for lot in wallet.lots for part in parts_of(lot)))
