"""Corrections by a manager: an amount with a reason, and freezing a membership, both in the audit trail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from domain.model import event_names
from domain.model.ledger.decision import Refusal
from domain.model.ledger.events import Event, Json
from domain.model.ledger.wallet import Wallet
from domain.services import given, reading
from domain.services.errors import InvalidInput
from domain.services.house import Binding, House, committed, decided, member_of, moment, once
from domain.services.reading import Seen
from domain.services.tills import Till
from domain.services.wallets import read_wallets, wallets_of, write_wallets
from domain.store.audit import Action, ShiftCounter
from domain.store.ledger import journal, members
from domain.store.ledger.members import HistoryEntry
from domain.store.requests import Reply, RequestKey, request_key, store_scope


# ---------------------------------------------------------------- errors
class _SoAlready(Refusal):
    """There is nothing to change: a key that has acted answers, and another binds nothing."""

    def __init__(self) -> None:
        super().__init__("the membership is so already")


# ---------------------------------------------------------------- values
@dataclass(frozen=True, slots=True)
class BalanceAdjusted:
    """The correction's entry, and its wallet as it was right after it."""

    member_id: str
    told: HistoryEntry
    code: str
    wallet: Wallet


# ---------------------------------------------------------------- writes
async def adjust(
    house: House,
    *,
    till: Till,
    member_id: str,
    wallet: str,
    amount: int,
    reason: str,
    key: str,
    now: datetime,
) -> BalanceAdjusted:
    """Add to a wallet or take from it. Raises BalanceTooLow, NotAllowed, Conflicting; InvalidInput, NotFound,
    Busy.
    """
    till.need_manager()
    given.words(reason, field="reason", longest=given.LONGEST_REASON)
    given.identifier(key, field="idempotencyKey")
    if not 1 <= abs(amount) <= given.LARGEST:
        raise InvalidInput(
            "amount", f"Write a whole number from 1 to {given.LARGEST}, with a minus to take away."
        )
    if all(spec.code != wallet for spec in house.programmes.current().programme.wallets):
        raise InvalidInput("wallet", "The programme has no such wallet.")
    asked = {"member": member_id, "wallet": wallet, "amount": amount, "reason": reason}
    request = request_key(
        scope=store_scope(till.store), key=key, operation="adjustBalance", request_input=asked
    )
    data: dict[str, Json] = {"wallet": wallet, "amount": amount}

    async def act(binding: Binding) -> BalanceAdjusted:
        published = house.programmes.current()
        till.need_other(member_id)
        kept = await member_of(house, member_id)
        at = moment(kept, now=now)
        event = Event(
            f"adjust:{member_id}:{kept.member.seq + 1}", event_names.ADJUSTED, at, till.source, data
        )
        decision = await decided(house, published, kept, event, now=now)
        after = wallets_of(published.programme, decision.member, now=at)
        bind = binding.to(
            {"member": member_id, "seq": decision.row.seq, "wallets": write_wallets({wallet: after[wallet]})}
        )
        much: tuple[ShiftCounter, int] = ("adjusted", abs(amount))
        trail = till.trail(
            decision,
            "ADJUSTMENT",
            now=now,
            subject=wallet,
            amount=amount,
            counts=much,
            wallet=wallet,
            reason=reason,
        )
        await committed(house, published, decision, now=now, request=bind, claims=trail)
        return BalanceAdjusted(member_id, members.row_history(decision.row)[0], wallet, after[wallet])

    async def again(reply: Reply) -> BalanceAdjusted:
        row = await journal.find(house.store, member_id, int(str(reply["seq"])))
        assert row is not None, "a bound key's row is in the journal"
        return BalanceAdjusted(
            member_id, members.row_history(row)[0], wallet, read_wallets(reply["wallets"])[wallet]
        )

    return await once(house, request=request, queue=member_id, now=now, act=act, again=again)


async def freeze(house: House, *, till: Till, member_id: str, reason: str, key: str, now: datetime) -> Seen:
    """Freeze a membership: it earns, redeems and uses nothing; refunds apply. Raises NotAllowed, Conflicting;
    NotFound, Busy.
    """
    return await _freezing(
        house, till=till, member_id=member_id, reason=reason, key=key, now=now, name=event_names.FROZEN
    )


async def unfreeze(house: House, *, till: Till, member_id: str, reason: str, key: str, now: datetime) -> Seen:
    """Let a frozen membership go on. Raises as `freeze`."""
    return await _freezing(
        house, till=till, member_id=member_id, reason=reason, key=key, now=now, name=event_names.UNFROZEN
    )


async def _freezing(
    house: House, *, till: Till, member_id: str, reason: str, key: str, now: datetime, name: str
) -> Seen:
    till.need_manager()
    given.words(reason, field="reason", longest=given.LONGEST_REASON)
    given.identifier(key, field="idempotencyKey")
    asked: Mapping[str, object] = {"member": member_id, "reason": reason}
    request: RequestKey = request_key(
        scope=store_scope(till.store), key=key, operation=name, request_input=asked
    )

    async def act(binding: Binding) -> Seen:
        published = house.programmes.current()
        till.need_other(member_id)
        kept = await member_of(house, member_id)
        if kept.member.frozen == (name == event_names.FROZEN):
            raise _SoAlready
        event = Event(f"{name}:{member_id}:{kept.member.seq + 1}", name, moment(kept, now=now), till.source)
        decision = await decided(house, published, kept, event, now=now)
        bind = binding.to({"member": member_id, "seq": decision.row.seq})
        action: Action = "MEMBER_FROZEN" if name == event_names.FROZEN else "MEMBER_UNFROZEN"
        trail = till.trail(decision, action, now=now, subject=kept.member.number, reason=reason)
        await committed(house, published, decision, now=now, request=bind, claims=trail)
        return await reading.seen(house, members.after_decision(kept, decision), now=max(now, event.at))

    async def again(_: Reply) -> Seen:
        return await reading.home(house, member_id=member_id, now=now)

    try:
        return await once(house, request=request, queue=member_id, now=now, act=act, again=again)
    except _SoAlready:
        return await reading.home(house, member_id=member_id, now=now)
