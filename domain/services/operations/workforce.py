"""Employees put on the list, operators and second factors with four eyes.

A request is answered again by its key. It is told from another one also by stores, contacts and password, of
which a keyed hash alone is stored.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime

from domain.model.people.second_factor import KEY_BYTES, hash_long_code, make_long_code
from domain.model.people.sign_in import input_hash, setup_key_bytes
from domain.model.values import dataclass
from domain.services import input_checks
from domain.services.errors import InvalidInput, NotFound
from domain.services.idempotency import KeyBinding, recall_reply, run_once
from domain.services.ledger.till import Till
from domain.services.operations import proposals
from domain.services.operations.proposals import Approval, approval_writes
from domain.services.people import staff
from domain.services.people.identity_runtime import IdentityRuntime
from domain.store.operations.staff_proposals import StaffProposal, StaffProposalEnded
from domain.store.people.sessions import StaffRole
from domain.store.people.staff import Employee
from domain.store.requests import Reply, RequestKey


@dataclass(frozen=True, slots=True)
class WantedEmployee:
    """Who is to be put on the list, as `staff.make` takes them."""

    username: str
    name: str
    role: StaffRole
    store_codes: tuple[str, ...]
    password: str
    member_number: str | None = None
    email: str | None = None
    phone: str | None = None


@dataclass(frozen=True, slots=True)
class AddedEmployee:
    """Somebody on the list, and the key by which they enrol a second factor where they are to and have not
    yet.
    """

    username: str
    setup_key: str | None


# ---------------------------------------------------------------- adding
async def add_employee(
    identity: IdentityRuntime, *, till: Till, wanted: WantedEmployee, reason: str, key: str, now: datetime
) -> AddedEmployee | StaffProposal:
    """Put an employee on the list; an operator is proposed. Raises NotAllowed, InvalidInput,
    IdempotencyKeyConflict, NotFound, Busy.
    """
    till.require_operator()
    input_checks.check_text(reason, field="reason", max_length=input_checks.MAX_REASON_LENGTH)
    request_input = _request_input(identity, wanted)
    if wanted.role == "OPERATOR":
        operator = await _make(identity, wanted, till, now=now)
        return await _propose_operator(
            identity, till, operator, request_input, reason=reason, key=key, now=now
        )
    request = till.request_key("addEmployee", key, {**request_input, "reason": reason})
    if (reply := await recall_reply(identity, request, now=now)) is not None:
        return await _added_before(identity, request, reply, now=now)
    employee, salt = await _make(identity, wanted, till, now=now), secrets.token_hex(16)
    needs_factor = staff.role_needs_second_factor(identity, wanted.role)
    setup_key = _setup_key_of(identity, request, salt) if needs_factor else None

    async def act(binding: KeyBinding) -> AddedEmployee:
        admitted = await staff.admit(
            identity,
            employee,
            setup_key=setup_key,
            actor=till.staff,
            reason=reason,
            also=[binding.write_for({"employee": employee.id, "salt": salt})],
            now=now,
        )
        return AddedEmployee(admitted.username, setup_key)

    return await run_once(
        identity,
        request=request,
        queue=f"employees:{till.staff}",
        now=now,
        act=act,
        answer_again=lambda reply: _added_before(identity, request, reply, now=now),
    )


def _request_input(identity: IdentityRuntime, wanted: WantedEmployee) -> Mapping[str, object]:
    """Return what a request is told from another one by."""
    private = [wanted.password, wanted.member_number, wanted.email, wanted.phone]
    return {
        "username": wanted.username,
        "name": wanted.name,
        "role": wanted.role,
        "stores": list(wanted.store_codes),
        "private": input_hash(identity.secret, *(text or "" for text in private)),
    }


async def _make(identity: IdentityRuntime, wanted: WantedEmployee, till: Till, *, now: datetime) -> Employee:
    return await staff.make(
        identity,
        username=wanted.username,
        name=wanted.name,
        role=wanted.role,
        store_codes=wanted.store_codes,
        password=wanted.password,
        member_number=wanted.member_number,
        email=wanted.email,
        phone=wanted.phone,
        made_by=till.staff,
        now=now,
    )


def _setup_key_of(identity: IdentityRuntime, request: RequestKey, salt: str) -> str:
    made_of = setup_key_bytes(
        identity.secret, request=request.id, request_input=request.input_hash, salt=salt
    )
    return make_long_code(made_of[:KEY_BYTES])


async def _added_before(
    identity: IdentityRuntime, request: RequestKey, reply: Reply, *, now: datetime
) -> AddedEmployee:
    """Return whom the key has put on the list; the set-up key while it still works. Raises NotFound."""
    employee = await staff.find(identity.store, str(reply["employee"]))
    if employee is None:
        raise NotFound("employee")
    setup_key, waiting = _setup_key_of(identity, request, str(reply["salt"])), employee.setup_key
    works = waiting is not None and waiting.hashed == hash_long_code(setup_key) and now < waiting.expires_at
    return AddedEmployee(employee.username, setup_key if works else None)


async def _propose_operator(
    identity: IdentityRuntime,
    till: Till,
    operator: Employee,
    request_input: Mapping[str, object],
    *,
    reason: str,
    key: str,
    now: datetime,
) -> StaffProposal:
    """Ask for an operator to be added, whom `staff.make` has made."""
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
        request_input=request_input,
        reason=reason,
        key=key,
        now=now,
    )


# ---------------------------------------------------------------- second factors
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


# ---------------------------------------------------------------- what is approved
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
