"""Consents, kept as they were given: who, when, to which wording and where. Granting or taking back is an
event that rules may answer.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from domain.model.event_names import CONSENTED
from domain.model.ledger.events import Event, Json
from domain.model.programme import ConsentSpec, Programme
from domain.services.desk import Desk
from domain.services.errors import InvalidInput
from domain.services.house import committed, decided, member_of, moment
from domain.store.ledger.members import ProfileChange, StoredMember
from domain.store.people.sign_in_codes import ConsentAnswer

AT_ENROLMENT = "enrolment"
IN_THE_APP = "app"
UNSUBSCRIBED = "unsubscribe"


@dataclass(frozen=True, slots=True)
class Answer:
    """What somebody answered to one purpose, and which wording they had before them."""

    purpose: str
    granted: bool
    wording_version: int


# ---------------------------------------------------------------- rules
def given(
    programme: Programme,
    answers: Sequence[Answer],
    *,
    locale: str,
    source: str,
    now: datetime,
    place: str = "consents[{at}].",
) -> tuple[ConsentAnswer, ...]:
    """Return answers as they are kept, with the wording in the locale it was read in. Raises InvalidInput."""
    specs = {spec.purpose: spec for spec in programme.consents}
    kept: dict[str, ConsentAnswer] = {}
    for at, answer in enumerate(answers):
        field = place.format(at=at)
        spec = specs.get(answer.purpose)
        if spec is None:
            raise InvalidInput(
                f"{field}purpose", f"The programme asks for {', '.join(specs) or 'no consent'}."
            )
        if answer.purpose in kept:
            raise InvalidInput(f"{field}purpose", "Each purpose is answered once.")
        _expect_wording(spec, answer, field)
        wording = spec.wording.for_locale(locale)
        kept[answer.purpose] = ConsentAnswer(
            answer.purpose, answer.granted, now, wording, answer.wording_version, source
        )
    return tuple(kept.values())


def _expect_wording(spec: ConsentSpec, answer: Answer, field: str) -> None:
    if answer.wording_version != spec.wordingVersion:
        raise InvalidInput(
            f"{field}wordingVersion",
            f"Show the wording of today, version {spec.wordingVersion}, and ask again.",
        )


# ---------------------------------------------------------------- writes
async def set_consent(desk: Desk, *, member: str, answer: Answer, now: datetime) -> tuple[ConsentAnswer, ...]:
    """Keep a member's answer and raise member.consented; the same answer to the same wording again changes
    nothing.

    Returns all their answers. Raises InvalidInput, and NotFound where the member is no more.
    """

    def answered(kept: StoredMember, old: ConsentAnswer | None) -> ConsentAnswer | None:
        (new,) = given(
            desk.programme, [answer], locale=kept.details.locale, source=IN_THE_APP, now=now, place=""
        )
        same = old is not None and (old.granted, old.wording_version) == (new.granted, new.wording_version)
        return None if same else new

    return await _keep(desk, member, answer.purpose, answered, now=now)


async def withdraw(desk: Desk, *, member: str, purpose: str, now: datetime) -> None:
    """Take back what a member agreed to, by the link of a mail; what is not granted stays as it is.

    It is kept with the wording that was agreed to: none other was shown. Raises NotFound where the member is
    no more.
    """

    def taken_back(_kept: StoredMember, old: ConsentAnswer | None) -> ConsentAnswer | None:
        return (
            replace(old, granted=False, at=now, source=UNSUBSCRIBED)
            if old is not None and old.granted
            else None
        )

    await _keep(desk, member, purpose, taken_back, now=now)


async def _keep(
    desk: Desk,
    member: str,
    purpose: str,
    answered: Callable[[StoredMember, ConsentAnswer | None], ConsentAnswer | None],
    *,
    now: datetime,
) -> tuple[ConsentAnswer, ...]:
    """Keep what `answered` makes of a member and their answer so far, and raise its event; None changes
    nothing.
    """

    async def attempt() -> tuple[ConsentAnswer, ...]:
        published = desk.house.programmes.current()
        kept = await member_of(desk.house, member)
        before = {one.purpose: one for one in kept.details.consents}
        new = answered(kept, before.get(purpose))
        if new is None:
            return kept.details.consents
        details = replace(kept.details, consents=tuple({**before, purpose: new}.values()))
        data: dict[str, Json] = {
            "purpose": purpose,
            "granted": new.granted,
            "wordingVersion": new.wording_version,
        }
        event = Event(
            secrets.token_hex(16), CONSENTED, moment(kept, now=now), new.source, data, profile=details.profile
        )
        decision = await decided(desk.house, published, kept, event, now=now)
        await committed(
            desk.house, published, decision, now=now, profile=ProfileChange(kept.profile_version, details)
        )
        return details.consents

    return await desk.store.run_rounds(attempt, queue=member)
