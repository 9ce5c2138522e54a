"""Files that operators take along: a job writes their rows, and whoever asked fetches them within a day.

What is stored of a file holds random ids, codes and figures. Where contacts were asked for, with a reason,
they are read while the file is fetched: who was erased meanwhile has none there.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Literal, get_args

from domain.model.calendar import VALID_YEARS, start_of
from domain.model.ledger.events import Json
from domain.model.values import dataclass
from domain.services.errors import InvalidInput, NotFound, TooManyRequests
from domain.services.idempotency import KeyBinding, recall_reply, run_once
from domain.services.input_checks import MAX_REASON_LENGTH, check_text
from domain.services.ledger.till import Till
from domain.services.moving import row_export
from domain.services.moving.row_export import ExportColumn, ExportRow
from domain.services.people.identity_runtime import IdentityRuntime
from domain.services.runtime import Runtime
from domain.services.segments.alone import load_begun
from domain.services.segments.once_messages import require_segment
from domain.services.segments.walking import JobFailed, count_members, next_batch
from domain.store.ledger import members
from domain.store.ledger.members import StoredMember
from domain.store.ledger.scans import member_scans
from domain.store.operations import file_parts, member_jobs
from domain.store.operations.member_jobs import JobProgress, MemberJob, new_job_id
from domain.store.requests import Reply

FileKind = Literal["segment", "members", "entries", "purchases"]
KINDS: tuple[FileKind, ...] = get_args(FileKind)
OF_DAYS = ("entries", "purchases")
MOST_DAYS = 366
MOST_ROWS = 200_000
MOST_A_DAY = 20  # files that one operator asks for
ROWS_A_PART = 1_000
FETCHED_WITHIN = timedelta(days=1)
KEPT_FOR = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class FileRequest:
    """What a file holds: of `entries` and `purchases` the days, of a segment its code. `with_person` where it
    names members.
    """

    of: FileKind
    segment: str | None = None
    first_day: date | None = None
    last_day: date | None = None
    with_person: bool = False


# ---------------------------------------------------------------- asking
async def start(
    runtime: Runtime, *, till: Till, request: FileRequest, reason: str, key: str, now: datetime
) -> MemberJob:
    """Have a file written. Raises NotAllowed, InvalidInput, TooManyRequests beyond twenty a day,
    IdempotencyKeyConflict, Busy.
    """
    till.require_operator()
    check_text(reason, field="reason", max_length=MAX_REASON_LENGTH)
    _check(runtime, request)
    terms: dict[str, Any] = {
        "of": request.of,
        "first_day": None if request.first_day is None else request.first_day.isoformat(),
        "last_day": None if request.last_day is None else request.last_day.isoformat(),
        "with_person": request.with_person,
    }
    request_key = till.request_key("startFile", key, {**terms, "segment": request.segment, "reason": reason})
    size = 0 if request.segment is None else await count_members(runtime.store, request.segment)

    async def act(binding: KeyBinding) -> MemberJob:
        recent = await member_jobs.find_newest(runtime.store, "file", now=now, first=5 * MOST_A_DAY)
        own = [each.at for each in recent if each.staff == till.staff and each.at > now - timedelta(days=1)]
        is_beyond = len(own) >= MOST_A_DAY
        if is_beyond and await recall_reply(runtime, request_key, now=now) is None:
            raise TooManyRequests(int((own[MOST_A_DAY - 1] + timedelta(days=1) - now).total_seconds()) + 1)
        job = MemberJob(
            id=new_job_id("file"),
            kind="file",
            staff=till.staff,
            store=till.store,
            segment=request.segment,
            members=None,
            terms=terms,
            reason=reason,
            size=size,
            at=now,
            begins_at=now,
            purge_at=now + KEPT_FOR,
        )
        act = till.act_writes("FILE_STARTED", now=now, subject=_subject(job), reason=reason)
        await runtime.store.transact([binding.write_for({"job": job.id}), member_jobs.start_write(job), *act])
        return job

    async def answer_again(reply: Reply) -> MemberJob:
        return await load_begun(runtime, reply)

    return await run_once(
        runtime, request=request_key, queue=f"files:{till.staff}", now=now, act=act, answer_again=answer_again
    )


def _check(runtime: Runtime, request: FileRequest) -> None:
    if request.of == "segment":
        require_segment(runtime.programme, request.segment or "")
    elif request.segment is not None:
        raise InvalidInput("segment", "Leave it out, or ask for the members of a segment.")
    if request.of in OF_DAYS:
        if request.with_person:
            raise InvalidInput("withContacts", "Entries and purchases name nobody: ask for members instead.")
        if request.first_day is None or request.last_day is None or request.last_day < request.first_day:
            raise InvalidInput("firstDay", "Name a first day, and a last one that is not before it.")
        if request.last_day.year not in VALID_YEARS:
            raise InvalidInput("lastDay", f"Write a year from {VALID_YEARS[0]} to {VALID_YEARS[-1]}.")
        if (request.last_day - request.first_day).days >= MOST_DAYS:
            raise InvalidInput("firstDay", f"At most {MOST_DAYS} days: take fewer at once.")
    elif request.first_day is not None or request.last_day is not None:
        raise InvalidInput("firstDay", "Members are taken as they are now: leave the days out.")


def _subject(job: MemberJob) -> str:
    terms = job.terms
    parts = [job.id, terms["of"], job.segment, terms["first_day"], terms["last_day"]]
    return " ".join([*filter(None, parts), *(["with contacts"] if terms["with_person"] else [])])


# ---------------------------------------------------------------- the job
async def take_part(identity: IdentityRuntime, job: MemberJob, now: datetime) -> JobProgress:
    """Write the next part. Raises JobFailed beyond 200,000 rows."""
    if job.terms["of"] in OF_DAYS:
        return await _take_day(identity, job)
    if job.segment is not None:
        batch = await next_batch(identity, job, first=ROWS_A_PART)
        page: Sequence[StoredMember] = batch.members
        position, is_last = batch.position, batch.is_last
    else:
        after = job.position
        stored = member_scans.iterate_members(identity.store, after=after, first=ROWS_A_PART)
        page = [each async for each in stored]
        position, is_last = page[-1].member.id if page else after, len(page) < ROWS_A_PART
    rows = [row_export.member_row(identity.programme, each, with_person=False, now=now) for each in page]
    _expect_room(job, len(rows))
    await _write(identity, job, position, 0, rows)
    return JobProgress(position, len(rows), len(rows), {}, is_last)


async def _take_day(identity: IdentityRuntime, job: MemberJob) -> JobProgress:
    zone = identity.programme.zone
    first = date.fromisoformat(job.terms["first_day"])
    day = date.fromisoformat(job.position) + timedelta(days=1) if job.position else first
    start, end = start_of(day, zone), start_of(day + timedelta(days=1), zone)
    iterate = row_export.iterate_entries if job.terms["of"] == "entries" else row_export.iterate_purchases
    rows, count, part = list[ExportRow](), 0, 0
    async for row in iterate(identity, start=start, end=end):
        rows.append(row)
        count += 1
        _expect_room(job, count)
        if len(rows) == ROWS_A_PART:
            await _write(identity, job, day.isoformat(), part, rows)
            rows, part = [], part + 1
    await _write(identity, job, day.isoformat(), part, rows)
    return JobProgress(day.isoformat(), count, count, {}, day.isoformat() >= job.terms["last_day"])


def _expect_room(job: MemberJob, count: int) -> None:
    if job.done + count > MOST_ROWS:
        raise JobFailed(f"more than {MOST_ROWS} rows: take fewer days, or use `selo export`")


async def _write(
    identity: IdentityRuntime, job: MemberJob, position: str, part: int, rows: Sequence[Mapping[str, Json]]
) -> None:
    if rows:
        assert job.purge_at is not None, "a file lapses"
        await file_parts.write_part(
            identity.store, job.id, f"{position}:{part:05d}", rows, purge_at=job.purge_at
        )


# ---------------------------------------------------------------- fetching
def expires_at(job: MemberJob) -> datetime | None:
    """Return until when a file can be fetched; None where there is none."""
    return job.ended_at + FETCHED_WITHIN if job.state == "DONE" and job.ended_at is not None else None


async def open_file(
    runtime: Runtime, *, id: str, till: Till, now: datetime
) -> tuple[MemberJob, tuple[ExportColumn, ...]]:
    """Return a finished file of the caller's, and its columns, and note that it is fetched. Raises
    NotAllowed, and NotFound for another one's, one that is not finished, and one whose time is over.
    """
    till.require_operator()
    job = await member_jobs.find(runtime.store, id)
    until = None if job is None else expires_at(job)
    if job is None or job.kind != "file" or job.staff != till.staff or until is None or until <= now:
        raise NotFound("file")
    act = till.act_writes("FILE_FETCHED", now=now, subject=_subject(job), amount=job.done, reason=job.reason)
    await runtime.store.transact(act)
    return job, _columns(runtime, job)


def _columns(runtime: Runtime, job: MemberJob) -> tuple[ExportColumn, ...]:
    if job.terms["of"] == "entries":
        return row_export.ENTRY_COLUMNS
    if job.terms["of"] == "purchases":
        return row_export.PURCHASE_COLUMNS
    return row_export.member_columns(runtime.programme, with_person=job.terms["with_person"])


async def iterate_rows(runtime: Runtime, job: MemberJob) -> AsyncIterator[list[dict[str, Json]]]:
    """Yield the rows of a file, a part at a time, with what names a person where that was asked for."""
    async for rows in file_parts.iterate_parts(runtime.store, job.id):
        if job.terms["with_person"]:
            by_id = await members.find_many(runtime.store, [str(row["member"]) for row in rows])
            for row in rows:
                stored_member = by_id.get(str(row["member"]))
                if stored_member is not None and stored_member.status == "active":
                    row |= row_export.person_cells(stored_member)
        yield rows
