"""What is done to many members at once, as an operator follows it: how far it is, and what came of it."""

from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from typing import Annotated

import strawberry

from api.errors import NotFound
from api.graphql.console.programme.versions import names_of_staff
from api.graphql.engine.enums import enum_of_words
from api.graphql.engine.problems import NotAllowed, refusals_as_problems
from api.graphql.engine.shared_types import Info
from api.graphql.till.till_session import till_of
from domain.services import errors
from domain.services.segments import files, jobs, message_fates
from domain.services.segments.message_fates import OnceFates
from domain.services.segments.once_messages import channels_off
from domain.store.operations import member_jobs
from domain.store.operations.member_jobs import MemberJob as StoredJob

LONGEST_ID = 64
FILES_PATH = "/files"


@enum_of_words(member_jobs.JobKind, description="What is done to many members.")
class MemberJobKind(Enum):
    MESSAGE = strawberry.enum_value("MESSAGE", description="A message is sent once to a segment.")
    TAGS = strawberry.enum_value("TAGS", description="Tags are put on, or taken away.")
    FILE = strawberry.enum_value("FILE", description="A file of them, or of what they did, is written.")


@enum_of_words(member_jobs.JobState, description="Where a job stands.")
class MemberJobState(Enum):
    WAITING = strawberry.enum_value("WAITING", description="It begins at `beginsAt`.")
    RUNNING = strawberry.enum_value("RUNNING", description="A worker is at it.")
    DONE = strawberry.enum_value("DONE", description="All of them were looked at.")
    STOPPED = strawberry.enum_value("STOPPED", description="Somebody stopped it.")
    FAILED = strawberry.enum_value("FAILED", description="It could not go on; `error` says why.")


@strawberry.type(description="How many members a job left out, and why.")
class MemberJobSkip:
    reason: str = strawberry.field(
        description=(
            "A fixed word: no_consent, no_channel, being_deleted, member_gone, told_before (a membership"
            " merged into theirs had it), own_membership, beyond_bound (one person may reach no more)."
        )
    )
    count: int = strawberry.field(description="How many.")


@strawberry.type(description="What became of a message that was sent once, as far as it is known.")
class OnceMessageFates:
    sent: int = strawberry.field(description="It left, or lies in the inbox.")
    opened: int = strawberry.field(description="It was read in the inbox.")
    failed: int = strawberry.field(description="No channel took it.")
    dropped: int = strawberry.field(description="It was stopped, came too late, or consent was withdrawn.")


@strawberry.type(description="A text in one of the programme's languages.")
class TextInLocale:
    locale: str = strawberry.field(description="The language.")
    text: str = strawberry.field(description="As it was written, with its placeholders.")


@strawberry.type(description="A message that was written at the console.")
class OnceMessage:
    channels: list[str] = strawberry.field(description="inbox, push, email, sms.")
    purpose: str = strawberry.field(description="The consent that it takes; `service` takes none.")
    titles: list[TextInLocale] = strawberry.field(description="In every language.")
    bodies: list[TextInLocale] = strawberry.field(description="In every language.")
    link: str | None = strawberry.field(description="What it opens; null for nothing.")
    fates: OnceMessageFates = strawberry.field(description="What became of it, seconds after.")
    channels_off: list[str] = strawberry.field(
        description="Those of its channels for which this server has no sender now: they reach nobody."
    )


@strawberry.type(description="A file that can be fetched, or will be.")
class OnceFile:
    rows_of: str = strawberry.field(description="segment, members, entries or purchases.")
    with_contacts: bool = strawberry.field(description="Whether it names people.")
    first_day: str | None = strawberry.field(description="Of entries and purchases; else null.")
    last_day: str | None = strawberry.field(description="Of entries and purchases; else null.")
    path: str | None = strawberry.field(
        description=(
            "Where whoever asked fetches it, with their access token; null until it is written, for others,"
            " and once its time is over."
        )
    )
    expires_at: datetime | None = strawberry.field(description="Until when; null until it is written.")


@strawberry.type(description="Something that is done to many members, in bounded batches, by a worker.")
class MemberJob:
    job: str = strawberry.field(description="What `stopJob` takes.")
    job_kind: MemberJobKind = strawberry.field(description="What is done.")
    job_state: MemberJobState = strawberry.field(description="Where it stands.")
    segment: str | None = strawberry.field(description="To whom; null for a list, and for everybody.")
    started_by: str = strawberry.field(description="The colleague's name.")
    started_at: datetime = strawberry.field(description="When it was asked for.")
    begins_at: datetime = strawberry.field(description="When it begins.")
    ended_at: datetime | None = strawberry.field(description="When it ended; null while it has not.")
    reason: str = strawberry.field(description="As the colleague gave it.")
    size: int = strawberry.field(description="How many there are to look at, about; 0 where nobody knows.")
    looked: int = strawberry.field(description="How many were looked at; of a file its rows.")
    done: int = strawberry.field(description="To how many it was done; of a file its rows.")
    skipped: list[MemberJobSkip] = strawberry.field(description="To how many not, by reason.")
    error: str = strawberry.field(description="Why it failed, in English; empty where it did not.")
    tags_added: list[str] = strawberry.field(description="Of a job that changes tags.")
    tags_removed: list[str] = strawberry.field(description="Of a job that changes tags.")
    message: OnceMessage | None = strawberry.field(description="Of a job that sends one; else null.")
    file: OnceFile | None = strawberry.field(description="Of a job that writes one; else null.")


