"""Purchases: recorded once, whoever brings them, and quoted by the very code that records them.

A receipt is known by (source, store, externalId). The award, its reasons and all that follows are decided
before anything is written; one transaction then keeps receipt, member and journal, or nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from domain.model import event_names
from domain.model.ledger.decision import Decision, Entry, JournalRow, MemberFrozen, Outcome, Refusal
from domain.model.ledger.events import Event, Line, Purchase
from domain.services import reading
from domain.services.given import LINES, Given, GivenLine, checked, identifier
from domain.services.house import Binding, House, committed, decided, member_of, moment, once
from domain.services.reading import Receipted, Seen
from domain.services.tills import Till
from domain.store.document_store import Stale
from domain.store.ledger import journal, members, receipts
from domain.store.ledger.members import HistoryEntry, StoredMember
from domain.store.ledger.receipts import ReceiptTaken
from domain.store.requests import Reply, request_key, store_scope

__all__ = [
    "LINES",
    "Given",
    "GivenLine",
    "PurchaseClaimed",
    "PurchaseRecorded",
    "Quote",
    "Rise",
    "quote",
    "record",
]


# ---------------------------------------------------------------- errors
class PurchaseClaimed(Refusal):
    """The receipt was recorded before: for this member or another; `receipted` where it is this member's."""

    def __init__(self, *, same_member: bool, receipted: Receipted | None) -> None:
        super().__init__("the receipt was recorded before")
        self.same_member = same_member
        self.receipted = receipted


# ---------------------------------------------------------------- values
@dataclass(frozen=True, slots=True)
class Rise:
    """A change of tier that a purchase brought."""

    origin: str | None
    to: str
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class PurchaseRecorded:
    """What a purchase brought: `told` its entries, `outcomes` each rule, `unlocked` rewards, `badges` (code,
    level); `seen` is of now.
    """

    receipted: Receipted
    seen: Seen
    version: int
    told: tuple[HistoryEntry, ...]
    outcomes: tuple[Outcome, ...]
    unlocked: tuple[str, ...] = ()
    badges: tuple[tuple[str, int], ...] = ()
    tier_change: Rise | None = None


@dataclass(frozen=True, slots=True)
class Quote:
    """What a purchase would bring; `seen` is the customer before it."""

    seen: Seen
    version: int
    entries: tuple[Entry, ...]
    outcomes: tuple[Outcome, ...]
    unlocks: tuple[str, ...] = ()
    tier_after: str | None = None
    totals: Mapping[str, int] = field(default_factory=dict)


# ---------------------------------------------------------------- pure rules
def rise_of(row: JournalRow) -> Rise | None:
    """Return the change of tier that a row tells of, from where it began to where it ended."""
    changed = [one for one in row.raised if one.name == event_names.TIER_CHANGED]
    if not changed:
        return None
    origin, to, reason = (
        changed[0].data.get("from"),
        changed[-1].data.get("to"),
        changed[-1].data.get("reason"),
    )
    return Rise(str(origin) if origin else None, str(to), row.event.at, str(reason))


def raised(row: JournalRow, name: str, field_name: str) -> tuple[str, ...]:
    """Return one field of the events of a name that a row gave rise to."""
    return tuple(str(one.data[field_name]) for one in row.raised if one.name == name)


def _badges(row: JournalRow) -> tuple[tuple[str, int], ...]:
    earned = (
        (one.data["badge"], one.data["level"]) for one in row.raised if one.name == event_names.BADGE_EARNED
    )
    return tuple((str(code), level) for code, level in earned if isinstance(level, int))


def _event(given: Given, receipt: str, *, till: Till, at: datetime) -> Event:
    lines = tuple(
        Line(
            line=n,
            sku=one.sku,
            amount=one.amount,
            quantity=one.quantity,
            name=one.name,
            category=one.category,
        )
        for n, one in enumerate(given.lines, start=1)
    )
    purchase = Purchase(given.external_id, given.total, given.currency, till.store, lines)
    return Event(f"purchase:{receipt}", event_names.PURCHASED, at, till.source, purchase=purchase)


def _may_earn(kept: StoredMember, till: Till) -> None:
    till.need_other(kept.member.id)
    if kept.member.frozen:
        raise MemberFrozen("a frozen member earns nothing")


