"""Leaderboards: who leads, where the member stands and who stands beside them, what the first ones get."""

from datetime import datetime
from typing import Annotated

import strawberry

from api.errors import BadInput
from api.graphql.engine.audience import Audience
from api.graphql.engine.problems import NotAllowed, refusals_as_problems
from api.graphql.engine.shared_types import Info
from api.graphql.member.catalogue.referral_offer import ReferralGift, gifts_of
from api.graphql.member.catalogue.units import ProgrammeWallet, unit_of
from domain.model.ledger.deciding.earning import instant_of
from domain.services.club import leaderboards
from domain.services.club.leaderboards import BoardPlace, OpenBoard

DEFAULT_TOP = 10


@strawberry.type(description="A place on a leaderboard. Who is even has the same rank.")
class LeaderboardPlace:
    rank: int = strawberry.field(description="From 1; as many ranks are left out as stand on one.")
    nickname: str = strawberry.field(
        description="As its member chose it; empty where they have left, or it was taken away."
    )
    score: int = strawberry.field(description="In units of the leaderboard's wallet.")
    is_me: bool = strawberry.field(description="Whether it is the signed-in member's own.")


@strawberry.type(description="What who ends the period at a rank or better gets.")
class LeaderboardPrize:
    rank: int = strawberry.field(description="The last rank that gets it.")
    gifts: list[ReferralGift] = strawberry.field(description="What is given.")


@strawberry.type(description="Where the member stands in the period that runs.")
class LeaderboardStanding:
    nickname: str | None = strawberry.field(
        description="Null for who has not joined; empty where staff took it away: choose another."
    )
    is_nickname_replaced: bool = strawberry.field(
        description="Whether staff put this nickname in the place of one that they took away: offer another."
    )
    score: int = strawberry.field(description="What counts so far, joined or not.")
    rank: int | None = strawberry.field(
        description="Null for who has not joined, and while the score is not above 0."
    )
    beside: list[LeaderboardPlace] = strawberry.field(
        description="The member's place with two on each side; empty without a rank."
    )


@strawberry.type(
    description="A leaderboard in the period that runs. Scores are at most some seconds behind purchases."
)
class Leaderboard:
    code: str = strawberry.field(description="Its code in the programme file.")
    name: str = strawberry.field(description="In the reader's language.")
    unit: ProgrammeWallet | None = strawberry.field(
        description="What scores are counted in; null for a wallet that members do not see."
    )
    began_at: datetime | None = strawberry.field(
        description="When the period began; null where all time counts."
    )
    ends_at: datetime | None = strawberry.field(description="When it ends; null where it never does.")
    prizes: list[LeaderboardPrize] = strawberry.field(description="By rank, the first one first.")
    board: strawberry.Private[OpenBoard]

    @strawberry.field(description="The first places.")
    async def top(
        self,
        info: Info,
        first: Annotated[int, strawberry.argument(description="1 to 100.")] = DEFAULT_TOP,
    ) -> list[LeaderboardPlace]:
        if not 1 <= first <= leaderboards.MAX_TOP:
            raise BadInput(f"Ask for 1 to {leaderboards.MAX_TOP} places.", field="first")
        runtime = info.context.dependencies.runtime
        places = await leaderboards.load_top(runtime, self.board, first=first)
        return _places(places, info.context.member().member_id)

    @strawberry.field(description="The signed-in member's own.")
    async def me(self, info: Info) -> LeaderboardStanding:
        runtime, member = info.context.dependencies.runtime, info.context.member().member_id
        standing = await leaderboards.load_standing(runtime, self.board, member_id=member)
        beside = await leaderboards.load_beside(runtime, self.board, standing, member_id=member)
        return LeaderboardStanding(
            nickname=standing.nickname,
            is_nickname_replaced=standing.is_replaced,
            score=standing.score,
            rank=standing.rank,
            beside=_places(beside, member),
        )


