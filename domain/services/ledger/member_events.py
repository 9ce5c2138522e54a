"""Events reported by other systems and managers: those that the programme declares, plan.*, survey.answered.

An event is known by its externalId in its source, so it counts once whatever key it comes with. Its data are
what the programme declares, no more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime

from domain.model import event_names
from domain.model.calendar import VALID_YEARS, is_in_valid_years, milliseconds
from domain.model.ledger.decision import JournalRow, MemberFrozen, Outcome, Refusal
from domain.model.ledger.events import Event, Json
from domain.model.ledger.plans import PLAN_EVENTS
from domain.model.programme import Programme
from domain.model.values import dataclass
from domain.services import input_checks
from domain.services.decisions import decide_event, event_instant, is_same_member, load_member
from domain.services.errors import IdempotencyKeyConflict, InvalidInput
from domain.services.keyed_decisions import BoundReply, DecidedEvent, decide_now, decide_once, load_bound_row
from domain.services.ledger.till import Till
from domain.services.runtime import Runtime
from domain.store.document_store import Stale, Write
from domain.store.ledger import history_entries, journal, members, receipts
from domain.store.ledger.history_entries import HistoryEntry
from domain.store.requests import Reply

MAX_NUMBER = 2**53
MAX_TEXT_LENGTH = 500
MOST_DELAYED = (
    50  # rules with a delay that are followed from one event, those that follow from others among them
)


# ---------------------------------------------------------------- values
@dataclass(frozen=True, slots=True)
class EventRecorded:
    """What an event brought: its entries in `history`, and the outcome of each rule."""

    member_id: str
    version: int
    history: tuple[HistoryEntry, ...]
    outcomes: tuple[Outcome, ...]


# ---------------------------------------------------------------- pure rules
def check_event_data(programme: Programme, name: str, event_data: Mapping[str, object]) -> dict[str, Json]:
    """Return the data of an event, checked by its declaration. Raises InvalidInput, which names the field."""
    if name in PLAN_EVENTS:
        return _check_plan_data(programme, name, event_data)
    if name == event_names.SURVEY_ANSWERED:
        return _check_survey_data(programme, event_data)
    spec = next((one for one in programme.events if one.name == name), None)
    if spec is None:
        raise InvalidInput("name", "The programme declares no such event.")
    unknown_fields = sorted(event_data.keys() - spec.data.keys())
    if unknown_fields:
        raise InvalidInput(f"data.{unknown_fields[0]:.64}", "The programme declares no such field.")
    return {
        field: _check_value(field, kind, event_data[field])
        for field, kind in spec.data.items()
        if event_data.get(field) is not None
    }


def _check_value(field: str, kind: str, value: object) -> Json:
    match kind:
        case "bool" if isinstance(value, bool):
            return value
        case "int" if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= MAX_NUMBER:
            return value
        case "string" if isinstance(value, str) and len(value) <= MAX_TEXT_LENGTH and "\0" not in value:
            return value
        case "date" if isinstance(value, str) and _is_iso_date(value):
            return value
    bound = f" of at most {MAX_TEXT_LENGTH} characters" if kind == "string" else ""
    raise InvalidInput(f"data.{field}", f"Write a {kind}{bound}.")


def _is_iso_date(text: str) -> bool:
    try:
        return len(text) == 10 and bool(date.fromisoformat(text))
    except ValueError:
        return False


def _check_plan_data(programme: Programme, name: str, event_data: Mapping[str, object]) -> dict[str, Json]:
    allowed = {"plan"} if name == event_names.PLAN_ENDED else {"plan", "until"}
    if unknown_fields := sorted(event_data.keys() - allowed):
        raise InvalidInput(f"data.{unknown_fields[0]:.64}", "A plan's event has no such field.")
    checked_data: dict[str, Json] = {}
    code = event_data.get("plan")
    if code is not None or name != event_names.PLAN_ENDED:
        if all(spec.code != code for spec in programme.plans):
            raise InvalidInput("data.plan", "The programme has no such plan.")
        checked_data["plan"] = str(code)
    if (until := event_data.get("until")) is not None:
        checked_data["until"] = _read_instant(until).isoformat()
    return checked_data


def _read_instant(value: object) -> datetime:
    try:
        instant = datetime.fromisoformat(str(value))
    except ValueError:
        raise InvalidInput("data.until", "Write an instant such as 2026-12-31T23:59:59.000Z.") from None
    if instant.tzinfo is None:
        raise InvalidInput("data.until", "Write an instant with its zone, such as 2026-12-31T23:59:59.000Z.")
    if not is_in_valid_years(instant):
        raise InvalidInput("data.until", f"Write a year from {VALID_YEARS[0]} to {VALID_YEARS[-1]}.")
    return milliseconds(instant)


def _check_survey_data(programme: Programme, event_data: Mapping[str, object]) -> dict[str, Json]:
    if unknown_fields := sorted(event_data.keys() - {"survey", "score"}):
        raise InvalidInput(f"data.{unknown_fields[0]:.64}", "An answer has no such field.")
    code, score = event_data.get("survey"), event_data.get("score")
    spec = next((one for one in programme.surveys if one.code == code), None)
    if spec is None:
        raise InvalidInput("data.survey", "The programme has no such survey.")
    return {
        "survey": spec.code,
        "score": input_checks.check_score(score, allowed_scores=spec.scores, field="data.score"),
    }


# ---------------------------------------------------------------- writes
async def record(
    runtime: Runtime,
    *,
    till: Till,
    member_id: str,
    name: str,
    event_data: Mapping[str, object],
    occurred_at: datetime | None,
    external_id: str,
    key: str,
    now: datetime,
) -> EventRecorded:
    """Record an event of a member.

    Raises NotAllowed, MemberFrozen, IdempotencyKeyConflict, InvalidInput, NotFound, Busy.
    """
    till.require_reporter()
    input_checks.read_number(external_id, field="externalId")
    if occurred_at is not None:
        input_checks.check_past_instant(occurred_at, now=now)
    checked_data = check_event_data(runtime.programmes.current().programme, name, event_data)
    receipt_id = await till.find_receipt_id(runtime, "event", external_id)
    request_input = {
        "member": member_id,
        "name": name,
        "data": checked_data,
        "at": occurred_at.isoformat() if occurred_at else None,
        "externalId": external_id,
    }
    request = till.request_key("recordEvent", key, request_input)

    async def decide() -> DecidedEvent[int]:
        stored_member = await load_member(runtime, member_id)
        till.require_other_member(stored_member)
        if stored_member.member.frozen:
            raise MemberFrozen("a frozen member earns nothing")
        event_at = event_instant(stored_member, now=now, occurred_at=occurred_at)
        event = Event(f"event:{receipt_id}", name, event_at, till.source, checked_data)
        decided = await decide_now(runtime, stored_member, event, subject=0, now=now)
        return replace(decided, subject=await _moved_later(runtime, decided, now=now))

    def bind(decided: DecidedEvent[int]) -> BoundReply:
        claim = receipts.claim_write(receipt_id, member=decided.member_id, row=decided.row)
        audit_writes = _audit_writes(till, decided, now=now)
        return BoundReply({"member": decided.member_id, "seq": decided.row.seq}, [claim, *audit_writes])

    async def answer(decided: DecidedEvent[int]) -> EventRecorded:
        return _event_recorded(decided.stored_member.member.id, decided.row)

    return await decide_once(
        runtime,
        request=request,
        queue=member_id,
        now=now,
        decide=decide,
        bind=bind,
        answer=answer,
        answer_again=lambda reply: _recorded_by_key(runtime, str(reply["member"]), reply),
        answer_taken=lambda: _recorded_before(runtime, receipt_id, member_id, name, checked_data),
    )


async def _moved_later(runtime: Runtime, decided: DecidedEvent[int], *, now: datetime) -> int:
    """Return what rules with a delay will move after an event, each decided for its own time as if nothing
    happened till then: what they keep from each other under a cap counts for each.
    """
    moved, followed = 0, 0
    waiting = [(decided.member_after, delayed) for delayed in decided.row.delayed]
    while waiting and followed < MOST_DELAYED:
        stored_member, delayed = waiting.pop(0)
        if delayed.member != stored_member.member.id:
            continue  # a referrer's, of whom nothing is known here
        followed += 1
        due = max(now, delayed.due)
        try:
            decision = await decide_event(
                runtime, decided.published, stored_member, delayed.event, now=due, decided_by="time"
            )
        except Refusal:
            continue  # what cannot be will not be then
        moved += _moved(decision.row)
        after = members.after_decision(stored_member, decision)
        waiting += [(after, further) for further in decision.row.delayed]
    return moved


def _moved(row: JournalRow) -> int:
    return sum(abs(entry.amount) for entry in row.entries)


def _audit_writes(till: Till, decided: DecidedEvent[int], *, now: datetime) -> list[Write]:
    """An event counts as a receipt does, and what it moves, now and by rules with a delay, as a correction
    does.
    """
    row = decided.row
    return till.audit_writes(
        decided.decision,
        "EVENT",
        now=now,
        subject=row.event.name,
        shift_counts={"purchases": 1, "adjusted": _moved(row) + decided.subject},
    )


async def _recorded_by_key(runtime: Runtime, member_id: str, reply: Reply) -> EventRecorded:
    return _event_recorded(member_id, await load_bound_row(runtime, member_id, reply))


async def _recorded_before(
    runtime: Runtime, receipt_id: str, member_id: str, name: str, checked_data: Mapping[str, Json]
) -> EventRecorded:
    """Return what an event recorded before has brought. Raises IdempotencyKeyConflict for another event."""
    receipt = await receipts.find(runtime.store, receipt_id)
    if receipt is None:
        raise Stale("the event is being written")
    row = await journal.find(runtime.store, receipt.member, receipt.seq)
    if (
        row is None
        or not await is_same_member(runtime, receipt.member, member_id)
        or row.event.name != name
        or _reported_data(row.event, checked_data) != dict(checked_data)
    ):
        raise IdempotencyKeyConflict
    return _event_recorded(receipt.member, row)


def _reported_data(event: Event, checked_data: Mapping[str, Json]) -> dict[str, Json]:
    """Return the data of an event as it was reported: without what deciding completed of a plan's."""
    completed = {"plan", "until"} if event.name in PLAN_EVENTS else set[str]()
    return {
        name: value for name, value in event.data.items() if name in checked_data or name not in completed
    }


def _event_recorded(member_id: str, row: JournalRow) -> EventRecorded:
    return EventRecorded(member_id, row.version, history_entries.row_history(row), row.outcomes)
