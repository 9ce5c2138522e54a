"""The worker's round: claims what is due in the outbox, fans it out, and sends it by those senders that are configured.

    claim (lease) -> fan out: the inbox, and what is to be sent -> quiet hours -> one delivery a device -> verdicts written down

A worker that is killed leaves its lease behind: the rows come up again when it ends, and no more was sent twice than what was in
flight. One row's fault is its own: it is parked with its error, and the rest goes on. Nothing a sender says ends a round.
"""

from __future__ import annotations

import asyncio
import random
import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from domain.model.calendar import milliseconds
from domain.model.programme import Message, Programme
from domain.services.house import House
from domain.services.messages import balance_of, channels_of, letter_of, too_soon, waits_until, why_not
from domain.services.messages import spec_of as message_of
from domain.services.sending import AT_ONCE, EXPIRES, Job, Post, channel_of, over, send, side_by_side
from domain.store import inbox, members, outbox
from domain.store.base import Busy, StoreFault, Unavailable
from domain.store.members import Kept
from domain.store.outbox import Delivery, Promised, State

POLL_SECONDS = 1.0
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
    due = await outbox.due(house.store, now=now, first=2 * AT_ONCE, lane=post.lane)
    for one in due.unreadable:
        log.error("deliveries.row_unreadable", row=one.id, fault=one.fault)
        await outbox.set_aside(house.store, one)
    found = due.rows
    if not found:
        return Round()
    rows = random.sample(found, min(AT_ONCE, len(found)))  # several workers seldom reach for the same
    lease = secrets.token_hex(8)
    taken = await side_by_side([outbox.claim(house.store, row, lease=lease, now=now, lasts=post.lease) for row in rows])
    rows = [row for row, mine in zip(rows, taken, strict=True) if mine]
    if not rows:
        return Round(len(found))
    kept = await members.find_many(house.store, sorted({row.member for row in rows}))
    await _know(house, rows)
    ordered = sorted(rows, key=lambda row: (row.member, row.seq, row.index))
    jobs = [job for job in await side_by_side([_begun(house, post, row, kept.get(row.member), lease, now) for row in ordered]) if job]
    sent = await send(house, post, jobs, now)
    await side_by_side([_settle(house, job, lease, now) for job in jobs])
    return Round(len(found), len(rows), sent)


async def _know(house: House, rows: Iterable[Promised]) -> None:
    for version in {row.version for row in rows}:
        try:
            await house.programmes.know([version])
        except KeyError:  # a version that is gone: the one that rules speaks for it
            log.warning("deliveries.version_gone", version=version)


# ---------------------------------------------------------------- fanning out
async def _begun(house: House, post: Post, row: Promised, kept: Kept | None, lease: str, now: datetime) -> Job | None:
    """Bring a claimed row to where its messages can be sent; None where there is nothing to send now, and that is written down."""
    try:
        return await _prepared(house, post, row, kept, lease, now)
    except (Busy, StoreFault, Unavailable):
        return None  # the lease ends, and the row comes up again
    except Exception as fault:
        log.exception("deliveries.row_failed", row=row.id, code=row.code)
        await _end(house, row, None, lease, now, state="parked", reason=f"fault: {type(fault).__name__}")
        return None


async def _prepared(house: House, post: Post, row: Promised, kept: Kept | None, lease: str, now: datetime) -> Job | None:
    kept = kept or await members.find(house.store, row.member)
    if row.kind == "webhook":
        return await _for_system(house, post, row, kept, lease, now)
    programme = house.programmes.known(row.version)
    spec = message_of(programme, row.kind, row.code)
    reason = why_not(spec, kept)
    if reason is not None or spec is None or kept is None:
        dropped = [over(one, "dropped", reason or "") for one in row.deliveries or ()]
        was_sent = any(one.state == "sent" for one in dropped)
        await _end(house, row, dropped, lease, now, state="done" if was_sent else "dropped", reason=reason or "")
        return None
    deliveries = row.deliveries if row.deliveries is not None else await _fanned(house, row, spec, programme, kept, lease, now)
    if deliveries is None:
        return None
    deliveries = tuple(_without(post, one) for one in deliveries)
    job = Job(row, spec, programme, kept, list(deliveries))
    if row.superseded or await _superseded(house, job):
        job.deliveries = [over(one, "dropped", "collapsed") for one in job.deliveries]
    elif now >= row.promised_at + EXPIRES:
        job.deliveries = [over(one, "dropped", "expired") for one in job.deliveries]
    elif any(one.state == "pending" for one in job.deliveries):
        job.due = waits_until(programme, spec, kept, key=row.id, now=now)
    return job


