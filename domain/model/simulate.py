"""Trying a programme: dated events run through `decide` in memory, time included. No database, no network, no clock.

Feeds on the lines of an events file and yields one answer an event, those that time brought between them too, then one line a
member. Everything that stands outside a member's aggregate in the database (receipts, stock, agenda) is kept here in plain dicts.
"""

from __future__ import annotations

import heapq
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import cast

from domain.model import events, refunds, rewards, tiers
from domain.model import wallet as wallets
from domain.model.badges import view as badge_view
from domain.model.calendar import milliseconds
from domain.model.decide import Past, at_instant, decide
from domain.model.decision import BalanceTooLow, By, Claim, Decision, Later, MemberFrozen, Refusal, Row, World
from domain.model.events import Event, Json, Line, Profile, Purchase, Refund
from domain.model.member import Count, Member
from domain.model.programme import Programme
from domain.model.timeline import next_due, turn

Answer = dict[str, Json]
INPUTS = frozenset(
    (events.ENROLLED, events.CONSENTED, events.PURCHASED, events.REFUNDED, events.REDEEMED, events.VOUCHER_USED)
    + (events.VOUCHER_CANCELLED, events.ADJUSTED, events.PLAN_STARTED, events.PLAN_RENEWED, events.PLAN_ENDED, events.SURVEY_ANSWERED)
)


class Fault(Exception):
    """Raised where a line cannot be run; its text names the line, what is wrong and what would be right."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(f"line {line}: {message}")


class _Refused(Refusal):
    """A refusal that the store makes in the running service: PurchaseClaimed, UnknownPurchase."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


@dataclass
class Receipt:
    """What the receipts collection keeps of a purchase."""

    member: str
    row: Row
    left: Purchase
    claims: list[Claim] = field(default_factory=list)


@dataclass(frozen=True)
class Input:
    """One line, read: `number` counts from 1."""

    number: int
    at: datetime
    member: str
    name: str
    source: str
    data: Mapping[str, Json]

    def get(self, name: str, kind: type, default: Json = None) -> Json:
        """Return a field of the data. Raises Fault where it is of another kind."""
        value = self.data.get(name, default)
        if value is not None and (not isinstance(value, kind) or (kind is int and isinstance(value, bool))):
            raise Fault(self.number, f"data.{name} is {value!r}; write {_KINDS[kind]}")
        return value

    def need(self, name: str, kind: type) -> Json:
        """Return a field that must be there. Raises Fault."""
        value = self.get(name, kind)
        if value is None:
            raise Fault(self.number, f"data.{name} is missing; {self.name} needs it: {_KINDS[kind]}")
        return value


_KINDS: Mapping[type, str] = {str: "a text", int: "a whole number", bool: "true or false", list: "a list", dict: "a map"}


def simulate(programme: Programme, lines: Iterable[str], *, until: datetime | None = None) -> Iterator[Answer]:
    """Run the lines of an events file up to an instant (default: the last event). Raises Fault on a line that cannot be run."""
    run = Simulation(programme)
    last: datetime | None = None
    for number, text in enumerate(lines, start=1):
        if not text.strip():
            continue
        line = read_line(number, text)
        if until is not None and line.at > until:
            continue
        last = line.at if last is None else max(last, line.at)
        yield from run.event(line)
    end = until or last
    if end is not None:
        yield from run.advance(end)
        for member in run.members:
            yield run.summary(member, end)


