"""The workbench of one journal row: what an event has brought so far, and the few ways in which it may bring
more.

Mutable while a row is decided, never after: `row()` closes it. Every change of a wallet writes its entry
here, so that entries sum to balances by construction. `at` is when things take effect: the event's own time,
or for a late one the latest time decided for.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from domain.model import ladder, wallet
from domain.model.calendar import add, day_after, local_day
from domain.model.conditions import Failed
from domain.model.context import Sight, held_code, read_after
from domain.model.decision import (
    By,
    Claim,
    Effect,
    Entry,
    Kind,
    Later,
    Message,
    Outcome,
    Row,
    VoucherChange,
    VoucherStep,
    World,
)
from domain.model.events import (
    NOTHING,
    POINTS_AWARDED,
    POINTS_EXPIRED,
    PURCHASED,
    TIER_CHANGED,
    Event,
    Fact,
    Facts,
    Json,
    Put,
)
from domain.model.member import OPEN_VOUCHERS, Member, OpenVoucher, Standing
from domain.model.programme import Programme, RewardSpec
from domain.model.state import changes
from domain.model.values import evolve
from domain.model.wallet import FULL, Part, Wallet

RAISED_AT_MOST = 100
Kept = tuple[Mapping[str, Fact], Mapping[str, Json], Mapping[str, tuple[bool, int | None]], bool]


@dataclass(frozen=True, slots=True)
class Drift:
    """Segments and rewards while time is turning: as they were judged before the row, and as the member holds
    them all the same.
    """

    judged: tuple[frozenset[str], frozenset[str]]
    held: tuple[frozenset[str], frozenset[str]]

    def caused(self, at: int, now: frozenset[str]) -> frozenset[str]:
        """Return what is held, moved only as far as judging differs from before the row."""
        return (self.held[at] | (now - self.judged[at])) - (self.judged[at] - now)


@dataclass
class Work:
    """One row being decided. `law` is the programme of the event's own time; `then` is set for a late event
    alone, with the tier and plan of that time. `tier` and `plan` are those whose multiplier rules it: of
    before the event. `kept` goes into a purchase's facts.
    """

    programme: Programme
    law: Programme
    before: Member
    member: Member
    event: Event
    by: By
    world: World
    at: datetime
    version: int
    tier: str | None
    plan: str | None
    then: Facts | None = None
    drift: Drift | None = None
    entries: list[Entry] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    raised: list[Event] = field(default_factory=list)
    queue: deque[Event] = field(default_factory=deque)
    messages: list[Message] = field(default_factory=list)
    effects: list[Effect] = field(default_factory=list)
    vouchers: list[VoucherStep] = field(default_factory=list)
    later: list[Later] = field(default_factory=list)
    puts: list[Put] = field(default_factory=list)
    awarded: dict[str, int] = field(default_factory=dict)
    counting: int = 0
    qualified: int = 0
    counted: int = 0
    claim: Claim | None = None
    failed: list[Failed] = field(default_factory=list)
    kept: Kept = ({}, NOTHING, {}, False)
    _after: Sight | None = None

    @property
    def today(self) -> date:
        """The local day on which the row takes effect."""
        return local_day(self.at, self.programme.zone)

    # ------------------------------------------------------------ what sees the member as it stands now

    def sight(self, event: Event) -> Sight:
        """What badges, tiers, the referral, segments and rewards see after an event; built anew only where
        what is read has changed.
        """
        if self._after is None or self._after.event is not event:
            reads = read_after(self.programme, event.name)
            self._after = Sight(
                self.programme, self.member, event, reads, first=self.first(event), failed=self.failed
            )
        self._after = self._after.of(self.member)
        return self._after

    def first(self, event: Event) -> bool:
        """Tell whether an event is the member's first purchase, also where one of its rules was delayed."""
        if event.name != PURCHASED:
            return False
        bought = self.before.purchases
        return bought.count == 0 if event.since is None else bought.first_at == event.since

    # ------------------------------------------------------------ wallets

    def wallet(self, code: str) -> Wallet:
        """The wallet as it stands; one that never held anything is empty."""
        return self.member.wallets.get(code) or Wallet()

    def keep(self, code: str, one: Wallet) -> None:
        """Put a wallet back."""
        self.member = evolve(self.member, wallets={**self.member.wallets, code: one})

    def enter(
        self,
        code: str,
        kind: Kind,
        amount: int,
        after: Wallet,
        *,
        rule: str | None = None,
        lots: tuple[Part, ...] = (),
        available_at: datetime | None = None,
        expires_on: date | None = None,
        debt: int = 0,
        voucher: str | None = None,
    ) -> None:
        """Write one entry with the wallet it leaves behind. An entry of zero is not written."""
        if not amount:
            self.keep(code, after)
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

    def award(self, code: str, amount: int, *, kind: Kind, rule: str, counts: bool, own: bool) -> int:
        """Award into a wallet: pending and validity by its spec. Returns what was awarded: nothing where the
        wallet would be over-full.
        """
        one = self.wallet(code)
        if amount <= 0 or one.available + one.pending + amount > FULL:
            return 0
        spec, zone = self.law.wallet(code), self.law.zone
        available_at = add(self.event.at, spec.pending, zone) if spec.pending else None
        since = local_day(available_at or self.event.at, zone)
        tier = self.then.tier_after if self.then is not None else held_code(self.programme, self.member)
        until = wallet.last_day(spec, tier=tier, since=since)
        if available_at is not None and available_at <= self.at:
            available_at = None  # late: spendable at once
        after, opened = wallet.award(
            one, amount=amount, available_at=available_at, expires_on=until, since=since
        )
        lots = (Part(opened, until, since),) if opened else ()
        self.enter(
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
                self.puts.append(Put(code, opened, available_at, until, since))
        if counts and self.programme.tiers is not None and self.programme.tiers.count.wallet == code:
            self.counting += amount
            self.qualified += amount if own else 0
        if until is not None and until < self.today:
            self.lapse(code)
        return amount

    def lapse(self, code: str) -> None:
        """Take out of a wallet what is past its day, and raise that."""
        after, gone = wallet.lapse(self.wallet(code), today=self.today)
        if gone:
            self.expire(code, after, gone)
            total = sum(part.amount for part in gone)
            self.rise(POINTS_EXPIRED, {"wallet": code, "amount": total, "on": str(gone[-1].expires_on)})

    def expire(self, code: str, after: Wallet, gone: tuple[Part, ...]) -> None:
        """Write the entry of a lapse: one, its lots inside."""
        self.enter(code, "EXPIRE", -sum(part.amount for part in gone), after, lots=gone)

    def take(
        self, code: str, amount: int, *, kind: Kind, rule: str | None, voucher: str | None = None
    ) -> tuple[Part, ...]:
        """Take spendable points. Raises InsufficientBalance."""
        after, taken = wallet.take(self.wallet(code), amount=amount)
        spent = kind == "SPEND"
        after = (
            evolve(after, spent=after.spent + amount)
            if spent
            else evolve(after, adjusted=after.adjusted - amount)
        )
        self.enter(code, kind, -amount, after, rule=rule, lots=taken, voucher=voucher)
        return taken

    def give_back(self, code: str, opened: OpenVoucher, *, reward: RewardSpec | None, voucher: str) -> None:
        """Return what a voucher took, to the days those lots would have had by now; it repays no debt. What
        stays lapsed goes again.
        """
        one, spec = self.wallet(code), self.programme.wallet(code)
        grace = reward.return_grace if reward else None
        taken_on = local_day(opened.issued_at, self.programme.zone)
        back = []
        for part in opened.taken:
            until = wallet.day_by_now(one, spec, part, on=taken_on)
            if until is not None and until < self.today and grace is not None:
                until = day_after(self.today, grace)
            back.append(Part(part.amount, until, part.since))
        total = sum(part.amount for part in back)
        after = wallet.put(evolve(one, spent=one.spent - total), back)
        self.enter(code, "RETURN", total, after, lots=tuple(back), voucher=voucher)
        self.lapse(code)

    # ------------------------------------------------------------ tiers

    def count(self) -> None:
        """Let what is `counting` count toward tiers, at the event's own time."""
        amount, self.counting = self.counting, 0
        if amount and self.member.tier is not None:
            at, cause = self.event.at, self.event.id
            counted = ladder.count(
                self.programme, self.member.tier, amount=amount, at=at, today=self.today, cause=cause
            )
            self.member = evolve(self.member, tier=counted)

    def stand(self, standing: Standing, *, quiet: bool = False) -> None:
        """Put the standing back; where another tier is held by it, lots change their validity and
        tier.changed is raised.

        `quiet` where the row is that event itself.
        """
        origin = held_code(self.programme, self.member)
        self.member = evolve(self.member, tier=standing)
        to = held_code(self.programme, self.member)
        if to == origin:
            return
        for spec in self.programme.wallets:
            one = self.wallet(spec.code)
            moved = wallet.move_tier(one, spec, origin=origin, to=to, day=self.today)
            if moved is not one:
                self.keep(spec.code, moved)
        if not quiet:
            self.rise(TIER_CHANGED, change_of(self.programme, origin, to, reason=standing.steps[-1].reason))
        for code in self.member.wallets:
            self.lapse(code)

    # ------------------------------------------------------------ what an event gives rise to

    def rise(self, name: str, data: Mapping[str, Json]) -> None:
        """Raise an event of this decision. Beyond the bound nothing more follows from it: a programme must
        not feed itself.
        """
        event = Event(
            id=f"{self.event.id}/{len(self.raised)}", name=name, at=self.event.at, source="selo", data=data
        )
        self.raised.append(event)
        if len(self.raised) <= RAISED_AT_MOST:
            self.queue.append(event)

    def tell_awarded(self, code: str, amount: int) -> None:
        """Raise points.awarded for what one wallet got from one event."""
        if amount:
            last = next(
                entry
                for entry in reversed(self.entries)
                if entry.wallet == code and entry.kind in ("AWARD", "BONUS")
            )
            self.rise(
                POINTS_AWARDED,
                {"wallet": code, "amount": amount, "on": str(last.expires_on) if last.expires_on else None},
            )

    # ------------------------------------------------------------ vouchers

    def issue(
        self,
        spec: RewardSpec,
        *,
        id: str | None,
        given: bool,
        code: str | None = None,
        taken: tuple[Part, ...] = (),
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
        self.vouchers.append(VoucherStep(voucher, n, spec.code, "issued", self.at, expires_at, given))
        return voucher

    def step_voucher(self, voucher: str, opened: OpenVoucher | None, change: VoucherChange) -> None:
        """Change an open voucher, or close it (None), and say so."""
        old = self.member.vouchers[voucher]
        rest = {code: one for code, one in self.member.vouchers.items() if code != voucher}
        self.member = evolve(self.member, vouchers={**rest, voucher: opened} if opened else rest)
        self.vouchers.append(
            VoucherStep(voucher, 0, old.reward, change, self.at, old.expires_at, given=not old.taken)
        )

    # ------------------------------------------------------------ closing

    def row(self, *, folds: bool = True) -> Row:
        """Close the row: the member's version and latest time move on, and the changes are written down."""
        decided = max(self.at, self.member.decided_at or self.at)
        self.member = evolve(self.member, seq=self.before.seq + 1, decided_at=decided, turned_at=None)
        changed, removed = changes(self.before, self.member) if folds else ({}, ())
        late = self.then is not None
        after = self.tier if late else held_code(self.programme, self.member)
        plan = self.plan if late else self.member.plan.code if self.member.plan else None
        return Row(
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
            later=tuple(self.later),
            facts=Facts(self.tier, self.plan, after, plan, *self.kept),
            awarded=self.awarded,
            puts=tuple(self.puts),
            qualified=self.qualified,
            counted=self.counted,
            claim=self.claim,
            changes=changed,
            removed=removed,
            failed=tuple(dict.fromkeys(self.failed)),
        )


def change_of(programme: Programme, origin: str | None, to: str | None, *, reason: str) -> dict[str, Json]:
    """Return what tier.changed says."""
    order = programme.rung_order
    return {
        "from": origin,
        "to": to,
        "up": order.get(to or "", -1) > order.get(origin or "", -1),
        "reason": reason,
    }


def settled(member: Member, *, at: datetime) -> Member:
    """Return the member with the lots in that are due at an instant; the same one where none is."""
    wallets = {code: wallet.settle(one, now=at) for code, one in member.wallets.items()}
    return (
        member
        if all(wallets[code] is one for code, one in member.wallets.items())
        else evolve(member, wallets=wallets)
    )
