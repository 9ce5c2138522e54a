"""Leaderboards: joining under a nickname, leaving, and how things stand now.

A member's rank takes three commands, however many stand: their score, the counts of the buckets, and a count
within their own. Who is even has the same rank.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, Literal

from domain.model.calendar import local_day
from domain.model.club.leaderboards import BoardPeriod, end_of, period_of, ranked
from domain.model.figures.increments import Increments
from domain.model.figures.message_fates import PLACE
from domain.model.ledger.decision import MemberFrozen
from domain.model.programme import Leaderboard
from domain.model.values import dataclass
from domain.model.visible_text import has_visible, is_hidden, trimmed
from domain.services.decisions import load_member
from domain.services.errors import InvalidInput, NotFound
from domain.services.runtime import Runtime
from domain.store.club import leaderboard_players, leaderboard_scores
from domain.store.document_store import Busy, Stale, Write
from domain.store.figures import lease, sums
from domain.store.ledger import erasures

MAX_NICKNAME: Final = 24
MAX_TOP: Final = 100
BESIDE: Final = 2  # shown on each side of a member
_READ_BESIDE: Final = 20
_REBUILT_IN: Final = 10  # seconds, for whoever tries again
_ADDRESS: Final = re.compile(
    r"@|://|\bwww\.|\w\.(com|net|org|info|eu|pt|pl|es|fr|de|uk|br|io|me|co|ly|app|shop|link)\b", re.IGNORECASE
)
_NUMBER: Final = re.compile(r"\d{7,}")
_NO_LETTER: Final = re.compile(r"[\W_]")
_MOST_MARKS: Final = 3  # on one letter: more of them are drawn over the lines beside it


# ---------------------------------------------------------------- values
@dataclass(frozen=True, slots=True)
class BoardPlace:
    """A place on a leaderboard. `nickname` is empty of who has left meanwhile."""

    member: str
    nickname: str
    rank: int
    score: int


@dataclass(frozen=True, slots=True)
class Standing:
    """How a member stands: the nickname, None for who has not joined; the score of the period; the rank, None
    while the score is not above 0; whether service put the nickname in the place of one that it took away.
    """

    nickname: str | None
    score: int
    rank: int | None
    is_replaced: bool = False


@dataclass(frozen=True, slots=True)
class OpenBoard:
    """A leaderboard in the period that runs: its spec, the period, and when that ends, None for never."""

    spec: Leaderboard
    period: BoardPeriod
    ends_at: datetime | None


# ---------------------------------------------------------------- pure rules
def check_nickname(text: str, *, field: str = "nickname") -> str:
    """Return a nickname without spaces and marks at its ends: 2 to 24 characters, none hidden, and nothing by
    which a person can be reached. Raises InvalidInput.
    """
    nickname = unicodedata.normalize("NFC", trimmed(text))
    if not 2 <= len(nickname) <= MAX_NICKNAME or not has_visible(nickname):
        raise InvalidInput(field, f"Write a nickname of 2 to {MAX_NICKNAME} characters.")
    if any(map(is_hidden, nickname)):
        raise InvalidInput(field, "A nickname holds no control characters and nothing invisible.")
    plain = unicodedata.normalize("NFKC", nickname).replace("\u3002", ".")
    if _ADDRESS.search(plain.replace(" ", "")) or _NUMBER.search(_NO_LETTER.sub("", plain)):
        raise InvalidInput(field, "A nickname is seen by all: no e-mail address, phone number or link.")
    marks = "".join("m" if unicodedata.category(sign) in ("Mn", "Me") else " " for sign in nickname)
    if "m" * (_MOST_MARKS + 1) in marks:
        raise InvalidInput(field, "A nickname has no letters with heaps of marks.")
    return nickname


def plain_nickname(nickname: str) -> str:
    """Return what spellings of a nickname have in common: its letters and digits, without case and marks."""
    folded = unicodedata.normalize("NFKD", nickname).casefold()
    return "".join(sign for sign in folded if sign.isalnum())


def open_board(runtime: Runtime, code: str, *, now: datetime) -> OpenBoard:
    """Return a leaderboard as it runs. Raises NotFound."""
    programme = runtime.programme
    try:
        spec = programme.leaderboard(code)
    except KeyError:
        raise NotFound(code) from None
    period = period_of(programme, spec, now)
    return OpenBoard(spec, period, end_of(programme, spec, period))


# ---------------------------------------------------------------- reads
async def load_standing(runtime: Runtime, board: OpenBoard, *, member_id: str) -> Standing:
    """Return how a member stands."""
    players = await leaderboard_players.find_many(runtime.store, [member_id])
    player = players.get(member_id)
    nickname = player.nickname if player is not None and board.spec.code in player.boards else None
    is_replaced = player is not None and nickname is not None and player.is_replaced
    known = await leaderboard_scores.find(runtime.store, board.period.key, member_id)
    if known is None or not known.is_standing or known.score <= 0 or nickname is None:
        return Standing(nickname, known.score if known is not None else 0, None, is_replaced)
    rank = await find_rank(runtime, board.period.key, known.score)
    return Standing(nickname, known.score, rank, is_replaced)


async def find_rank(runtime: Runtime, board: str, score: int) -> int:
    """Return the rank of a score: two commands."""
    above, _ = await leaderboard_scores.count_above(runtime.store, board, score)
    return above + 1


async def load_top(runtime: Runtime, board: OpenBoard, *, first: int) -> list[BoardPlace]:
    """Return the first places, at most those that the leaderboard shows."""
    scores = await leaderboard_scores.find_top(
        runtime.store, board.period.key, first=min(first, board.spec.top, MAX_TOP)
    )
    return await _named(runtime, ranked(scores))


async def load_beside(
    runtime: Runtime, board: OpenBoard, standing: Standing, *, member_id: str
) -> list[BoardPlace]:
    """Return a member's place with those next to it; nothing for who has no rank."""
    if standing.rank is None:
        return []
    key, rank = board.period.key, standing.rank
    above = await leaderboard_scores.find_beside(runtime.store, key, standing.score, above=True, first=BESIDE)
    below = await leaderboard_scores.find_beside(
        runtime.store, key, standing.score, above=False, first=_READ_BESIDE
    )
    places = [(member, rank - sum(score >= other for _, other in above), score) for member, score in above]
    lower = [(member, score) for member, score in below if member != member_id]
    of_lower = {member: place for member, place, _ in ranked([(member_id, standing.score), *lower])}
    places += [(member, rank + of_lower[member] - 1, score) for member, score in lower[:BESIDE]]
    places.append((member_id, rank, standing.score))
    return await _named(runtime, sorted(places, key=lambda place: (place[1], place[0])))


