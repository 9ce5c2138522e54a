"""The terms of the programme: a member accepts the current version, no other."""

from __future__ import annotations

from dataclasses import replace

from domain.model.programme import Programme
from domain.services.decisions import load_member
from domain.services.errors import TermsNotAccepted
from domain.services.people.identity_runtime import IdentityRuntime
from domain.store.ledger import members
from domain.store.ledger.members import ProfileChange


def check_current(programme: Programme, version: str) -> str:
    """Return the version where it is the current one. Raises TermsNotAccepted."""
    current = programme.programme.terms.version
    if version != current:
        raise TermsNotAccepted(current)
    return version


async def accept_terms(identity: IdentityRuntime, *, member: str, version: str) -> None:
    """Store that a member accepts the current terms. Raises TermsNotAccepted and NotFound."""

    async def attempt() -> None:
        current_version = check_current(identity.programme, version)
        stored_member = await load_member(identity, member)
        if stored_member.details.terms != current_version:
            change = ProfileChange(
                stored_member.profile_version, replace(stored_member.details, terms=current_version)
            )
            await identity.store.transact([members.profile_write(member, change)])

    await identity.store.run_rounds(attempt, queue=member)
