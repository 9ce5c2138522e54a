"""What wallets pay of a purchase, and what comes back of it: the terms, the parts, and money back."""

from collections.abc import Iterable, Mapping

import strawberry

from api.graphql.engine.audience import Audience
from api.graphql.engine.descriptions import UNIT
from api.graphql.engine.scalars import WalletCode
from api.graphql.engine.titles import find_spec
from api.graphql.member.catalogue.units import ProgrammeWallet, unit_of
from domain.model.ledger import payments
from domain.model.ledger.events import Purchase, WalletPayment
from domain.model.programme import PayTerms as PayTermsSpec
from domain.model.programme import WalletSpec


@strawberry.type(description="How members pay for purchases with a wallet.")
class PayTerms:
    units: int = strawberry.field(description="So many units of the wallet ...")
    worth: int = strawberry.field(description="... are worth so much, in minor units of the currency.")
    step: int = strawberry.field(description="A payment is a multiple of it, in units.")
    minimum: int = strawberry.field(description="The smallest payment, in units.")
    share: int = strawberry.field(
        description="The most of a purchase that it pays, in percent of its total less what is ineligible."
    )
    earns: bool = strawberry.field(description="Whether what is paid so earns as other money does.")


@strawberry.type(description="What one wallet pays of a purchase, or what of that came back.")
class WalletPart:
    wallet: WalletCode = strawberry.field(description="Which wallet.")
    unit: ProgrammeWallet | None = strawberry.field(description=UNIT)
    name: str = strawberry.field(description="The wallet's name, in the reader's language.")
    currency: str | None = strawberry.field(description="Set where `units` are money, in its minor units.")
    units: int = strawberry.field(description="In points, or minor units of the wallet's currency.")
    worth: int = strawberry.field(description="What that stands for, in minor units of the purchase.")


@strawberry.type(description="What a purchase can be paid with: the most of one wallet.")
class Payable:
    wallet: WalletCode = strawberry.field(description="Which wallet; `payWith` names it.")
    unit: ProgrammeWallet | None = strawberry.field(description=UNIT)
    name: str = strawberry.field(description="The wallet's name, in the reader's language.")
    currency: str | None = strawberry.field(description="Set where units are money, in its minor units.")
    available: int = strawberry.field(description="What it holds, in units.")
    units: int = strawberry.field(
        description="The most that it can pay of this purchase beside `payWith` of other wallets; else 0."
    )
    worth: int = strawberry.field(description="What these are worth, in minor units.")
    terms: PayTerms = strawberry.field(description="Steps, minimum and worth of its units.")


@strawberry.type(description="What refunds give back: money, and to wallets what these had paid.")
class PaymentBack:
    money: int = strawberry.field(
        description="In minor units; never more than was paid otherwise than by wallets."
    )
    wallets: list[WalletPart] = strawberry.field(
        description="By wallet, in the order of the payment; empty where none had paid."
    )


# ---------------------------------------------------------------- from the domain


def pay_terms(spec: WalletSpec) -> PayTerms | None:
    """Return the terms of a wallet; None where members do not pay with it."""
    return None if spec.pay_terms is None else _terms(spec.pay_terms)


def _terms(terms: PayTermsSpec) -> PayTerms:
    return PayTerms(
        units=terms.units,
        worth=terms.worth,
        step=terms.whole_step,
        minimum=terms.least_units,
        share=terms.share,
        earns=terms.earns,
    )


def wallet_parts(audience: Audience, parts: Iterable[WalletPayment]) -> list[WalletPart]:
    """Return what wallets pay or get back; a wallet that the programme has no more is named by its code."""
    return [_wallet_part(audience, part) for part in parts]


def _wallet_part(audience: Audience, part: WalletPayment) -> WalletPart:
    spec = find_spec(audience.programme.wallet, part.wallet)
    is_money = spec is not None and spec.kind == "money"
    return WalletPart(
        wallet=WalletCode(part.wallet),
        unit=unit_of(audience, part.wallet),
        name=audience.text(spec.name) if spec is not None else part.wallet,
        currency=audience.programme.programme.currency if is_money else None,
        units=part.units,
        worth=part.worth,
    )


def payment_of(audience: Audience, purchase: Purchase) -> list[WalletPart]:
    """Return what wallets paid of a purchase, as it was recorded or would be."""
    return wallet_parts(audience, purchase.payment.parts if purchase.payment is not None else ())


def payables_of(
    audience: Audience, payable: Iterable[payments.PayableWallet], available: Mapping[str, int]
) -> list[Payable]:
    """Return the most that can be paid with each wallet."""
    out = []
    for most in payable:
        part = _wallet_part(audience, WalletPayment(most.wallet, most.units, most.worth))
        out.append(
            Payable(
                wallet=part.wallet,
                unit=part.unit,
                name=part.name,
                currency=part.currency,
                available=available.get(most.wallet, 0),
                units=most.units,
                worth=most.worth,
                terms=_terms(most.terms),
            )
        )
    return out


def back_of(audience: Audience, back: payments.PaymentBack) -> PaymentBack:
    """Return what a refund gives back, or all refunds so far."""
    return PaymentBack(money=back.money, wallets=wallet_parts(audience, back.wallets))
