"""Events that other systems and managers report: those the programme file declares, plan.* and
survey.answered.

An event's lasting identity in its source makes it count once, whatever key it comes with. Its data are what
the file declares, no more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from domain.model import event_names
from domain.model.calendar import milliseconds
from domain.model.ledger.decision import JournalRow, MemberFrozen, Outcome
from domain.model.ledger.events import Event, Json
from domain.model.programme import Programme
from domain.services import given
from domain.services.errors import Conflicting, InvalidInput
from domain.services.house import Binding, House, committed, decided, member_of, moment, once
from domain.services.tills import Till
from domain.store.document_store import Stale
from domain.store.ledger import journal, members, receipts
from domain.store.ledger.members import HistoryEntry
from domain.store.ledger.receipts import ReceiptTaken
from domain.store.requests import Reply, request_key, store_scope

LARGEST_NUMBER = 2**53
LONGEST_TEXT = 500
PLANS = (event_names.PLAN_STARTED, event_names.PLAN_RENEWED, event_names.PLAN_ENDED)


# ---------------------------------------------------------------- values
@dataclass(frozen=True, slots=True)
class EventRecorded:
    """What an event brought."""

    member_id: str
    version: int
    told: tuple[HistoryEntry, ...]
    outcomes: tuple[Outcome, ...]


# ---------------------------------------------------------------- pure rules
def checked_data(programme: Programme, name: str, data: Mapping[str, object]) -> dict[str, Json]:
    """Return an event's data as its declaration has them. Raises InvalidInput naming the field."""
    if name in PLANS:
        return _plan(programme, name, data)
    if name == event_names.SURVEY_ANSWERED:
        return _survey(programme, data)
    spec = next((one for one in programme.events if one.name == name), None)
    if spec is None:
        raise InvalidInput("name", "The programme declares no such event.")
    unknown = sorted(data.keys() - spec.data.keys())
    if unknown:
        raise InvalidInput(f"data.{unknown[0]}", "The programme declares no such field.")
    return {
        field: _typed(field, kind, data[field])
        for field, kind in spec.data.items()
        if data.get(field) is not None
    }


def _typed(field: str, kind: str, value: object) -> Json:
    match kind:
        case "bool" if isinstance(value, bool):
            return value
        case "int" if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= LARGEST_NUMBER:
            return value
        case "string" if isinstance(value, str) and len(value) <= LONGEST_TEXT and "\0" not in value:
            return value
        case "date" if isinstance(value, str) and _is_day(value):
            return value
    raise InvalidInput(f"data.{field}", f"Write a {kind}.")


def _is_day(text: str) -> bool:
    try:
        return len(text) == 10 and bool(date.fromisoformat(text))
    except ValueError:
        return False


def _plan(programme: Programme, name: str, data: Mapping[str, object]) -> dict[str, Json]:
    allowed = {"plan"} if name == event_names.PLAN_ENDED else {"plan", "until"}
    if unknown := sorted(data.keys() - allowed):
        raise InvalidInput(f"data.{unknown[0]}", "A plan's event has no such field.")
    out: dict[str, Json] = {}
    code = data.get("plan")
    if code is not None or name != event_names.PLAN_ENDED:
        if all(spec.code != code for spec in programme.plans):
            raise InvalidInput("data.plan", "The programme has no such plan.")
        out["plan"] = str(code)
    if (until := data.get("until")) is not None:
        out["until"] = _instant(until).isoformat()
    return out


def _instant(value: object) -> datetime:
    try:
        at = datetime.fromisoformat(str(value))
    except ValueError:
        raise InvalidInput("data.until", "Write an instant such as 2026-12-31T23:59:59.000Z.") from None
    if at.tzinfo is None:
        raise InvalidInput("data.until", "Write an instant with its zone, such as 2026-12-31T23:59:59.000Z.")
    return milliseconds(at)


def _survey(programme: Programme, data: Mapping[str, object]) -> dict[str, Json]:
    if unknown := sorted(data.keys() - {"survey", "score"}):
        raise InvalidInput(f"data.{unknown[0]}", "An answer has no such field.")
    code, score = data.get("survey"), data.get("score")
    spec = next((one for one in programme.surveys if one.code == code), None)
    if spec is None:
        raise InvalidInput("data.survey", "The programme has no such survey.")
    return {"survey": spec.code, "score": given.score(score, among=spec.scores, field="data.score")}


# ---------------------------------------------------------------- writes
async def record(
    house: House,
    *,
    till: Till,
    member_id: str,
    name: str,
    data: Mapping[str, object],
    occurred_at: datetime | None,
    external_id: str,
    key: str,
    now: datetime,
) -> EventRecorded:
    """Record an event of a member. Raises NotAllowed, MemberFrozen, Conflicting; InvalidInput, NotFound,
    Busy.
    """
    till.need_manager()
    given.identifier(external_id, field="externalId")
    given.identifier(key, field="idempotencyKey")
    if occurred_at is not None:
        given.past(occurred_at, now=now)
    said = checked_data(house.programmes.current().programme, name, data)
    identity = receipts.event_id(source=till.source, store=till.store, external_id=external_id)
    at_text = occurred_at.isoformat() if occurred_at else None
    asked = {"member": member_id, "name": name, "data": said, "at": at_text, "externalId": external_id}
    request = request_key(
        scope=store_scope(till.store), key=key, operation="recordEvent", request_input=asked
    )

    async def act(binding: Binding) -> EventRecorded:
        published = house.programmes.current()
        till.need_other(member_id)
        kept = await member_of(house, member_id)
        if kept.member.frozen:
            raise MemberFrozen("a frozen member earns nothing")
        at = moment(kept, now=now, occurred_at=occurred_at)
        decision = await decided(
            house, published, kept, Event(f"event:{identity}", name, at, till.source, said), now=now
        )
        bind = binding.to({"member": member_id, "seq": decision.row.seq})
        claim = receipts.claim_write(identity, member=member_id, row=decision.row)
        trail = till.trail(decision, "EVENT", now=now, subject=name)
        try:
            await committed(house, published, decision, now=now, request=bind, claims=[claim, *trail])
        except ReceiptTaken:
            return _result(member_id, await _recorded_before(house, identity, member_id, name, said))
        return _result(member_id, decision.row)

    async def again(reply: Reply) -> EventRecorded:
        row = await journal.find(house.store, member_id, int(str(reply["seq"])))
        assert row is not None, "a bound key's row is in the journal"
        return _result(member_id, row)

    return await once(house, request=request, queue=member_id, now=now, act=act, again=again)


async def _recorded_before(
    house: House, identity: str, member_id: str, name: str, said: Mapping[str, Json]
) -> JournalRow:
    """Return the row of an event recorded before. Raises Conflicting where it was another event."""
    found = await receipts.find(house.store, identity)
    if found is None:
        raise Stale("the event is being written")
    row = await journal.find(house.store, found.member, found.seq)
    if (
        row is None
        or found.member != member_id
        or row.event.name != name
        or dict(row.event.data) != dict(said)
    ):
        raise Conflicting
    return row


def _result(member_id: str, row: JournalRow) -> EventRecorded:
    return EventRecorded(member_id, row.version, members.row_history(row), row.outcomes)
