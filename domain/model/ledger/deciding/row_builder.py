"""The workbench of one journal row: what an event has brought so far, and the few ways in which it may bring
more.

Mutable while a row is decided, never after: `row()` closes it. Every change of a wallet writes its entry
here, so that entries sum to balances by construction. `at` is when things take effect: the event's own time,
or for a late one the latest time decided for.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import field
from datetime import date, datetime

from domain.model.calendar import local_day
from domain.model.conditions import ExpressionFailure
from domain.model.event_names import (
    POINTS_AWARDED,
    POINTS_EXPIRED,
    PURCHASED,
    REFERRAL_UNMADE,
    REFUNDED,
    TIER_CHANGED,
    VOUCHER_CANCELLED,
    VOUCHER_REVERSED,
)
from domain.model.ledger import counting, plans, wallet
from domain.model.ledger.deciding import row_facts
from domain.model.ledger.deciding.gift_book import GiftBook
from domain.model.ledger.deciding.turn_baseline import TurnBaseline
from domain.model.ledger.decision import (
    DecidedBy,
    DelayedEvent,
    Effect,
    Entry,
    EntryKind,
    JournalRow,
    Outcome,
    PlannedMessage,
    RefundClaim,
    StockState,
    VoucherStep,
)
from domain.model.ledger.events import NO_FACTS, Event, Facts, Json, RaisedFacts
from domain.model.ledger.gifts import Counted, Deduction, Gift, add_counted, is_transition, with_gifts
from domain.model.ledger.ladder import tier_change_data
from domain.model.ledger.lots import LotPart, OpenedLot, shown_parts
from domain.model.ledger.member import Member, PeriodCount, TierStanding
from domain.model.ledger.state.ledger_state import state_changes
from domain.model.ledger.validity import renewal
from domain.model.ledger.views.expression_view import ExpressionView, held_tier_code
from domain.model.ledger.views.field_reads import read_after
from domain.model.ledger.views.line_views import StepBudget
from domain.model.ledger.wallet import Wallet
from domain.model.programme import Programme
from domain.model.values import dataclass, evolve

MOST_RAISED = 100
UNDOING = frozenset({REFUNDED, REFERRAL_UNMADE, VOUCHER_CANCELLED, VOUCHER_REVERSED})


@dataclass
class RowBuilder:
    """One row being decided. `ruling_programme` is that of the event's own time; `past_facts`, with the tier
    and plan of that time, and `past_counts` are set for a late event alone. `tier` and `plan` are those whose
    multiplier rules the row: of before the event. `book` says which source what is given belongs to.
    """

    programme: Programme
    ruling_programme: Programme
    before: Member
    member: Member
    event: Event
    by: DecidedBy
    stock: StockState
    at: datetime
    version: int
    tier: str | None
    plan: str | None
    book: GiftBook
    past_facts: Facts | None = None
    past_counts: Mapping[str, tuple[PeriodCount, ...]] | None = None
    turn_baseline: TurnBaseline | None = None
    entries: list[Entry] = field(default_factory=list, init=False)
    outcomes: list[Outcome] = field(default_factory=list, init=False)
    raised: list[Event] = field(default_factory=list, init=False)
    queue: deque[Event] = field(default_factory=deque, init=False)
    messages: list[PlannedMessage] = field(default_factory=list, init=False)
    effects: list[Effect] = field(default_factory=list, init=False)
    vouchers: list[VoucherStep] = field(default_factory=list, init=False)
    delayed: list[DelayedEvent] = field(default_factory=list, init=False)
    opened_lots: list[OpenedLot] = field(default_factory=list, init=False)
    awarded: dict[str, int] = field(default_factory=dict, init=False)
    to_count: dict[str, Counted] = field(default_factory=dict, init=False)
    counted: dict[str, Counted] = field(default_factory=dict, init=False)
    badge_counts: dict[str, int] = field(default_factory=dict, init=False)
    claim: RefundClaim | None = None
    payments: list[Deduction] = field(default_factory=list, init=False)
    failures: list[ExpressionFailure] = field(default_factory=list, init=False)
    budget: StepBudget = field(default_factory=StepBudget, init=False)
    purchase_facts: Facts = NO_FACTS
    raised_facts: dict[int, RaisedFacts] = field(default_factory=dict, init=False)
    unraised: set[str] = field(default_factory=set, init=False)
    most_raised: int = MOST_RAISED
    first_raised: int = 0
    _view_after: ExpressionView | None = None

    @property
    def takes_back(self) -> bool:
        """Tell whether the row undoes what was done before: a refund and the like, or a correction."""
        return self.event.name in UNDOING or self.corrects

    @property
    def corrects(self) -> bool:
        """Tell whether the row decides a purchase again for the amount that is right."""
        return self.event.name == PURCHASED and self.event.refund is not None

    @property
    def today(self) -> date:
        """The local day on which the row takes effect."""
        return local_day(self.at, self.programme.zone)

    # ------------------------------------------------------------ what sees the member as it stands now

    def view_after(self, event: Event) -> ExpressionView:
        """What badges, tiers, the referral, segments and rewards see after an event; built anew only where
        what is read has changed.
        """
        if self._view_after is None or self._view_after.event is not event:
            reads = read_after(self.programme, event.name)
            self._view_after = ExpressionView(
                self.programme,
                self.member,
                event,
                reads,
                first=self.is_first_purchase(event),
                failures=self.failures,
                budget=self.budget,
            )
        self._view_after = self._view_after.for_member(self.member)
        return self._view_after

    def is_first_purchase(self, event: Event) -> bool:
        """Tell whether an event is the member's first purchase, also where one of its rules was delayed."""
        if event.name != PURCHASED:
            return False
        if self.corrects and self.past_facts is not None:
            return self.past_facts.is_first_purchase
        if event.original_at is None:
            return self.before.purchases.standing == 0
        return event.was_first or self.before.purchases.first_at == event.original_at

    # ------------------------------------------------------------ wallets

    def wallet(self, code: str) -> Wallet:
        """The wallet as it stands; one that never held anything is empty."""
        return self.member.wallets.get(code) or Wallet()

    def set_wallet(self, code: str, wallet_after: Wallet) -> None:
        """Put a wallet back."""
        self.member = evolve(self.member, wallets={**self.member.wallets, code: wallet_after})

    def write_entry(
        self,
        code: str,
        kind: EntryKind,
        amount: int,
        after: Wallet,
        *,
        rule: str | None = None,
        lots: tuple[LotPart, ...] = (),
        available_at: datetime | None = None,
        expires_on: date | None = None,
        debt: int = 0,
        voucher: str | None = None,
        is_payment: bool = False,
    ) -> None:
        """Write one entry with the wallet it leaves behind. An entry of zero is not written."""
        if not amount:
            self.set_wallet(code, after)
            return
        after = evolve(after, entries=after.entries + 1)
        lots = shown_parts(lots)
        n = self.member.entries + 1
        self.member = evolve(self.member, entries=n, wallets={**self.member.wallets, code: after})
        self.entries.append(
            Entry(
                code,
                kind,
                amount,
                rule,
                available_at,
                expires_on,
                lots,
                debt,
                n,
                after.entries,
                after.balance,
                voucher,
                is_payment,
            )
        )

    def lapse(self, code: str) -> None:
        """Take out of a wallet what is past its day, and raise that."""
        after, gone = wallet.lapse(self.wallet(code), today=self.today)
        if gone:
            self.expire(code, after, gone)
            total = sum(part.amount for part in gone)
            self.raise_event(
                POINTS_EXPIRED, {"wallet": code, "amount": total, "on": str(gone[-1].expires_on)}
            )

    def expire(self, code: str, after: Wallet, gone: tuple[LotPart, ...]) -> None:
        """Write the entry of a lapse: one, its lots inside."""
        self.write_entry(code, "EXPIRE", -sum(part.amount for part in gone), after, lots=gone)

    def take(
        self,
        code: str,
        amount: int,
        *,
        kind: EntryKind,
        rule: str | None,
        voucher: str | None = None,
        is_payment: bool = False,
    ) -> tuple[LotPart, ...]:
        """Take spendable points. Raises InsufficientBalance."""
        after, taken = wallet.take(self.wallet(code), amount=amount)
        spent = kind == "SPEND"
        after = (
            evolve(after, spent=after.spent + amount)
            if spent
            else evolve(after, adjusted=after.adjusted - amount)
        )
        self.write_entry(
            code, kind, -amount, after, rule=rule, lots=taken, voucher=voucher, is_payment=is_payment
        )
        return taken

    # ------------------------------------------------------------ tiers

    def count(self, name: str, counted: Counted, *, is_own: bool) -> None:
        """Note what counts toward a count: of the row's own event and its rules, or booked to its source."""
        if counted.amount:
            add_counted(self.to_count, name, counted)
            add_counted(self.counted if is_own else self.book.draft.counted, name, counted)

    def count_toward_tiers(self) -> None:
        """Let what was noted count toward tiers, at the event's own time."""
        if not self.to_count:
            return
        noted, self.to_count = self.to_count, {}
        standing, at = self.member.tier, self.event.at
        for name, counted in noted.items():
            if standing is None:
                continue
            standing = counting.add_count(
                self.programme,
                standing,
                name=name,
                amount=counted.amount,
                at=at,
                today=self.today,
                cause=self.event.id,
            )
            if counted.extras and self.tier is not None:
                day = local_day(at, self.programme.zone)
                standing = counting.add_extras(standing, counted.extras, name=name, day=day, tier=self.tier)
        self.member = evolve(self.member, tier=standing)

    def set_standing(self, standing: TierStanding, *, is_silent: bool = False) -> None:
        """Put the standing back; where another tier is held by it, lots change their validity and
        tier.changed is raised.

        `quiet` where the row is that event itself.
        """
        origin = held_tier_code(self.programme, self.member)
        self.member = evolve(self.member, tier=standing)
        to = held_tier_code(self.programme, self.member)
        if to == origin:
            return
        late = standing.steps[-1].came
        came = local_day(late, self.programme.zone) if late is not None else None
        for spec in self.programme.wallets:
            before = self.wallet(spec.code)
            moved = renewal.move_tier(before, spec, origin=origin, to=to, day=self.today, came=came)
            if moved is not before:
                self.set_wallet(spec.code, moved)
        if not is_silent:
            self.raise_event(
                TIER_CHANGED, tier_change_data(self.programme, origin, to, reason=standing.steps[-1].reason)
            )
        for code in self.member.wallets:
            self.lapse(code)

    # ------------------------------------------------------------ what an event gives rise to

    def raise_event(self, name: str, event_data: Mapping[str, Json]) -> Event:
        """Raise an event of this decision. Beyond the bound nothing more follows from it: a programme must
        not feed itself.
        """
        index = self.first_raised + len(self.raised)
        event = Event(
            id=f"{self.event.id}/{index}",
            name=name,
            at=self.event.at,
            source="selo",
            data=event_data,
        )
        self.book.raised(event, index)
        self.raised.append(event)
        if len(self.raised) <= self.most_raised:
            self.queue.append(event)
        return event

    def raise_awarded(self, code: str, amount: int) -> None:
        """Raise points.awarded for what one wallet got from one event."""
        if amount:
            last = next(
                entry
                for entry in reversed(self.entries)
                if entry.wallet == code and entry.kind in ("AWARD", "BONUS")
            )
            self.raise_event(
                POINTS_AWARDED,
                {"wallet": code, "amount": amount, "on": str(last.expires_on) if last.expires_on else None},
            )

    # ------------------------------------------------------------ closing

    def close(self, *, with_changes: bool = True) -> JournalRow:
        """Close the row: the member's version and latest time move on, and the changes are written down."""
        gifts = self._close_gifts()
        decided = max(self.at, self.member.decided_at or self.at)
        self.member = evolve(self.member, seq=self.before.seq + 1, decided_at=decided, turned_at=None)
        changed, removed = state_changes(self.before, self.member) if with_changes else ({}, ())
        late = self.past_facts is not None
        after = self.tier if late else held_tier_code(self.programme, self.member)
        held = self.member.plan.code if self.member.plan else None
        plan = plans.plan_after_late(self.plan, self.event) if late else held
        known, refund = self.purchase_facts, self.event.refund
        return JournalRow(
            seq=self.member.seq,
            event=self.event,
            by=self.by,
            version=self.version,
            entries=tuple(self.entries),
            outcomes=tuple(self.outcomes),
            raised=tuple(self.raised),
            messages=tuple(self.messages),
            effects=tuple(self.effects),
            vouchers=tuple(self.vouchers),
            delayed=tuple(self.delayed),
            facts=Facts(
                self.tier,
                self.plan,
                after,
                plan,
                known.member,
                known.member_after,
                known.rule_rooms,
                known.is_first_purchase,
            ),
            awarded=self.awarded,
            opened_lots=tuple(self.opened_lots),
            counted=self.counted,
            badge_counts=self.badge_counts,
            gifts=gifts,
            raised_facts=self.raised_facts if gifts else {},
            claim=self.claim,
            changes=changed,
            removed=removed,
            failures=tuple(dict.fromkeys(self.failures)),
            payments=tuple(self.payments),
            refunded=row_facts.refunded_purchase(refund) if refund is not None else None,
            tag_changes=row_facts.tag_changes(self.before.tags, self.member.tags),
        )

    def _close_gifts(self) -> dict[str, Gift]:
        """Keep with the member what stands on states of theirs; return what stands on the event itself."""
        if not self.book.drafts:
            return {}
        seq, cause = self.before.seq + 1, self.event.id
        closed = self.book.closed(cause=cause, seq=seq, at=self.event.at, tier=self.tier)
        standing = {source: gift for source, gift in closed.items() if is_transition(source)}
        if standing:
            gifts = with_gifts(
                self.member.gifts,
                standing,
                root=self.event.gift,
                is_refund=self.event.name == REFUNDED,
                now=self.at,
                tags_since={tag: known.since_seq for tag, known in self.member.tag_sources.items()},
            )
            self.member = evolve(self.member, gifts=gifts)
        is_kept = self.event.purchase is not None and self.event.name != REFUNDED
        return {source: gift for source, gift in closed.items() if is_kept and source not in standing}
