"""The unit of an amount: a wallet as the programme describes it, the same for everyone."""

from collections.abc import Mapping
from enum import Enum
from functools import lru_cache

import strawberry

from api.graphql.engine.audience import Audience
from api.graphql.engine.enums import enum_of_words
from api.graphql.engine.ids import encode_id
from api.graphql.engine.scalars import WalletCode
from domain.model.programme import Programme, WalletSpec


@enum_of_words(WalletSpec.model_fields["kind"].annotation, description="What a wallet holds.")
class WalletKind(Enum):
    POINTS = strawberry.enum_value("POINTS", description="Whole points.")
    MONEY = strawberry.enum_value("MONEY", description="Minor units of `currency`.")


@strawberry.type(description="What units of a wallet are worth when a purchase is paid with them.")
class WalletWorth:
    units: int = strawberry.field(description="So many units of the wallet ...")
    amount: int = strawberry.field(description="... stand for so much, in minor units of `currency`.")
    currency: str = strawberry.field(description="ISO 4217.")


@strawberry.type(
    description=(
        "A wallet of the programme, the same for everyone: what an amount counts. How much a member has of"
        " it is a Wallet."
    )
)
class ProgrammeWallet:
    id: strawberry.ID = strawberry.field(description="Global id.")
    code: WalletCode = strawberry.field(description="Its code in the programme file.")
    name: str = strawberry.field(description="In the reader's language.")
    kind: WalletKind = strawberry.field(description="Points or money.")
    currency: str | None = strawberry.field(
        description="ISO 4217, amounts are in its minor units; null for points."
    )
    worth: WalletWorth | None = strawberry.field(
        description="What a payment with it stands for; null where members do not pay with it."
    )


@lru_cache(maxsize=64)
def units_by_code(programme: Programme, locale: str) -> Mapping[str, ProgrammeWallet]:
    """Return each wallet that is shown, by its code, in the file's order. Every answer shares the objects."""
    return {spec.code: _unit(programme, spec, locale) for spec in programme.shown_wallets}


def unit_of(audience: Audience, code: str | None) -> ProgrammeWallet | None:
    """Return the wallet of an amount; None where the programme has no such wallet, or hides it."""
    return None if code is None else units_by_code(audience.programme, audience.locale).get(code)


def _unit(programme: Programme, spec: WalletSpec, locale: str) -> ProgrammeWallet:
    currency, terms = programme.programme.currency, spec.pay_terms
    return ProgrammeWallet(
        id=strawberry.ID(encode_id("ProgrammeWallet", spec.code)),
        code=WalletCode(spec.code),
        name=spec.name.for_locale(locale),
        kind=WalletKind[spec.kind.upper()],
        currency=currency if spec.kind == "money" else None,
        worth=WalletWorth(units=terms.units, amount=terms.worth, currency=currency) if terms else None,
    )