# ---------------------------------------------------------------- reads
async def quote(house: House, *, till: Till, member_id: str, given: Given, now: datetime) -> Quote:
    """Return what a purchase would bring: the award without the commit. Raises InvalidInput, NotFound,
    NotAllowed, MemberFrozen.
    """
    published = house.programmes.current()
    checked(given, programme=published.programme, now=now)
    kept = await member_of(house, member_id)
    _may_earn(kept, till)
    event = _event(given, "quote", till=till, at=moment(kept, now=now, occurred_at=given.occurred_at))
    decision = await decided(house, published, kept, event, now=now)
    row = decision.row
    totals: dict[str, int] = {}
    for entry in row.entries:
        totals[entry.wallet] = totals.get(entry.wallet, 0) + entry.amount
    rise = rise_of(row)
    return Quote(
        seen=await reading.seen(house, kept, now=now),
        version=row.version,
        entries=row.entries,
        outcomes=row.outcomes,
        unlocks=raised(row, event_names.REWARD_UNLOCKED, "reward"),
        tier_after=rise.to if rise else None,
        totals=totals,
    )


# ---------------------------------------------------------------- writes
async def record(
    house: House, *, till: Till, member_id: str, given: Given, key: str, now: datetime
) -> PurchaseRecorded:
    """Record a purchase and award what it earns: read, decide, commit, three commands where nothing is in the
    way.

    Raises PurchaseClaimed, NotAllowed, MemberFrozen, Conflicting; InvalidInput, NotFound, Busy.
    """
    checked(given, programme=house.programmes.current().programme, now=now)
    identifier(key, field="idempotencyKey")
    receipt = receipts.purchase_id(source=till.source, store=till.store, external_id=given.external_id)
    asked = {"member": member_id, "given": given.asked, "source": till.source}
    request = request_key(
        scope=store_scope(till.store), key=key, operation="recordPurchase", request_input=asked
    )

    async def act(binding: Binding) -> PurchaseRecorded:
        published = house.programmes.current()
        kept = await member_of(house, member_id)
        _may_earn(kept, till)
        event = _event(given, receipt, till=till, at=moment(kept, now=now, occurred_at=given.occurred_at))
        decision = await decided(house, published, kept, event, now=now)
        bind = binding.to({"member": member_id, "seq": decision.row.seq})
        claim = receipts.claim_write(receipt, member=member_id, row=decision.row)
        trail = till.trail(
            decision,
            "PURCHASE",
            now=now,
            subject=given.external_id,
            amount=given.total,
            counts=("purchases", 1),
        )
        try:
            await committed(house, published, decision, now=now, request=bind, claims=[claim, *trail])
        except ReceiptTaken:
            raise await _claimed(house, receipt, member_id) from None
        return _recorded(receipt, await _after(house, kept, decision, now=now), decision.row)

    async def again(reply: Reply) -> PurchaseRecorded:
        row = await journal.find(house.store, str(reply["member"]), int(str(reply["seq"])))
        assert row is not None, "a bound key's row is in the journal"
        result = _recorded(receipt, await reading.home(house, member_id=member_id, now=now), row)
        found = await receipts.find(house.store, receipt)
        return result if found is None else replaced(result, reading.receipted(found, row))

    return await once(house, request=request, queue=member_id, now=now, act=act, again=again)


async def _claimed(house: House, receipt: str, member_id: str) -> Refusal:
    found = await reading.purchase_by_id(house, receipt_id=receipt)
    if found is None:
        raise Stale("the receipt is being written")
    same = found.member == member_id
    return PurchaseClaimed(same_member=same, receipted=found if same else None)


async def _after(house: House, kept: StoredMember, decision: Decision, *, now: datetime) -> Seen:
    return await reading.seen(
        house, members.after_decision(kept, decision), now=max(now, decision.row.event.at)
    )


def _recorded(receipt: str, seen: Seen, row: JournalRow) -> PurchaseRecorded:
    purchase = row.event.purchase
    assert purchase is not None, "a purchase's row has its purchase"
    return PurchaseRecorded(
        receipted=Receipted(
            receipt, seen.member.id, row.seq, row.event.source, row.event.at, purchase, purchase
        ),
        seen=seen,
        version=row.version,
        told=members.row_history(row),
        outcomes=row.outcomes,
        unlocked=raised(row, event_names.REWARD_UNLOCKED, "reward"),
        badges=_badges(row),
        tier_change=rise_of(row),
    )


def replaced(result: PurchaseRecorded, receipted: Receipted) -> PurchaseRecorded:
    """Return a result with the receipt as it stands now."""
    return PurchaseRecorded(
        receipted,
        result.seen,
        result.version,
        result.told,
        result.outcomes,
        result.unlocked,
        result.badges,
        result.tier_change,
    )
