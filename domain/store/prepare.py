"""Prepares the database at start: its format, collections and indexes, and what its server can do.

No index is built in a transaction. `_id` does the work of unique indexes wherever it can. Once all indexes
were built, `meta` holds their digest, and later starts skip them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Collection, Iterable, Mapping, Sequence
from hashlib import sha256

import pymongo
from beanie import init_beanie
from beanie.exceptions import CollectionWasNotInitialized
from pymongo import IndexModel
from pymongo.errors import OperationFailure

from domain.store import audit, look_ups, meta, requests, stale_commits
from domain.store.club import (
    leaderboard_players,
    leaderboard_results,
    leaderboard_scores,
    product_links,
    products,
    receipt_codes,
    recommendation_openings,
)
from domain.store.document_store import DocumentStore
from domain.store.figures import backtests, member_figures, sums
from domain.store.figures import due as figures_due
from domain.store.intake import (
    bindings,
    clients,
    deliveries,
    orders,
    refused_calls,
    source_files,
    source_pauses,
)
from domain.store.ledger import (
    agenda,
    code_counts,
    correction_proposals,
    journal,
    members,
    merges,
    parked_events,
    programmes,
    receipts,
    single_use_codes,
    stock,
    vouchers,
)
from domain.store.ledger.archived import journal_bases
from domain.store.ledger.due import sweeps
from domain.store.messages import inbox, outbox
from domain.store.migrations import FORMAT, MIGRATIONS
from domain.store.migrations.format import (
    StoredFormat,
    expect_current,
    expect_indexes,
    expect_known,
    read_format,
)
from domain.store.migrations.runner import MigrationRunner
from domain.store.migrations.steps import INDEX_SECONDS
from domain.store.operations import file_parts, member_jobs, staff_proposals
from domain.store.people import (
    card_steps,
    code_tries,
    consent_histories,
    contact_changes,
    contact_proposals,
    contacts,
    data_exports,
    devices,
    dropped_keys,
    enrolments,
    known_devices,
    service_notes,
    sessions,
    sign_in_codes,
    staff,
    staff_attempts,
    stores,
    tills,
)
from domain.store.publishing import pictures, programme_proposals
from domain.store.stored_document import StoredDocument
from domain.store.ttl import with_linger

DOCUMENTS: tuple[type[StoredDocument], ...] = (
    meta.MetaDocument,
    members.MemberDocument,
    contacts.ContactDocument,
    journal.JournalDocument,
    journal_bases.JournalBaseDocument,
    receipts.ReceiptDocument,
    requests.RequestDocument,
    vouchers.VoucherDocument,
    vouchers.VoucherCodeDocument,
    outbox.OutboxDocument,
    inbox.LetterDocument,
    inbox.MailboxDocument,
    agenda.AgendaDocument,
    parked_events.ParkedEventDocument,
    receipt_codes.ReceiptCodeDocument,
    leaderboard_scores.ScoreDocument,
    leaderboard_scores.RanksDocument,
    leaderboard_players.PlayerDocument,
    leaderboard_results.ResultDocument,
    products.ProductDocument,
    product_links.ProductLinksDocument,
    recommendation_openings.OpeningsDocument,
    merges.MergeDocument,
    programmes.ProgrammeVersion,
    sweeps.SweepDocument,
    stock.StockDocument,
    single_use_codes.SingleUseCodeDocument,
    code_counts.CodeCountDocument,
    correction_proposals.CorrectionProposalDocument,
    programme_proposals.ProgrammeProposalDocument,
    pictures.ProgrammePictureDocument,
    audit.AuditDocument,
    audit.ShiftDocument,
    look_ups.LookUpDocument,
    stores.RetailStoreDocument,
    staff.EmployeeDocument,
    staff_attempts.AttemptDocument,
    tills.TillDocument,
    sessions.SessionDocument,
    sign_in_codes.SignInDocument,
    enrolments.EnrolmentDocument,
    contact_changes.ContactChangeDocument,
    contact_proposals.ContactProposalDocument,
    known_devices.KnownDeviceDocument,
    devices.DeviceDocument,
    card_steps.CardStepDocument,
    code_tries.CodeTriesDocument,
    consent_histories.ConsentHistoryDocument,
    data_exports.DataExportDocument,
    dropped_keys.DroppedKeyDocument,
    stale_commits.StaleCommitDocument,
    source_files.SourcesVersion,
    source_pauses.SourcePauseDocument,
    refused_calls.RefusedCallsDocument,
    deliveries.IntakeDocument,
    orders.IntakeOrderDocument,
    bindings.BindingDocument,
    clients.ClientDocument,
    staff_proposals.StaffProposalDocument,
    service_notes.ServiceNoteDocument,
    figures_due.DueDocument,
    member_figures.MemberFiguresDocument,
    sums.DayDocument,
    sums.MonthDocument,
    sums.NowDocument,
    backtests.BacktestDocument,
    member_jobs.MemberJobDocument,
    file_parts.FilePartDocument,
)
COLLECTIONS: Mapping[str, Sequence[IndexModel]] = {
    document.Settings.name: document.Settings.indexes for document in DOCUMENTS
}
INDEXES_DIGEST = sha256(
    repr([(name, [index.document for index in COLLECTIONS[name]]) for name in sorted(COLLECTIONS)]).encode()
).hexdigest()
PREPARE_SECONDS = 60  # an index over many rows takes longer than the client's time for one call
NAMESPACE_EXISTS = 48
SIDE_BY_SIDE = 4  # each needs a connection, which costs as much as the call itself


class TransactionsUnsupported(Exception):
    """The server takes no transactions; the message is for whoever starts us."""


async def prepare(store: DocumentStore, *, runner: MigrationRunner | None = None) -> None:
    """Create the collections and indexes that are missing, and detect what the server can do.

    A second call changes nothing. `runner` migrates a database of an older format, and builds indexes that a
    database in use lacks; without one both are refused, since a start must not take hours.
    Raises TransactionsUnsupported where the server stands alone, and FormatMismatch where the format is not
    `FORMAT`, both before anything is written.
    """
    with pymongo.timeout(PREPARE_SECONDS):
        await _expect_transactions(store)
        existing = set(await store.mongo.list_collection_names())
        stored = await _stored_format(store, is_new=existing <= {meta.COLLECTION})
        expect_known(stored, database=store.mongo.name, supported=FORMAT)
        if runner is None:
            expect_current(stored, database=store.mongo.name, supported=FORMAT)
            expect_indexes(stored, database=store.mongo.name, digest=INDEXES_DIGEST)
        await store.detect_features()
    is_old = stored.number != FORMAT
    if runner is not None and is_old:
        await runner.run(store, MIGRATIONS)
    # One that was copied has documents and no index yet.
    with pymongo.timeout(PREPARE_SECONDS if stored.indexes == INDEXES_DIGEST else INDEX_SECONDS):
        await _gather_all(_create_collection(store, name) for name in _lacking(existing, stored))
        await _gather_all([_bind_documents(store), _build_indexes(store, stored)])


def _lacking(existing: Collection[str], stored: StoredFormat) -> list[str]:
    """Return the collections that have to be created: building indexes creates those that have some."""
    created_by_indexes = stored.indexes != INDEXES_DIGEST
    return [
        name
        for name, indexes in COLLECTIONS.items()
        if name not in existing and not (indexes and created_by_indexes)
    ]


async def _build_indexes(store: DocumentStore, stored: StoredFormat) -> None:
    """Build the declared indexes, unless all of them were built already."""
    if stored.indexes == INDEXES_DIGEST:
        return
    await _gather_all(
        _create_indexes(store, name, indexes) for name, indexes in COLLECTIONS.items() if indexes
    )
    await store[meta.COLLECTION].update_one({"_id": meta.FORMAT_ID}, {"$set": {"indexes": INDEXES_DIGEST}})


async def _expect_transactions(store: DocumentStore) -> None:
    hello = await store.mongo.client.admin.command("hello")
    if "setName" not in hello and hello.get("msg") != "isdbgrid":
        raise TransactionsUnsupported(
            "The MongoDB server takes no transactions, since it stands alone: name a replica set (one of a"
            " single server will do: mongod --replSet NAME, then rs.initiate()) or a sharded cluster."
        )


async def _stored_format(store: DocumentStore, *, is_new: bool) -> StoredFormat:
    """Return the format. A new database gets it first, so that a start cut off leaves no old one."""
    if is_new:
        await store[meta.COLLECTION].update_one(
            {"_id": meta.FORMAT_ID}, {"$setOnInsert": {"number": FORMAT}}, upsert=True
        )
    return await read_format(store)


async def _create_collection(store: DocumentStore, name: str) -> None:
    try:
        # The driver would list all collections before each of them.
        await store.mongo.create_collection(name, check_exists=False)
    except OperationFailure as fault:
        if fault.code != NAMESPACE_EXISTS:  # another process that starts at the same time was quicker
            raise


async def _create_indexes(store: DocumentStore, name: str, indexes: Sequence[IndexModel]) -> None:
    await store[name].create_indexes([with_linger(index) for index in indexes])


async def _bind_documents(store: DocumentStore) -> None:
    """Have Beanie know the documents: once a process, since `store.documents` binds them to its database."""
    try:
        for document in DOCUMENTS:
            document.get_settings()
    except CollectionWasNotInitialized:
        await init_beanie(database=store.mongo, document_models=list(DOCUMENTS), skip_indexes=True)


async def _gather_all(awaitables: Iterable[Awaitable[object]]) -> None:
    """Run them a few at a time to the end of each, then raise the first fault.

    None of them goes on after whoever called has closed the client.
    """
    slots = asyncio.Semaphore(SIDE_BY_SIDE)

    async def in_a_slot(awaitable: Awaitable[object]) -> None:
        async with slots:
            await awaitable

    results = await asyncio.gather(*map(in_a_slot, awaitables), return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
