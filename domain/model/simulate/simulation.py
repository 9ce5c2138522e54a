"""Members and what stands beside them while a file of events runs: receipts, stock and agenda, in plain
dicts.

Yields one answer an event, those that time brought between them too, then one a member. Whatever time brings
between two events happens in its order, for all members.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

from domain.model import event_names
from domain.model.ledger.decide import NOTHING_SOLD_OUT, code_at_enrolment, consent_at_enrolment, decide
from domain.model.ledger.deciding.returns import journaled, refund_lines
from domain.model.ledger.decision import (
    AlreadySo,
    CodeRefused,
    DecidedBy,
    Decision,
    DelayedEvent,
    JournalRow,
    Refusal,
    StockState,
)
from domain.model.ledger.events import Event, Json, Refund
from domain.model.ledger.gifts import FRIEND_SOURCE
from domain.model.ledger.late_events import HistoricalContext, RowTrace, TraceIndex
from domain.model.ledger.member import Member
from domain.model.ledger.timeline import next_due, turn, turned_until
from domain.model.programme import Programme
from domain.model.simulate import (
    answers,
    attribute_lines,
    hold_lines,
    inputs,
    merges,
    profiles,
    purchase_inputs,
)
from domain.model.simulate.answers import Answer
from domain.model.simulate.code_entries import CodeEntries
from domain.model.simulate.inputs import INPUT_EVENTS, InputLine
from domain.model.simulate.receipts import ReceiptNumber, RefundRepeated, SimulatedReceipt, StoreRefusal
from domain.model.simulate.sent_messages import SentMessages


class Simulation:
    """Members and what stands beside them, between two events. `rows` are each member's journal, where it
    `keeps_rows`.
    """

    keeps_rows = True

    def __init__(self, programme: Programme) -> None:
        self.programme = programme
        self.members: dict[str, Member] = {}
        self.clock = datetime.min.replace(tzinfo=UTC)
        self.receipts: dict[tuple[str, ReceiptNumber], SimulatedReceipt] = {}
        self.rows: dict[str, list[JournalRow]] = {}
        self._declared = INPUT_EVENTS | {spec.name for spec in programme.events}
        self._limited_rewards = tuple(spec for spec in programme.rewards if spec.stock is not None)
        self._codes = CodeEntries(programme)
        self._due: list[tuple[datetime, str]] = []
        self._next: dict[str, datetime | None] = {}
        self._delayed: list[tuple[datetime, int, DelayedEvent]] = []
        self._receipts_by_event: dict[str, SimulatedReceipt] = {}
        self._not_begun: set[str] = set()  # of whom there are purchases of before their import alone
        self._order = 0
        self._claimed_numbers: set[ReceiptNumber] = set()
        self._numbers: dict[tuple[str, str], list[ReceiptNumber]] = {}
        self._issued: dict[str, int] = {}
        self._traces: dict[str, TraceIndex] = {}
        self._sent_messages = SentMessages(programme)

    @property
    def delayed_events(self) -> list[DelayedEvent]:
        """The events that are kept for later and not yet due."""
        return [later for _, _, later in self._delayed]

    # ------------------------------------------------------------ events

    def event(self, line: InputLine) -> Iterator[Answer]:
        """Run one event, after all that time brings before it. Raises Fault."""
        self._check_line(line)
        yield from self.advance(line.heard_at or line.at)
        line = merges.resolved_line(line, self.members)
        member = self.members.get(line.member) or Member(line.member, line.member)
        try:
            spec = self._codes.find(line, member) if line.name == event_names.CODE_ENTERED else None
            event = (
                self._read_event(line, member)
                if spec is None
                else self._codes.event(line, spec, self.event_id(line))
            )
            history = self._history(line, member)
            clock = max(self.clock, line.at)
            decision = decide(
                self.programme,
                member,
                event,
                now=clock,
                stock=self._stock_state(),
                history=history,
                with_changes=self.keeps_rows,
            )
        except AlreadySo:
            yield answers.nothing_answer(line.at, line.member, line.name, "input")
            return
        except Refusal as refusal:
            yield answers.refusal_answer(line.at, line.member, line.name, "input", refusal)
            return
        yield from self._commit(line.member, decision)
        if line.name == event_names.ENROLLED:
            yield from self._follow_enrolment(line, event)
        elif spec is not None:
            self._codes.note(line, spec)
        if self._delayed:
            yield from self._run_delayed(self.clock)

    def _follow_enrolment(self, line: InputLine, enrolment: Event) -> Iterator[Answer]:
        """Run the consents that were granted with an enrolment, then the code that was given with it."""
        for purpose in profiles.read_consents(line):
            yield from self._decide_following(
                line, consent_at_enrolment(enrolment, purpose, source=line.source)
            )
        if not self._codes.has_code(line):
            return
        try:
            spec = self._codes.find(line, self.members[line.member])
        except CodeRefused as refusal:
            name = event_names.CODE_ENTERED
            yield answers.refusal_answer(line.at, line.member, name, "decision", refusal)
            return
        yield from self._decide_following(line, code_at_enrolment(enrolment, spec))
        self._codes.note(line, spec)

    def _decide_following(self, line: InputLine, event: Event) -> Iterator[Answer]:
        clock = max(self.clock, line.at)
        yield from self._commit(line.member, self._decide(line.member, event, clock, by="decision"))

    def _decide(self, code: str, event: Event, clock: datetime, *, by: DecidedBy) -> Decision:
        return decide(
            self.programme,
            self.members[code],
            event,
            now=clock,
            stock=self._stock_state(),
            history=self._history_of_delayed(code, event),
            by=by,
            with_changes=self.keeps_rows,
        )

    def _check_line(self, line: InputLine) -> None:
        if line.name not in self._declared:
            raise line.malformed(
                f"unknown event {line.name!r}; declare it under events, or use one of"
                f" {', '.join(sorted(INPUT_EVENTS))}"
            )
        member = None if line.member in self._not_begun else self.members.get(line.member)
        if member is not None and merges.is_erased(line.member, self.members):
            raise line.malformed(f"member {line.member!r} is erased; who enrols anew is another member")
        profiles.check_beginning(line, has_begun=member is not None)
        if profiles.is_history(line):
            self._not_begun.add(line.member)
        else:
            self._not_begun.discard(line.member)

    def advance(self, until: datetime) -> Iterator[Answer]:
        """Let time pass for every member, each thing in its order."""
        while (due := self._next_due_at()) is not None and due <= until:
            self.clock = max(self.clock, due)
            if self._delayed and self._delayed[0][0] <= due:
                yield from self._run_delayed(due)
                continue
            code = heapq.heappop(self._due)[1]
            self._next[code] = None
            decision = turn(
                self.programme,
                self.members[code],
                until=due,
                stock=self._stock_state(),
                with_changes=self.keeps_rows,
            )
            yield from self._commit(code, decision)
        self.clock = max(self.clock, until)

    def _next_due_at(self) -> datetime | None:
        while self._due and self._next.get(self._due[0][1]) != self._due[0][0]:
            heapq.heappop(self._due)
        firsts = [one[0][0] for one in (self._due, self._delayed) if one]
        return min(firsts, default=None)

    def _run_delayed(self, at: datetime) -> Iterator[Answer]:
        """Run the events kept for later that are due."""
        while self._delayed and self._delayed[0][0] <= at:
            delayed = heapq.heappop(self._delayed)[2]
            if merges.is_erased(delayed.member, self.members):
                continue
            by: DecidedBy = "time" if delayed.event.delayed_rule else "decision"
            event, clock = self._with_remaining(delayed.event), max(self.clock, delayed.due)
            receiver = merges.receiver(delayed, self.members)
            yield from self._commit(receiver, self._decide(receiver, event, clock, by=by))

    def _with_remaining(self, event: Event) -> Event:
        """Return a delayed part of a purchase with what is kept of the purchase by now."""
        receipt = self._receipt_of(event)
        return event if receipt is None else replace(event, purchase=receipt.remaining)

    def _receipt_of(self, event: Event) -> SimulatedReceipt | None:
        if event.delayed_rule is None or event.purchase is None:
            return None
        return self._receipts_by_event.get(event.id.partition(">")[0].partition("/")[0])

    def _commit(self, code: str, decision: Decision) -> Iterator[Answer]:
        self.members[code] = decision.member
        due = next_due(self.programme, decision.member, after=turned_until(decision.member) or self.clock)
        if self._next.get(code) != due:
            self._next[code] = due
            if due is not None:
                heapq.heappush(self._due, (due, code))
        for row in decision.rows:
            self._record_row(code, row)
            if not row.is_silent:
                yield answers.row_answer(code, row, self._sent_messages.send(code, row))

    def _record_row(self, code: str, row: JournalRow) -> None:
        if self.keeps_rows:
            self.rows.setdefault(code, []).append(row)
        self._index(code).add(RowTrace.from_row(row))
        for delayed in row.delayed:
            if delayed.member in self.members:
                self._order += 1
                heapq.heappush(self._delayed, (delayed.due, self._order, delayed))
        for step in row.vouchers:
            change = {"issued": 1, "cancelled": -1}.get(step.change, 0)
            self._issued[step.reward] = self._issued.get(step.reward, 0) + change
        purchase = row.event.purchase
        if (
            row.event.name == event_names.PURCHASED
            and purchase is not None
            and row.event.delayed_rule is None
        ):
            number = (row.event.source, purchase.store or "", purchase.external_id)
            receipt = SimulatedReceipt(code, row, purchase)
            self.receipts[code, number] = self._receipts_by_event[row.event.id] = receipt
            self._claimed_numbers.add(number)
            self._numbers.setdefault((code, purchase.external_id), []).append(number)
        bought = self._receipt_of(row.event)
        if bought is not None and row.event.delayed_rule != FRIEND_SOURCE:
            bought.delayed.append(row)
        if row.claim is not None and row.event.refund is not None:
            receipt = self._receipts_by_event[row.event.refund.purchase.key]
            receipt.remaining = row.event.refund.remaining
            if row.event.name == event_names.REFUNDED:
                receipt.claims.append(row.claim)
            else:
                receipt.correct(row)

    def _stock_state(self) -> StockState:
        if not self._limited_rewards:
            return NOTHING_SOLD_OUT
        return StockState(
            frozenset(
                [
                    spec.code
                    for spec in self._limited_rewards
                    if self._issued.get(spec.code, 0) >= (spec.stock or 0)
                ]
            )
        )

    # ------------------------------------------------------------ reading an event

    def event_id(self, line: InputLine) -> str:
        """Return the lasting identity of a line's event."""
        return str(line.number)

    def _read_event(self, line: InputLine, member: Member) -> Event:
        id = self.event_id(line)
        match line.name:
            case event_names.PURCHASED:
                purchase = purchase_inputs.read_purchase(line, self.programme, member)
                if (line.source, purchase.store or "", purchase.external_id) in self._claimed_numbers:
                    raise StoreRefusal("PurchaseClaimed")
                details = purchase_inputs.read_details(line, total=purchase.total)
                history: dict[str, Json] = {"history": True} if profiles.is_history(line) else {}
                return Event(id, line.name, line.at, line.source, history, purchase=purchase, details=details)
            case event_names.REFUNDED:
                refund = self._read_refund(line)
                return Event(id, line.name, line.at, line.source, purchase=refund.remaining, refund=refund)
            case event_names.CORRECTED:
                return self._read_correction(line)
            case event_names.IMPORTED:
                return profiles.read_import(line, self.programme, id=id)
            case event_names.ENROLLED:
                enrolment_data: dict[str, Json] = {"referredBy": self._referrer(line)}
                if (code := self._codes.name_at_enrolment(line, member)) is not None:
                    enrolment_data["code"] = code
                profile = profiles.read_profile(line, self.programme)
                return Event(id, line.name, line.at, line.source, enrolment_data, profile=profile)
            case event_names.CONSENTED:
                return Event(
                    id,
                    line.name,
                    line.at,
                    line.source,
                    line.data,
                    profile=profiles.consented_profile(line, member),
                )
            case event_names.ATTRIBUTES_CHANGED:
                return attribute_lines.changed_attributes(line, member, self.programme, id=id)
            case event_names.HOLD_PLACED | event_names.HOLD_RELEASED:
                hold_data = hold_lines.read_data(line, member, self.programme)
                return Event(id, line.name, line.at, line.source, hold_data)
            case event_names.REDEEMED:
                inputs.check_voucher_label(line, member)
        return Event(id, line.name, line.at, line.source, inputs.read_data(line, self.programme))

    def _referrer(self, line: InputLine) -> str | None:
        referrer = line.get("referredBy", str)
        if referrer is not None and referrer not in self.members:
            raise line.malformed(f"data.referredBy {referrer!r} was never enrolled")
        return referrer

    def _read_refund(self, line: InputLine) -> Refund:
        selection = purchase_inputs.read_refund(line)
        receipt = self._find_receipt(line, selection.external_id)
        if selection.refund_id in receipt.refunds_by_id:
            is_same = receipt.refunds_by_id[selection.refund_id] == selection
            raise RefundRepeated(selection.refund_id) if is_same else StoreRefusal("RefundClaimed")
        remaining = refund_lines.remaining_purchase(
            receipt.remaining, amount=selection.amount, lines=selection.lines
        )
        if selection.refund_id is not None:
            receipt.refunds_by_id[selection.refund_id] = selection
        return Refund(
            journaled.journaled_purchase(receipt.row, claims=receipt.claims, delayed=receipt.delayed),
            receipt.remaining,
            remaining,
        )

    def _find_receipt(self, line: InputLine, external_id: str) -> SimulatedReceipt:
        numbers = self._numbers.get((line.member, external_id))
        if not numbers:
            raise StoreRefusal("UnknownPurchase")
        # the same number from two tills: that of the event's own source, the latest of them
        number = max(
            numbers,
            key=lambda candidate: (
                candidate[0] == line.source,
                candidate[1] == line.get("store", str),
                numbers.index(candidate),
            ),
        )
        return self.receipts[line.member, number]

    def _read_correction(self, line: InputLine) -> Event:
        selection = purchase_inputs.read_correction(line)
        receipt = self._find_receipt(line, selection.external_id)
        return receipt.correction(self.programme, selection, line)

    def _history(self, line: InputLine, member: Member) -> HistoricalContext | None:
        """What a late event goes by: read from the rows kept, as the service reads the journal. A refund goes
        by the programme alone.
        """
        if member.decided_at is None or line.at >= member.decided_at:
            is_of_receipt = line.name in (event_names.REFUNDED, event_names.CORRECTED)
            return HistoricalContext(self.programme) if is_of_receipt else None
        return self._index(line.member).history(self.programme, at=line.at)

    def _history_of_delayed(self, code: str, event: Event) -> HistoricalContext | None:
        """What the delayed part of a late event finds fired in the periods that it falls into."""
        decided_at = self.members[code].decided_at
        if event.delayed_rule is None or decided_at is None or event.at >= decided_at:
            return None
        return self._index(code).history(self.programme, at=event.at)

    def _index(self, code: str) -> TraceIndex:
        return self._traces.setdefault(code, TraceIndex(self.programme.zone))

    # ------------------------------------------------------------ at the end

    def member_answer(self, code: str, at: datetime) -> Answer:
        """Return a member's line as of an instant."""
        return answers.member_answer(self.programme, self.members[code], at=at, stock=self._stock_state())
