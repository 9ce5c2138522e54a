"""Redeeming, giving back and using: points become a voucher, a voucher becomes points again, or is used at
the till, once.

The ledger decides; the voucher's document, its code and the shelf follow in the same transaction.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from domain.model import event_names
from domain.model.ledger.decision import BalanceTooLow, JournalRow, RewardLock, RewardLocked, VoucherNotUsable
from domain.model.ledger.events import Event, Json
from domain.model.ledger.wallet import Wallet
from domain.model.people.codes import normal_voucher
from domain.services import given, reading
from domain.services.errors import NotAllowed, NotFound, UnknownCode
from domain.services.house import Binding, House, committed, decided, member_of, moment, once
from domain.services.reading import Seen
from domain.services.tills import Till
from domain.services.wallets import read_wallets, wallets_of, write_wallets
from domain.store.ledger import members, vouchers
from domain.store.ledger.vouchers import Voucher
from domain.store.requests import Reply, member_scope, request_key, store_scope

REVERSIBLE = timedelta(minutes=15)


# ---------------------------------------------------------------- errors
class VoucherRefused(VoucherNotUsable):
    """The voucher as it stands, which is why it cannot be used or given back."""

    def __init__(self, voucher: Voucher) -> None:
        super().__init__(f"the voucher is {voucher.state}")
        self.voucher = voucher


# ---------------------------------------------------------------- values
@dataclass(frozen=True, slots=True)
class Redeemed:
    """The voucher a member got or gave back; `wallets` as they were right after it."""

    voucher: Voucher
    wallets: Mapping[str, Wallet]


@dataclass(frozen=True, slots=True)
class Used:
    """A voucher as the till took it (or gave it back), and whose it is, as of now."""

    voucher: Voucher
    seen: Seen


# ---------------------------------------------------------------- pure rules
def _after(voucher: Voucher, row: JournalRow) -> Voucher:
    """Return a voucher as a row leaves it."""
    step = next(one for one in row.vouchers if one.id == voucher.id)
    match step.change:
        case "used":
            used_in = row.event.data.get("store")
            return replace(
                voucher, state="USED", used_at=step.at, used_in_store=str(used_in) if used_in else None
            )
        case "cancelled":
            return replace(voucher, state="CANCELLED")
        case "reversed":
            return replace(voucher, state="ISSUED", used_at=None, used_in_store=None)
        case _:
            return replace(voucher, state="EXPIRED")


# ---------------------------------------------------------------- writes of the member
async def redeem(house: House, *, member_id: str, reward: str, key: str, now: datetime) -> Redeemed:
    """Spend points on a reward. Raises RewardLocked (balance included), Conflicting; InvalidInput, NotFound,
    Busy.
    """
    given.identifier(key, field="idempotencyKey")
    spec = next((one for one in house.programmes.current().programme.rewards if one.code == reward), None)
    if spec is None or spec.cost is None:
        raise NotFound(reward)
    request = request_key(
        scope=member_scope(member_id), key=key, operation="redeemReward", request_input={"reward": reward}
    )
    shelf = house.store.lock_for(f"reward:{reward}") if spec.stock is not None else nullcontext()

    async def act(binding: Binding) -> Redeemed:
        async with shelf:
            published = house.programmes.current()
            kept = await member_of(house, member_id)
            at = moment(kept, now=now)
            data: dict[str, Json] = {"reward": reward}
            event = Event(f"redeem:{member_id}:{kept.member.seq + 1}", event_names.REDEEMED, at, "app", data)
            try:
                decision = await decided(house, published, kept, event, now=now)
            except BalanceTooLow as short:
                raise RewardLocked((RewardLock("BALANCE", missing=short.missing),)) from None
            wallets = wallets_of(published.programme, decision.member, now=at)
            issued = next(step.id for step in decision.row.vouchers if step.change == "issued")
            bind = binding.to({"seq": decision.row.seq, "voucher": issued, "wallets": write_wallets(wallets)})
            made = await committed(house, published, decision, now=now, request=bind)
            if spec.stock is not None:
                house.shelf.mark_stale()  # the answer may tell what is left
            return Redeemed(next(one for one in made if one.id == issued), wallets)

    return await once(
        house, request=request, queue=member_id, now=now, act=act, again=lambda reply: _redeemed(house, reply)
    )


async def cancel(house: House, *, member_id: str, voucher_id: str, key: str, now: datetime) -> Redeemed:
    """Give an unused voucher back: its points return to the days of their lots. Raises VoucherNotUsable,
    Conflicting; NotFound, Busy.
    """
    given.identifier(key, field="idempotencyKey")
    request = request_key(
        scope=member_scope(member_id),
        key=key,
        operation="cancelVoucher",
        request_input={"voucher": voucher_id},
    )

    async def act(binding: Binding) -> Redeemed:
        published = house.programmes.current()
        voucher = await vouchers.find(house.store, voucher_id)
        if voucher is None or voucher.member != member_id:
            raise NotFound(voucher_id)
        if voucher.is_free:
            raise VoucherNotUsable("what was given has no price to return")
        kept = await member_of(house, member_id)
        at = moment(kept, now=now)
        data: dict[str, Json] = {"voucher": voucher_id, "reward": voucher.reward}
        event = Event(f"cancel:{voucher_id}", event_names.VOUCHER_CANCELLED, at, "app", data)
        decision = await decided(house, published, kept, event, now=now)
        wallets = wallets_of(published.programme, decision.member, now=at)
        bind = binding.to({"seq": decision.row.seq, "voucher": voucher_id, "wallets": write_wallets(wallets)})
        await committed(house, published, decision, now=now, request=bind)
        house.shelf.mark_stale()
        return Redeemed(_after(voucher, decision.row), wallets)

    try:
        return await once(
            house,
            request=request,
            queue=member_id,
            now=now,
            act=act,
            again=lambda reply: _redeemed(house, reply),
        )
    except VoucherNotUsable as refused:
        raise VoucherRefused(await _fresh(house, voucher_id)) from refused


async def _redeemed(house: House, reply: Reply) -> Redeemed:
    voucher = await vouchers.find(house.store, str(reply["voucher"]))
    assert voucher is not None, "a bound key's voucher is there"
    return Redeemed(voucher, read_wallets(reply["wallets"]))


# ---------------------------------------------------------------- writes of the till
async def use(
    house: House, *, till: Till, code: str, purchase: str | None = None, key: str, now: datetime
) -> Used:
    """Take a voucher at the till. Raises VoucherNotUsable, UnknownCode, NotAllowed, MemberFrozen,
    Conflicting; InvalidInput, Busy.
    """
    given.identifier(key, field="idempotencyKey")
    spelled = normal_voucher(code)
    asked = {"code": spelled or "", "purchase": purchase}
    request = request_key(scope=store_scope(till.store), key=key, operation="useVoucher", request_input=asked)
    found = await vouchers.find_by_code(house.store, spelled) if spelled else None
    if found is None:
        raise UnknownCode

    async def act(binding: Binding) -> Used:
        voucher = await _fresh(house, found.id)
        till.need_other(voucher.member)
        if voucher.stores and till.store not in voucher.stores:
            raise NotAllowed("OTHER_STORE")
        data: dict[str, Json] = {
            "voucher": voucher.id,
            "reward": voucher.reward,
            "store": till.store,
            "purchase": purchase,
        }
        return await _stepped(house, binding, voucher, event_names.VOUCHER_USED, data, till=till, now=now)

    try:
        return await once(
            house,
            request=request,
            queue=found.member,
            now=now,
            act=act,
            again=lambda _: _used(house, found.id, now),
        )
    except VoucherNotUsable as refused:
        raise VoucherRefused(await _fresh(house, found.id)) from refused


async def reverse(house: House, *, till: Till, voucher_id: str, reason: str, key: str, now: datetime) -> Used:
    """Undo a use within 15 minutes, by a manager of that store. Raises NotAllowed, VoucherNotUsable,
    Conflicting; NotFound, Busy.
    """
    till.need_manager()
    given.identifier(key, field="idempotencyKey")
    given.words(reason, field="reason", longest=given.LONGEST_REASON)
    asked = {"voucher": voucher_id, "reason": reason}
    request = request_key(
        scope=store_scope(till.store), key=key, operation="reverseVoucherUse", request_input=asked
    )
    found = await _fresh(house, voucher_id)

    async def act(binding: Binding) -> Used:
        voucher = await _fresh(house, voucher_id)
        till.need_other(voucher.member)
        if voucher.used_at is None:
            raise VoucherNotUsable("the voucher was not used")
        if till.role != "OPERATOR" and voucher.used_in_store != till.store:
            raise NotAllowed("OTHER_STORE")
        if now - voucher.used_at > REVERSIBLE:
            raise NotAllowed("TOO_LATE")
        data: dict[str, Json] = {"voucher": voucher.id, "reward": voucher.reward}
        return await _stepped(
            house, binding, voucher, event_names.VOUCHER_REVERSED, data, till=till, now=now, reason=reason
        )

    try:
        return await once(
            house,
            request=request,
            queue=found.member,
            now=now,
            act=act,
            again=lambda _: _used(house, voucher_id, now),
        )
    except VoucherNotUsable as refused:
        raise VoucherRefused(await _fresh(house, voucher_id)) from refused


async def _stepped(
    house: House,
    binding: Binding,
    voucher: Voucher,
    name: str,
    data: dict[str, Json],
    *,
    till: Till,
    now: datetime,
    reason: str | None = None,
) -> Used:
    published = house.programmes.current()
    kept = await member_of(house, voucher.member)
    event = Event(
        f"{name}:{voucher.id}:{kept.member.seq + 1}", name, moment(kept, now=now), till.source, data
    )
    decision = await decided(house, published, kept, event, now=now)
    bind = binding.to({"seq": decision.row.seq, "voucher": voucher.id})
    if name == event_names.VOUCHER_USED:
        trail = till.trail(
            decision,
            "VOUCHER_USED",
            now=now,
            subject=voucher.reward,
            counts=("vouchers", 1),
            voucher=voucher.id,
        )
    else:
        trail = till.trail(
            decision, "VOUCHER_REVERSED", now=now, subject=voucher.reward, voucher=voucher.id, reason=reason
        )
    await committed(house, published, decision, now=now, request=bind, claims=trail)
    after = await reading.seen(house, members.after_decision(kept, decision), now=max(now, event.at))
    return Used(_after(voucher, decision.row), after)


async def _fresh(house: House, voucher_id: str) -> Voucher:
    voucher = await vouchers.find(house.store, voucher_id)
    if voucher is None:
        raise NotFound(voucher_id)
    return voucher


async def _used(house: House, voucher_id: str, now: datetime) -> Used:
    voucher = await _fresh(house, voucher_id)
    return Used(voucher, await reading.home(house, member_id=voucher.member, now=now))
