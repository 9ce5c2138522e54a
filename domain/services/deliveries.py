"""The worker's round: claims what is due in the outbox, fans it out, and sends it by those senders that are
configured.

    claim (lease) -> fan out: the inbox, and what is to be sent -> quiet hours -> one delivery a device ->
    verdicts written down

A round costs a few commands for all its rows. Of one member's rows none is taken before another worker is
through with an earlier one, so that messages come in the order of what happened. A worker that is killed
leaves its lease behind: the rows come up again when it ends, and no more was sent twice than what was in
flight. One row's fault is its own: it is parked with its error, and the rest goes on. Nothing a sender says
ends a round.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import secrets
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Sequence, Set
from dataclasses import dataclass
from datetime import datetime

import structlog

from domain.model.calendar import milliseconds
from domain.services.house import House
from domain.services.messages import channels_of, waits_until, why_not
from domain.services.messages import spec_of as message_of
from domain.services.posting import posted
from domain.services.sending import AT_ONCE, EXPIRES, Job, Post, channel_of, over, send, side_by_side
from domain.store.document_store import Busy, DatabaseError, StoreFault
from domain.store.ledger import members
from domain.store.ledger.members import StoredMember
from domain.store.messages import outbox
from domain.store.messages.outbox import Delivery, OutboxRow, OutboxState, Settlement

POLL_SECONDS = 1.0
HELD_UP_SECONDS = 1.0
ROUNDS_AT_ONCE = 4
FINISH_SECONDS = 5.0

log = structlog.get_logger(__name__)


# ---------------------------------------------------------------- values
@dataclass(frozen=True, slots=True)
class Round:
    """What a round did: rows found due, those this worker took, and the deliveries that the outside has."""

    found: int = 0
    claimed: int = 0
    sent: int = 0


# ---------------------------------------------------------------- the round
async def deliver(house: House, post: Post, *, now: datetime) -> Round:
    """Take up to 50 rows that are due as far as they come. Raises Unavailable where the database is away."""
    now = milliseconds(now)
    due = await outbox.find_due(house.store, now=now, first=2 * AT_ONCE, lane=post.lane)
    for one in due.unreadable:
        log.error("deliveries.row_unreadable", row=one.id, fault=one.fault)
        await outbox.set_aside(house.store, one)
    rows = _chosen(due.rows)
    lease = secrets.token_hex(8)
    mine = (
        await outbox.claim(
            house.store, [row.id for row in rows], lease=lease, now=now, lease_duration=post.lease
        )
        if rows
        else set[str]()
    )
    rows, behind = _in_turn(rows, mine)
    if behind:
        await outbox.release(house.store, behind, lease=lease, now=now)
    found = len(due.rows) - len(behind)
    if not rows:
        return Round(found)
    kept = await members.find_many(house.store, sorted({row.member for row in rows}))
    await _know(house, rows)
    begun = await side_by_side([_own(row, _begun(house, post, row, kept.get(row.member))) for row in rows])
    there = await _in_the_inbox(house, [one for one in begun if one is not None], now)
    jobs = [one for one in there if isinstance(one, Job)]
    timed = await side_by_side([_own(job.row, _timed(house, job, jobs, now)) for job in jobs])
    jobs = [one for one in timed if isinstance(one, Job)]
    sent = await send(house, post, jobs, now)
    ends = [one for one in (*there, *timed) if isinstance(one, Settlement)]
    await _settle(house, [*ends, *map(_ended, jobs)], lease, now)
    return Round(found, len(rows), sent)


def _chosen(found: Sequence[OutboxRow]) -> list[OutboxRow]:
    """Return what a worker reaches for: all that is due to some members, whom several workers seldom share;
    each one's in its order.
    """
    theirs = defaultdict[str, list[OutboxRow]](list)
    for row in sorted(found, key=lambda row: (row.seq, row.index)):
        theirs[row.member].append(row)
    out = list[OutboxRow]()
    for member in random.sample(list(theirs), len(theirs)):
        if len(out) < AT_ONCE:
            out += theirs[member][:AT_ONCE]
    return out[:AT_ONCE]


def _in_turn(rows: Sequence[OutboxRow], mine: Set[str]) -> tuple[list[OutboxRow], list[str]]:
    """Return the rows that were claimed, and those to be given back: another worker has one that comes before
    it.
    """
    others, turn, behind = set[str](), list[OutboxRow](), list[str]()
    for row in rows:
        if row.id not in mine:
            others.add(row.member)
        elif row.member in others:
            behind.append(row.id)
        else:
            turn.append(row)
    return turn, behind


async def _know(house: House, rows: Iterable[OutboxRow]) -> None:
    for version in {row.version for row in rows}:
        try:
            await house.programmes.load_versions([version])
        except KeyError:  # a version that is gone: the one that rules speaks for it
            log.warning("deliveries.version_gone", version=version)


# ---------------------------------------------------------------- fanning out
async def _own(row: OutboxRow, step: Awaitable[Job | Settlement]) -> Job | Settlement | None:
    """Take a step of a claimed row's; its fault is its own."""
    try:
        return await step
    except Exception as fault:  # noqa: BLE001 - whatever it is, it ends this row alone
        return _ended_by(fault, row)


