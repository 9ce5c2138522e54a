"""Wallets at an instant, stored with a bound key so that the same key again shows the same figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, cast

from domain.model.ledger.decide import at_instant
from domain.model.ledger.lots import Lot
from domain.model.ledger.member import Member
from domain.model.ledger.wallet import Wallet
from domain.model.programme import Programme
from domain.model.values import keep_computed


def wallets_at(programme: Programme, member: Member, *, now: datetime) -> dict[str, Wallet]:
    """Return every wallet of the programme as a member has it at an instant, in the file's order."""
    settled = at_instant(programme, member, now=now).wallets
    return {spec.code: settled.get(spec.code) or Wallet() for spec in programme.wallets}


def write_wallets(wallets: Mapping[str, Wallet]) -> list[object]:
    """Return wallets as a reply stores them: figures and lots, no history."""
    return [
        [
            code,
            one.debt,
            one.earned,
            one.spent,
            one.expired,
            one.adjusted,
            one.entries,
            one.held,
            _write_lots(one),
        ]
        for code, one in wallets.items()
    ]


def read_wallets(values: object) -> dict[str, Wallet]:
    """Return the wallets of a reply."""
    return {
        code: _read_wallet(figures, lots) for code, *figures, lots in cast(Sequence[Sequence[Any]], values)
    }


def _write_lots(wallet: Wallet) -> list[object]:
    return [
        [lot.amount, lot.available_at, str(lot.expires_on) if lot.expires_on else None, str(lot.since)]
        for lot in wallet.lots
    ]


def _read_wallet(figures: Sequence[int], lots: Sequence[Sequence[Any]]) -> Wallet:
    debt, earned, spent, expired, adjusted, entries, *held = figures
    wallet_lots = tuple(
        Lot(lot[0], lot[1], date.fromisoformat(lot[2]) if lot[2] else None, date.fromisoformat(lot[3]))
        for lot in lots
    )
    wallet = Wallet(
        lots=wallet_lots,
        debt=debt,
        earned=earned,
        spent=spent,
        expired=expired,
        adjusted=adjusted,
        entries=entries,
    )
    keep_computed(wallet, held=held[0] if held else 0)  # replies of earlier releases do not say
    return wallet