@strawberry.type(description="It begins, or waits for its instant.")
class MemberJobStarted:
    job: MemberJob = strawberry.field(description="Read it again by `memberJobs`.")


@strawberry.input(description="Which job ends, and why.")
class StopJobInput:
    job: str = strawberry.field(description="`job` of one of `memberJobs`.")
    reason: str = strawberry.field(description="Why, 1 to 500 characters; kept in the audit trail.")


StopJobResult = Annotated[
    MemberJobStarted | NotAllowed,
    strawberry.union("StopJobResult", description="As it stands now, or why it was not stopped."),
]


@strawberry.type
class MemberJobQuery:
    @strawberry.field(description="Operators: the 20 newest jobs of a kind, the newest first.")
    async def member_jobs(
        self,
        info: Info,
        kind: Annotated[MemberJobKind, strawberry.argument(description="Of which kind.")],
    ) -> list[MemberJob]:
        runtime, now = info.context.dependencies.runtime, info.context.loaders.now
        stored = await jobs.list_newest(runtime, _KINDS[kind], now=now)
        fates = await message_fates.find_fates(runtime, stored, now=now)
        names = await names_of_staff(runtime.store)
        return [_job(info, each, names, fates) for each in stored]


@strawberry.type
class MemberJobMutation:
    @strawberry.mutation(
        description=(
            "Operators: ends a job; what it has done stays. Of a message nothing more is promised, and what"
            " waits to be sent is not."
        )
    )
    @refusals_as_problems
    async def stop_job(self, info: Info, input: StopJobInput) -> StopJobResult:
        runtime, now = info.context.dependencies.runtime, info.context.loaders.now
        try:
            job = await jobs.stop(
                runtime, till=till_of(info), id=input.job[:LONGEST_ID], reason=input.reason, now=now
            )
        except errors.NotFound:
            raise NotFound from None
        return await job_started(info, job)


_KINDS: Mapping[MemberJobKind, member_jobs.JobKind] = {
    MemberJobKind.MESSAGE: "message",
    MemberJobKind.TAGS: "tags",
    MemberJobKind.FILE: "file",
}


async def job_started(info: Info, stored: StoredJob) -> MemberJobStarted:
    """Return a job as the schema shows it."""
    runtime = info.context.dependencies.runtime
    fates = await message_fates.find_fates(runtime, [stored], now=info.context.loaders.now)
    names = await names_of_staff(runtime.store)
    return MemberJobStarted(job=_job(info, stored, names, fates))


def _job(
    info: Info, stored: StoredJob, names: Mapping[str, str], fates: Mapping[str, OnceFates]
) -> MemberJob:
    terms = stored.terms
    return MemberJob(
        job=stored.id,
        job_kind=MemberJobKind[stored.kind.upper()],
        job_state=MemberJobState[stored.state],
        segment=stored.segment,
        started_by=names.get(stored.staff, stored.staff),
        started_at=stored.at,
        begins_at=stored.begins_at,
        ended_at=stored.ended_at,
        reason=stored.reason,
        size=stored.size,
        looked=stored.looked,
        done=stored.done,
        skipped=[MemberJobSkip(reason=why, count=count) for why, count in sorted(stored.skipped.items())],
        error=stored.error,
        tags_added=list(terms.get("add") or ()),
        tags_removed=list(terms.get("remove") or ()),
        message=_message(info, stored, fates.get(stored.id, OnceFates()))
        if stored.kind == "message"
        else None,
        file=_file(info, stored) if stored.kind == "file" else None,
    )


def _message(info: Info, stored: StoredJob, fates: OnceFates) -> OnceMessage:
    message, on = stored.terms["message"], info.context.dependencies.runtime.channels
    return OnceMessage(
        channels=list(message["channels"]),
        purpose=message["purpose"],
        titles=_texts(message["title"]),
        bodies=_texts(message["body"]),
        link=message["link"],
        fates=OnceMessageFates(
            sent=fates.sent, opened=fates.opened, failed=fates.failed, dropped=fates.dropped
        ),
        channels_off=list(channels_off(message["channels"], on)),
    )


def _texts(entries: Mapping[str, str]) -> list[TextInLocale]:
    return [TextInLocale(locale=locale, text=text) for locale, text in entries.items()]


def _file(info: Info, stored: StoredJob) -> OnceFile:
    until = files.expires_at(stored)
    is_there = until is not None and until > info.context.loaders.now
    is_own = stored.staff == info.context.staff().staff_id
    return OnceFile(
        rows_of=stored.terms["of"],
        with_contacts=stored.terms["with_person"],
        first_day=stored.terms["first_day"],
        last_day=stored.terms["last_day"],
        path=f"{FILES_PATH}/{stored.id}" if is_there and is_own else None,
        expires_at=until,
    )