def _ended_by(fault: Exception, row: OutboxRow) -> Settlement | None:
    """Return where a fault leaves a row: parked with it. None where it is the database's: the lease ends, and
    the row comes up again.
    """
    if isinstance(fault, (Busy, StoreFault, DatabaseError)):
        return None
    log.error("deliveries.row_failed", row=row.id, code=row.code, exc_info=fault)
    return Settlement(row.id, "parked", f"fault: {type(fault).__name__}")


async def _begun(house: House, post: Post, row: OutboxRow, kept: StoredMember | None) -> Job | Settlement:
    """Bring a claimed row to where its messages can be sent, or to its end."""
    kept = kept or await members.find(house.store, row.member)
    return (
        _for_system(house, post, row, kept) if row.kind == "webhook" else _for_people(house, post, row, kept)
    )


def _for_people(house: House, post: Post, row: OutboxRow, kept: StoredMember | None) -> Job | Settlement:
    programme = house.programmes.loaded_or_current(row.version)
    spec = message_of(programme, row.kind, row.code)
    reason = why_not(spec, kept)
    if reason is not None or spec is None or kept is None:
        dropped = [over(one, "dropped", reason or "") for one in row.deliveries or ()]
        was_sent = any(one.state == "sent" for one in dropped)
        return Settlement(row.id, "done" if was_sent else "dropped", reason or "", dropped)
    deliveries = row.deliveries if row.deliveries is not None else channels_of(spec)
    return Job(row, spec, programme, kept, [_without(post, one) for one in deliveries])


def _for_system(house: House, post: Post, row: OutboxRow, kept: StoredMember | None) -> Job | Settlement:
    """Bring a webhook to where it can be sent; it is not dropped for its age, since another system has no
    other way to know.
    """
    if kept is None or kept.status != "active":
        return Settlement(row.id, "dropped", "member_gone")
    deliveries = row.deliveries if row.deliveries is not None else (Delivery("webhook", row.code),)
    if any(post.sender(channel_of(one)) is None for one in deliveries):
        log.error("deliveries.hook_unknown", row=row.id, hook=row.code)
        return Settlement(row.id, "parked", f'SELO_WEBHOOKS names no "{row.code}"')
    return Job(row, None, house.programmes.loaded_or_current(row.version), kept, list(deliveries))


def _without(post: Post, one: Delivery) -> Delivery:
    """Return a delivery as skipped where nobody is configured to send it."""
    return over(one, "skipped", f"{one.channel}_off") if post.sender(one.channel) is None else one


async def _in_the_inbox(
    house: House, begun: Sequence[Job | Settlement], now: datetime
) -> list[Job | Settlement]:
    """Put into inboxes what is not there yet; what came too soon after one of its kind ends here, and what
    could not be put there.
    """
    jobs = [one for one in begun if isinstance(one, Job)]
    came = await posted(house, [job for job in jobs if _to_post(job)], now=now)
    out: list[Job | Settlement | None] = [one for one in begun if isinstance(one, Settlement)]
    for job in jobs:
        match came.get(job.row.id):
            case "too_soon":
                out.append(Settlement(job.row.id, "dropped", "once", ()))
            case Exception() as fault:
                out.append(_ended_by(fault, job.row))
            case _:
                out.append(job)
    return [one for one in out if one is not None]


