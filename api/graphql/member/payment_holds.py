"""What is held of a wallet for a payment to come, as members and tills see it, and why it cannot be."""

from datetime import date, datetime
from enum import Enum

import strawberry

from api.graphql.engine.audience import Audience
from api.graphql.engine.descriptions import UNIT
from api.graphql.engine.enums import enum_of_words
from api.graphql.engine.ids import decode_id_as, encode_id
from api.graphql.engine.problems import renders
from api.graphql.engine.scalars import WalletCode
from api.graphql.engine.shared_types import Info, Problem
from api.graphql.member.catalogue.units import ProgrammeWallet, unit_of
from api.texts import number_text, say
from domain.model.ledger.holding import holds
from domain.model.ledger.holding.holds import PlacedHold
from domain.model.ledger.lots import FiscalUse, merge_parts
from domain.model.ledger.member import Member
from domain.services.ledger.purchase_input import HoldPayment


@enum_of_words(FiscalUse, description="What a payment by a hold is for the books.")
class HoldUse(Enum):
    DISCOUNT = strawberry.enum_value("DISCOUNT", description="It lowers the sale, as a voucher does.")
    PAYMENT = strawberry.enum_value("PAYMENT", description="It is a means of paying the sale.")


@enum_of_words(holds.HoldFault, description="Why nothing more can be held so.")
class HoldFault(Enum):
    TOO_MANY_HOLDS = strawberry.enum_value(
        "TOO_MANY_HOLDS", description="`most` is how many live holds a member may have."
    )
    TOO_MANY_LOTS = strawberry.enum_value(
        "TOO_MANY_LOTS", description="`most` is how many units the 200 lots of one hold come to."
    )


@strawberry.type(description="What of a hold lapses on one day.")
class HeldLot:
    amount: int = strawberry.field(description="In points, or minor units of the wallet's currency.")
    expires_on: date | None = strawberry.field(
        description="Its last day when it was held; null where it never lapses. Held, it does not lapse."
    )


@strawberry.type(description="An amount of a wallet that is held for an order.")
class PaymentHold:
    id: strawberry.ID = strawberry.field(description="What `paidWith` and `releaseHold` name it by.")
    wallet: WalletCode = strawberry.field(description="Which wallet.")
    unit: ProgrammeWallet | None = strawberry.field(description=UNIT)
    order: str = strawberry.field(description="The order that it is for.")
    amount: int = strawberry.field(description="In points, or minor units of the wallet's currency.")
    worth: int = strawberry.field(
        description="What it takes off the order's total, in minor units; kept to if the terms change."
    )
    use: HoldUse = strawberry.field(description="What it is for the books.")
    placed_at: datetime = strawberry.field(description="When it was held.")
    expires_at: datetime = strawberry.field(
        description="When it ends by itself. Captured later, it pays while the balance allows."
    )
    lots: list[HeldLot] = strawberry.field(description="What it holds, soonest to lapse first.")


@strawberry.input(description="A hold that pays for a purchase.")
class HeldPaymentInput:
    hold: strawberry.ID = strawberry.field(description="Its id, as `holdPayment` answered it.")
    units: int | None = strawberry.field(
        default=None,
        description="How much of it pays; by default all. What is left goes back at once.",
    )


PAID_WITH = (
    "Holds that pay for it, of a wallet each, beside `payWith`. They need no visit: who placed them was"
    " there. The purchase takes all of it, or is refused whole."
)


@strawberry.type(
    description="The hold was captured, released or replaced, ended long ago, or holds less than was asked."
)
class HoldNotUsable(Problem):
    pass


@strawberry.type(description="Nothing more can be held so.")
class HoldRefused(Problem):
    hold_fault: HoldFault = strawberry.field(description="Why.")
    most: int = strawberry.field(description="As the fault says.")


# ---------------------------------------------------------------- values
def payment_hold(audience: Audience, member: str, placed: PlacedHold) -> PaymentHold:
    """Return a hold of a member."""
    hold = placed.hold
    return PaymentHold(
        id=strawberry.ID(encode_id("PaymentHold", f"{member}:{placed.key}")),
        wallet=WalletCode(placed.wallet),
        unit=unit_of(audience, placed.wallet),
        order=hold.order,
        amount=hold.units,
        worth=hold.worth,
        use=HoldUse[hold.fiscal],
        placed_at=hold.placed_at,
        expires_at=hold.until,
        lots=[HeldLot(amount=part.amount, expires_on=part.expires_on) for part in merge_parts(hold.parts)],
    )


def live_holds(audience: Audience, member: Member) -> list[PaymentHold]:
    """Return what is held of a member's wallets, what ends first before the others."""
    hidden = audience.programme.hidden_wallets
    known = [placed for placed in holds.holds_of(member) if placed.wallet not in hidden]
    live = [placed for placed in known if placed.hold.is_live]
    live.sort(key=lambda placed: (placed.hold.until, placed.key))
    return [payment_hold(audience, member.id, placed) for placed in live]


def decode_hold(hold: str, *, field: str) -> tuple[str, str]:
    """Return the member and the key of a hold's id. Raises BadInput."""
    member, _, key = decode_id_as("PaymentHold", hold, field=field).partition(":")
    return member, key


def hold_payments(paid_with: list[HeldPaymentInput] | None) -> tuple[HoldPayment, ...]:
    """Return the holds that an input names. Raises BadInput."""
    return tuple(
        HoldPayment(decode_hold(part.hold, field=f"paidWith[{index}].hold")[1], part.units)
        for index, part in enumerate(paid_with or ())
    )


# ---------------------------------------------------------------- renderers
@renders(holds.HoldNotUsable)
def _not_usable(_info: Info, audience: Audience, _: holds.HoldNotUsable) -> HoldNotUsable:
    return HoldNotUsable(message=say("problem.HoldNotUsable", audience.locale))


@renders(holds.HoldRefused)
def _refused(_info: Info, audience: Audience, refusal: holds.HoldRefused) -> HoldRefused:
    text = f"problem.HoldRefused.{refusal.reason}"
    return HoldRefused(
        message=say(text, audience.locale, most=number_text(refusal.most, locale=audience.locale)),
        hold_fault=HoldFault[refusal.reason],
        most=refusal.most,
    )
