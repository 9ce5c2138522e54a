"""The workbench of one journal row: what an event has brought so far, and the few ways in which it may bring
more.

Mutable while a row is decided, never after: `row()` closes it. Every change of a wallet writes its entry
here, so that entries sum to balances by construction. `at` is when things take effect: the event's own time,
or for a late one the latest time decided for.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from domain.model.calendar import add, day_after, local_day
from domain.model.conditions import ExpressionFailure
from domain.model.event_names import POINTS_AWARDED, POINTS_EXPIRED, PURCHASED, TIER_CHANGED
from domain.model.ledger import ladder, wallet
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
    VoucherChange,
    VoucherStep,
)
from domain.model.ledger.events import Event, Facts, Json, OpenedLot
from domain.model.ledger.expression_view import ExpressionView, held_tier_code, read_after
from domain.model.ledger.ledger_state import state_changes
from domain.model.ledger.member import OPEN_VOUCHERS, Member, OpenVoucher, TierStanding
from domain.model.ledger.wallet import WALLET_LIMIT, LotPart, Wallet
from domain.model.programme import Programme, RewardSpec
from domain.model.values import evolve

MOST_RAISED = 100


@dataclass(frozen=True, slots=True)
class Memberships:
    """The segments that a member is in and the rewards that are unlocked for them."""

    segments: frozenset[str]
    unlocked: frozenset[str]


@dataclass(frozen=True, slots=True)
class TurnBaseline:
    """Memberships while time is turning: as they were judged before the row, and as the member holds them."""

    judged: Memberships
    held: Memberships

    def caused_segments(self, now: frozenset[str]) -> frozenset[str]:
        """Return the segments that are held, moved only as far as judging differs from before the row."""
        return _moved(self.held.segments, self.judged.segments, now)

    def caused_unlocked(self, now: frozenset[str]) -> frozenset[str]:
        """Return the rewards that are unlocked, moved only as far as judging differs from before the row."""
        return _moved(self.held.unlocked, self.judged.unlocked, now)


def _moved(held: frozenset[str], judged: frozenset[str], now: frozenset[str]) -> frozenset[str]:
    return (held | (now - judged)) - (judged - now)


@dataclass
class RowBuilder:
    """One row being decided. `law` is the programme of the event's own time; `then` is set for a late event
    alone, with the tier and plan of that time. `tier` and `plan` are those whose multiplier rules it: of
    before the event. `kept` goes into a purchase's facts.
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
    past_facts: Facts | None = None
    turn_baseline: TurnBaseline | None = None
    entries: list[Entry] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    raised: list[Event] = field(default_factory=list)
    queue: deque[Event] = field(default_factory=deque)
    messages: list[PlannedMessage] = field(default_factory=list)
    effects: list[Effect] = field(default_factory=list)
    vouchers: list[VoucherStep] = field(default_factory=list)
    delayed: list[DelayedEvent] = field(default_factory=list)
    opened_lots: list[OpenedLot] = field(default_factory=list)
    awarded: dict[str, int] = field(default_factory=dict)
    count_to_add: int = 0
    awards_counted: int = 0
    event_counted: int = 0
    claim: RefundClaim | None = None
    failures: list[ExpressionFailure] = field(default_factory=list)
    purchase_facts: Facts = field(default_factory=Facts)
    _view_after: ExpressionView | None = None

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
            )
        self._view_after = self._view_after.for_member(self.member)
        return self._view_after

    def is_first_purchase(self, event: Event) -> bool:
        """Tell whether an event is the member's first purchase, also where one of its rules was delayed."""
        if event.name != PURCHASED:
            return False
        bought = self.before.purchases
        return bought.count == 0 if event.original_at is None else bought.first_at == event.original_at

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
    ) -> None:
        """Write one entry with the wallet it leaves behind. An entry of zero is not written."""
        if not amount:
            self.set_wallet(code, after)
            return
        after = evolve(after, entries=after.entries + 1)
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
            )
        )

    def award(self, code: str, amount: int, *, kind: EntryKind, rule: str, counts: bool, own: bool) -> int:
        """Award into a wallet: pending and validity by its spec. Returns what was awarded: nothing where the
        wallet would be over-full.
        """
        before = self.wallet(code)
        if amount <= 0 or before.available + before.pending + amount > WALLET_LIMIT:
            return 0
        spec, zone = self.ruling_programme.wallet(code), self.ruling_programme.zone
        available_at = add(self.event.at, spec.pending, zone) if spec.pending else None
        since = local_day(available_at or self.event.at, zone)
        tier = (
            self.past_facts.tier_after
            if self.past_facts is not None
            else held_tier_code(self.programme, self.member)
        )
        until = wallet.expiry_of(spec, tier=tier, since=since)
        if available_at is not None and available_at <= self.at:
            available_at = None  # late: spendable at once
        after, opened = wallet.award(
            before, amount=amount, available_at=available_at, expires_on=until, since=since
        )
        lots = (LotPart(opened, until, since),) if opened else ()
        self.write_entry(
            code,
            kind,
            amount,
            after,
            rule=rule,
            lots=lots,
            available_at=available_at,
            expires_on=until,
            debt=opened - amount,
        )
        if own:
            self.awarded[code] = self.awarded.get(code, 0) + amount
            if opened:
                self.opened_lots.append(OpenedLot(code, opened, available_at, until, since))
        if counts and self.programme.tiers is not None and self.programme.tiers.count.wallet == code:
            self.count_to_add += amount
            self.awards_counted += amount if own else 0
        if until is not None and until < self.today:
            self.lapse(code)
        return amount

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
        self, code: str, amount: int, *, kind: EntryKind, rule: str | None, voucher: str | None = None
    ) -> tuple[LotPart, ...]:
        """Take spendable points. Raises InsufficientBalance."""
        after, taken = wallet.take(self.wallet(code), amount=amount)
        spent = kind == "SPEND"
        after = (
            evolve(after, spent=after.spent + amount)
            if spent
            else evolve(after, adjusted=after.adjusted - amount)
        )
        self.write_entry(code, kind, -amount, after, rule=rule, lots=taken, voucher=voucher)
        return taken

    def give_back(self, code: str, opened: OpenVoucher, *, reward: RewardSpec | None, voucher: str) -> None:
        """Return what a voucher took, to the days those lots would have had by now; it repays no debt. What
        stays lapsed goes again.
        """
        before, spec = self.wallet(code), self.programme.wallet(code)
        grace = reward.return_grace if reward else None
        taken_on = local_day(opened.issued_at, self.programme.zone)
        back = []
        for part in opened.taken_lots:
            until = wallet.current_expiry(before, spec, part, on=taken_on)
            if until is not None and until < self.today and grace is not None:
                until = day_after(self.today, grace)
            back.append(LotPart(part.amount, until, part.since))
        total = sum(part.amount for part in back)
        after = wallet.put_back(evolve(before, spent=before.spent - total), back)
        self.write_entry(code, "RETURN", total, after, lots=tuple(back), voucher=voucher)
        self.lapse(code)

    # ------------------------------------------------------------ tiers

    def count_toward_tiers(self) -> None:
        """Let what is `counting` count toward tiers, at the event's own time."""
        amount, self.count_to_add = self.count_to_add, 0
        if amount and self.member.tier is not None:
            at, cause = self.event.at, self.event.id
            counted = ladder.add_count(
                self.programme, self.member.tier, amount=amount, at=at, today=self.today, cause=cause
            )
            self.member = evolve(self.member, tier=counted)

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
        for spec in self.programme.wallets:
            before = self.wallet(spec.code)
            moved = wallet.move_tier(before, spec, origin=origin, to=to, day=self.today)
            if moved is not before:
                self.set_wallet(spec.code, moved)
        if not is_silent:
            self.raise_event(
                TIER_CHANGED, tier_change_data(self.programme, origin, to, reason=standing.steps[-1].reason)
            )
        for code in self.member.wallets:
            self.lapse(code)

    # ------------------------------------------------------------ what an event gives rise to

    def raise_event(self, name: str, data: Mapping[str, Json]) -> None:
        """Raise an event of this decision. Beyond the bound nothing more follows from it: a programme must
        not feed itself.
        """
        event = Event(
            id=f"{self.event.id}/{len(self.raised)}", name=name, at=self.event.at, source="selo", data=data
        )
        self.raised.append(event)
        if len(self.raised) <= MOST_RAISED:
            self.queue.append(event)

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

    # ------------------------------------------------------------ vouchers

    def issue_voucher(
        self,
        spec: RewardSpec,
        *,
        id: str | None,
        is_free: bool,
        code: str | None = None,
        taken: tuple[LotPart, ...] = (),
    ) -> str | None:
        """Issue a voucher of a reward. A member holds 200 open ones at most: one beyond that is not issued
        (None).
        """
        if len(self.member.vouchers) >= OPEN_VOUCHERS:
            return None
        n = self.member.issued + 1
        voucher = id or f"{self.member.id}-{n}"
        expires_at = add(self.at, spec.voucher.valid, self.programme.zone) if spec.voucher.valid else None
        opened = OpenVoucher(spec.code, self.at, expires_at, code, taken)
        self.member = evolve(self.member, issued=n, vouchers={**self.member.vouchers, voucher: opened})
        self.vouchers.append(VoucherStep(voucher, n, spec.code, "issued", self.at, expires_at, is_free))
        return voucher

    def change_voucher(self, voucher: str, opened: OpenVoucher | None, change: VoucherChange) -> None:
        """Change an open voucher, or close it (None), and say so."""
        old = self.member.vouchers[voucher]
        rest = {code: one for code, one in self.member.vouchers.items() if code != voucher}
        self.member = evolve(self.member, vouchers={**rest, voucher: opened} if opened else rest)
        self.vouchers.append(
            VoucherStep(voucher, 0, old.reward, change, self.at, old.expires_at, is_free=not old.taken_lots)
        )

    # ------------------------------------------------------------ closing

    def close(self, *, with_changes: bool = True) -> JournalRow:
        """Close the row: the member's version and latest time move on, and the changes are written down."""
        decided = max(self.at, self.member.decided_at or self.at)
        self.member = evolve(self.member, seq=self.before.seq + 1, decided_at=decided, turned_at=None)
        changed, removed = state_changes(self.before, self.member) if with_changes else ({}, ())
        late = self.past_facts is not None
        after = self.tier if late else held_tier_code(self.programme, self.member)
        plan = self.plan if late else self.member.plan.code if self.member.plan else None
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
            facts=replace(
                self.purchase_facts, tier=self.tier, plan=self.plan, tier_after=after, plan_after=plan
            ),
            awarded=self.awarded,
            opened_lots=tuple(self.opened_lots),
            awards_counted=self.awards_counted,
            event_counted=self.event_counted,
            claim=self.claim,
            changes=changed,
            removed=removed,
            failures=tuple(dict.fromkeys(self.failures)),
        )


def tier_change_data(
    programme: Programme, origin: str | None, to: str | None, *, reason: str
) -> dict[str, Json]:
    """Return what tier.changed says."""
    order = programme.tier_order
    return {
        "from": origin,
        "to": to,
        "up": order.get(to or "", -1) > order.get(origin or "", -1),
        "reason": reason,
    }


def settle_lots(member: Member, *, at: datetime) -> Member:
    """Return the member with the lots in that are due at an instant; the same one where none is."""
    wallets = {code: wallet.settle(one, now=at) for code, one in member.wallets.items()}
    return (
        member
        if all(wallets[code] is one for code, one in member.wallets.items())
        else evolve(member, wallets=wallets)
    )
