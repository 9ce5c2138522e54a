"""Leaderboards: what a journal row moves of which score, and where a score stands among all others.

A score is what qualifying rules awarded to the board's wallet in the period, as a tier counts it: pending
included, adjustments and prizes not. What a refund or a correction takes back, or a referral that is taken
back, leaves the period in which it was awarded.

Scores stand in buckets that grow with them, 64 at first and 32 for each doubling. How many stand above a
score is the sum of the buckets above its own and a count within that.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Final

from domain.model.calendar import add, add_months, local_day, period_start, previous_period, start_of
from domain.model.event_names import CORRECTED, REFUNDED, TIER_CHANGED
from domain.model.ledger.decision import JournalRow
from domain.model.programme import Leaderboard, Programme
from domain.model.values import dataclass

SCORES, RANKS = "leaderboard_scores", "leaderboard_ranks"  # collections that the figures' projector adds to
_MOST_PERIODS: Final = 400  # that wait to be judged
_EXACT_BITS: Final = 6  # scores below 64 have a bucket each
FEWEST_TOLD: Final = 4  # of fewer, a quartile tells of a person


@dataclass(frozen=True, slots=True)
class BoardPeriod:
    """A leaderboard's period: its code and the period's first day in the programme's zone."""

    code: str
    first_day: date

    @property
    def key(self) -> str:
        """Return the name of the period among all leaderboards'."""
        return f"{self.code}|{self.first_day.isoformat()}"

    @classmethod
    def from_key(cls, key: str) -> BoardPeriod:
        """Return the period of a name."""
        code, _, first_day = key.rpartition("|")
        return cls(code, date.fromisoformat(first_day))


@dataclass(frozen=True, slots=True)
class BoardSpread:
    """How many stand on a leaderboard with a score above 0, and their quartiles, to within 2 %: None where
    fewer than four stand.
    """

    players: int
    quartiles: tuple[int, int, int] | None


@dataclass(frozen=True, slots=True)
class UndoneRow:
    """A row of a referral that is taken back, and the version that decided it."""

    programme: Programme
    row: JournalRow


# ---------------------------------------------------------------- periods


def period_of(programme: Programme, board: Leaderboard, at: datetime) -> BoardPeriod:
    """Return the period that an instant falls into."""
    return BoardPeriod(board.code, period_start(local_day(at, programme.zone), board.per))


def end_of(programme: Programme, board: Leaderboard, period: BoardPeriod) -> datetime | None:
    """Return the instant at which a period is over; None of one that never is."""
    first = period.first_day
    match board.per:
        case "day":
            after = first + timedelta(days=1)
        case "week":
            after = first + timedelta(days=7)
        case "month":
            after = add_months(first, 1)
        case "year":
            after = add_months(first, 12)
        case "ever":
            return None
    return start_of(after, programme.zone)


def judged_at(programme: Programme, board: Leaderboard, period: BoardPeriod) -> datetime | None:
    """Return when a period is judged: `wait` after its end, on what was kept by then; None for never."""
    end = end_of(programme, board, period)
    return None if end is None else add(end, board.wait or programme.default_wait, programme.zone)


def last_judged(programme: Programme, board: Leaderboard, now: datetime) -> BoardPeriod | None:
    """Return the newest period that is to be judged by now; None of a leaderboard that never ends."""
    period = period_of(programme, board, now)
    for _ in range(_MOST_PERIODS):
        at = judged_at(programme, board, period)
        if at is None:
            return None
        if at <= now:
            return period
        period = BoardPeriod(board.code, previous_period(period.first_day, board.per))
    return None


# ---------------------------------------------------------------- counting


def score_changes(
    programme: Programme, row: JournalRow, undone: Iterable[UndoneRow] = ()
) -> Mapping[BoardPeriod, int]:
    """Return by how much a row moves the member's scores, by period; `undone` are the rows of the referral
    that it takes back.
    """
    changes = Counter[BoardPeriod]()
    for past in undone:
        changes.subtract(score_changes(past.programme, past.row))
    if not programme.leaderboards:
        return changes
    takes_back = row.event.name in (REFUNDED, CORRECTED)
    at = row.event.at
    if takes_back and row.refunded is not None:
        at = row.refunded.purchased_at or at
    for board in programme.leaderboards:
        amount = sum(
            outcome.amount
            for outcome in row.outcomes
            if outcome.applied
            and outcome.wallet == board.count.wallet
            and (outcome.amount > 0 or takes_back)
            and _is_qualifying(programme, outcome.rule)
        )
        if amount:
            changes[period_of(programme, board, at)] += amount
    return changes


def _is_qualifying(programme: Programme, code: str) -> bool:
    """Tell whether a rule's awards count: those of badges, referrals, prizes and changes of tier do not."""
    try:
        rule = programme.rule(code)
    except KeyError:
        return False
    return rule.qualifying and TIER_CHANGED not in rule.on


# ---------------------------------------------------------------- where a score stands


def bucket_of(score: int) -> int:
    """Return the bucket of a score above 0: a higher score has the same or a higher one."""
    shift = max(0, score.bit_length() - _EXACT_BITS)
    return (shift << _EXACT_BITS) + (score >> shift)


def bucket_end(bucket: int) -> int:
    """Return the highest score of a bucket."""
    shift, place = bucket >> _EXACT_BITS, bucket & ((1 << _EXACT_BITS) - 1)
    return ((place + 1) << shift) - 1


def bucket_start(bucket: int) -> int:
    """Return the lowest score of a bucket."""
    return bucket_end(bucket) - (1 << (bucket >> _EXACT_BITS)) + 1


def spread_of(buckets: Mapping[int, int]) -> BoardSpread:
    """Return how scores are spread, by how many stand in each bucket. A quartile is the middle of its bucket,
    which is the score itself below 64.
    """
    standing = {bucket: count for bucket, count in buckets.items() if count > 0}
    players = sum(standing.values())
    if players < FEWEST_TOLD:
        return BoardSpread(players, None)
    places = [-(-players * quarter // 4) for quarter in (1, 2, 3)]
    scores, passed = list[int](), 0
    for bucket in sorted(standing):
        passed += standing[bucket]
        while len(scores) < len(places) and passed >= places[len(scores)]:
            scores.append((bucket_start(bucket) + bucket_end(bucket)) // 2)
    low, middle, high = scores
    return BoardSpread(players, (low, middle, high))


def ranked(scores: list[tuple[str, int]]) -> list[tuple[str, int, int]]:
    """Return members with their rank and score, highest first: who is even has the same rank, and as many
    ranks are left out after them.
    """
    places, rank = list[tuple[str, int, int]](), 0
    for index, (member, score) in enumerate(sorted(scores, key=lambda pair: (-pair[1], pair[0]))):
        if not places or score < places[-1][2]:
            rank = index + 1
        places.append((member, rank, score))
    return places
