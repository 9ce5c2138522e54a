"""Operators and second factors with four eyes."""

from __future__ import annotations

from datetime import datetime

from domain.services.errors import InvalidInput, NotFound
from domain.services.ledger.till import Till
from domain.services.operations import proposals
from domain.services.operations.proposals import Approval, approval_writes
from domain.services.people import staff
from domain.services.people.identity_runtime import IdentityRuntime
from domain.store.operations.staff_proposals import StaffProposal, StaffProposalEnded
from domain.store.people.staff import Employee


async def propose_operator(
    identity: IdentityRuntime, *, till: Till, operator: Employee, reason: str, key: str, now: datetime
) -> StaffProposal:
    """Ask for an operator to be added, whom `staff.make` has made. Raises NotAllowed, InvalidInput."""
    till.require_operator()
    if await staff.find_by_username(identity.store, operator.username) is not None:
        raise InvalidInput("username", f"There is somebody called {operator.username} already.")
    terms = {
        "id": operator.id,
        "username": operator.username,
        "name": operator.name,
        "stores": list(operator.stores),
        "password": operator.password_hash,
        "member": operator.member,
        "contacts": list(operator.contacts),
    }
    return await proposals.propose(
        identity,
        till=till,
        kind="OPERATOR_ADDED",
        subject=operator.username,
        terms=terms,
        request_input={"username": operator.username, "name": operator.name},
        reason=reason,
        key=key,
        now=now,
    )


async def propose_reset(
    identity: IdentityRuntime, *, till: Till, username: str, reason: str, key: str, now: datetime
) -> StaffProposal:
    """Ask for an employee's second factor to be reset. Raises NotAllowed, InvalidInput."""
    till.require_operator()
    employee = await staff.find_by_username(identity.store, username)
    if employee is None:
        raise InvalidInput("username", f"There is nobody called {username:.64}.")
    return await proposals.propose(
        identity,
        till=till,
        kind="SECOND_FACTOR_RESET",
        subject=employee.username,
        terms={},
        request_input={"username": employee.username},
        reason=reason,
        key=key,
        now=now,
    )


async def add_operator(
    identity: IdentityRuntime, till: Till, proposal: StaffProposal, *, now: datetime
) -> Approval:
    """Add the operator of an approved proposal. Raises InvalidInput, NotFound."""
    terms, setup_key = proposal.terms, staff.new_setup_key()
    operator = Employee(
        id=terms["id"],
        username=terms["username"],
        name=terms["name"],
        role="OPERATOR",
        stores=tuple(terms["stores"]),
        password_hash=terms["password"],
        created_at=now,
        member=terms["member"],
        contacts=tuple(terms["contacts"]),
        made_by=proposal.staff,
    )
    try:
        await staff.admit(
            identity,
            operator,
            setup_key=setup_key,
            actor=proposal.staff,
            reason=proposal.reason,
            also=approval_writes(till, proposal, now=now),
            now=now,
        )
    except StaffProposalEnded:
        raise NotFound("proposal") from None
    return Approval(proposal.kind, setup_key=setup_key)


async def reset_second_factor(
    identity: IdentityRuntime, till: Till, proposal: StaffProposal, *, now: datetime
) -> Approval:
    """Reset the second factor of an approved proposal. Raises InvalidInput, NotFound."""
    setup_key = staff.new_setup_key()
    try:
        await staff.reset_second_factor(
            identity,
            proposal.subject,
            setup_key,
            actor=proposal.staff,
            reason=proposal.reason,
            also=approval_writes(till, proposal, now=now),
            now=now,
        )
    except StaffProposalEnded:
        raise NotFound("proposal") from None
    return Approval(proposal.kind, setup_key=setup_key)
