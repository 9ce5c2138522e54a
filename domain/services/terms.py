"""The terms of the programme: the version that a member has accepted, which can only be today's."""

from __future__ import annotations

from dataclasses import replace

from domain.model.programme import Programme
from domain.services.desk import Desk
from domain.services.errors import TermsNotAccepted
from domain.services.house import member_of
from domain.store.ledger import members
from domain.store.ledger.members import ProfileChange


def expect_current(programme: Programme, version: str) -> str:
    """Return the version where it is today's. Raises TermsNotAccepted."""
    current = programme.programme.terms.version
    if version != current:
        raise TermsNotAccepted(current)
    return version


async def accept(desk: Desk, *, member: str, version: str) -> None:
    """Keep that a member accepts the terms of today. Raises TermsNotAccepted and NotFound."""

    async def attempt() -> None:
        accepted = expect_current(desk.programme, version)
        kept = await member_of(desk.house, member)
        if kept.details.terms != accepted:
            change = ProfileChange(kept.profile_version, replace(kept.details, terms=accepted))
            await desk.store.transact([members.profile_write(member, change)])

    await desk.store.run_rounds(attempt, queue=member)
