"""The fiscal record of a purchase: what each part of it counts as in a shop's books."""

import asyncio
from collections.abc import Sequence
from enum import Enum

import strawberry

from api.errors import NotFound
from api.graphql.engine.audience import Audience
from api.graphql.engine.enums import enum_of_words
from api.graphql.engine.ids import encode_id
from api.graphql.engine.shared_types import Info
from api.graphql.engine.titles import find_spec
from domain.model.ledger.fiscal import fiscal_record
from domain.services.ledger.fiscal_records import load_money_wallets, record_of_sale


@enum_of_words(fiscal_record.FiscalKind, description="What a part of a receipt counts as.")
class FiscalKind(Enum):
    DISCOUNT = strawberry.enum_value("DISCOUNT", description="It lowers this sale.")
    PAYMENT = strawberry.enum_value("PAYMENT", description="A means by which this sale was paid.")
    CREDIT = strawberry.enum_value("CREDIT", description="Granted by this sale for later ones.")


@enum_of_words(fiscal_record.FiscalMeans, description="By what a part of a receipt came.")
class FiscalMeans(Enum):
    VOUCHER = strawberry.enum_value("VOUCHER", description="A voucher; `code` is its reward's.")
    WALLET = strawberry.enum_value("WALLET", description="A wallet; `code` is its own.")
    TENDER = strawberry.enum_value("TENDER", description="Given at the door; `code` is its kind, else other.")


@strawberry.type(description="A part of a receipt, and what it counts as.")
class FiscalPart:
    kind: FiscalKind = strawberry.field(description="Discount, payment or credit.")
    means: FiscalMeans = strawberry.field(description="By voucher, wallet, or at the door.")
    code: str = strawberry.field(description="Which one.")
    name: str = strawberry.field(description="For people, where the programme names it; else the code.")
    amount: int = strawberry.field(description="In minor units.")
    units: int | None = strawberry.field(description="What a payment took of its wallet; else null.")
    voucher: strawberry.ID | None = strawberry.field(description="A discount's voucher; else null.")


@strawberry.type(description="A tax of the receipt, as its till gave it.")
class FiscalTax:
    rate: str = strawberry.field(description="In percent.")
    base: int = strawberry.field(description="What it was charged on, in minor units.")
    amount: int = strawberry.field(description="The tax, in minor units.")


@strawberry.type(description="What a receipt was paid by: gross = discounts + payments. Credit stands apart.")
class FiscalRecord:
    gross: int = strawberry.field(description="The sale before discounts, in minor units.")
    parts: list[FiscalPart] = strawberry.field(description="Discounts, then payments, then credit.")
    taxes: list[FiscalTax] = strawberry.field(description="Its tax lines; empty where its till gave none.")


async def fiscal_record_of(info: Info, receipt: str, member: str, seqs: Sequence[int]) -> FiscalRecord:
    """Return the record of a receipt by its id, the row of its purchase and those of its corrections."""
    loaders, runtime = info.context.loaders, info.context.dependencies.runtime
    loaded = await asyncio.gather(*(loaders.row(member, seq) for seq in seqs))
    rows = [row for row in loaded if row is not None]
    if not rows:
        raise NotFound()
    used = await loaders.used_vouchers(receipt)
    entries = [entry for row in rows for entry in row.entries]
    record = record_of_sale(
        rows[-1].event, entries, used, await load_money_wallets(runtime, rows[-1].version)
    )
    audience = await loaders.audience()
    return FiscalRecord(
        gross=record.gross,
        parts=[_part(audience, part) for part in record.parts],
        taxes=[FiscalTax(rate=tax.rate, base=tax.base, amount=tax.amount) for tax in record.taxes],
    )


def _part(audience: Audience, part: fiscal_record.FiscalPart) -> FiscalPart:
    return FiscalPart(
        kind=FiscalKind[part.kind],
        means=FiscalMeans[part.means],
        code=part.code,
        name=_name(audience, part),
        amount=part.amount,
        units=part.units,
        voucher=None if part.voucher is None else strawberry.ID(encode_id("Voucher", part.voucher)),
    )


def _name(audience: Audience, part: fiscal_record.FiscalPart) -> str:
    if part.means == "VOUCHER":
        reward = find_spec(audience.programme.reward, part.code)
        return part.code if reward is None else audience.text(reward.title)
    wallet = find_spec(audience.programme.wallet, part.code) if part.means == "WALLET" else None
    return part.code if wallet is None else audience.text(wallet.name)
