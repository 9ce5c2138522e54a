"""Purchases: each receipt is recorded once, and quoted by the same code that records it.

A receipt is known by (source, store, externalId). Award, reasons and everything that follows are decided
before anything is written. One transaction then writes receipt, member and journal, or nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import NoReturn

from domain.model import event_names
from domain.model.ledger.decision import (
    BalanceTooLow,
    Entry,
    JournalRow,
    MemberFrozen,
    Outcome,
    PaymentNotAccepted,
    Refusal,
)
from domain.model.ledger.events import Event, Purchase
from domain.model.ledger.holding.holds import HoldNotUsable, find_hold, payment_by
from domain.model.ledger.payments import PayableWallet, payable_wallets
from domain.model.values import dataclass
from domain.services.decisions import decide_event, event_instant, is_same_member, load_member
from domain.services.keyed_decisions import BoundReply, DecidedEvent, decide_now, decide_once, load_bound_row
from domain.services.late_event_history import ruling_version
from domain.services.ledger import purchase_queries, queries
from domain.services.ledger.holds import require_store
from domain.services.ledger.purchase_input import (
    PurchaseInput,
    check_payment,
    check_purchase_input,
    payment_fault,
)
from domain.services.ledger.purchase_queries import RecordedPurchase
from domain.services.ledger.queries import MemberView
from domain.services.ledger.till import TILL_SOURCE, Presence, Till, require_presence
from domain.services.runtime import Runtime
from domain.store.document_store import Stale, Write
from domain.store.ledger import history_entries, receipts
from domain.store.ledger.history_entries import HistoryEntry
from domain.store.ledger.members import StoredMember
from domain.store.ledger.receipts import ReturnedPart
from domain.store.requests import Reply


# ---------------------------------------------------------------- errors
class PurchaseClaimed(Refusal):
    """The receipt was recorded before. `purchase` is set where it is this member's, else it is None.
    `returned` is what was taken back of it while it waited for its member, None where it counts.
    """

    def __init__(
        self, *, same_member: bool, purchase: RecordedPurchase | None, returned: ReturnedPart | None = None
    ) -> None:
        super().__init__("the receipt was recorded before")
        self.same_member = same_member
        self.purchase = purchase
        self.returned: ReturnedPart | None = returned


# ---------------------------------------------------------------- values
@dataclass(frozen=True, slots=True)
class PurchaseTierChange:
    """A change of tier that a purchase brought."""

    from_tier: str | None
    to_tier: str
    changed_at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class PurchaseRecorded:
    """What a purchase brought: its entries in `history`, the outcome of each rule, and what was unlocked.

    `badges` are pairs of code and level. `member_view` is the member as of now.
    """

    purchase: RecordedPurchase
    member_view: MemberView
    version: int
    history: tuple[HistoryEntry, ...]
    outcomes: tuple[Outcome, ...]
    unlocked_rewards: tuple[str, ...] = ()
    badges: tuple[tuple[str, int], ...] = ()
    tier_change: PurchaseTierChange | None = None


@dataclass(frozen=True, slots=True)
class PurchaseQuote:
    """What a purchase would bring. `member_view` is the customer before it, `payable` the most that can be
    paid with each wallet beside what `purchase` says that the others pay.
    """

    member_view: MemberView
    version: int
    entries: tuple[Entry, ...]
    outcomes: tuple[Outcome, ...]
    purchase: Purchase
    payable: tuple[PayableWallet, ...] = ()
    unlocked_rewards: tuple[str, ...] = ()
    tier_after: str | None = None


# ---------------------------------------------------------------- pure rules
def tier_change_of(row: JournalRow) -> PurchaseTierChange | None:
    """Return the change of tier of a row, from the first tier to the last; None where there is none."""
    tier_events = [one for one in row.raised if one.name == event_names.TIER_CHANGED]
    if not tier_events:
        return None
    from_tier, to_tier, reason = (
        tier_events[0].data.get("from"),
        tier_events[-1].data.get("to"),
        tier_events[-1].data.get("reason"),
    )
    return PurchaseTierChange(str(from_tier) if from_tier else None, str(to_tier), row.event.at, str(reason))


def raised_values(row: JournalRow, name: str, field_name: str) -> tuple[str, ...]:
    """Return one field of each event of a name that a row raised."""
    return tuple(str(one.data[field_name]) for one in row.raised if one.name == name)


def _earned_badges(row: JournalRow) -> tuple[tuple[str, int], ...]:
    badge_levels = (
        (one.data["badge"], one.data["level"]) for one in row.raised if one.name == event_names.BADGE_EARNED
    )
    return tuple((str(code), level) for code, level in badge_levels if isinstance(level, int))


def purchase_event(
    purchase_input: PurchaseInput, receipt_id: str, *, till: Till, stored_member: StoredMember, now: datetime
) -> Event:
    """Return the event of a purchase. Raises HoldNotUsable, and NotAllowed for another store's hold."""
    at = event_instant(stored_member, now=now, occurred_at=purchase_input.occurred_at)
    for named in purchase_input.paid_with:
        require_store(find_hold(stored_member.member, named.hold), till)
    held = [payment_by(stored_member.member, named.hold, named.units) for named in purchase_input.paid_with]
    purchase = purchase_input.as_purchase(till.store, held)
    return Event(
        f"purchase:{receipt_id}",
        event_names.PURCHASED,
        at,
        till.source,
        purchase=purchase,
        details=purchase_input.details,
    )


