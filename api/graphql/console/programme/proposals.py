"""Publishing with four eyes: an operator proposes a version, another approves or declines it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import Enum
from typing import Annotated

import strawberry

from api.graphql.console.programme.drafts import ProgrammeFault, faults_of
from api.graphql.console.programme.versions import names_of_staff
from api.graphql.engine.audience import Audience
from api.graphql.engine.descriptions import IDEMPOTENCY_KEY
from api.graphql.engine.enums import enum_of_words
from api.graphql.engine.problems import IdempotencyConflict, NotAllowed, refusals_as_problems, renders
from api.graphql.engine.shared_types import Info, Problem
from api.graphql.till.till_session import till_of
from api.texts import say
from domain.services.publishing import proposals
from domain.store.figures import backtests
from domain.store.figures.backtests import Backtest
from domain.store.publishing import programme_proposals
from domain.store.publishing.programme_proposals import ProgrammeProposal as StoredProposal

LONGEST_ID = 64
ProposalId = Annotated[str, strawberry.argument(description="`proposal` of one of `programmeProposals`.")]


@enum_of_words(programme_proposals.ProposalState, description="Where a proposed version stands.")
class ProgrammeProposalState(Enum):
    WAITING = strawberry.enum_value("WAITING", description="For another operator, a week at most.")
    SCHEDULED = strawberry.enum_value(
        "SCHEDULED", description="It is approved, and published at its instant."
    )
    DROPPED = strawberry.enum_value(
        "DROPPED",
        description="It was approved and not published: another version was first, or it has faults by now.",
    )


@strawberry.type(description="A version that an operator proposed.")
class ProgrammeProposal:
    proposal: str = strawberry.field(description="What `approveProgramme` takes.")
    proposal_state: ProgrammeProposalState = strawberry.field(description="Where it stands.")
    note: str = strawberry.field(description="What it is for.")
    base: int = strawberry.field(description="The version that it was made from.")
    is_overtaken: bool = strawberry.field(
        description="Whether another version rules by now, so that it cannot be published."
    )
    publish_at: datetime | None = strawberry.field(
        description="When it is published, once it is approved; null for at once."
    )
    proposed_by: str = strawberry.field(description="The colleague's name.")
    proposed_at: datetime = strawberry.field(description="When.")
    approved_by: str | None = strawberry.field(description="The colleague's name; null while it waits.")
    expires_at: datetime = strawberry.field(
        description="Until when it can be approved; later, until when it is shown."
    )
    is_own: bool = strawberry.field(description="Whether the caller proposed it, and so cannot approve it.")
    backtest: str | None = strawberry.field(
        description="The newest back-test of this very draft, as `backtest` takes it; null for none."
    )
    backtested_by: str | None = strawberry.field(description="The name of the colleague who started it.")


@strawberry.input(description="A version that another operator has to approve.")
class ProposeProgrammeInput:
    text: str = strawberry.field(
        description="The whole file, at most 200,000 characters. A version of before again goes back to it."
    )
    note: str = strawberry.field(description="What it is for, 1 to 500 characters; kept with the version.")
    base_version: int = strawberry.field(
        description="The version that it was made from: refused where another rules by then."
    )
    publish_at: datetime | None = strawberry.field(
        default=None, description="An instant to come, within 400 days; null for once it is approved."
    )
    idempotency_key: str = strawberry.field(description=IDEMPOTENCY_KEY)


@strawberry.input(description="Which version of a colleague.")
class ApproveProgrammeInput:
    proposal: str = strawberry.field(description="`proposal` of one of `programmeProposals`.")


@strawberry.input(description="Which version, and why not.")
class DeclineProgrammeInput:
    proposal: str = strawberry.field(description="`proposal` of one of `programmeProposals`.")
    reason: str = strawberry.field(description="Why, 1 to 500 characters; kept in the audit trail.")


@strawberry.type(description="It waits for another operator.")
class ProgrammeProposed:
    proposal: ProgrammeProposal = strawberry.field(description="As the colleague sees it.")


@strawberry.type(description="It is published, or will be.")
class ProgrammeApproved:
    version: int | None = strawberry.field(description="Its number; null where its instant is to come.")
    publish_at: datetime | None = strawberry.field(description="That instant; null where it is published.")


@strawberry.type(description="It will not be published.")
class ProgrammeDeclined:
    proposal: str = strawberry.field(description="Which one.")


@strawberry.type(description="The draft has faults, and is not published.")
class ProgrammeFaulty(Problem):
    faults: list[ProgrammeFault] = strawberry.field(description="Every fault, in the order of the file.")


@strawberry.type(
    description="Another version was published meanwhile: compare with it, and propose the draft anew."
)
class ProgrammeOvertaken(Problem):
    current_version: int = strawberry.field(description="The version that rules.")


@strawberry.type(description="The draft says what the version that rules says.")
class ProgrammeUnchanged(Problem):
    pass


ProposeProgrammeResult = Annotated[
    ProgrammeProposed
    | ProgrammeFaulty
    | ProgrammeOvertaken
    | ProgrammeUnchanged
    | NotAllowed
    | IdempotencyConflict,
    strawberry.union("ProposeProgrammeResult", description="It waits, or why it does not."),
]
ApproveProgrammeResult = Annotated[
    ProgrammeApproved | ProgrammeFaulty | ProgrammeOvertaken | ProgrammeUnchanged | NotAllowed,
    strawberry.union("ApproveProgrammeResult", description="It is published or scheduled, or why not."),
]
DeclineProgrammeResult = Annotated[
    ProgrammeDeclined | NotAllowed,
    strawberry.union("DeclineProgrammeResult", description="Declined, or why not."),
]


@renders(proposals.ProgrammeFaulty)
def _faulty(info: Info, _: Audience, refusal: proposals.ProgrammeFaulty) -> ProgrammeFaulty:
    language = info.context.loaders.language
    return ProgrammeFaulty(
        message=say("problem.ProgrammeFaulty", language), faults=faults_of(refusal.faults, language)
    )


@renders(proposals.ProgrammeOvertaken)
def _overtaken(_: Info, audience: Audience, refusal: proposals.ProgrammeOvertaken) -> ProgrammeOvertaken:
    message = say("problem.ProgrammeOvertaken", audience.locale, version=str(refusal.current))
    return ProgrammeOvertaken(message=message, current_version=refusal.current)


@renders(proposals.ProgrammeUnchanged)
def _unchanged(_: Info, audience: Audience, _refusal: proposals.ProgrammeUnchanged) -> ProgrammeUnchanged:
    return ProgrammeUnchanged(message=say("problem.ProgrammeUnchanged", audience.locale))


@strawberry.type
class ProgrammeProposalQuery:
    @strawberry.field(
        description=(
            "Operators, at the console: the versions that wait for approval, are scheduled, or were dropped"
            " in the last 30 days; at most 50, the newest first."
        )
    )
    async def programme_proposals(self, info: Info) -> list[ProgrammeProposal]:
        runtime = info.context.dependencies.runtime
        stored = await proposals.list_shown(runtime, now=info.context.loaders.world_now)
        return await _proposals_of(info, stored)

    @strawberry.field(description="Operators, at the console: a proposed version as it was written.")
    async def proposed_programme_text(self, info: Info, proposal: ProposalId) -> str:
        runtime, now = info.context.dependencies.runtime, info.context.loaders.world_now
        return (await proposals.find(runtime, proposal[:LONGEST_ID], now=now)).text


@strawberry.type
class ProgrammeProposalMutation:
    @strawberry.mutation(
        description=(
            "Operators, at the console: proposes a version of the programme. Another operator publishes it by"
            " approving it within 7 days. Where fewer than two can sign in, it is refused with FOUR_EYES:"
            " publishing is for the shell then."
        )
    )
    @refusals_as_problems
    async def propose_programme(self, info: Info, input: ProposeProgrammeInput) -> ProposeProgrammeResult:
        dependencies, loaders = info.context.dependencies, info.context.loaders
        proposal = await proposals.propose(
            dependencies.runtime,
            dependencies.drafts,
            till=till_of(info),
            draft=proposals.Draft(input.text, input.note, input.base_version, input.publish_at),
            key=input.idempotency_key,
            now=loaders.now,
            world_now=loaders.world_now,
        )
        [shown] = await _proposals_of(info, [proposal])
        return ProgrammeProposed(proposal=shown)

    @strawberry.mutation(
        description=(
            "Operators, at the console: publishes what a colleague proposed, or schedules it for its instant."
            " Nobody approves their own, nor one of another account of theirs, nor by an account that is new"
            " or was reset less than a day ago."
        )
    )
    @refusals_as_problems
    async def approve_programme(self, info: Info, input: ApproveProgrammeInput) -> ApproveProgrammeResult:
        loaders = info.context.loaders
        result = await proposals.approve(
            info.context.dependencies.runtime,
            till=till_of(info),
            proposal_id=input.proposal[:LONGEST_ID],
            now=loaders.now,
            world_now=loaders.world_now,
        )
        if isinstance(result, datetime):
            return ProgrammeApproved(version=None, publish_at=result)
        return ProgrammeApproved(version=result, publish_at=None)

    @strawberry.mutation(
        description=(
            "Operators, at the console: ends a proposed version, also one that is scheduled; whoever proposed"
            " it takes it back by the same."
        )
    )
    @refusals_as_problems
    async def decline_programme(self, info: Info, input: DeclineProgrammeInput) -> DeclineProgrammeResult:
        proposal = input.proposal[:LONGEST_ID]
        await proposals.decline(
            info.context.dependencies.runtime,
            till=till_of(info),
            proposal_id=proposal,
            reason=input.reason,
            now=info.context.loaders.world_now,
        )
        return ProgrammeDeclined(proposal=proposal)


async def _proposals_of(info: Info, stored: Sequence[StoredProposal]) -> list[ProgrammeProposal]:
    store, now = info.context.dependencies.runtime.store, info.context.loaders.world_now
    names = await names_of_staff(store)
    tried = await backtests.find_of_drafts(store, [each.digest for each in stored], now=now)
    return [_proposal_of(info, each, names, tried.get(each.digest)) for each in stored]


def _proposal_of(
    info: Info, stored: StoredProposal, names: Mapping[str, str], tried: Backtest | None
) -> ProgrammeProposal:
    current = info.context.dependencies.runtime.programmes.current().number
    return ProgrammeProposal(
        proposal=stored.id,
        proposal_state=ProgrammeProposalState[stored.state],
        note=stored.note,
        base=stored.base,
        is_overtaken=stored.base != current,
        publish_at=stored.publish_at,
        proposed_by=names.get(stored.staff, stored.staff),
        proposed_at=stored.at,
        approved_by=stored.approved_by and names.get(stored.approved_by, stored.approved_by),
        expires_at=stored.until,
        is_own=stored.staff == info.context.staff().staff_id,
        backtest=None if tried is None else tried.id,
        backtested_by=None if tried is None else names.get(tried.staff, tried.staff),
    )
