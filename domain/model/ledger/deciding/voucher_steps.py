"""Vouchers of a row: issued, changed, and those that a gift gives, once though the gift goes and comes."""

from __future__ import annotations

from domain.model.calendar import add
from domain.model.ledger.deciding.row_builder import RowBuilder
from domain.model.ledger.decision import VoucherChange, VoucherStep
from domain.model.ledger.lots import LotPart
from domain.model.ledger.member import OPEN_VOUCHERS, OpenVoucher
from domain.model.programme import RewardSpec
from domain.model.values import evolve


def issue_voucher(
    builder: RowBuilder,
    spec: RewardSpec,
    *,
    id: str | None,
    is_free: bool,
    code: str | None = None,
    taken: tuple[LotPart, ...] = (),
) -> str | None:
    """Issue a voucher of a reward. A member holds 200 open ones at most: one beyond that is not issued
    (None).
    """
    if len(builder.member.vouchers) >= OPEN_VOUCHERS:
        return None
    n = builder.member.issued + 1
    voucher = id or f"{builder.member.id}-{n}"
    expires_at = add(builder.at, spec.voucher.valid, builder.programme.zone) if spec.voucher.valid else None
    variant = spec.variant or spec.for_member(builder.member.id).variant
    opened = OpenVoucher(spec.code, builder.at, expires_at, code, taken, variant=variant)
    builder.member = evolve(builder.member, issued=n, vouchers={**builder.member.vouchers, voucher: opened})
    builder.vouchers.append(
        VoucherStep(voucher, n, spec.code, "issued", builder.at, expires_at, is_free, variant)
    )
    return voucher


def change_voucher(
    builder: RowBuilder, voucher: str, opened: OpenVoucher | None, change: VoucherChange
) -> None:
    """Change an open voucher, or close it (None), and say so."""
    old = builder.member.vouchers[voucher]
    rest = {code: one for code, one in builder.member.vouchers.items() if code != voucher}
    builder.member = evolve(builder.member, vouchers={**rest, voucher: opened} if opened else rest)
    is_free = not old.taken_lots
    builder.vouchers.append(
        VoucherStep(voucher, 0, old.reward, change, builder.at, old.expires_at, is_free, old.variant)
    )


def give_voucher(builder: RowBuilder, spec: RewardSpec) -> str | None:
    """Give a voucher without a price. Returns why none was issued, None where one was.

    Where the source gave one before that was used and taken back with its gift, this is that one again.
    """
    source = builder.book.source
    known = builder.member.used_vouchers.get(source, ())
    again = next((used for used in known if used.reward == spec.code), None)
    if again is not None:
        rest = tuple(used for used in known if used is not again)
        others = {key: value for key, value in builder.member.used_vouchers.items() if key != source}
        vouchers = dict(builder.member.vouchers)
        if again.voucher in vouchers:
            vouchers[again.voucher] = evolve(vouchers[again.voucher], is_revoked=False)
        builder.member = evolve(
            builder.member, used_vouchers={**others, source: rest} if rest else others, vouchers=vouchers
        )
        builder.book.draft.vouchers.append(again.voucher)
        return "limit"
    if spec.code in builder.stock.sold_out:
        return "cap"
    voucher = issue_voucher(builder, spec, id=None, is_free=True)
    if voucher is None:
        return "cap"
    builder.book.draft.vouchers.append(voucher)
    return None


def forget_used_voucher(builder: RowBuilder, voucher: str) -> None:
    """Forget a used voucher whose use was reversed: what gave it was taken back whole after all."""
    left = {
        source: tuple(used for used in vouchers if used.voucher != voucher)
        for source, vouchers in builder.member.used_vouchers.items()
    }
    remaining = {source: vouchers for source, vouchers in left.items() if vouchers}
    builder.member = evolve(builder.member, used_vouchers=remaining)
