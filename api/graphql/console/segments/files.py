"""Files to take along: asked for here, followed by `memberJobs`, and fetched from their path."""

from collections.abc import Mapping
from datetime import date
from enum import Enum
from typing import Annotated

import strawberry

from api.graphql.console.segments.member_jobs import MemberJobStarted, job_started
from api.graphql.engine.descriptions import IDEMPOTENCY_KEY
from api.graphql.engine.enums import enum_of_words
from api.graphql.engine.problems import IdempotencyConflict, NotAllowed, refusals_as_problems
from api.graphql.engine.shared_types import Info
from api.graphql.till.till_session import till_of
from domain.services.segments import files


@enum_of_words(files.FileKind, description="Of what a file is.")
class FileKind(Enum):
    SEGMENT = strawberry.enum_value("SEGMENT", description="The members of a segment.")
    MEMBERS = strawberry.enum_value("MEMBERS", description="Every membership, erased and merged ones too.")
    ENTRIES = strawberry.enum_value("ENTRIES", description="What each wallet gave and took, of some days.")
    PURCHASES = strawberry.enum_value("PURCHASES", description="Receipts, refunds, corrections of some days.")


@strawberry.input(description="A file to take along, as CSV.")
class StartFileInput:
    of: FileKind = strawberry.field(description="Of what it is.")
    segment: str | None = strawberry.field(default=None, description="Of a segment, its code.")
    first_day: date | None = strawberry.field(default=None, description="Of entries and purchases.")
    last_day: date | None = strawberry.field(
        default=None, description="Of entries and purchases: included, at most 366 days."
    )
    with_contacts: bool = strawberry.field(
        default=False, description="Whether a file of members names them: name, number, contacts, birthday."
    )
    reason: str = strawberry.field(description="Why, 1 to 500 characters; kept in the audit trail.")
    idempotency_key: str = strawberry.field(description=IDEMPOTENCY_KEY)


StartFileResult = Annotated[
    MemberJobStarted | NotAllowed | IdempotencyConflict,
    strawberry.union("StartFileResult", description="It is being written, or why not."),
]


@strawberry.type
class FileMutation:
    @strawberry.mutation(
        description=(
            "Operators: has a file written, of at most 200,000 rows; at most 20 a day. Whoever asked fetches"
            " it within a day, each time with an act in the audit trail."
        )
    )
    @refusals_as_problems
    async def start_file(self, info: Info, input: StartFileInput) -> StartFileResult:
        job = await files.start(
            info.context.dependencies.runtime,
            till=till_of(info),
            request=files.FileRequest(
                _KINDS[input.of], input.segment, input.first_day, input.last_day, input.with_contacts
            ),
            reason=input.reason,
            key=input.idempotency_key,
            now=info.context.loaders.now,
        )
        return await job_started(info, job)


_KINDS: Mapping[FileKind, files.FileKind] = {FileKind[each.upper()]: each for each in files.KINDS}