def _to_post(job: Job) -> bool:
    """Tell whether a message is to go into the inbox, or may come only so often, and was not posted yet."""
    return (
        job.spec is not None
        and job.row.deliveries is None
        and ("inbox" in job.spec.channels or job.spec.once is not None)
    )


async def _timed(house: House, job: Job, together: Sequence[Job], now: datetime) -> Job:
    """Note on a message's deliveries that it is too late for them, or when they may go."""
    if job.spec is None:
        return job
    if job.row.superseded_by or await _superseded(house, job, together):
        job.deliveries = [over(one, "dropped", "collapsed") for one in job.deliveries]
    elif now >= job.row.promised_at + EXPIRES:
        job.deliveries = [over(one, "dropped", "expired") for one in job.deliveries]
    elif any(one.state == "pending" for one in job.deliveries):
        job.due = waits_until(job.programme, job.spec, job.kept, key=job.row.id, now=now)
    return job


async def _superseded(house: House, job: Job, together: Sequence[Job]) -> bool:
    """Tell whether a later message of those that go together stands in this one's place, and let this one
    stand in that of earlier ones.
    """
    row, collapse = job.row, job.spec.collapse if job.spec is not None else None
    if collapse is None or row.deliveries is not None:
        return False
    for other in await outbox.find_pending(house.store, row.member):
        spec = message_of(house.programmes.loaded_or_current(other.version), other.kind, other.code)
        if other.kind != row.kind or spec is None or spec.collapse != collapse:
            continue
        if (other.seq, other.index) > (row.seq, row.index):
            if any(
                one.row.id == other.id for one in together
            ):  # of any other, nobody knows yet whether it will be sent
                return True
        elif other.id != row.id and other.superseded_by is None:
            await outbox.supersede(house.store, other.id, by=row.id)
    return False


# ---------------------------------------------------------------- writing it down
def _ended(job: Job) -> Settlement:
    """Return what became of a row: it waits, is done, or is parked where an attempt too many failed."""
    waiting, failed = (
        [one.reason for one in job.deliveries if one.state == state] for state in ("pending", "failed")
    )
    state: OutboxState = "pending" if waiting else "parked" if failed else "done"
    reason = next(iter([*waiting, *failed]), "")
    if state == "parked":
        log.error("deliveries.parked", row=job.row.id, code=job.row.code, why=reason)
    return Settlement(job.row.id, state, reason, job.deliveries, job.due)


async def _settle(house: House, ends: Sequence[Settlement], lease: str, now: datetime) -> None:
    if ends:
        try:
            await outbox.settle(house.store, ends, lease=lease, now=now)
        except DatabaseError:
            log.warning("deliveries.not_noted", rows=len(ends))  # the lease ends, and they come up again


# ---------------------------------------------------------------- until cancelled
async def keep_delivering(
    house: House,
    post: Post,
    *,
    clock: Callable[[], datetime],
    woken: asyncio.Event,
    heard: Callable[[Exception], None],
) -> None:
    """Deliver whenever something is due, looking each second and whenever woken, until cancelled; rounds
    under way are finished first.

    A round that somebody outside holds up goes on beside the next, a few at most: no inbox waits for a phone.
    """
    under_way = set[asyncio.Task[Round]]()

    def ended(task: asyncio.Task[Round]) -> None:
        under_way.discard(task)
        if not task.cancelled() and isinstance(fault := task.exception(), Exception):
            heard(fault)

    try:
        while True:
            woken.clear()
            going = asyncio.create_task(deliver(house, post, now=clock()))
            under_way.add(going)
            going.add_done_callback(ended)
            await asyncio.wait({going}, timeout=HELD_UP_SECONDS)
            while len(under_way) >= ROUNDS_AT_ONCE:
                await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
            if not _is_behind(going):
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(woken.wait(), POLL_SECONDS)
    except asyncio.CancelledError:
        if under_way:
            await asyncio.wait(under_way, timeout=FINISH_SECONDS)
        for task in under_way:
            task.cancel()
        raise


def _is_behind(going: asyncio.Task[Round]) -> bool:
    """Tell whether a round left something that was due, so that the next begins at once."""
    return going.done() and not going.exception() and going.result().found > going.result().claimed