async def _for_system(house: House, post: Post, row: Promised, kept: Kept | None, lease: str, now: datetime) -> Job | None:
    """Bring a webhook to where it can be sent; it is not dropped for its age, since another system has no other way to know."""
    if kept is None or kept.status != "active":
        await _end(house, row, None, lease, now, state="dropped", reason="member_gone")
        return None
    deliveries = row.deliveries if row.deliveries is not None else (Delivery("webhook", row.code),)
    if any(post.sender(channel_of(one)) is None for one in deliveries):
        log.error("deliveries.hook_unknown", row=row.id, hook=row.code)
        await _end(house, row, None, lease, now, state="parked", reason=f'SELO_WEBHOOKS names no "{row.code}"')
        return None
    return Job(row, None, house.programmes.known(row.version), kept, list(deliveries))


async def _fanned(
    house: House, row: Promised, spec: Message, programme: Programme, kept: Kept, lease: str, now: datetime
) -> tuple[Delivery, ...] | None:
    """Put a message into the inbox and note what is to be sent; None where it came too soon after one of its kind."""
    deliveries = channels_of(spec)
    if "inbox" not in spec.channels and spec.once is None:
        return deliveries  # nothing that may happen only once: it is noted with the verdicts

    async def attempt() -> bool:
        box = await inbox.mailbox(house.store, row.member)
        held = [box.holds.id] if box.holds is not None else []
        there = {one.id for one in await inbox.some(house.store, [row.id, *held])}
        if not there.issuperset(held):
            await inbox.put_in(house.store, box.holds)  # where a worker died between the two
        if too_soon(programme, spec, box, row):
            return False
        if row.id in (*there, *held):
            return True  # a worker that died had come so far
        after = box
        if "inbox" in spec.channels:
            letter = letter_of(row, n=box.n + 1, balance=balance_of(programme, kept, now=now), now=now)
            after = replace(box, n=letter.n, unread=box.unread + 1, holds=letter)
        await inbox.post(house.store, box, after.told(spec.code, row.at, by=row.id) if spec.once is not None else after)
        return True

    if not await house.store.rounds(attempt, queue=f"mailbox:{row.member}"):
        await _end(house, row, (), lease, now, state="dropped", reason="once")
        return None
    if deliveries:
        return deliveries
    await _end(house, row, (), lease, now, state="done", reason="")
    return None


async def _superseded(house: House, job: Job) -> bool:
    """Tell whether a later message stands in this one's place, and let this one stand in that of earlier ones."""
    row, collapse = job.row, job.spec.collapse if job.spec is not None else None
    if collapse is None or row.deliveries is not None:
        return False
    for other in await outbox.pending_of(house.store, row.member):
        spec = message_of(house.programmes.known(other.version), other.kind, other.code)
        if other.id == row.id or other.kind != row.kind or spec is None or spec.collapse != collapse:
            continue
        if (other.seq, other.index) > (row.seq, row.index):
            return True
        if other.superseded is None:
            await outbox.supersede(house.store, other.id, by=row.id)
    return False


def _without(post: Post, one: Delivery) -> Delivery:
    """Return a delivery as skipped where nobody is configured to send it."""
    return over(one, "skipped", f"{one.channel}_off") if post.sender(one.channel) is None else one


# ---------------------------------------------------------------- writing it down
async def _settle(house: House, job: Job, lease: str, now: datetime) -> None:
    """Write down what became of a row: it waits, is done, or is parked where an attempt too many failed."""
    waiting, failed = ([one.reason for one in job.deliveries if one.state == state] for state in ("pending", "failed"))
    state: State = "pending" if waiting else "parked" if failed else "done"
    reason = next(iter([*waiting, *failed]), "")
    if state == "parked":
        log.error("deliveries.parked", row=job.row.id, code=job.row.code, why=reason)
    await _end(house, job.row, job.deliveries, lease, now, state=state, reason=reason, due=job.due)


async def _end(
    house: House,
    row: Promised,
    deliveries: Sequence[Delivery] | None,
    lease: str,
    now: datetime,
    *,
    state: State,
    reason: str,
    due: datetime | None = None,
) -> None:
    try:
        await outbox.settle(house.store, row, lease=lease, deliveries=deliveries, state=state, reason=reason, due=due or now, now=now)
    except Unavailable:
        log.warning("deliveries.not_noted", row=row.id)  # the lease ends, and the row comes up again


# ---------------------------------------------------------------- until cancelled
async def keep_delivering(
    house: House, post: Post, *, clock: Callable[[], datetime], woken: asyncio.Event, heard: Callable[[Exception], None]
) -> None:
    """Deliver whenever something is due, looking each second and whenever woken, until cancelled; a round under way is finished first."""
    while True:
        woken.clear()
        going = asyncio.ensure_future(deliver(house, post, now=clock()))
        try:
            done = await asyncio.shield(going)
            busy = done.found > done.claimed
        except asyncio.CancelledError:
            await asyncio.wait({going}, timeout=FINISH_SECONDS)
            going.cancel()
            raise
        except Exception as fault:  # noqa: BLE001 - whatever it is, the next round comes
            heard(fault)
            busy = False
        if not busy:
            try:
                await asyncio.wait_for(woken.wait(), POLL_SECONDS)
            except TimeoutError:
                continue