def require_earning(stored_member: StoredMember, till: Till, purchase_input: PurchaseInput) -> None:
    till.require_other_member(stored_member)
    till.require_receipt(purchase_input.total)
    if stored_member.member.frozen:
        raise MemberFrozen("a frozen member earns nothing")


# ---------------------------------------------------------------- reads
async def check_event_payment(
    runtime: Runtime, stored_member: StoredMember, event: Event, purchase_input: PurchaseInput
) -> None:
    payment = event.purchase.payment if event.purchase is not None else None
    if payment is not None or purchase_input.details is not None:
        ruling = await ruling_version(runtime, stored_member, event)
        held = [part for part in payment.parts if part.hold is not None] if payment is not None else ()
        check_payment(purchase_input, programme=ruling.programme, held=held)


async def quote(
    runtime: Runtime, *, till: Till, member_id: str, purchase_input: PurchaseInput, now: datetime
) -> PurchaseQuote:
    """Return what a purchase would bring: the award without the commit.

    Raises InvalidInput, NotFound, NotAllowed, MemberFrozen.
    """
    check_purchase_input(purchase_input, programme=runtime.programmes.current().programme, now=now)
    stored_member = await load_member(runtime, member_id)
    require_earning(stored_member, till, purchase_input)
    try:
        event = purchase_event(purchase_input, "quote", till=till, stored_member=stored_member, now=now)
    except HoldNotUsable as refusal:
        raise payment_fault(purchase_input, refusal) from None
    return await _quote_event(runtime, stored_member, event, purchase_input, now=now)


async def quote_own(
    runtime: Runtime, *, member_id: str, purchase_input: PurchaseInput, store: str | None, now: datetime
) -> PurchaseQuote:
    """Return what a purchase would bring a member who asks for themselves, as a till would record it.

    Raises InvalidInput, NotFound.
    """
    check_purchase_input(purchase_input, programme=runtime.programmes.current().programme, now=now)
    stored_member = await load_member(runtime, member_id)
    event = Event(
        "purchase:quote",
        event_names.PURCHASED,
        event_instant(stored_member, now=now),
        TILL_SOURCE,
        purchase=purchase_input.as_purchase(store),
    )
    return await _quote_event(runtime, stored_member, event, purchase_input, now=now)


async def _quote_event(
    runtime: Runtime,
    stored_member: StoredMember,
    event: Event,
    purchase_input: PurchaseInput,
    *,
    now: datetime,
) -> PurchaseQuote:
    published = runtime.programmes.current()
    await check_event_payment(runtime, stored_member, event, purchase_input)
    try:
        decision = await decide_event(runtime, published, stored_member, event, now=now)
    except (BalanceTooLow, PaymentNotAccepted, HoldNotUsable) as refusal:
        raise payment_fault(purchase_input, refusal) from None
    row, tier_change = decision.row, tier_change_of(decision.row)
    member_view, purchase = await queries.member_view_of(runtime, stored_member, now=now), row.event.purchase
    assert purchase is not None, "a purchase's row has its purchase"
    ruling = (await runtime.programmes.load_version(row.version)).programme
    available = {code: one.available for code, one in member_view.member.wallets.items()}
    return PurchaseQuote(
        member_view=member_view,
        version=row.version,
        entries=row.entries,
        outcomes=row.outcomes,
        purchase=purchase,
        payable=payable_wallets(ruling, purchase, available=available),
        unlocked_rewards=raised_values(row, event_names.REWARD_UNLOCKED, "reward"),
        tier_after=tier_change.to_tier if tier_change else None,
    )