async def _named(runtime: Runtime, places: Sequence[tuple[str, int, int]]) -> list[BoardPlace]:
    players: Mapping[str, leaderboard_players.Player] = {}
    if places:
        players = await leaderboard_players.find_many(runtime.store, [member for member, _, _ in places])
    return [
        BoardPlace(member, players[member].nickname if member in players else "", rank, score)
        for member, rank, score in places
    ]


# ---------------------------------------------------------------- writes
async def _expect_scores(runtime: Runtime) -> None:
    """Raise Busy while scores are made again: who stood among them meanwhile would be counted twice."""
    if await lease.is_rebuilding(runtime.store):
        raise Busy(_REBUILT_IN)


def _turnout_writes(
    runtime: Runtime, code: str, what: Literal["joined", "left"], now: datetime
) -> list[Write]:
    """Return the writes that count in figures that somebody joined or left: the journal does not say it."""
    increments = Increments()
    day = local_day(now, runtime.programme.zone)
    increments.add_on_day(day, f"turnout.{code}.{what}", 1, **PLACE)
    return sums.increment_writes(increments)


async def join(runtime: Runtime, *, member_id: str, code: str, nickname: str, now: datetime) -> OpenBoard:
    """Let a member stand on a leaderboard under a nickname, with what they have in the period that runs; or
    give them another nickname. Raises InvalidInput, NotFound, MemberFrozen, Busy.
    """
    nickname, board = check_nickname(nickname), open_board(runtime, code, now=now)

    async def attempt() -> None:
        await _expect_scores(runtime)
        stored_member = await load_member(runtime, member_id)
        if stored_member.member.frozen:
            raise MemberFrozen("a frozen member joins no leaderboard")
        member = stored_member.member.id
        stays = erasures.stays_write(member, if_going=Stale("the member is going"))
        player = (await leaderboard_players.find_many(runtime.store, [member])).get(member)
        if player is not None and plain_nickname(nickname) in player.refused:
            raise InvalidInput("nickname", "Staff took this nickname away. Choose another.")
        if player is not None and code in player.boards:
            await runtime.store.transact([stays, leaderboard_players.rename_write(member, nickname)])
            return
        known = await leaderboard_scores.find(runtime.store, board.period.key, member)
        joining = leaderboard_players.join_write(member, nickname, code, board.period.first_day)
        await runtime.store.transact(
            [
                stays,
                joining,
                *leaderboard_scores.stand_writes(board.period.key, member, known),
                *_turnout_writes(runtime, code, "joined", now),
            ]
        )

    await runtime.store.run_rounds(attempt, queue=f"leaderboards:{member_id}")
    return board


async def leave(runtime: Runtime, *, member_id: str, code: str, now: datetime) -> OpenBoard:
    """Take a member off a leaderboard, also in periods that are still to be judged. Raises NotFound, Busy."""
    board = open_board(runtime, code, now=now)

    async def attempt() -> None:
        await _expect_scores(runtime)
        scores = await leaderboard_scores.find_of_member(runtime.store, member_id)
        player = (await leaderboard_players.find_many(runtime.store, [member_id])).get(member_id)
        writes = list[Write]()
        if player is not None and code in player.boards:
            writes.append(leaderboard_players.leave_write(member_id, code))
            writes += _turnout_writes(runtime, code, "left", now)
        for known in scores:
            if known.is_standing and BoardPeriod.from_key(known.board).code == code:
                writes += leaderboard_scores.leave_writes(known)
        if writes:
            await runtime.store.transact(writes)

    await runtime.store.run_rounds(attempt, queue=f"leaderboards:{member_id}")
    return board
