"""The published versions of the programme, and how two of them differ."""

from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from typing import Annotated

import strawberry

from api.errors import BadInput
from api.graphql.engine.enums import enum_of_words
from api.graphql.engine.paging import First, row_count
from api.graphql.engine.shared_types import Info
from domain.model.programme.drafts import difference
from domain.services.people import staff
from domain.services.publishing import versions
from domain.store.document_store import DocumentStore
from domain.store.ledger.programmes import VersionRecord

DEFAULT_VERSIONS = 20


@enum_of_words(difference.ChangeKind, description="How a place of the file differs.")
class ProgrammeChangeKind(Enum):
    ADDED = strawberry.enum_value("ADDED", description="The newer version has it alone.")
    REMOVED = strawberry.enum_value("REMOVED", description="The older version has it alone.")
    CHANGED = strawberry.enum_value("CHANGED", description="Both have it, with another value.")
    MOVED = strawberry.enum_value("MOVED", description="The items of a list stand in another order.")


@strawberry.type(description="A published version of the programme file.")
class ProgrammeVersion:
    version: int = strawberry.field(description="Counted from 1.")
    published_at: datetime = strawberry.field(description="When.")
    published_by: str = strawberry.field(description="Who: a colleague's name, or `cli:NAME` of the shell.")
    approved_by: str | None = strawberry.field(
        description="Who approved it; null where it was published by the shell."
    )
    note: str | None = strawberry.field(description="What it is for; null where nobody wrote it.")
    is_current: bool = strawberry.field(description="Whether it rules now.")


@strawberry.type(description="The published versions.")
class ProgrammeVersions:
    current: int = strawberry.field(description="The version that rules.")
    versions: list[ProgrammeVersion] = strawberry.field(description="The newest first.")
    is_for_shell: bool = strawberry.field(
        description=(
            "Whether publishing is for the shell alone, since fewer than two operators can sign in:"
            " `selo programme publish FILE`."
        )
    )


@strawberry.type(description="A place of the file that differs.")
class ProgrammeChange:
    change_kind: ProgrammeChangeKind = strawberry.field(description="How.")
    path: str = strawberry.field(description="Where, with items by their code: `rules[weekend].multiply`.")
    before: str | None = strawberry.field(
        description="The older value as compact text, at most 300 characters; null where there is none."
    )
    after: str | None = strawberry.field(description="The newer value, likewise.")
    line: int = strawberry.field(
        description="The line, counted from 1, in the version that has it; the newer one where both do."
    )


async def names_of_staff(store: DocumentStore) -> Mapping[str, str]:
    """Return the names of employees, those who left too, by their ids."""
    return {each.id: each.name for each in await staff.list_staff(store)}


def version_of(record: VersionRecord, names: Mapping[str, str], *, current: int) -> ProgrammeVersion:
    """Return a version as the console shows it."""
    publisher = record.published_by or ""
    return ProgrammeVersion(
        version=record.number,
        published_at=record.published_at,
        published_by=names.get(publisher, publisher),
        approved_by=record.approved_by and names.get(record.approved_by, record.approved_by),
        note=record.note,
        is_current=record.number == current,
    )


@strawberry.type
class ProgrammeVersionQuery:
    @strawberry.field(description="Operators, at the console: the published versions, the newest first.")
    async def programme_versions(
        self,
        info: Info,
        first: First = DEFAULT_VERSIONS,
        before: Annotated[
            int | None, strawberry.argument(description="Only those before this version; null for all.")
        ] = None,
    ) -> ProgrammeVersions:
        runtime = info.context.dependencies.runtime
        listed = await versions.list_versions(
            runtime, first=row_count(first, default=DEFAULT_VERSIONS), before=before
        )
        names = await names_of_staff(runtime.store)
        return ProgrammeVersions(
            current=listed.current,
            versions=[version_of(each, names, current=listed.current) for each in listed.versions],
            is_for_shell=await versions.is_for_shell(runtime.store),
        )

    @strawberry.field(description="Operators, at the console: a published version as it was written.")
    async def programme_text(
        self,
        info: Info,
        version: Annotated[int, strawberry.argument(description="Which version, counted from 1.")],
    ) -> str:
        return await versions.read_text(info.context.dependencies.runtime, version)

    @strawberry.field(
        description=(
            "Operators, at the console: how a version, or a draft, differs from another version in meaning;"
            " comments, blanks and the order of keys do not count. At most 500 places."
        )
    )
    async def programme_difference(
        self,
        info: Info,
        base: Annotated[int, strawberry.argument(description="The older version.")],
        version: Annotated[
            int | None, strawberry.argument(description="The newer version; or bring `text`.")
        ] = None,
        text: Annotated[
            str | None, strawberry.argument(description="The draft, at most 200,000 characters.")
        ] = None,
    ) -> list[ProgrammeChange]:
        if (version is None) == (text is None):
            raise BadInput("Bring either version or text.", field="version")
        dependencies = info.context.dependencies
        changes = await versions.compare(
            dependencies.runtime, dependencies.drafts, base=base, version=version, text=text
        )
        return [
            ProgrammeChange(
                change_kind=ProgrammeChangeKind[each.kind],
                path=each.path,
                before=each.before,
                after=each.after,
                line=each.line,
            )
            for each in changes
        ]
