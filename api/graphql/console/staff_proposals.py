"""What an operator may not do alone, beside corrections: one person asks for it, a second one approves."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from enum import Enum
from typing import Annotated

import strawberry

from api.graphql.engine.enums import enum_of_words
from api.graphql.engine.ids import encode_id
from api.graphql.engine.problems import (
    NotAllowed,
    refusals_as_problems,
)
from api.graphql.engine.shared_types import Info
from api.graphql.engine.titles import find_spec, reward_title
from api.graphql.member.actions.redemption import RewardLocked
from api.graphql.till.audit_trail import OF_SEGMENTS
from api.graphql.till.till_session import till_of
from domain.services.ledger.till import Till
from domain.services.operations import bulk_corrections, client_keys, gifts, proposals, workforce
from domain.services.operations.proposals import Approval
from domain.services.people import staff
from domain.services.people.identity_runtime import IdentityRuntime
from domain.services.segments import sending, tags
from domain.store.operations import staff_proposals
from domain.store.operations.staff_proposals import StaffProposal as StoredProposal

LONGEST_ID = 64
CarryOut = Callable[..., Awaitable[Approval]]


@enum_of_words(staff_proposals.ProposalKind, description="What takes a second person.")
class StaffProposalKind(Enum):
    OPERATOR_ADDED = strawberry.enum_value("OPERATOR_ADDED", description="An operator joins.")
    SECOND_FACTOR_RESET = strawberry.enum_value(
        "SECOND_FACTOR_RESET", description="An employee's second factor is taken away."
    )
    CLIENT_ADDED = strawberry.enum_value("CLIENT_ADDED", description="A system gets a key.")
    CLIENT_CHANGED = strawberry.enum_value("CLIENT_CHANGED", description="A system's keys may do otherwise.")
    CLIENT_KEY_ROTATED = strawberry.enum_value("CLIENT_KEY_ROTATED", description="A system gets another key.")
    REWARD_GIVEN = strawberry.enum_value("REWARD_GIVEN", description="A member gets a reward for nothing.")
    BULK_CORRECTION = strawberry.enum_value(
        "BULK_CORRECTION", description="The corrections of a file are made."
    )
    MESSAGE_SENT = strawberry.enum_value(
        "MESSAGE_SENT", description="A message is sent once to a segment, which is the subject."
    )
    TAGS_OF_MANY = strawberry.enum_value("TAGS_OF_MANY", description="Tags of many members are changed.")


@strawberry.type(description="What waits for somebody else to approve it.")
class StaffProposal:
    proposal: str = strawberry.field(description="What `approveProposal` takes.")
    proposal_kind: StaffProposalKind = strawberry.field(description="What is asked for.")
    subject: str = strawberry.field(
        description="About what: a username, a system's name, a reward's code, or a count of corrections."
    )

    @strawberry.field(
        description="The reward's title, or the segment's name, in the reader's language; else null."
    )
    async def subject_title(self, info: Info) -> str | None:
        if self.proposal_kind.name in OF_SEGMENTS:
            audience = await info.context.loaders.audience()
            spec = find_spec(audience.programme.segment, self.subject)
            return None if spec is None else audience.text(spec.name)
        if self.proposal_kind is not StaffProposalKind.REWARD_GIVEN:
            return None
        audience = await info.context.loaders.audience()
        return reward_title(audience.programme, self.subject, audience.locale)

    terms: list[str] = strawberry.field(
        description="What was asked for in detail, as words and figures of the command line."
    )
    customer: strawberry.ID | None = strawberry.field(
        description="Whom it concerns, by the customer's id; null where that is nobody or many."
    )
    reason: str = strawberry.field(description="As the colleague gave it.")
    proposed_by: str = strawberry.field(description="The colleague's name.")
    proposed_at: datetime = strawberry.field(description="When.")
    expires_at: datetime = strawberry.field(description="Until when it can be approved.")
    is_own: bool = strawberry.field(description="Whether the caller asked for it, and so cannot approve it.")
    is_under_way: bool = strawberry.field(
        description="Whether the caller has approved it, and has to approve it again for what is left."
    )


@strawberry.input(description="Which proposal of a colleague.")
class ApproveProposalInput:
    proposal: str = strawberry.field(description="`proposal` of one of `staffProposals`.")


@strawberry.input(description="Which proposal, and why not.")
class DeclineProposalInput:
    proposal: str = strawberry.field(description="`proposal` of one of `staffProposals`.")
    reason: str = strawberry.field(description="Why, 1 to 500 characters; kept in the audit trail.")


@strawberry.type(description="It waits for somebody else.")
class StaffProposed:
    proposal: StaffProposal = strawberry.field(description="As the colleague sees it.")


@strawberry.type(
    description="It is done. What is secret is shown this once: hand it to whom it is for, and keep no copy."
)
class ProposalApproved:
    proposal_kind: StaffProposalKind = strawberry.field(description="What was asked for.")
    setup_key: str | None = strawberry.field(
        description="For an employee who enrols a second factor, who has the password from somebody else."
    )
    client_key: str | None = strawberry.field(description="A system's key.")
    signing_secret: str | None = strawberry.field(description="By which the system may sign instead.")
    left: int = strawberry.field(
        description="How much of it is still to be done: approve it again until this is 0."
    )
    refused: int = strawberry.field(
        description="How many corrections could not be made, since a wallet held less by then."
    )


@strawberry.type(description="It will not be done.")
class ProposalDeclined:
    proposal: str = strawberry.field(description="Which one.")


ApproveProposalResult = Annotated[
    ProposalApproved | RewardLocked | NotAllowed,
    strawberry.union("ApproveProposalResult", description="Done, or why not."),
]
DeclineProposalResult = Annotated[
    ProposalDeclined | NotAllowed,
    strawberry.union("DeclineProposalResult", description="Declined, or why not."),
]

_CARRY_OUT: Mapping[staff_proposals.ProposalKind, CarryOut] = {
    "OPERATOR_ADDED": workforce.add_operator,
    "SECOND_FACTOR_RESET": workforce.reset_second_factor,
    "CLIENT_ADDED": client_keys.carry_out,
    "CLIENT_CHANGED": client_keys.carry_out,
    "CLIENT_KEY_ROTATED": client_keys.carry_out,
}
# These move a ledger, whose clock a demo may have moved.
_CARRY_OUT_ON_LEDGER: Mapping[staff_proposals.ProposalKind, CarryOut] = {
    "REWARD_GIVEN": gifts.give_reward,
    "BULK_CORRECTION": bulk_corrections.make,
    "MESSAGE_SENT": sending.send_approved,
    "TAGS_OF_MANY": tags.change_approved,
}
# What of a proposal's terms a colleague reads before they approve; the rest is not for eyes.
_ANY = "any"  # no address, no store named: all of them. A system always has a scope.
_SHOWN = (
    "name",
    "stores",
    "source",
    "store",
    "kind",
    "scopes",
    "addresses",
    "bounds",
    "expires_at",
    "keep_hours",
    "segment",
    "reached",
    "begins_at",
    "channels",
    "purpose",
    "add",
    "remove",
)


@strawberry.type
class StaffProposalQuery:
    @strawberry.field(
        description="Service: what waits for a second person, at most 100, the one that lapses first before"
        " the others."
    )
    async def staff_proposals(self, info: Info) -> list[StaffProposal]:
        runtime = info.context.dependencies.runtime
        stored = await proposals.list_open(runtime, now=info.context.loaders.world_now)
        names = {each.id: each.name for each in await staff.list_staff(runtime.store)}
        return [proposal_of(info, each, names) for each in stored]


@strawberry.type
class StaffProposalMutation:
    @strawberry.mutation(
        description=(
            "Operators: has done what a colleague asked for. Nobody approves what they asked for themselves,"
            " or by an account that is theirs or of their making, nor by an account that is new or was reset"
            " less than a day ago."
        )
    )
    @refusals_as_problems
    async def approve_proposal(self, info: Info, input: ApproveProposalInput) -> ApproveProposalResult:
        approval = await _approve(info, till_of(info), input.proposal[:LONGEST_ID])
        return ProposalApproved(
            proposal_kind=StaffProposalKind[approval.kind],
            setup_key=approval.setup_key,
            client_key=approval.client_key,
            signing_secret=approval.signing_secret,
            left=approval.left_count,
            refused=approval.refused_count,
        )

    @strawberry.mutation(
        description="Operators: declines what a colleague asked for; whoever asked takes it back by the same."
    )
    @refusals_as_problems
    async def decline_proposal(self, info: Info, input: DeclineProposalInput) -> DeclineProposalResult:
        proposal = input.proposal[:LONGEST_ID]
        await proposals.decline(
            info.context.dependencies.runtime,
            till=till_of(info),
            proposal_id=proposal,
            reason=input.reason,
            now=info.context.loaders.world_now,
        )
        return ProposalDeclined(proposal=proposal)


async def _approve(info: Info, till: Till, proposal_id: str) -> Approval:
    runtime: IdentityRuntime = info.context.dependencies.runtime
    now = info.context.loaders.world_now
    proposal = await proposals.load_for_approval(runtime, till=till, proposal_id=proposal_id, now=now)
    if proposal.kind in _CARRY_OUT_ON_LEDGER:
        carry_out = _CARRY_OUT_ON_LEDGER[proposal.kind]
        return await carry_out(runtime, till, proposal, now=info.context.loaders.now, world_now=now)
    return await _CARRY_OUT[proposal.kind](runtime, till, proposal, now=now)


def proposal_of(info: Info, stored: StoredProposal, names: Mapping[str, str]) -> StaffProposal:
    """Return a proposal as staff see it; `names` are those of employees by id."""
    [member] = stored.members if len(stored.members) == 1 else [None]
    caller = info.context.staff().staff_id
    return StaffProposal(
        proposal=stored.id,
        proposal_kind=StaffProposalKind[stored.kind],
        subject=stored.subject,
        terms=_terms_of(stored),
        customer=None if member is None else strawberry.ID(encode_id("Customer", member)),
        reason=stored.reason,
        proposed_by=names.get(stored.staff, stored.staff),
        proposed_at=stored.at,
        expires_at=stored.until,
        is_own=stored.staff == caller,
        is_under_way=stored.approved_by == caller,
    )


async def proposed_by_caller(info: Info, stored: StoredProposal) -> StaffProposed:
    """Return a proposal of the caller's own as they see it."""
    caller = await staff.find(info.context.dependencies.runtime.store, stored.staff)
    names = {} if caller is None else {caller.id: caller.name}
    return StaffProposed(proposal=proposal_of(info, stored, names))


def _terms_of(stored: StoredProposal) -> list[str]:
    terms = [
        f"{name}: {_words(stored.terms[name]) or _ANY}"
        for name in _SHOWN
        if stored.terms.get(name) not in (None, {}) and (name not in ("add", "remove") or stored.terms[name])
    ]
    terms += [f"{name}: {text}" for name, text in stored.terms.get("texts", {}).items()]
    amounts: dict[str, list[int]] = {}
    for row in stored.terms.get("rows", ()):
        amounts.setdefault(row["wallet"], []).append(row["amount"])
    return terms + [f"{wallet}: {_moved(each)}" for wallet, each in sorted(amounts.items())]


def _moved(amounts: Sequence[int]) -> str:
    """Return what corrections move together, and the largest of them: one among many is what is hidden."""
    added, taken = sum(each for each in amounts if each > 0), -sum(each for each in amounts if each < 0)
    return f"+{added}, -{taken}, at most {max(map(abs, amounts))} at once"


def _words(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {amount}" for name, amount in value.items())
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
