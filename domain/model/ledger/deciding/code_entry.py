"""Entering a code: when it counts for a member, and that it counts once for each of them.

How often it counts over all members is held at the door: by the single-use codes of a batch, and by `limit`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from domain.model.ledger.deciding.earning import end_instant_of, instant_of, is_during
from domain.model.ledger.deciding.row_builder import RowBuilder
from domain.model.ledger.decision import CodeRefusalReason, CodeRefused
from domain.model.ledger.events import Json
from domain.model.ledger.member import Member
from domain.model.programme import CodeSpec, Programme
from domain.model.programme.models import MOST_CODES
from domain.model.values import evolve


def code_data(spec: CodeSpec) -> dict[str, Json]:
    """Return the data of code.entered: of a batch its name alone, since what its code was tells nothing."""
    return {"code": spec.code, "batch": spec.batch}


def refusal_of(
    programme: Programme, spec: CodeSpec | None, member: Member, at: datetime
) -> CodeRefusalReason | None:
    """Return why a code counts nothing for a member at an instant; None where it counts.

    One that has not begun is told like one that there is none of: nobody finds it by trying. A frozen member
    is told nothing of any code.
    """
    if member.frozen:
        return "FROZEN"
    during, zone = spec.during if spec is not None else None, programme.zone
    if spec is None or (during and during.from_ is not None and at < instant_of(during.from_, zone)):
        return "UNKNOWN"
    if spec.name in member.codes:
        return "ENTERED_BEFORE"
    if during is not None and during.until is not None and at >= end_instant_of(during.until, zone):
        return "OVER"
    return None if is_during(during, at, zone) else "NOT_NOW"


def enter(builder: RowBuilder) -> None:
    """Let a code count. Raises CodeRefused."""
    programme, member = builder.programme, builder.member
    name = builder.event.data.get("code") or builder.event.data.get("batch")
    spec = next((spec for spec in programme.codes if spec.name == name), None)
    reason = refusal_of(programme, spec, member, builder.event.at)
    if reason is not None:
        raise CodeRefused(reason)
    if spec is not None and spec.code is not None:
        codes = {**_within_bound(programme, member.codes), spec.code: builder.event.at}
        builder.member = evolve(member, codes=codes)


def _within_bound(programme: Programme, codes: Mapping[str, datetime]) -> Mapping[str, datetime]:
    """Return the codes that a member has entered; beyond the bound without those that the programme has no
    more, of which there are always enough.
    """
    if len(codes) < MOST_CODES:
        return codes
    current = {spec.code for spec in programme.codes}
    return {code: at for code, at in codes.items() if code in current}
