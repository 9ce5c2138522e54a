"""The published versions of the programme: what the console lists, reads and compares."""

from __future__ import annotations

from domain.model.programme.drafts.difference import ProgrammeChange
from domain.model.values import dataclass
from domain.services.errors import NotFound
from domain.services.people import staff
from domain.services.publishing.drafts import DraftProcesses
from domain.services.runtime import Runtime
from domain.store.document_store import DocumentStore
from domain.store.ledger.programmes import VersionRecord

MAX_VERSIONS = 100


@dataclass(frozen=True, slots=True)
class VersionList:
    """Published versions, newest first, and the one that rules."""

    current: int
    versions: list[VersionRecord]


async def list_versions(runtime: Runtime, *, first: int, before: int | None) -> VersionList:
    """Return published versions without their texts. Raises NothingPublished."""
    await runtime.programmes.refresh()
    versions = await runtime.programmes.find_versions(first=min(first, MAX_VERSIONS), before=before)
    return VersionList(runtime.programmes.current().number, versions)


async def read_text(runtime: Runtime, version: int) -> str:
    """Return a version as it was written. Raises NotFound."""
    try:
        return await runtime.programmes.read_text(version)
    except KeyError:
        raise NotFound("version") from None


async def compare(
    runtime: Runtime, drafts: DraftProcesses, *, base: int, version: int | None, text: str | None
) -> tuple[ProgrammeChange, ...]:
    """Return how a version, or the text of a draft, differs from the version `base`.

    Raises NotFound, InvalidInput, TakesTooLong, Busy.
    """
    before = await read_text(runtime, base)
    after = text if version is None else await read_text(runtime, version)
    return await drafts.compare(before, after or "")


async def is_for_shell(store: DocumentStore) -> bool:
    """Tell whether publishing is for the shell alone: fewer than two operators can sign in."""
    employees = await staff.list_staff(store)
    return sum(each.role == "OPERATOR" and each.disabled_at is None for each in employees) < 2
