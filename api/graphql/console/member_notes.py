"""Notes of service about a member, and the member's messages with what became of each."""

from collections.abc import Sequence
from datetime import datetime
from enum import Enum
from typing import Annotated

import strawberry

from api.errors import NotFound
from api.graphql.console.part_titles import PartTitles
from api.graphql.engine.enums import enum_of_words
from api.graphql.engine.problems import NotAllowed, refusals_as_problems
from api.graphql.engine.shared_types import Info
from api.graphql.till.till_session import looked_up_or_not_found, service_actor
from api.graphql.till.trail.job_titles import read_job_titles
from domain.services import errors
from domain.services.people import staff
from domain.services.people.in_service import service_notes
from domain.store.messages import outbox
from domain.store.people.service_notes import ServiceNote as StoredNote

LONGEST_ID = 64


@enum_of_words(outbox.OutboxState, description="How something promised to a member stands.")
class PromiseState(Enum):
    PENDING = strawberry.enum_value("PENDING", description="It is still to be sent.")
    DONE = strawberry.enum_value("DONE", description="Each channel has it, or is not to have it.")
    PARKED = strawberry.enum_value("PARKED", description="It failed too often: an operator can try again.")
    DROPPED = strawberry.enum_value("DROPPED", description="Nobody is to have it any more.")


@enum_of_words(outbox.DeliveryState, description="What became of a message by one channel.")
class ChannelState(Enum):
    PENDING = strawberry.enum_value("PENDING", description="It is still to be tried.")
    SENT = strawberry.enum_value("SENT", description="It left.")
    SKIPPED = strawberry.enum_value("SKIPPED", description="It was not to go: no device, or no consent.")
    DROPPED = strawberry.enum_value("DROPPED", description="It came too late to be of use.")
    FAILED = strawberry.enum_value("FAILED", description="It could not be sent.")


@strawberry.type(description="A note that an employee wrote about a member.")
class ServiceNote:
    id: str = strawberry.field(description="What `removeServiceNote` takes.")
    at: datetime = strawberry.field(description="When.")
    author: str = strawberry.field(description="Who, by name.")
    text: str = strawberry.field(description="As it was written. The member is told of it in their data.")


@strawberry.type(description="One channel's part of a message.")
class ChannelFate:
    channel: str = strawberry.field(description="push, email, sms or webhook.")
    state: ChannelState = strawberry.field(description="What became of it.")
    reason: str = strawberry.field(description="Why, as a fixed word; empty where it left.")
    attempts: int = strawberry.field(description="How often it was tried.")


@strawberry.type(description="Something that was promised to a member in the last 30 days, and its fate.")
class MessageFate:
    id: str = strawberry.field(description="As `retryOutbox` takes it.")
    fate_kind: str = strawberry.field(
        description="message, survey, webhook, or once: a message sent once to a segment."
    )
    code: str = strawberry.field(description="Its code in the programme file; of one sent once, its job.")
    title: str | None = strawberry.field(
        description=(
            "In the caller's language; of a message sent once its own title and its segment. Null where the"
            " programme in force has none for the code."
        )
    )
    promised_at: datetime = strawberry.field(description="When it was decided.")
    state: PromiseState = strawberry.field(description="How it stands.")
    error: str = strawberry.field(description="Why it failed or was dropped, in English; else empty.")
    channels: list[ChannelFate] = strawberry.field(description="What became of it by each channel.")


@strawberry.input(description="A note about a member.")
class AddServiceNoteInput:
    member: str = strawberry.field(description="A membership number, or a customer's id.")
    text: str = strawberry.field(
        description="1 to 1,000 characters: what the next colleague should know. The member can read it."
    )


@strawberry.input(description="Which note goes, and why.")
class RemoveServiceNoteInput:
    note: str = strawberry.field(description="`id` of a note.")
    reason: str = strawberry.field(description="Why, 1 to 500 characters; kept in the audit trail.")


@strawberry.type(description="The notes about the member as they are now.")
class ServiceNotes:
    notes: list[ServiceNote] = strawberry.field(description="Newest first.")


ServiceNotesResult = Annotated[
    ServiceNotes | NotAllowed,
    strawberry.union("ServiceNotesResult", description="As they are now, or why nothing changed."),
]


@strawberry.type
class ServiceNoteMutation:
    @strawberry.mutation(description="Service: writes a note about a member.")
    @refusals_as_problems
    async def add_service_note(self, info: Info, input: AddServiceNoteInput) -> ServiceNotesResult:
        member = await looked_up_or_not_found(info, input.member)
        await service_notes.add(
            info.context.dependencies.runtime,
            actor=service_actor(info),
            member_id=member,
            text=input.text,
            now=info.context.loaders.now,
        )
        return ServiceNotes(notes=await notes_of(info, member))

    @strawberry.mutation(description="Service: takes a note away.")
    @refusals_as_problems
    async def remove_service_note(self, info: Info, input: RemoveServiceNoteInput) -> ServiceNotesResult:
        try:
            member = await service_notes.remove(
                info.context.dependencies.runtime,
                actor=service_actor(info),
                note_id=input.note[:LONGEST_ID],
                reason=input.reason,
                now=info.context.loaders.now,
            )
        except errors.NotFound:
            raise NotFound from None
        return ServiceNotes(notes=await notes_of(info, member))


async def notes_of(info: Info, member: str) -> list[ServiceNote]:
    """Return the notes about a member."""
    runtime = info.context.dependencies.runtime
    stored: Sequence[StoredNote] = await service_notes.list_notes(runtime, member_id=member)
    names = {each.id: each.name for each in await staff.list_staff(runtime.store)}
    return [
        ServiceNote(id=note.id, at=note.at, author=names.get(note.staff, note.staff), text=note.text)
        for note in stored
    ]


async def fates_of(info: Info, member: str, *, first: int) -> list[MessageFate]:
    """Return what was promised to a member, newest first."""
    titles = PartTitles.of(await info.context.loaders.audience())
    rows = await outbox.find_of_member(info.context.dependencies.runtime.store, member)
    job_titles = await read_job_titles(info, (row.code for row in rows[:first] if row.kind == "once"))
    return [
        MessageFate(
            id=row.id,
            fate_kind=row.kind,
            code=row.code,
            title=job_titles.get(row.code) if row.kind == "once" else titles.message(row.code),
            promised_at=row.promised_at,
            state=PromiseState[row.state.upper()],
            error=row.error,
            channels=[
                ChannelFate(
                    channel=each.channel,
                    state=ChannelState[each.state.upper()],
                    reason=each.reason,
                    attempts=each.attempts,
                )
                for each in row.deliveries or ()
            ],
        )
        for row in rows[:first]
    ]
