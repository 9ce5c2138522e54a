"""Purchases: recorded once, whoever brings them, and quoted by the very code that records them.

A receipt is known by (source, store, externalId). The award, its reasons and all that follows are decided
before anything is written; one transaction then keeps receipt, member and journal, or nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from domain.model import event_names
from domain.model.ledger.decision import Decision, Entry, JournalRow, MemberFrozen, Outcome, Refusal
from domain.model.ledger.events import Event, Line, Purchase
from domain.services.decisions import commit_decision, decide_event, event_instant, load_member
from domain.services.idempotency import KeyBinding, run_once
from domain.services.input_checks import check_identifier
from domain.services.ledger import queries
from domain.services.ledger.purchase_input import (
    PurchaseInput,
    check_purchase_input,
)
from domain.services.ledger.queries import MemberView, RecordedPurchase
from domain.services.ledger.till import Till
from domain.services.runtime import Runtime
from domain.store.document_store import Stale
from domain.store.ledger import journal, members, receipts
from domain.store.ledger.members import HistoryEntry, StoredMember
from domain.store.ledger.receipts import ReceiptTaken
from domain.store.requests import Reply, request_key, store_scope


# ---------------------------------------------------------------- errors
class PurchaseClaimed(Refusal):
    """The receipt was recorded before: for this member or another; `receipted` where it is this member's."""

    def __init__(self, *, same_member: bool, purchase: RecordedPurchase | None) -> None:
        super().__init__("the receipt was recorded before")
        self.same_member = same_member
        self.purchase = purchase


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
    """What a purchase brought: `told` its entries, `outcomes` each rule, `unlocked` rewards, `badges` (code,
    level); `seen` is of now.
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
    """What a purchase would bring; `seen` is the customer before it."""

    member_view: MemberView
    version: int
    entries: tuple[Entry, ...]
    outcomes: tuple[Outcome, ...]
    unlocked_rewards: tuple[str, ...] = ()
    tier_after: str | None = None


# ---------------------------------------------------------------- pure rules
def tier_change_of(row: JournalRow) -> PurchaseTierChange | None:
    """Return the change of tier that a row tells of, from where it began to where it ended."""
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
    """Return one field of the events of a name that a row gave rise to."""
    return tuple(str(one.data[field_name]) for one in row.raised if one.name == name)


def _earned_badges(row: JournalRow) -> tuple[tuple[str, int], ...]:
    badge_levels = (
        (one.data["badge"], one.data["level"]) for one in row.raised if one.name == event_names.BADGE_EARNED
    )
    return tuple((str(code), level) for code, level in badge_levels if isinstance(level, int))


def _purchase_event(purchase_input: PurchaseInput, receipt_id: str, *, till: Till, at: datetime) -> Event:
    lines = tuple(
        Line(
            line=n,
            sku=one.sku,
            amount=one.amount,
            quantity=one.quantity,
            name=one.name,
            category=one.category,
        )
        for n, one in enumerate(purchase_input.lines, start=1)
    )
    purchase = Purchase(
        purchase_input.external_id, purchase_input.total, purchase_input.currency, till.store, lines
    )
    return Event(f"purchase:{receipt_id}", event_names.PURCHASED, at, till.source, purchase=purchase)


def _require_earning(stored_member: StoredMember, till: Till) -> None:
    till.require_other_member(stored_member.member.id)
    if stored_member.member.frozen:
        raise MemberFrozen("a frozen member earns nothing")


# ---------------------------------------------------------------- reads
async def quote(
    runtime: Runtime, *, till: Till, member_id: str, purchase_input: PurchaseInput, now: datetime
) -> PurchaseQuote:
    """Return what a purchase would bring: the award without the commit. Raises InvalidInput, NotFound,
    NotAllowed, MemberFrozen.
    """
    published = runtime.programmes.current()
    check_purchase_input(purchase_input, programme=published.programme, now=now)
    stored_member = await load_member(runtime, member_id)
    _require_earning(stored_member, till)
    event = _purchase_event(
        purchase_input,
        "quote",
        till=till,
        at=event_instant(stored_member, now=now, occurred_at=purchase_input.occurred_at),
    )
    decision = await decide_event(runtime, published, stored_member, event, now=now)
    row = decision.row
    tier_change = tier_change_of(row)
    return PurchaseQuote(
        member_view=await queries.member_view_of(runtime, stored_member, now=now),
        version=row.version,
        entries=row.entries,
        outcomes=row.outcomes,
        unlocked_rewards=raised_values(row, event_names.REWARD_UNLOCKED, "reward"),
        tier_after=tier_change.to_tier if tier_change else None,
    )


# ---------------------------------------------------------------- writes
async def record(
    runtime: Runtime, *, till: Till, member_id: str, purchase_input: PurchaseInput, key: str, now: datetime
) -> PurchaseRecorded:
    """Record a purchase and award what it earns: read, decide, commit, three commands where nothing is in the
    way.

    Raises PurchaseClaimed, NotAllowed, MemberFrozen, Conflicting; InvalidInput, NotFound, Busy.
    """
    check_purchase_input(purchase_input, programme=runtime.programmes.current().programme, now=now)
    check_identifier(key, field="idempotencyKey")
    receipt_id = receipts.purchase_id(
        source=till.source, store=till.store, external_id=purchase_input.external_id
    )
    request_input = {"member": member_id, "given": purchase_input.key_input, "source": till.source}
    request = request_key(
        scope=store_scope(till.store), key=key, operation="recordPurchase", request_input=request_input
    )

    async def act(key_binding: KeyBinding) -> PurchaseRecorded:
        published = runtime.programmes.current()
        stored_member = await load_member(runtime, member_id)
        _require_earning(stored_member, till)
        event = _purchase_event(
            purchase_input,
            receipt_id,
            till=till,
            at=event_instant(stored_member, now=now, occurred_at=purchase_input.occurred_at),
        )
        decision = await decide_event(runtime, published, stored_member, event, now=now)
        key_write = key_binding.write_for({"member": member_id, "seq": decision.row.seq})
        claim = receipts.claim_write(receipt_id, member=member_id, row=decision.row)
        audit_writes = till.audit_writes(
            decision,
            "PURCHASE",
            now=now,
            subject=purchase_input.external_id,
            amount=purchase_input.total,
            shift_count=("purchases", 1),
        )
        try:
            await commit_decision(
                runtime, published, decision, now=now, request=key_write, claims=[claim, *audit_writes]
            )
        except ReceiptTaken:
            raise await _claimed_refusal(runtime, receipt_id, member_id) from None
        return _recorded_purchase_result(
            receipt_id, await _view_after(runtime, stored_member, decision, now=now), decision.row
        )

    async def again(reply: Reply) -> PurchaseRecorded:
        row = await journal.find(runtime.store, str(reply["member"]), int(str(reply["seq"])))
        assert row is not None, "a bound key's row is in the journal"
        result = _recorded_purchase_result(
            receipt_id, await queries.load_member_view(runtime, member_id=member_id, now=now), row
        )
        stored_receipt = await receipts.find(runtime.store, receipt_id)
        return (
            result
            if stored_receipt is None
            else with_current_purchase(result, queries.recorded_purchase(stored_receipt, row))
        )

    return await run_once(runtime, request=request, queue=member_id, now=now, act=act, answer_again=again)


async def _claimed_refusal(runtime: Runtime, receipt_id: str, member_id: str) -> Refusal:
    purchase = await queries.find_purchase_by_id(runtime, receipt_id=receipt_id)
    if purchase is None:
        raise Stale("the receipt is being written")
    same_member = purchase.member == member_id
    return PurchaseClaimed(same_member=same_member, purchase=purchase if same_member else None)


async def _view_after(
    runtime: Runtime, stored_member: StoredMember, decision: Decision, *, now: datetime
) -> MemberView:
    return await queries.member_view_of(
        runtime, members.after_decision(stored_member, decision), now=max(now, decision.row.event.at)
    )


def _recorded_purchase_result(receipt_id: str, member_view: MemberView, row: JournalRow) -> PurchaseRecorded:
    purchase = row.event.purchase
    assert purchase is not None, "a purchase's row has its purchase"
    return PurchaseRecorded(
        purchase=RecordedPurchase(
            receipt_id, member_view.member.id, row.seq, row.event.source, row.event.at, purchase, purchase
        ),
        member_view=member_view,
        version=row.version,
        history=members.row_history(row),
        outcomes=row.outcomes,
        unlocked_rewards=raised_values(row, event_names.REWARD_UNLOCKED, "reward"),
        badges=_earned_badges(row),
        tier_change=tier_change_of(row),
    )


def with_current_purchase(result: PurchaseRecorded, purchase: RecordedPurchase) -> PurchaseRecorded:
    """Return a result with the receipt as it stands now."""
    return PurchaseRecorded(
        purchase,
        result.member_view,
        result.version,
        result.history,
        result.outcomes,
        result.unlocked_rewards,
        result.badges,
        result.tier_change,
    )
