"""A member's attributes set: checked, kept with the profile, and told to the rules by an event."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from domain.model.event_names import ATTRIBUTES_CHANGED
from domain.model.ledger.decision import Decision
from domain.model.ledger.events import Event
from domain.model.programme import AttributeMalformed, AttributeValue, Programme
from domain.model.programme.attributes import MOST_CHARACTERS, AttributeSetter
from domain.model.programme.models import MOST_ATTRIBUTES
from domain.model.values import dataclass
from domain.services.decisions import commit_decision, decide_event, event_instant, load_member
from domain.services.errors import InvalidInput
from domain.services.input_checks import check_text
from domain.services.runtime import Runtime
from domain.store.document_store import Write
from domain.store.ledger.members import ProfileChange, StoredMember


@dataclass(frozen=True, slots=True)
class AttributeAnswer:
    """What an attribute is to be, written as a text; None takes it away."""

    name: str
    value: str | None


# ---------------------------------------------------------------- rules
def with_answers(
    programme: Programme,
    known: Mapping[str, AttributeValue],
    answers: Sequence[AttributeAnswer],
    *,
    setters: frozenset[AttributeSetter],
) -> dict[str, AttributeValue]:
    """Return attributes with answers of somebody who may set those of `setters`. Raises InvalidInput."""
    specs = {spec.name: spec for spec in programme.attributes if spec.by in setters}
    if not 1 <= len(answers) <= MOST_ATTRIBUTES:
        raise InvalidInput("attributes", f"Set 1 to {MOST_ATTRIBUTES} of them.")
    attributes = dict(known)
    for index, answer in enumerate(answers):
        field, spec = f"attributes[{index}]", specs.get(answer.name)
        if spec is None:
            remedy = (
                f"Write one of {', '.join(specs)}." if specs else "The programme has none to be set here."
            )
            raise InvalidInput(f"{field}.name", remedy)
        if answer.name in {earlier.name for earlier in answers[:index]}:
            raise InvalidInput(f"{field}.name", "Each attribute is set once.")
        if answer.value is None:
            attributes.pop(answer.name, None)
            continue
        try:
            attributes[answer.name] = spec.read(answer.value)
        except AttributeMalformed as error:
            raise InvalidInput(f"{field}.value", str(error)) from None
        if spec.kind == "string":
            check_text(answer.value, field=f"{field}.value", max_length=MOST_CHARACTERS)
    return attributes


# ---------------------------------------------------------------- writes
async def set_attributes(
    runtime: Runtime,
    *,
    member: str,
    answers: Sequence[AttributeAnswer],
    setters: frozenset[AttributeSetter],
    source: str,
    now: datetime,
    check: Callable[[StoredMember], None] = lambda _: None,
    audit: Callable[[Decision], Sequence[Write]] = lambda _: (),
) -> None:
    """Set a member's attributes and raise member.attributes_changed; where nothing changes nothing is
    written. Raises InvalidInput, NotFound and what `check` raises.
    """

    async def attempt() -> None:
        published = runtime.programmes.current()
        stored_member = await load_member(runtime, member)
        check(stored_member)
        before = stored_member.details.attributes
        after = with_answers(published.programme, before, answers, setters=setters)
        if after == before:
            return
        details = replace(stored_member.details, attributes=after)
        names = sorted(name for name in {*before, *after} if before.get(name) != after.get(name))
        event = Event(
            secrets.token_hex(16),
            ATTRIBUTES_CHANGED,
            event_instant(stored_member, now=now),
            source,
            {"attributes": [*names]},
            profile=details.profile,
        )
        decision = await decide_event(runtime, published, stored_member, event, now=now)
        await commit_decision(
            runtime,
            published,
            decision,
            now=now,
            claims=audit(decision),
            profile=ProfileChange(stored_member.profile_version, details),
        )

    await runtime.store.run_rounds(attempt, queue=member)
