"""Nicknames that offend or name somebody are taken away by service: the places stay, without a name or with
one that service gives, and the member, who is told on the leaderboard itself, chooses another.
"""

from __future__ import annotations

from datetime import datetime

from domain.model.values import dataclass
from domain.services.club import leaderboards
from domain.services.club.leaderboards import BoardPlace, check_nickname, plain_nickname
from domain.services.decisions import load_member
from domain.services.errors import InvalidInput
from domain.services.input_checks import MAX_REASON_LENGTH, check_text
from domain.services.people.service_actor import ServiceActor
from domain.services.runtime import Runtime
from domain.store.club import leaderboard_players
from domain.store.ledger import members

MOST_REFUSED = 20  # nicknames kept of a member that were taken away


@dataclass(frozen=True, slots=True)
class NumberedPlace:
    """A place of a leaderboard, and the membership number of who holds it."""

    place: BoardPlace
    number: str


# ---------------------------------------------------------------- reads
async def list_places(runtime: Runtime, *, code: str, first: int, now: datetime) -> list[NumberedPlace]:
    """Return the first places of a leaderboard as they stand, with whose they are. Raises NotFound."""
    board = leaderboards.open_board(runtime, code, now=now)
    places = await leaderboards.load_top(runtime, board, first=first)
    holders = await members.find_many(runtime.store, [place.member for place in places])
    return [
        NumberedPlace(place, holders[place.member].member.number)
        for place in places
        if place.member in holders
    ]


# ---------------------------------------------------------------- writes
async def take_away(
    runtime: Runtime,
    *,
    actor: ServiceActor,
    member_id: str,
    instead: str | None,
    reason: str,
    now: datetime,
) -> str:
    """Take a member's nickname away, and put another `instead`, or none; return what stands there now. Sent
    again it changes nothing. Raises NotAllowed, InvalidInput, NotFound, Busy.
    """
    check_text(reason, field="reason", max_length=MAX_REASON_LENGTH)
    replacement = "" if instead is None else check_nickname(instead, field="instead")

    async def attempt() -> str:
        stored_member = await load_member(runtime, member_id)
        actor.require_service(stored_member)
        member = stored_member.member.id
        player = (await leaderboard_players.find_many(runtime.store, [member])).get(member)
        if player is None or not player.boards:
            raise InvalidInput("member", "This member stands on no leaderboard.")
        if player.nickname == replacement:
            return replacement
        refused = tuple(dict.fromkeys((*player.refused, plain_nickname(player.nickname))))
        act = actor.act_write("NICKNAME_TAKEN", member=member, subject="", reason=reason, now=now)
        taking = leaderboard_players.take_away_write(
            player, replacement, refused=tuple(each for each in refused if each)[-MOST_REFUSED:]
        )
        await runtime.store.transact([taking, act])
        return replacement

    return await runtime.store.run_rounds(attempt, queue=f"leaderboards:{member_id}")
