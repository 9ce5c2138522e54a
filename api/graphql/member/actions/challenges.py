"""Taking a challenge up: only from then on it counts. Or declining it: then it is offered no more."""

from enum import Enum
from typing import Annotated

import strawberry

from api.errors import NotFound
from api.graphql.engine.audience import Audience
from api.graphql.engine.descriptions import IDEMPOTENCY_KEY
from api.graphql.engine.enums import enum_of_words
from api.graphql.engine.ids import decode_id_as
from api.graphql.engine.problems import IdempotencyConflict, refusals_as_problems, renders
from api.graphql.engine.shared_types import Info, Problem
from api.graphql.member.actions.redemption import MEMBER_NOW
from api.graphql.member.badges import BadgeProgress, badge_progress
from api.graphql.member.members import Member, current_member
from api.texts import say
from domain.model.ledger import decision
from domain.services import errors
from domain.services.ledger import challenges
from domain.services.people import preferences


@enum_of_words(decision.ChallengeLock, description="Why a challenge cannot be taken up.")
class ChallengeLock(Enum):
    OVER = strawberry.enum_value("OVER", description="Its time has passed.")
    NO_GOAL = strawberry.enum_value("NO_GOAL", description="No goal can be made for this member.")
    EARNED = strawberry.enum_value("EARNED", description="The member has the badge already.")
    FROZEN = strawberry.enum_value("FROZEN", description="The membership is frozen.")


@strawberry.input(description="Which challenge the member takes up: one whose `badge.accept` is true.")
class AcceptChallengeInput:
    badge_id: strawberry.ID = strawberry.field(description="`badge.id`, not that of the BadgeProgress.")
    idempotency_key: str = strawberry.field(description=IDEMPOTENCY_KEY)


@strawberry.type(description="The challenge is taken up, now or before: what happens from then on counts.")
class ChallengeAccepted:
    progress: BadgeProgress = strawberry.field(description="How the member stands to it.")

    @strawberry.field(description=MEMBER_NOW)
    async def member(self, info: Info) -> Member:
        return await current_member(info, info.context.member().member_id)


@strawberry.input(description="Which challenge the member does not want: one whose `badge.accept` is true.")
class DeclineChallengeInput:
    badge_id: strawberry.ID = strawberry.field(description="`badge.id`, not that of the BadgeProgress.")


@strawberry.type(description="The member is not offered the challenge any more.")
class ChallengeDeclined:
    progress: BadgeProgress = strawberry.field(description="How the member stands to it.")


@strawberry.type(description="The challenge cannot be taken up.")
class ChallengeNotOpen(Problem):
    reason: ChallengeLock = strawberry.field(description="Why.")


AcceptChallengeResult = Annotated[
    ChallengeAccepted | ChallengeNotOpen | IdempotencyConflict,
    strawberry.union("AcceptChallengeResult", description="The challenge is taken up, or why not."),
]


@strawberry.type
class ChallengeMutation:
    @strawberry.mutation(
        description=(
            "Notes that the member does not want to be offered a challenge; until its end they may still take"
            " it up. Doing it again changes nothing."
        )
    )
    async def decline_challenge(self, info: Info, input: DeclineChallengeInput) -> ChallengeDeclined:
        loaders, member = info.context.loaders, info.context.member().member_id
        badge = decode_id_as("Badge", input.badge_id, field="badgeId")
        try:
            await preferences.decline_challenge(
                info.context.dependencies.runtime, member_id=member, badge=badge
            )
        except errors.NotFound:
            raise NotFound from None
        loaders.forget(member)
        member_view = await loaders.member_view(member)
        audience = await loaders.audience()
        return ChallengeDeclined(
            progress=badge_progress(
                audience,
                member_view.member,
                audience.programme.badge(badge),
                declined=member_view.details.declined,
            )
        )

    @strawberry.mutation(
        description=(
            "Takes a challenge up, also before it begins. Only what happens from then on counts; doing it"
            " again changes nothing."
        )
    )
    @refusals_as_problems
    async def accept_challenge(self, info: Info, input: AcceptChallengeInput) -> AcceptChallengeResult:
        loaders, member = info.context.loaders, info.context.member().member_id
        badge = decode_id_as("Badge", input.badge_id, field="badgeId")
        try:
            await challenges.accept(
                info.context.dependencies.runtime,
                member_id=member,
                badge=badge,
                key=input.idempotency_key,
                now=loaders.now,
            )
        except errors.NotFound:
            raise NotFound from None
        loaders.forget_ledger(member)
        audience = await loaders.audience()
        spec = audience.programme.badge(badge)
        member_view = await loaders.member_view(member)
        return ChallengeAccepted(progress=badge_progress(audience, member_view.member, spec))


@renders(decision.ChallengeNotOpen)
def _not_open(_info: Info, audience: Audience, refusal: decision.ChallengeNotOpen) -> ChallengeNotOpen:
    message = say(f"challenge.{refusal.reason}", audience.locale)
    return ChallengeNotOpen(message=message, reason=ChallengeLock[refusal.reason])
