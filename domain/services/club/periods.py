"""How a leaderboard's period ends: it is judged once, on what was kept by then, and its prizes are paid once.

The places are frozen in one write, by whoever holds the figures' lease: nobody makes the scores again then.
Each prize is an event of the agenda under an id of its own, so that a process that dies in between leaves the
rest to the next one, and downtime only makes it later.
"""

from __future__ import annotations

import contextlib
from datetime import datetime

import structlog

from domain.model.calendar import milliseconds
from domain.model.club.leaderboards import BoardPeriod, judged_at, last_judged, ranked, spread_of
from domain.model.event_names import LEADERBOARD_ENDED
from domain.model.ledger.decision import DelayedEvent
from domain.model.ledger.events import Event
from domain.model.programme import Leaderboard
from domain.model.programme.membership import MOST_PLACES
from domain.services.runtime import Runtime
from domain.store.club import leaderboard_results, leaderboard_scores
from domain.store.club.leaderboard_results import Result
from domain.store.document_store import StoreFault
from domain.store.figures import due, lease
from domain.store.figures.lease import LeaseHolder
from domain.store.ledger import agenda
from domain.store.ledger.agenda import AlreadyScheduled

log = structlog.get_logger(__name__)


async def finish_due(runtime: Runtime, holder: LeaseHolder, *, now: datetime) -> int:
    """Judge every period that is due, once all rows of before are folded, and put its prizes on the agenda;
    return how many were finished: none while figures are made again. Raises Busy.
    """
    if await lease.is_rebuilding(runtime.store):
        return 0
    standing = await leaderboard_scores.find_periods(runtime.store)
    keys = {*standing, *_newest_ended(runtime, now=now)}
    results = await leaderboard_results.find_many(runtime.store, keys)
    waiting = await due.find_due(runtime.store, first=1)
    finished = 0
    for key in sorted(keys):
        spec = _spec_of(runtime, key)
        if spec is None:
            continue
        at = judged_at(runtime.programme, spec, BoardPeriod.from_key(key))
        if at is None or at > now or (waiting and waiting[0].since <= at):
            continue
        if key in results and results[key].is_paid and key not in standing:
            continue
        result = results.get(key) or await _judge(runtime, holder, spec, key, now=now)
        if result is not None:
            await _pay(runtime, spec, result, now=now)
            finished += 1
    return finished


def _newest_ended(runtime: Runtime, *, now: datetime) -> set[str]:
    """Return the newest period of each leaderboard that is to be judged, also where nobody stands in it."""
    programme = runtime.programme
    periods = [last_judged(programme, spec, now) for spec in programme.leaderboards]
    return {period.key for period in periods if period is not None}


def _spec_of(runtime: Runtime, key: str) -> Leaderboard | None:
    """Return the leaderboard of a period; None where the programme has it no more."""
    try:
        return runtime.programme.leaderboard(BoardPeriod.from_key(key).code)
    except KeyError:
        return None


async def _judge(
    runtime: Runtime, holder: LeaseHolder, spec: Leaderboard, key: str, *, now: datetime
) -> Result | None:
    """Freeze the places of a period; None where another process did a moment ago, or has the lease."""
    scores = await leaderboard_scores.find_top(runtime.store, key, first=MOST_PLACES)
    buckets = (await leaderboard_scores.find_buckets(runtime.store, [key])).get(key, {})
    last = max([spec.top, *spec.do])
    places = tuple(place for place in ranked(scores) if place[1] <= last)
    try:
        freeze = leaderboard_results.freeze_write(key, places, spread_of(buckets), now=milliseconds(now))
        await runtime.store.transact([holder.write(), freeze])
    except StoreFault:
        return None
    log.info("leaderboards.judged", board=key, places=len(places))
    return Result(key, now, places, is_paid=False)


async def _pay(runtime: Runtime, spec: Leaderboard, result: Result, *, now: datetime) -> None:
    """Put what is not on the agenda yet there, and end the period. Raises Busy."""
    if not result.is_paid:
        period = BoardPeriod.from_key(result.board)
        for member, rank, _ in result.places:
            if not spec.prizes_at(rank):
                continue
            event = Event(
                f"leaderboard:{result.board}:{member}",
                LEADERBOARD_ENDED,
                milliseconds(now),
                "selo",
                {"leaderboard": period.code, "period": period.first_day.isoformat(), "rank": rank},
            )
            await _schedule(runtime, DelayedEvent(member, event.at, event))
        await runtime.store.transact([leaderboard_results.paid_write(result.board)])
    await leaderboard_scores.clear(runtime.store, result.board)


async def _schedule(runtime: Runtime, prize: DelayedEvent) -> None:
    """Put a prize on the agenda. A transaction that another was in the way of is tried again: only a prize
    that is there is there.
    """

    async def attempt() -> None:
        with contextlib.suppress(AlreadyScheduled):
            await runtime.store.transact([agenda.schedule_write(prize)])

    await runtime.store.run_rounds(attempt)
