"""Consents, stored with their time, wording and source. Granting or withdrawing one is an event for the
rules.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from domain.model.event_names import CONSENTED
from domain.model.ledger.events import Event, Json
from domain.model.programme import ConsentSpec, Programme
from domain.services.decisions import commit_decision, decide_event, event_instant, load_member
from domain.services.errors import InvalidInput
from domain.services.people.identity_runtime import IdentityRuntime
from domain.store.ledger.members import ProfileChange, StoredMember
from domain.store.people.consent_answers import ConsentAnswer

AT_ENROLMENT = "enrolment"
IN_THE_APP = "app"
UNSUBSCRIBE_LINK = "unsubscribe"


@dataclass(frozen=True, slots=True)
class PurposeAnswer:
    """The answer of a person to one purpose, and the version of the wording that they saw."""

    purpose: str
    granted: bool
    wording_version: int


# ---------------------------------------------------------------- rules
def check_answers(
    programme: Programme,
    answers: Sequence[PurposeAnswer],
    *,
    locale: str,
    source: str,
    now: datetime,
    field_prefix: str = "consents[{at}].",
) -> tuple[ConsentAnswer, ...]:
    """Return answers as they are stored, with the wording in the reader's locale. Raises InvalidInput."""
    specs = {spec.purpose: spec for spec in programme.consents}
    answers_by_purpose: dict[str, ConsentAnswer] = {}
    for index, answer in enumerate(answers):
        field = field_prefix.format(at=index)
        spec = specs.get(answer.purpose)
        if spec is None:
            raise InvalidInput(
                f"{field}purpose", f"The programme asks for {', '.join(specs) or 'no consent'}."
            )
        if answer.purpose in answers_by_purpose:
            raise InvalidInput(f"{field}purpose", "Each purpose is answered once.")
        _expect_wording(spec, answer, field)
        wording = spec.wording.for_locale(locale)
        answers_by_purpose[answer.purpose] = ConsentAnswer(
            answer.purpose, answer.granted, now, wording, answer.wording_version, source
        )
    return tuple(answers_by_purpose.values())


def _expect_wording(spec: ConsentSpec, answer: PurposeAnswer, field: str) -> None:
    if answer.wording_version != spec.wordingVersion:
        raise InvalidInput(
            f"{field}wordingVersion",
            f"Show the wording of today, version {spec.wordingVersion}, and ask again.",
        )


# ---------------------------------------------------------------- writes
async def set_consent(
    identity: IdentityRuntime, *, member: str, answer: PurposeAnswer, now: datetime
) -> tuple[ConsentAnswer, ...]:
    """Store a member's answer and raise member.consented; return all their answers.

    The same answer to the same wording again changes nothing. Raises InvalidInput and NotFound.
    """

    def new_answer(stored_member: StoredMember, previous: ConsentAnswer | None) -> ConsentAnswer | None:
        (answer_now,) = check_answers(
            identity.programme,
            [answer],
            locale=stored_member.details.locale,
            source=IN_THE_APP,
            now=now,
            field_prefix="",
        )
        is_same = previous is not None and (previous.granted, previous.wording_version) == (
            answer_now.granted,
            answer_now.wording_version,
        )
        return None if is_same else answer_now

    return await _store_answer(identity, member, answer.purpose, new_answer, now=now)


async def withdraw(identity: IdentityRuntime, *, member: str, purpose: str, now: datetime) -> None:
    """Withdraw a consent by the link of a mail. What is not granted stays as it is.

    It is stored with the wording that was agreed to: no other was shown. Raises NotFound.
    """

    def withdrawn_answer(_kept: StoredMember, previous: ConsentAnswer | None) -> ConsentAnswer | None:
        return (
            replace(previous, granted=False, at=now, source=UNSUBSCRIBE_LINK)
            if previous is not None and previous.granted
            else None
        )

    await _store_answer(identity, member, purpose, withdrawn_answer, now=now)


async def _store_answer(
    identity: IdentityRuntime,
    member: str,
    purpose: str,
    new_answer: Callable[[StoredMember, ConsentAnswer | None], ConsentAnswer | None],
    *,
    now: datetime,
) -> tuple[ConsentAnswer, ...]:
    """Store what `new_answer` makes of a member and their answer so far, and raise its event; None changes
    nothing.
    """

    async def attempt() -> tuple[ConsentAnswer, ...]:
        published = identity.programmes.current()
        stored_member = await load_member(identity, member)
        answers_by_purpose = {one.purpose: one for one in stored_member.details.consents}
        changed_answer = new_answer(stored_member, answers_by_purpose.get(purpose))
        if changed_answer is None:
            return stored_member.details.consents
        details = replace(
            stored_member.details, consents=tuple({**answers_by_purpose, purpose: changed_answer}.values())
        )
        event_data: dict[str, Json] = {
            "purpose": purpose,
            "granted": changed_answer.granted,
            "wordingVersion": changed_answer.wording_version,
        }
        event = Event(
            secrets.token_hex(16),
            CONSENTED,
            event_instant(stored_member, now=now),
            changed_answer.source,
            event_data,
            profile=details.profile,
        )
        decision = await decide_event(identity, published, stored_member, event, now=now)
        await commit_decision(
            identity,
            published,
            decision,
            now=now,
            profile=ProfileChange(stored_member.profile_version, details),
        )
        return details.consents

    return await identity.store.run_rounds(attempt, queue=member)
