"""What an events file says of purchases and their refunds."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

from domain.model.ledger.deciding.returns.refund_lines import RefundLine
from domain.model.ledger.events import Json, Line, Payment, Purchase, WalletPayment
from domain.model.ledger.fiscal.receipt_details import ReceiptDetails, TaxLine, detail_faults
from domain.model.ledger.holding.holds import payment_by
from domain.model.ledger.member import Member
from domain.model.programme import Programme
from domain.model.simulate.inputs import InputLine
from domain.model.values import dataclass


def read_purchase(line: InputLine, programme: Programme, member: Member) -> Purchase:
    """Read a purchase of a member. Raises InputMalformed, and HoldNotUsable for a hold that is no more."""
    total = line.whole_number("total", least=0)
    lines = tuple(
        _read_purchase_line(line, number, row) for number, row in enumerate(_line_rows(line), start=1)
    )
    if sum(purchase_line.amount for purchase_line in lines) > total:
        raise line.malformed("the lines sum to more than data.total; they sum to at most the total")
    currency, store = programme.programme.currency, line.get("store", str)
    return Purchase(
        _receipt_number(line),
        total,
        currency,
        store,
        lines,
        payment=_read_payment(line, programme, member, total),
    )


def _read_payment(line: InputLine, programme: Programme, member: Member, total: int) -> Payment | None:
    rows = _rows(line, "payWith")
    if not rows:
        return None
    parts, codes = list[WalletPayment](), [spec.code for spec in programme.wallets]
    for row in rows:
        part = replace(line, data=row)
        if row.get("hold") is not None:
            units = part.whole_number("units", least=1) if row.get("units") is not None else None
            parts.append(payment_by(member, part.require("hold", str), units))
            continue
        parts.append(WalletPayment(part.require_code("wallet", codes), part.whole_number("units", least=1)))
    if len({part.wallet for part in parts}) < len(parts):
        raise line.malformed("data.payWith names a wallet twice; write each once")
    return Payment(total, tuple(parts))


def _read_purchase_line(line: InputLine, number: int, row: dict[str, Json]) -> Line:
    purchase_line = InputLine(line.number, line.at, line.member, line.name, line.source, row)
    quantity = purchase_line.whole_number("quantity", least=1, default=1)
    return Line(
        number,
        purchase_line.get("sku", str) or "",
        purchase_line.whole_number("amount", least=0),
        quantity,
        purchase_line.get("name", str),
        purchase_line.get("category", str),
    )


def _line_rows(line: InputLine) -> list[dict[str, Json]]:
    return _rows(line, "lines")


def _rows(line: InputLine, name: str) -> list[dict[str, Json]]:
    if line.data.get(name) is None:
        return []
    rows = line.get(name, cast(type[list[Json]], list)) or []
    if not all(isinstance(row, dict) for row in rows):
        raise line.malformed(f"data.{name} holds what is no map; write one map a line")
    return cast(list[dict[str, Json]], rows)


def read_details(line: InputLine, *, total: int) -> ReceiptDetails | None:
    """Read the tax lines of a purchase; None where there are none. Raises InputMalformed."""
    if not line.data.get("taxes"):
        return None
    rows = [replace(line, data=row) for row in _rows(line, "taxes")]
    taxes = [
        TaxLine(
            row.require("rate", str), row.whole_number("base", least=0), row.whole_number("amount", least=0)
        )
        for row in rows
    ]
    details = ReceiptDetails(tuple(taxes))
    for fault in detail_faults(details, total=total):
        raise line.malformed(f"data.{fault.field}: {fault.message}")
    return details


def read_correction(line: InputLine) -> CorrectionSelection:
    """Read what a receipt is corrected to. Raises InputMalformed."""
    total = line.whole_number("total", least=0)
    rows = _line_rows(line) if line.data.get("lines") is not None else None
    lines = (
        None
        if rows is None
        else tuple(_read_purchase_line(line, number, row) for number, row in enumerate(rows, start=1))
    )
    if sum(one.amount for one in lines or ()) > total:
        raise line.malformed("the lines sum to more than data.total; they sum to at most the total")
    return CorrectionSelection(_receipt_number(line), total, lines)


def _receipt_number(line: InputLine) -> str:
    number = line.require("externalId", str)
    if not number:
        raise line.malformed("data.externalId is empty; write the receipt's number")
    return number


@dataclass(frozen=True, slots=True)
class CorrectionSelection:
    """What a receipt is corrected to: its total, and its lines where these are named."""

    external_id: str
    total: int
    lines: tuple[Line, ...] | None


@dataclass(frozen=True, slots=True)
class RefundSelection:
    """What a refund takes back: an amount, lines, or neither for all that is left. `refund_id` is its own
    identity within the receipt.
    """

    external_id: str
    amount: int | None
    lines: tuple[RefundLine, ...]
    refund_id: str | None = None


def read_refund(line: InputLine) -> RefundSelection:
    """Read what a refund takes back. Raises InputMalformed."""
    if line.data.get("amount") is not None and line.data.get("lines") is not None:
        raise line.malformed("data has both amount and lines; keep one of them")
    amount = line.whole_number("amount", least=1) if line.data.get("amount") is not None else None
    lines = tuple(_read_refund_line(replace(line, data=row)) for row in _line_rows(line))
    if line.data.get("lines") is not None and not lines:
        raise line.malformed(
            "data.lines is empty; name a line, or leave it out to take back all that is left"
        )
    if len({refund_line.line for refund_line in lines}) < len(lines):
        raise line.malformed("data.lines names a line twice; write each once")
    lines = tuple(sorted(lines, key=lambda refund_line: refund_line.line))
    return RefundSelection(_receipt_number(line), amount, lines, line.get("refund", str) or None)


def _read_refund_line(line: InputLine) -> RefundLine:
    number = line.whole_number("line", least=1)
    quantity, amount = (
        line.whole_number(name, least=1) if line.data.get(name) is not None else None
        for name in ("quantity", "amount")
    )
    if quantity is None and amount is None:
        raise line.malformed(f"line {number} of the refund needs a quantity, an amount, or both")
    return RefundLine(number, quantity, amount)