# ---------------------------------------------------------------- writes
async def record(
    runtime: Runtime,
    *,
    till: Till,
    member_id: str,
    purchase_input: PurchaseInput,
    key: str,
    now: datetime,
    presence: Presence = "unproven",
    claims: Sequence[Write] = (),
) -> PurchaseRecorded:
    """Record a purchase and award what it earns: three commands where no other writer interferes. What
    wallets pay, but for holds, takes the member's `presence`; `claims` are the caller's, in the same commit.

    Raises PurchaseClaimed, NotAllowed, MemberFrozen, IdempotencyKeyConflict, InvalidInput, NotFound, Busy;
    for a payment also BalanceTooLow, PaymentNotAccepted, HoldNotUsable, ExpiredCode.
    """
    check_purchase_input(purchase_input, programme=runtime.programmes.current().programme, now=now)
    receipt_id = await till.find_receipt_id(runtime, "purchase", purchase_input.external_id)
    request_input = {"member": member_id, "given": purchase_input.key_input, "source": till.source}
    request = till.request_key("recordPurchase", key, request_input)

    async def decide() -> DecidedEvent[None]:
        stored_member = await load_member(runtime, member_id)
        require_earning(stored_member, till, purchase_input)
        event = purchase_event(purchase_input, receipt_id, till=till, stored_member=stored_member, now=now)
        await check_event_payment(runtime, stored_member, event, purchase_input)
        if purchase_input.pay_with:
            require_presence(presence)
        return await decide_now(runtime, stored_member, event, subject=None, now=now)

    def bind(decided: DecidedEvent[None]) -> BoundReply:
        audit_writes = till.audit_writes(
            decided.decision,
            "PURCHASE",
            now=now,
            subject=purchase_input.number,
            amount=purchase_input.total,
            shift_counts=till.purchase_counts(),
        )
        member = decided.stored_member.member.id  # of a merged membership, the one that took it over
        claim = receipts.claim_write(receipt_id, member=member, row=decided.row)
        return BoundReply({"member": member, "seq": decided.row.seq}, [*claims, claim, *audit_writes])

    async def answer(decided: DecidedEvent[None]) -> PurchaseRecorded:
        view = await queries.member_view_of(runtime, decided.member_after, now=max(now, decided.row.event.at))
        return purchase_recorded(receipt_id, view, decided.row)

    return await decide_once(
        runtime,
        request=request,
        queue=member_id,
        now=now,
        decide=decide,
        bind=bind,
        answer=answer,
        answer_again=lambda reply: recorded_before(runtime, receipt_id, reply, now=now),
        answer_taken=lambda: refuse_claimed(runtime, receipt_id, member_id),
    )


async def recorded_before(
    runtime: Runtime, receipt_id: str, reply: Reply, *, now: datetime
) -> PurchaseRecorded:
    member_id = str(reply["member"])
    row = await load_bound_row(runtime, member_id, reply)
    view = await queries.load_member_view(runtime, member_id=member_id, now=now)
    result = purchase_recorded(receipt_id, view, row)
    receipt = await receipts.find(runtime.store, receipt_id)
    if receipt is None:
        return result
    return replace(result, purchase=purchase_queries.recorded_purchase(receipt, row))


async def refuse_claimed(runtime: Runtime, receipt_id: str, member_id: str | None) -> NoReturn:
    """Raise PurchaseClaimed of a receipt that is there, and Stale where it is not. `member_id` None: it was
    brought for nobody yet.
    """
    receipt = await receipts.find(runtime.store, receipt_id)
    if receipt is None:
        raise Stale("the receipt is being written")
    if receipt.returned is not None:
        raise PurchaseClaimed(same_member=False, purchase=None, returned=receipt.returned)
    same_member = member_id is not None and await is_same_member(runtime, receipt.member, member_id)
    purchase = await purchase_queries.find_purchase_by_id(runtime, receipt_id=receipt_id)
    raise PurchaseClaimed(same_member=same_member, purchase=purchase if same_member else None)


def purchase_recorded(receipt_id: str, member_view: MemberView, row: JournalRow) -> PurchaseRecorded:
    purchase = row.event.purchase
    assert purchase is not None, "a purchase's row has its purchase"
    return PurchaseRecorded(
        purchase=RecordedPurchase.from_row(receipt_id, member_view.member.id, row, remaining=purchase),
        member_view=member_view,
        version=row.version,
        history=history_entries.row_history(row),
        outcomes=row.outcomes,
        unlocked_rewards=raised_values(row, event_names.REWARD_UNLOCKED, "reward"),
        badges=_earned_badges(row),
        tier_change=tier_change_of(row),
    )