@strawberry.input(description="Under which name a member stands on a leaderboard.")
class JoinLeaderboardInput:
    code: str = strawberry.field(description="The leaderboard's code.")
    nickname: str = strawberry.field(
        description="Seen by all: 2 to 24 characters, no address, number or link. A later one replaces it."
    )


@strawberry.input(description="Which leaderboard a member leaves.")
class LeaveLeaderboardInput:
    code: str = strawberry.field(description="The leaderboard's code.")


@strawberry.type(description="The member stands on the leaderboard, with what the period has brought so far.")
class LeaderboardJoined:
    leaderboard: Leaderboard = strawberry.field(description="As it stands now.")


@strawberry.type(description="The member stands on it no more, and gets no prize of a period to be judged.")
class LeaderboardLeft:
    leaderboard: Leaderboard = strawberry.field(description="As it stands now.")


JoinLeaderboardResult = Annotated[
    LeaderboardJoined | NotAllowed,
    strawberry.union("JoinLeaderboardResult", description="The leaderboard, or why one cannot join it."),
]


@strawberry.type
class LeaderboardQuery:
    @strawberry.field(description="The programme's leaderboards, in its order.")
    async def leaderboards(self, info: Info) -> list[Leaderboard]:
        runtime, now = info.context.dependencies.runtime, info.context.loaders.now
        audience = await info.context.loaders.audience()
        return [
            _leaderboard_of(audience, leaderboards.open_board(runtime, spec.code, now=now))
            for spec in runtime.programme.leaderboards
        ]

    @strawberry.field(description="One of them; NOT_FOUND where there is none of this code.")
    async def leaderboard(
        self, info: Info, code: Annotated[str, strawberry.argument(description="Its code.")]
    ) -> Leaderboard:
        runtime, now = info.context.dependencies.runtime, info.context.loaders.now
        board = leaderboards.open_board(runtime, code, now=now)
        return _leaderboard_of(await info.context.loaders.audience(), board)


@strawberry.type
class LeaderboardMutation:
    @strawberry.mutation(
        description="Joins a leaderboard, or changes the nickname. Sent again it changes nothing more."
    )
    @refusals_as_problems
    async def join_leaderboard(self, info: Info, input: JoinLeaderboardInput) -> JoinLeaderboardResult:
        board = await leaderboards.join(
            info.context.dependencies.runtime,
            member_id=info.context.member().member_id,
            code=input.code,
            nickname=input.nickname,
            now=info.context.loaders.now,
        )
        return LeaderboardJoined(leaderboard=_leaderboard_of(await info.context.loaders.audience(), board))

    @strawberry.mutation(description="Leaves a leaderboard. Sent again it changes nothing.")
    async def leave_leaderboard(self, info: Info, input: LeaveLeaderboardInput) -> LeaderboardLeft:
        runtime, now = info.context.dependencies.runtime, info.context.loaders.now
        member = info.context.member().member_id
        board = await leaderboards.leave(runtime, member_id=member, code=input.code, now=now)
        return LeaderboardLeft(leaderboard=_leaderboard_of(await info.context.loaders.audience(), board))


def _leaderboard_of(audience: Audience, board: OpenBoard) -> Leaderboard:
    spec = board.spec
    has_begun = spec.per != "ever"
    return Leaderboard(
        code=spec.code,
        name=audience.text(spec.name),
        unit=unit_of(audience, spec.count.wallet or ""),
        began_at=instant_of(board.period.first_day, audience.programme.zone) if has_begun else None,
        ends_at=board.ends_at,
        prizes=[
            LeaderboardPrize(rank=rank, gifts=gifts_of(audience, actions))
            for rank, actions in sorted(spec.do.items())
        ],
        board=board,
    )


def _places(places: list[BoardPlace], member: str) -> list[LeaderboardPlace]:
    return [
        LeaderboardPlace(
            rank=place.rank, nickname=place.nickname, score=place.score, is_me=place.member == member
        )
        for place in places
    ]