class Simulation:
    """Members and what stands beside them, between two events."""

    def __init__(self, programme: Programme) -> None:
        self.programme = programme
        self.members: dict[str, Member] = {}
        self.clock = datetime.min.replace(tzinfo=UTC)
        self._due: list[tuple[datetime, str]] = []
        self._next: dict[str, datetime | None] = {}
        self._later: list[tuple[datetime, int, Later]] = []
        self._order = 0
        self.receipts: dict[tuple[str, str], Receipt] = {}
        self._claimed: dict[tuple[str, str, str], str] = {}
        self._issued: dict[str, int] = {}
        self.rows: dict[str, list[Row]] = {}

    # ------------------------------------------------------------ events

    def event(self, line: Input) -> Iterator[Answer]:
        """Run one event, after all that time brings before it."""
        yield from self.advance(line.at)
        known = line.name in INPUTS or any(spec.name == line.name for spec in self.programme.events)
        if not known:
            raise Fault(line.number, f"unknown event {line.name!r}; declare it under events, or use one of {', '.join(sorted(INPUTS))}")
        if line.name != events.ENROLLED and line.member not in self.members:
            raise Fault(line.number, f"member {line.member!r} was never enrolled; begin with a member.enrolled line")
        if line.name == events.ENROLLED and line.member in self.members:
            raise Fault(line.number, f"member {line.member!r} is enrolled already")
        member = self.members.get(line.member) or Member(line.member, line.member)
        try:
            event, past = self._event(line, member)
            decision = decide(self.programme, member, event, now=max(self.clock, line.at), world=self._world(), past=past)
        except Refusal as refusal:
            yield _answer(line.at, line.member, line.name, "input", refused=_name(refusal))
            return
        yield from self._commit(line.member, decision, "input")
        yield from self._now()

    def advance(self, until: datetime) -> Iterator[Answer]:
        """Let time pass for every member, each thing in its order."""
        while True:
            due = self._peek()
            if due is None or due > until:
                break
            self.clock = max(self.clock, due)
            if self._later and self._later[0][0] <= due:
                yield from self._now(at=due)
                continue
            code = heapq.heappop(self._due)[1]
            self._next[code] = None
            decision = turn(self.programme, self.members[code], until=due, world=self._world())
            yield from self._commit(code, decision, "time")
        self.clock = max(self.clock, until)

    def _peek(self) -> datetime | None:
        while self._due and self._next.get(self._due[0][1]) != self._due[0][0]:
            heapq.heappop(self._due)
        firsts = [self._due[0][0]] if self._due else []
        return min([*firsts, self._later[0][0]] if self._later else firsts, default=None)

    def _now(self, at: datetime | None = None) -> Iterator[Answer]:
        """Run the events kept for later that are due."""
        while self._later and self._later[0][0] <= (at or self.clock):
            later = heapq.heappop(self._later)[2]
            member = self.members[later.member]
            by: By = "time" if later.event.rule else "decision"
            decision = decide(self.programme, member, later.event, now=max(self.clock, later.due), world=self._world(), by=by)
            yield from self._commit(later.member, decision, by)

    def _commit(self, code: str, decision: Decision, by: By) -> Iterator[Answer]:
        self.members[code] = decision.member
        due = next_due(self.programme, decision.member, after=max(self.clock, decision.member.decided_at or self.clock))
        if self._next.get(code) != due:
            self._next[code] = due
            if due is not None:
                heapq.heappush(self._due, (due, code))
        self.rows.setdefault(code, []).extend(decision.rows)
        for row in decision.rows:
            self._note(code, row)
            if not row.quiet:
                yield _row(code, row)

    def _note(self, code: str, row: Row) -> None:
        for later in row.later:
            if later.member in self.members:
                self._order += 1
                heapq.heappush(self._later, (later.due, self._order, later))
        for step in row.vouchers:
            change = {"issued": 1, "cancelled": -1}.get(step.change, 0)
            self._issued[step.reward] = self._issued.get(step.reward, 0) + change
        bought = row.event.purchase
        if row.event.name == events.PURCHASED and bought is not None and row.event.rule is None:
            self.receipts[code, bought.external_id] = Receipt(code, row, bought)
            self._claimed[row.event.source, bought.store or "", bought.external_id] = code
        if row.claim is not None and row.event.refund is not None:
            receipt = self.receipts[code, row.event.refund.kept.external_id]
            receipt.claims.append(row.claim)
            receipt.left = row.event.refund.kept

    def _world(self) -> World:
        limited = (spec for spec in self.programme.rewards if spec.stock is not None)
        return World(frozenset(spec.code for spec in limited if self._issued.get(spec.code, 0) >= (spec.stock or 0)))

    @property
    def waiting(self) -> list[Later]:
        """The events that are kept for later and not yet due."""
        return [later for _, _, later in self._later]

    # ------------------------------------------------------------ reading an event

    def event_id(self, line: Input) -> str:
        """Return the lasting identity of a line's event."""
        return str(line.number)

    def _event(self, line: Input, member: Member) -> tuple[Event, Past | None]:
        base = Event(self.event_id(line), line.name, line.at, line.source, line.data)
        past = self._past(line, member)
        match line.name:
            case events.ENROLLED:
                return replace(base, profile=self._profile(line), data={"referredBy": self._referrer(line)}), past
            case events.CONSENTED:
                purpose, granted = str(line.need("purpose", str)), line.need("granted", bool) is True
                held = member.profile.consents
                consents = held | {purpose} if granted else held - {purpose}
                return replace(base, profile=replace(member.profile, consents=consents)), past
            case events.PURCHASED:
                return replace(base, purchase=self._purchase(line), data={}), past
            case events.REFUNDED:
                return replace(base, refund=(refund := self._refund(line)), purchase=refund.kept, data={}), Past(self.programme)
            case events.REDEEMED | events.VOUCHER_USED | events.VOUCHER_CANCELLED:
                self._check_voucher(line, member)
            case events.ADJUSTED:
                self._known(line, "wallet", {spec.code for spec in self.programme.wallets})
                line.need("amount", int)
            case events.PLAN_STARTED | events.PLAN_RENEWED:
                self._known(line, "plan", {spec.code for spec in self.programme.plans})
                if line.get("until", str) is not None:
                    return replace(base, data={**line.data, "until": _instant(line.number, line.data["until"]).isoformat()}), past
        return base, past

    def _known(self, line: Input, name: str, codes: Iterable[str]) -> None:
        if line.need(name, str) not in codes:
            raise Fault(line.number, f"data.{name} is {line.data[name]!r}; the programme has {', '.join(sorted(codes)) or 'none'}")

    def _check_voucher(self, line: Input, member: Member) -> None:
        voucher = line.get("voucher", str)
        if line.name == events.REDEEMED:
            self._known(line, "reward", {spec.code for spec in self.programme.rewards})
            if voucher in member.vouchers:
                raise Fault(line.number, f"data.voucher {voucher!r} is taken; give each voucher a label of its own")
        else:
            line.need("voucher", str)

    def _profile(self, line: Input) -> Profile:
        birthday = line.get("birthday", str)
        try:
            day = date.fromisoformat(str(birthday)) if birthday else None
        except ValueError:
            raise Fault(line.number, f"data.birthday is {birthday!r}; write YYYY-MM-DD") from None
        header = self.programme.programme
        return Profile(
            name=str(line.get("name", str) or ""),
            locale=str(line.get("locale", str) or header.locales[0]),
            timezone=str(line.get("timezone", str) or header.timezone),
            birthday=day,
            consents=frozenset(str(purpose) for purpose in cast(list[Json], line.get("consents", list) or [])),
        )

    def _referrer(self, line: Input) -> Json:
        referrer = line.get("referredBy", str)
        if referrer is not None and referrer not in self.members:
            raise Fault(line.number, f"data.referredBy {referrer!r} was never enrolled")
        return referrer

    def _purchase(self, line: Input) -> Purchase:
        store, external = line.get("store", str), str(line.need("externalId", str))
        rows = cast(list[Json], line.get("lines", list) or [])
        lines = tuple(self._line(line, number, row) for number, row in enumerate(rows, start=1))
        total = cast(int, line.need("total", int))
        if total < 0 or sum(one.amount for one in lines) > total:
            raise Fault(line.number, "data.total is less than its lines; the lines sum to at most the total")
        if (line.source, store or "", external) in self._claimed:
            raise _Refused("PurchaseClaimed")
        return Purchase(external, total, self.programme.programme.currency, cast(str | None, store), lines)

    def _line(self, line: Input, number: int, row: Json) -> Line:
        if not isinstance(row, dict):
            raise Fault(line.number, f"data.lines[{number - 1}] is no map; write {{sku, category, quantity, amount}}")
        one = replace(line, data=row)
        quantity = one.get("quantity", int, 1)
        return Line(
            line=number,
            sku=str(one.get("sku", str) or ""),
            amount=cast(int, one.need("amount", int)),
            quantity=cast(int, quantity),
            name=cast(str | None, one.get("name", str)),
            category=cast(str | None, one.get("category", str)),
        )

    def _refund(self, line: Input) -> Refund:
        receipt = self.receipts.get((line.member, str(line.need("externalId", str))))
        if receipt is None:
            raise _Refused("UnknownPurchase")
        rows = cast(list[Json], line.get("lines", list) or [])
        asked = []
        for row in rows:
            one = replace(line, data=row if isinstance(row, dict) else {})
            number = cast(int, one.need("line", int))
            asked.append(refunds.RefundLine(number, cast(int | None, one.get("quantity", int)), cast(int | None, one.get("amount", int))))
        kept = refunds.kept(receipt.left, amount=cast(int | None, line.get("amount", int)), lines=asked)
        return Refund(refunds.recorded(receipt.row, claims=receipt.claims), receipt.left, kept)

    def _past(self, line: Input, member: Member) -> Past | None:
        """What a late event goes by: read from the rows kept, as the service reads the journal."""
        if member.decided_at is None or line.at >= member.decided_at:
            return None
        return past_of(self.programme, self.rows.get(line.member, []), at=line.at)

    # ------------------------------------------------------------ at the end

    def summary(self, code: str, at: datetime) -> Answer:
        """Return a member's line as of an instant."""
        programme = self.programme
        member = at_instant(programme, self.members[code], now=at)
        progress = tiers.progress(programme, member, now=at)
        badges = {spec.code: badge_view(programme, member, spec, now=at) for spec in programme.badges}
        return {
            "member": code,
            "wallets": {spec.code: _wallet(member.wallets.get(spec.code) or wallets.Wallet()) for spec in programme.wallets},
            "tier": None
            if progress is None
            else {
                "code": progress.code,
                "qualifying": progress.qualifying,
                "toNext": progress.to_next,
                "toKeep": progress.to_keep,
                "until": _day(progress.until),
            },
            "badges": {name: {"level": one.level, "progress": one.progress} for name, one in badges.items() if one.level or one.progress},
            "tags": cast(list[Json], sorted(member.tags)),
            "segments": cast(list[Json], sorted(member.segments)),
            "unlocked": cast(list[Json], sorted(rewards.unlocked(programme, member, now=at, world=self._world()))),
        }


