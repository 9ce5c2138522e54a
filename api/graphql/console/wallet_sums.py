"""Amounts by wallet, as the schema shows them."""

from collections.abc import Mapping

import strawberry

from api.graphql.engine.scalars import Long, WalletCode


@strawberry.type(description="An amount of a wallet.")
class WalletSum:
    wallet: WalletCode = strawberry.field(description="The wallet's code.")
    amount: Long = strawberry.field(description="Units of the wallet.")


def wallet_sums(amounts: Mapping[str, int]) -> list[WalletSum]:
    """Return amounts by the codes of their wallets."""
    return [
        WalletSum(wallet=WalletCode(wallet), amount=Long(amount))
        for wallet, amount in sorted(amounts.items())
    ]
