"""Nicknames on leaderboards, as service sees and takes them away."""

from typing import Annotated

import strawberry

from api.errors import BadInput
from api.graphql.engine.ids import encode_id
from api.graphql.engine.problems import NotAllowed, refusals_as_problems
from api.graphql.engine.shared_types import Info
from api.graphql.till.till_session import (
    count_look_up,
    looked_up_or_not_found,
    note_shown_members,
    service_actor,
)
from domain.services.club import leaderboards
from domain.services.people.in_service import nicknames


@strawberry.type(description="A place on a leaderboard, and whose it is.")
class LeaderboardPlayer:
    rank: int = strawberry.field(description="From 1; who is even has the same.")
    nickname: str = strawberry.field(description="Empty where it was taken away, and none chosen since.")
    number: str = strawberry.field(description="The membership number.")
    score: int = strawberry.field(description="In units of the leaderboard's wallet.")
    customer: strawberry.ID = strawberry.field(description="The customer's id.")


@strawberry.type(description="A leaderboard of the programme file.")
class NicknameBoard:
    code: str = strawberry.field(description="Its code in the programme file.")
    name: str = strawberry.field(description="In the caller's language.")


@strawberry.input(description="Whose nickname is taken away, and why.")
class TakeNicknameAwayInput:
    member: str = strawberry.field(description="A membership number, or a customer's id.")
    instead: str | None = strawberry.field(
        default=None, description="A nickname in its place; left out, none until the member chooses one."
    )
    reason: str = strawberry.field(description="Why, 1 to 500 characters; kept in the audit trail.")


@strawberry.type(description="It stands on no leaderboard any more, and the member cannot choose it again.")
class NicknameTakenAway:
    nickname: str = strawberry.field(description="What stands there now.")


TakeNicknameAwayResult = Annotated[
    NicknameTakenAway | NotAllowed,
    strawberry.union("TakeNicknameAwayResult", description="Taken away, or why not."),
]


@strawberry.type
class NicknameQuery:
    @strawberry.field(description="Service: the leaderboards of the programme, in its order.")
    async def nickname_boards(self, info: Info) -> list[NicknameBoard]:
        audience = await info.context.loaders.audience()
        boards = info.context.dependencies.runtime.programme.leaderboards
        return [NicknameBoard(code=spec.code, name=audience.text(spec.name)) for spec in boards]

    @strawberry.field(
        description=(
            "Service: the first places of a leaderboard with whose they are; each is a look-up of the day."
        )
    )
    async def leaderboard_players(
        self,
        info: Info,
        code: Annotated[str, strawberry.argument(description="The leaderboard's code.")],
        first: Annotated[int, strawberry.argument(description="1 to 100.")] = 20,
    ) -> list[LeaderboardPlayer]:
        if not 1 <= first <= leaderboards.MAX_TOP:
            raise BadInput(f"Ask for 1 to {leaderboards.MAX_TOP} places.", field="first")
        count_look_up(info)
        runtime, now = info.context.dependencies.runtime, info.context.loaders.now
        places = await nicknames.list_places(runtime, code=code, first=first, now=now)
        await note_shown_members(info, [each.place.member for each in places])
        return [
            LeaderboardPlayer(
                rank=each.place.rank,
                nickname=each.place.nickname,
                number=each.number,
                score=each.place.score,
                customer=strawberry.ID(encode_id("Customer", each.place.member)),
            )
            for each in places
        ]


@strawberry.type
class NicknameMutation:
    @strawberry.mutation(
        description=(
            "Service: takes a member's nickname off all leaderboards. The places stay, and the member is told"
            " there. Sent again it changes nothing."
        )
    )
    @refusals_as_problems
    async def take_nickname_away(self, info: Info, input: TakeNicknameAwayInput) -> TakeNicknameAwayResult:
        nickname = await nicknames.take_away(
            info.context.dependencies.runtime,
            actor=service_actor(info),
            member_id=await looked_up_or_not_found(info, input.member),
            instead=input.instead,
            reason=input.reason,
            now=info.context.loaders.now,
        )
        return NicknameTakenAway(nickname=nickname)
