"""Consents, stored with their time, wording and source. Granting or withdrawing one is an event for the
rules.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from domain.model.event_names import CONSENTED
from domain.model.ledger.events import Event, Json
from domain.model.programme import ConsentSpec, Programme
from domain.model.values import dataclass
from domain.services.decisions import commit_decision, decide_event, event_instant, load_member
from domain.services.errors import InvalidInput
from domain.services.people.identity_runtime import IdentityRuntime
from domain.services.runtime import Runtime
from domain.store.ledger.members import ProfileChange, StoredMember
from domain.store.people import consent_histories
from domain.store.people.consent_answers import ConsentAnswer

AT_ENROLMENT = "enrolment"
IN_THE_APP = "app"
UNSUBSCRIBE_LINK = "unsubscribe"


@dataclass(frozen=True, slots=True)
class PurposeAnswer:
    """The answer of a person to one purpose, and the version of the wording that they saw. The field names go
    into a stored hash; `channels`, which is newer, only where there are some.
    """

    purpose: str
    granted: bool
    wording_version: int
    channels: tuple[str, ...] | None = None  # those agreed to; None for all of the purpose


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
            answer.purpose,
            answer.granted,
            now,
            wording,
            answer.wording_version,
            source,
            _agreed_channels(spec, answer, field),
        )
    return tuple(answers_by_purpose.values())


def _agreement(answer: ConsentAnswer) -> tuple[bool, int, tuple[str, ...] | None]:
    """Return what makes two answers the same."""
    return answer.granted, answer.wording_version, answer.channels


def _expect_wording(spec: ConsentSpec, answer: PurposeAnswer, field: str) -> None:
    if answer.wording_version != spec.wordingVersion:
        raise InvalidInput(
            f"{field}wordingVersion",
            f"Show the wording of today, version {spec.wordingVersion}, and ask again.",
        )


def _agreed_channels(spec: ConsentSpec, answer: PurposeAnswer, field: str) -> tuple[str, ...] | None:
    """Return the channels that an answer agrees to, those of today where it names none, so that one which the
    programme adds later is asked for; None where the purpose has none, or is refused. Raises InvalidInput.
    """
    if answer.channels is None:
        return spec.channels if spec.channels and answer.granted else None
    if not answer.granted or not answer.channels:
        raise InvalidInput(
            f"{field}channels",
            "Name channels, at least one, only where granted is true; granted: false refuses all.",
        )
    for channel in answer.channels:
        if channel not in spec.channels:
            choice = f"for {', '.join(spec.channels)}" if spec.channels else "for none: leave them out"
            raise InvalidInput(f"{field}channels", f"{spec.purpose} asks {choice}.")
    return tuple(channel for channel in spec.channels if channel in answer.channels)


def without_channel(spec: ConsentSpec | None, answer: ConsentAnswer, channel: str) -> ConsentAnswer:
    """Return an answer that no longer agrees to a channel: refused as a whole where no other is left."""
    agreed = answer.channels if answer.channels is not None else spec.channels if spec is not None else ()
    left = tuple(other for other in agreed if other != channel)
    return replace(answer, granted=bool(left), channels=left or None)


# ---------------------------------------------------------------- reads
async def answer_history(
    runtime: Runtime, *, member: str, newest: Sequence[ConsentAnswer]
) -> list[ConsentAnswer]:
    """Return all stored answers of a member, the newest of each purpose first: `newest`, which are those of
    the profile, then those that they took the place of.
    """
    return [*newest, *reversed(await consent_histories.find(runtime.store, member))]


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
        is_same = previous is not None and _agreement(previous) == _agreement(answer_now)
        return None if is_same else answer_now

    return await _store_answer(identity, member, answer.purpose, new_answer, now=now)


async def withdraw(identity: IdentityRuntime, *, member: str, purpose: str, now: datetime) -> None:
    """Withdraw a consent by the link of a mail: for mails, where it was given by channel, else as a whole.
    What is not granted stays as it is.

    It is stored with the wording that was agreed to: no other was shown. Raises NotFound.
    """

    def withdrawn_answer(_member: StoredMember, previous: ConsentAnswer | None) -> ConsentAnswer | None:
        if previous is None or not previous.covers("email"):
            return None
        spec = next((spec for spec in identity.programme.consents if spec.purpose == purpose), None)
        return replace(without_channel(spec, previous, "email"), at=now, source=UNSUBSCRIBE_LINK)

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
        earlier_answer = answers_by_purpose.get(purpose)
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
            claims=[consent_histories.add_write(member, earlier_answer)]
            if earlier_answer is not None
            else [],
            profile=ProfileChange(stored_member.profile_version, details),
        )
        return details.consents

    return await identity.store.run_rounds(attempt, queue=member)