def past_of(programme: Programme, rows: Iterable[Row], *, at: datetime, version: int = 1) -> Past:
    """Return what a late event of an instant goes by, from a member's journal rows in their order."""
    facts = events.Facts()
    counts: dict[str, list[Count]] = {}
    for row in rows:
        if row.event.at <= at:
            facts = row.facts
        day = row.event.at.astimezone(programme.zone).date()
        applied: dict[str, int] = {}
        for outcome in row.outcomes:
            if outcome.applied:
                applied[outcome.rule] = applied.get(outcome.rule, 0) + outcome.amount
        for rule, amount in applied.items():
            counts.setdefault(rule, []).extend((Count(day, 1, amount), Count(date.min, 1, amount)))
    return Past(programme, facts, {rule: tuple(many) for rule, many in counts.items()}, version)


# ---------------------------------------------------------------- lines in, lines out


def read_line(number: int, text: str) -> Input:
    try:
        row = json.loads(text)
    except ValueError as error:
        raise Fault(number, f"no JSON ({error}); write one object a line") from None
    if not isinstance(row, dict):
        raise Fault(number, "is no object; write {at, member, name, source, data}")
    for name in ("at", "member", "name"):
        if not isinstance(row.get(name), str):
            raise Fault(number, f"{name} is missing or no text")
    data = row.get("data", {})
    if not isinstance(data, dict):
        raise Fault(number, "data is no object")
    return Input(number, _instant(number, row["at"]), row["member"], row["name"], str(row.get("source") or ""), data)


