"""Members and what stands beside them while a file of events runs: receipts, stock and agenda, in plain
dicts.

Yields one answer an event, those that time brought between them too, then one a member. Whatever time brings
between two events happens in its order, for all members.
"""

from __future__ import annotations

import heapq
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from domain.model import event_names
from domain.model.ledger import refunds
from domain.model.ledger.decide import NOTHING_SOLD_OUT, decide
from domain.model.ledger.decision import (
    DecidedBy,
    Decision,
    DelayedEvent,
    JournalRow,
    RefundClaim,
    Refusal,
    StockState,
)
from domain.model.ledger.events import Event, Json, Profile, Purchase, Refund
from domain.model.ledger.late_events import HistoricalContext, RowTrace, history_from_traces
from domain.model.ledger.member import Member
from domain.model.ledger.timeline import next_due, turn, turned_until
from domain.model.programme import Programme
from domain.model.simulate import answers, inputs
from domain.model.simulate.answers import Answer
from domain.model.simulate.inputs import INPUTS, Input, read_line

Number = tuple[str, str, str]


class Refused(Refusal):
    """A refusal that the store makes in the running service: PurchaseClaimed, UnknownPurchase."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


@dataclass
class Receipt:
    """What the receipts collection keeps of a purchase."""

    member: str
    row: JournalRow
    left: Purchase
    claims: list[RefundClaim] = field(default_factory=list)


def unheard(doubt: str) -> None:
    """Let a doubt pass."""


def simulate(
    programme: Programme,
    lines: Iterable[str],
    *,
    until: datetime | None = None,
    doubt: Callable[[str], None] = unheard,
) -> Iterator[Answer]:
    """Run the lines of an events file up to an instant (default: the last event). Raises Fault on a line that
    cannot be run.

    `doubt` is told of what is odd about lines that run all the same, of each kind once.
    """
    run, doubted = Simulation(programme), set[tuple[str, str]]()
    run.keeps_rows = False
    last: datetime | None = None
    for number, text in enumerate(lines, start=1):
        if not text.strip():
            continue
        line = read_line(number, text)
        if until is not None and line.at > until:
            continue
        last = line.at if last is None else max(last, line.at)
        yield from run.event(line)
        for odd in inputs.doubts(line, programme):
            if (line.name, odd) not in doubted:
                doubted.add((line.name, odd))
                doubt(f"line {number}: {odd}")
    end = until or last
    if end is not None:
        yield from run.advance(end)
        for code in run.members:
            yield run.summary(code, end)


class Simulation:
    """Members and what stands beside them, between two events. `rows` are each member's journal, where it
    `keeps_rows`.
    """

    keeps_rows = True

    def __init__(self, programme: Programme) -> None:
        self.programme = programme
        self.members: dict[str, Member] = {}
        self.clock = datetime.min.replace(tzinfo=UTC)
        self.receipts: dict[tuple[str, Number], Receipt] = {}
        self.rows: dict[str, list[JournalRow]] = {}
        self._declared = INPUTS | {spec.name for spec in programme.events}
        self._limited = tuple(spec for spec in programme.rewards if spec.stock is not None)
        self._due: list[tuple[datetime, str]] = []
        self._next: dict[str, datetime | None] = {}
        self._later: list[tuple[datetime, int, DelayedEvent]] = []
        self._order = 0
        self._claimed: set[Number] = set()
        self._numbers: dict[tuple[str, str], list[Number]] = {}
        self._issued: dict[str, int] = {}
        self._traces: dict[str, list[RowTrace]] = {}
        self._told: dict[tuple[str, str], datetime] = {}

    @property
    def waiting(self) -> list[DelayedEvent]:
        """The events that are kept for later and not yet due."""
        return [later for _, _, later in self._later]

    # ------------------------------------------------------------ events

    def event(self, line: Input) -> Iterator[Answer]:
        """Run one event, after all that time brings before it. Raises Fault."""
        self._checked(line)
        yield from self.advance(line.at)
        member = self.members.get(line.member) or Member(line.member, line.member)
        try:
            event = self._event(line, member)
            past = self._past(line, member)
            clock = max(self.clock, line.at)
            decision = decide(
                self.programme,
                member,
                event,
                now=clock,
                stock=self._world(),
                history=past,
                with_changes=self.keeps_rows,
            )
        except Refusal as refusal:
            yield answers.refused(line.at, line.member, line.name, "input", refusal)
            return
        yield from self._commit(line.member, decision)
        if self._later:
            yield from self._now(self.clock)

    def _checked(self, line: Input) -> None:
        if line.name not in self._declared:
            raise line.fault(
                f"unknown event {line.name!r}; declare it under events, or use one of"
                f" {', '.join(sorted(INPUTS))}"
            )
        enrolled = line.member in self.members
        if line.name != event_names.ENROLLED and not enrolled:
            raise line.fault(f"member {line.member!r} was never enrolled; begin with a member.enrolled line")
        if line.name == event_names.ENROLLED and enrolled:
            raise line.fault(f"member {line.member!r} is enrolled already")

    def advance(self, until: datetime) -> Iterator[Answer]:
        """Let time pass for every member, each thing in its order."""
        while (due := self._peek()) is not None and due <= until:
            self.clock = max(self.clock, due)
            if self._later and self._later[0][0] <= due:
                yield from self._now(due)
                continue
            code = heapq.heappop(self._due)[1]
            self._next[code] = None
            decision = turn(
                self.programme,
                self.members[code],
                until=due,
                stock=self._world(),
                with_changes=self.keeps_rows,
            )
            yield from self._commit(code, decision)
        self.clock = max(self.clock, until)

    def _peek(self) -> datetime | None:
        while self._due and self._next.get(self._due[0][1]) != self._due[0][0]:
            heapq.heappop(self._due)
        firsts = [one[0][0] for one in (self._due, self._later) if one]
        return min(firsts, default=None)

    def _now(self, at: datetime) -> Iterator[Answer]:
        """Run the events kept for later that are due."""
        while self._later and self._later[0][0] <= at:
            later = heapq.heappop(self._later)[2]
            by: DecidedBy = "time" if later.event.delayed_rule else "decision"
            member, clock = self.members[later.member], max(self.clock, later.due)
            decision = decide(
                self.programme,
                member,
                later.event,
                now=clock,
                stock=self._world(),
                by=by,
                with_changes=self.keeps_rows,
            )
            yield from self._commit(later.member, decision)

    def _commit(self, code: str, decision: Decision) -> Iterator[Answer]:
        self.members[code] = decision.member
        due = next_due(self.programme, decision.member, after=turned_until(decision.member) or self.clock)
        if self._next.get(code) != due:
            self._next[code] = due
            if due is not None:
                heapq.heappush(self._due, (due, code))
        for row in decision.rows:
            self._note(code, row)
            if not row.is_silent:
                yield answers.told(code, row, self._coming(code, row))

    def _coming(self, code: str, row: JournalRow) -> list[Json]:
        """Return the messages of a row that come: none too soon after the last of its kind."""
        coming: list[Json] = []
        for message in row.messages:
            spec = self.programme.message(message.code)
            if spec.too_soon(row.event.at, last=self._told.get((code, spec.code)), zone=self.programme.zone):
                continue
            if spec.once is not None:
                self._told[code, spec.code] = row.event.at
            coming.append(spec.code)
        return coming

    def _note(self, code: str, row: JournalRow) -> None:
        if self.keeps_rows:
            self.rows.setdefault(code, []).append(row)
        self._traces.setdefault(code, []).append(RowTrace.from_row(row))
        for later in row.delayed:
            if later.member in self.members:
                self._order += 1
                heapq.heappush(self._later, (later.due, self._order, later))
        for step in row.vouchers:
            change = {"issued": 1, "cancelled": -1}.get(step.change, 0)
            self._issued[step.reward] = self._issued.get(step.reward, 0) + change
        bought = row.event.purchase
        if row.event.name == event_names.PURCHASED and bought is not None and row.event.delayed_rule is None:
            number = (row.event.source, bought.store or "", bought.external_id)
            self.receipts[code, number] = Receipt(code, row, bought)
            self._claimed.add(number)
            self._numbers.setdefault((code, bought.external_id), []).append(number)
        if row.claim is not None and row.event.refund is not None:
            key = row.event.refund.purchase
            receipt = self.receipts[code, (key.source, key.purchase.store or "", key.purchase.external_id)]
            receipt.claims.append(row.claim)
            receipt.left = row.event.refund.remaining

    def _world(self) -> StockState:
        if not self._limited:
            return NOTHING_SOLD_OUT
        return StockState(
            frozenset(
                [spec.code for spec in self._limited if self._issued.get(spec.code, 0) >= (spec.stock or 0)]
            )
        )

    # ------------------------------------------------------------ reading an event

    def event_id(self, line: Input) -> str:
        """Return the lasting identity of a line's event."""
        return str(line.number)

    def _event(self, line: Input, member: Member) -> Event:
        id = self.event_id(line)
        match line.name:
            case event_names.PURCHASED:
                bought = inputs.purchase(line, self.programme)
                if (line.source, bought.store or "", bought.external_id) in self._claimed:
                    raise Refused("PurchaseClaimed")
                return Event(id, line.name, line.at, line.source, purchase=bought)
            case event_names.REFUNDED:
                refund = self._refund(line)
                return Event(id, line.name, line.at, line.source, purchase=refund.remaining, refund=refund)
            case event_names.ENROLLED:
                said: dict[str, Json] = {"referredBy": self._referrer(line)}
                return Event(
                    id, line.name, line.at, line.source, said, profile=inputs.profile(line, self.programme)
                )
            case event_names.CONSENTED:
                return Event(id, line.name, line.at, line.source, line.data, profile=_consented(line, member))
            case event_names.REDEEMED:
                self._check_label(line, member)
        return Event(id, line.name, line.at, line.source, inputs.data(line, self.programme))

    def _check_label(self, line: Input, member: Member) -> None:
        label = line.get("voucher", str)
        if label is not None and (
            label in member.vouchers or re.fullmatch(rf"{re.escape(member.id)}-\d+", label)
        ):
            raise line.fault(f"data.voucher {label!r} is taken; give each voucher a label of its own")

    def _referrer(self, line: Input) -> str | None:
        referrer = line.get("referredBy", str)
        if referrer is not None and referrer not in self.members:
            raise line.fault(f"data.referredBy {referrer!r} was never enrolled")
        return referrer

    def _refund(self, line: Input) -> Refund:
        asked = inputs.refund(line)
        numbers = self._numbers.get((line.member, asked.external_id))
        if not numbers:
            raise Refused("UnknownPurchase")
        # the same number from two tills: that of the refund's own source, the latest of them
        number = max(
            numbers,
            key=lambda one: (one[0] == line.source, one[1] == line.get("store", str), numbers.index(one)),
        )
        receipt = self.receipts[line.member, number]
        kept = refunds.remaining_purchase(receipt.left, amount=asked.amount, lines=asked.lines)
        return Refund(refunds.journaled_purchase(receipt.row, claims=receipt.claims), receipt.left, kept)

    def _past(self, line: Input, member: Member) -> HistoricalContext | None:
        """What a late event goes by: read from the rows kept, as the service reads the journal. A refund goes
        by the programme alone.
        """
        if member.decided_at is None or line.at >= member.decided_at:
            return HistoricalContext(self.programme) if line.name == event_names.REFUNDED else None
        return history_from_traces(self.programme, self._traces.get(line.member, []), at=line.at)

    # ------------------------------------------------------------ at the end

    def summary(self, code: str, at: datetime) -> Answer:
        """Return a member's line as of an instant."""
        return answers.summary(self.programme, self.members[code], at=at, world=self._world())


def _consented(line: Input, member: Member) -> Profile:
    purpose, granted = line.need("purpose", str), line.need("granted", bool)
    held = member.profile.consents
    return replace(member.profile, consents=held | {purpose} if granted else held - {purpose})
