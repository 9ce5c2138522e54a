"""Memberships with archived rows: merged, and two again; when they were active last is still known."""

from datetime import timedelta
from pathlib import Path

from domain.services.erasure.retention import BY_SERVICE
from domain.services.ledger import queries
from domain.services.merging.merge import merge
from domain.services.merging.undo import undo_merge
from domain.services.people.identity_runtime import IdentityRuntime
from domain.services.people.service_actor import ServiceActor
from domain.store.connect import Database
from domain.store.ledger.archived import journal_bases
from domain.store.requests import request_key
from tests.identity_harness import RecordingCodeSender
from tests.services.archiving.long_lives import (
    BEFORE,
    NOW,
    count,
    differences,
    open_long_lives,
    run_archive,
    shopped,
)

MANAGER = ServiceActor("staff-1", "MANAGER", "lisboa")


async def test_a_merge_after_the_archive_is_proved_and_undone(database: Database, tmp_path: Path) -> None:
    runtime = await open_long_lives(database)
    await run_archive(runtime, tmp_path)
    identity = IdentityRuntime.of(runtime, secret=bytes(32), code_sender=RecordingCodeSender())
    identity.store.archive = None  # a server knows of no archive, and needs none
    before = [await queries.load_member_view(identity, member_id=id, now=NOW) for id in ("ana", "bia")]
    for operation in ("merge", "undo"):
        request = request_key(scope="store:lisboa", key=operation, operation=operation, request_input={})
        if operation == "merge":
            await merge(
                identity, actor=MANAGER, source="ana", into="bia", reason="One", request=request, now=NOW
            )
        else:
            later = NOW + timedelta(hours=1)
            await undo_merge(identity, actor=MANAGER, source="ana", reason="Two", request=request, now=later)
        assert await differences(identity) == []
    after = [await queries.load_member_view(identity, member_id=id, now=NOW) for id in ("ana", "bia")]
    assert [view.member.wallets["points"].available for view in after] == [
        view.member.wallets["points"].available for view in before
    ]
    await count(runtime)
    runtime.store.archive = None


async def test_when_somebody_acted_last_is_known_from_the_archived_rows(
    database: Database, tmp_path: Path
) -> None:
    runtime = await open_long_lives(database, months=8)
    await run_archive(runtime, tmp_path)
    assert await runtime.store["journal"].find_one({"member": "ana", "at": {"$lt": BEFORE}}) is None
    last = await journal_bases.find_last_act(runtime.store, "ana", besides=BY_SERVICE)
    assert last == shopped(7, "ana") + timedelta(days=2)  # the reward that they took