def _instant(number: int, text: Json) -> datetime:
    try:
        at = datetime.fromisoformat(str(text))
    except ValueError:
        raise Fault(number, f"{text!r} is no instant; write 2026-03-01T10:00:00Z") from None
    if at.tzinfo is None:
        raise Fault(number, f"{text!r} has no zone; write Z or an offset at its end")
    return milliseconds(at)


def _name(refusal: Refusal) -> str:
    if isinstance(refusal, _Refused):
        return refusal.name
    return {BalanceTooLow: "InsufficientBalance", MemberFrozen: "NotAllowed"}.get(type(refusal), type(refusal).__name__)


def _row(code: str, row: Row) -> Answer:
    entries: list[Json] = [
        {
            "wallet": entry.wallet,
            "kind": entry.kind,
            "amount": entry.amount,
            "rule": entry.rule,
            "availableAt": _stamp(entry.available_at) if entry.available_at else None,
            "expiresOn": _day(entry.expires_on),
            "lots": [{"amount": part.amount, "expiresOn": _day(part.expires_on)} for part in entry.lots],
        }
        for entry in row.entries
    ]
    outcomes: list[Json] = [{"rule": o.rule, "applied": o.applied, "amount": o.amount, "reason": o.reason} for o in row.outcomes]
    return _answer(
        row.event.at,
        code,
        row.event.name,
        row.by,
        entries=entries,
        outcomes=outcomes,
        raised=[event.name for event in row.raised],
        messages=[message.code for message in row.messages],
        vouchers=[step.reward for step in row.vouchers if step.change == "issued"],
    )


def _answer(
    at: datetime,
    member: str,
    event: str,
    by: By,
    *,
    refused: str | None = None,
    entries: list[Json] | None = None,
    outcomes: list[Json] | None = None,
    raised: list[Json] | None = None,
    messages: list[Json] | None = None,
    vouchers: list[Json] | None = None,
) -> Answer:
    return {
        "at": _stamp(at),
        "member": member,
        "event": event,
        "by": by,
        "refused": refused,
        "entries": entries or [],
        "outcomes": outcomes or [],
        "events": raised or [],
        "messages": messages or [],
        "vouchers": vouchers or [],
    }


def _wallet(one: wallets.Wallet) -> Json:
    expiring: dict[date, int] = {}
    for lot in one.lots:
        if lot.available_at is None and lot.expires_on is not None:
            expiring[lot.expires_on] = expiring.get(lot.expires_on, 0) + lot.amount
    return {
        "available": one.available,
        "pending": one.pending,
        "debt": one.debt,
        "earned": one.earned,
        "spent": one.spent,
        "expired": one.expired,
        "expiring": [{"amount": amount, "on": str(on)} for on, amount in sorted(expiring.items())],
    }


def _stamp(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None
