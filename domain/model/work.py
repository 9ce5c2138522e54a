"""The workbench of one journal row: what an event has brought so far, and the few ways in which it may bring more.

Mutable while a row is decided, never after: `row()` closes it. Every change of a wallet writes its entry here, so that entries sum
to balances by construction. `at` is when things take effect: the event's own time, or for a late one the latest time decided for.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from domain.model import badges, tiers, wallet
from domain.model.calendar import add, day_after, local_day
from domain.model.context import Sight, held_code, multiplier
from domain.model.decision import By, Claim, Effect, Entry, Kind, Later, Message, Outcome, Row, VoucherChange, VoucherStep, World
from domain.model.earning import Bench, Grant, grant
from domain.model.events import BADGE_EARNED, POINTS_AWARDED, POINTS_EXPIRED, TIER_CHANGED, Event, Facts, Json, Put
from domain.model.member import OPEN_VOUCHERS, TAGS_KEPT, BadgeState, Member, OpenVoucher, Standing
from domain.model.programme import Action, BadgeSpec, Programme, RewardSpec
from domain.model.state import changes
from domain.model.values import evolve
from domain.model.wallet import FULL, Part, Wallet

RAISED_AT_MOST = 100


@dataclass
class Work:
    """One row being decided. `tier` and `plan` are those whose validity and multiplier rule it: now's, or a late event's own time's."""

    programme: Programme
    before: Member
    member: Member
    event: Event
    by: By
    world: World
    at: datetime
    version: int
    tier: str | None
    plan: str | None
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
    qualified: int = 0
    counted: int = 0
    claim: Claim | None = None
    facts: Facts = field(default_factory=Facts)

    @property
    def today(self) -> date:
        """The local day on which the row takes effect."""
        return local_day(self.at, self.programme.zone)

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
        if amount:
            after = evolve(after, entries=after.entries + 1)
            self.member = evolve(self.member, entries=self.member.entries + 1)
            n, wallet_n = self.member.entries, after.entries
            self.entries.append(
                Entry(code, kind, amount, rule, available_at, expires_on, lots, debt, n, wallet_n, after.balance, voucher)
            )
        self.keep(code, after)

    def award(self, code: str, amount: int, *, kind: Kind, rule: str, counts: bool, own: bool) -> int:
        """Award into a wallet: pending and validity by its spec. Returns what was awarded: nothing where the wallet would be over-full."""
        one = self.wallet(code)
        if amount <= 0 or one.available + one.pending + amount > FULL:
            return 0
        spec, zone = self.programme.wallet(code), self.programme.zone
        available_at = add(self.event.at, spec.pending, zone) if spec.pending else None
        since = local_day(available_at or self.event.at, zone)
        until = wallet.last_day(spec, tier=self.tier, since=since)
        waits = available_at if available_at is not None and available_at > self.at else None
        after, opened = wallet.award(one, amount=amount, available_at=waits, expires_on=until, since=since)
        lots = (Part(opened, until, since),) if opened else ()
        self.enter(code, kind, amount, after, rule=rule, lots=lots, available_at=available_at, expires_on=until, debt=opened - amount)
        if own:
            self.awarded[code] = self.awarded.get(code, 0) + amount
            if opened:
                self.puts.append(Put(code, opened, waits, until, since))
        if counts and self.programme.tiers is not None and self.programme.tiers.count.wallet == code:
            self.count(amount)
            self.qualified += amount if own else 0
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

    def take(self, code: str, amount: int, *, kind: Kind, rule: str | None, voucher: str | None = None) -> tuple[Part, ...]:
        """Take spendable points. Raises InsufficientBalance."""
        after, taken = wallet.take(self.wallet(code), amount=amount)
        if kind == "SPEND":
            after = evolve(after, spent=after.spent + amount)
        else:
            after = evolve(after, adjusted=after.adjusted - amount)
        self.enter(code, kind, -amount, after, rule=rule, lots=taken, voucher=voucher)
        return taken

    def give_back(self, code: str, parts: Iterable[Part], *, reward: RewardSpec | None, voucher: str) -> None:
        """Return what a voucher took, to the days those lots would have had by now; it repays no debt."""
        one, spec = self.wallet(code), self.programme.wallet(code)
        grace = reward.return_grace if reward else None
        back = []
        for part in parts:
            until = wallet.day_by_now(one, spec, part, tier=held_code(self.programme, self.member))
            if until is not None and until < self.today and grace is not None:
                until = day_after(self.today, grace)
            back.append(Part(part.amount, until, part.since))
        total = sum(part.amount for part in back)
        after = wallet.put(evolve(one, spent=one.spent - total), back)
        self.enter(code, "RETURN", total, after, lots=tuple(back), voucher=voucher)
        self.lapse(code)

    # ------------------------------------------------------------ tiers

    def count(self, amount: int) -> None:
        """Let an amount count toward tiers at the event's own time."""
        if self.member.tier is not None:
            self.stand(tiers.count(self.programme, self.member.tier, amount=amount, at=self.event.at, today=self.today))

    def stand(self, standing: Standing, *, reason: str | None = None, quiet: bool = False) -> None:
        """Put the standing back; where another tier is held by it, lots change their validity and tier.changed is raised.

        `quiet` where the row is that event itself.
        """
        origin = held_code(self.programme, self.member)
        self.member = evolve(self.member, tier=standing)
        to = held_code(self.programme, self.member)
        if to == origin:
            return
        for spec in self.programme.wallets:
            one = self.wallet(spec.code)
            self.keep(spec.code, wallet.move_tier(one, spec, origin=origin, to=to, day=self.today))
        if quiet:
            return
        order = self.programme.rung_order
        why = reason or (standing.steps[-1].reason if standing.steps else "given")
        up = order.get(to or "", -1) > order.get(origin or "", -1)
        self.rise(TIER_CHANGED, {"from": origin, "to": to, "up": up, "reason": why})

    # ------------------------------------------------------------ what an event gives rise to

    def rise(self, name: str, data: Mapping[str, Json]) -> None:
        """Raise an event of this decision. Beyond the bound nothing more follows from it: a programme must not feed itself."""
        event = Event(id=f"{self.event.id}/{len(self.raised)}", name=name, at=self.event.at, source="selo", data=data)
        self.raised.append(event)
        if len(self.raised) <= RAISED_AT_MOST:
            self.queue.append(event)

    def issue(self, spec: RewardSpec, *, id: str | None, given: bool, code: str | None = None, taken: tuple[Part, ...] = ()) -> str | None:
        """Issue a voucher of a reward. A member holds 200 open ones at most: a given one beyond that is not issued (None)."""
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
        self.vouchers.append(VoucherStep(voucher, 0, old.reward, change, self.at, old.expires_at, given=not old.taken))

    # ------------------------------------------------------------ actions

    def act(self, action: Action, *, rule: str, event: Event) -> str | None:
        """Carry out one action that is no award. Returns why nothing came of it, None where something did."""
        if action.deduct is not None:
            return self._deduct(action.deduct.wallet, action.deduct.fixed, rule)
        if action.voucher is not None:
            return None if self.issue(self.programme.reward(action.voucher), id=None, given=True) else "cap"
        if action.badge is not None:
            self.badge(self.programme.badge(action.badge), granted=True)
        elif action.tag is not None:
            if len(self.member.tags) >= TAGS_KEPT and action.tag not in self.member.tags:
                return "cap"
            self.member = evolve(self.member, tags=self.member.tags | {action.tag})
        elif action.untag is not None:
            self.member = evolve(self.member, tags=self.member.tags - {action.untag})
        elif action.message is not None:
            return self._message(action.message, event)
        elif action.webhook is not None:
            self.effects.append(Effect("webhook", action.webhook, event.id))
        elif action.survey is not None:
            self.effects.append(Effect("survey", action.survey, event.id))
        elif action.tier is not None and self.member.tier is not None:
            given = tiers.give(self.programme, self.member.tier, code=action.tier, at=self.at, span=action.for_)
            self.stand(given, reason="given")
        return None

    def _deduct(self, code: str, fixed: int, rule: str) -> str | None:
        amount = min(fixed, self.wallet(code).available)
        if not amount:
            return "nothing_to_count"
        self.take(code, amount, kind="SPEND", rule=rule)
        return None

    def _message(self, code: str, event: Event) -> str | None:
        purpose = self.programme.message(code).purpose
        if purpose != "service" and purpose not in self.member.profile.consents:
            return "no_consent"
        self.messages.append(Message(code, event.name, event.data, len(self.messages)))
        return None

    def badge(self, spec: BadgeSpec, *, granted: bool = False, state: BadgeState | None = None) -> None:
        """Put a badge's state back, or grant it; each new level is raised and does what the badge does."""
        old = self.member.badges.get(spec.code, BadgeState())
        new = badges.grant(old, spec, at=self.at) if granted else state or old
        if new == old:
            return
        self.member = evolve(self.member, badges={**self.member.badges, spec.code: new})
        for level in range(old.level + 1, new.level + 1):
            self.rise(BADGE_EARNED, {"badge": spec.code, "level": level})
            self.do_all(spec.do, rule=f"badge:{spec.code}")

    def do_all(self, actions: Iterable[Action], *, rule: str) -> None:
        """Carry out what a badge or a referral does, with its outcomes. Its awards do not count toward tiers: no rule made them."""
        awarded: dict[str, int] = {}
        blocked = None
        for action in actions:
            if action.award is None:
                blocked = self.act(action, rule=rule, event=self.event) or blocked
            else:
                given = grant(action.award, self.bench(), {})
                amount = self.give(given, rule=rule, counts=False, own=False)
                awarded[given.wallet] = awarded.get(given.wallet, 0) + amount
        for code, amount in awarded.items():
            self.outcomes.append(Outcome(rule, amount > 0, amount, None if amount else "cap", code))
            self.tell_awarded(code, amount)
        if blocked:
            self.outcomes.append(Outcome(rule, False, 0, blocked))

    def give(self, given: Grant, *, rule: str, counts: bool, own: bool) -> int:
        """Award what a rule gives: its base, and the tier's or plan's extra on an entry of its own. Returns what was awarded."""
        base = self.award(given.wallet, given.base, kind="BONUS" if given.bonus else "AWARD", rule=rule, counts=counts, own=own)
        return base + self.award(given.wallet, given.extra, kind="BONUS", rule=rule, counts=counts, own=own)

    def bench(self) -> Bench:
        """What judging the row's own event by now's member needs."""
        sight = Sight(self.programme, self.member, self.event)
        return Bench(
            self.programme, sight, self.member.id, self.member.frozen, multiplier(self.programme, self.tier, self.plan), lambda _: (True, None)
        )

    def refuse(self, rule: str, reason: str) -> None:
        """Write that a badge's or referral's awards were not given, and why."""
        self.outcomes.append(Outcome(rule, False, 0, reason))

    def tell_awarded(self, code: str, amount: int) -> None:
        """Raise points.awarded for what one wallet got from one event."""
        if amount:
            last = next(entry for entry in reversed(self.entries) if entry.wallet == code and entry.kind in ("AWARD", "BONUS"))
            self.rise(POINTS_AWARDED, {"wallet": code, "amount": amount, "on": str(last.expires_on) if last.expires_on else None})

    # ------------------------------------------------------------ closing

    def row(self) -> Row:
        """Close the row: the member's version and latest time move on, and the changes are written down."""
        decided = max(self.at, self.member.decided_at or self.at)
        self.member = evolve(self.member, seq=self.before.seq + 1, decided_at=decided, turned_at=None)
        changed, removed = changes(self.before, self.member)
        after = held_code(self.programme, self.member)
        plan = self.member.plan.code if self.member.plan else None
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
            facts=replace(self.facts, tier_after=after, plan_after=plan),
            awarded=dict(self.awarded),
            puts=tuple(self.puts),
            qualified=self.qualified,
            counted=self.counted,
            claim=self.claim,
            changes=changed,
            removed=removed,
        )
