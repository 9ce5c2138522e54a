"""The handle on the database: collections, transactions, and rounds of read, decide, commit.

A service reads, decides and commits in one round. Where what it read has changed meanwhile, the round is run
again, at most eight times, then Busy; a member of whom that is said again and again is recorded. In this
process the rounds of one member stand in a queue, so that many at once cost one attempt each; the database
still decides. A running round ends even if its caller has gone.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager, nullcontext
from datetime import UTC, datetime
from typing import Any, TypeVar, cast
from weakref import WeakValueDictionary

import pymongo
import structlog
from bson.raw_bson import RawBSONDocument
from pymongo import AsyncMongoClient, DeleteMany, DeleteOne, InsertOne, ReplaceOne, UpdateMany, UpdateOne
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import (
    BulkWriteError,
    ClientBulkWriteException,
    ConnectionFailure,
    DuplicateKeyError,
    ExecutionTimeout,
    NetworkTimeout,
    OperationFailure,
    PyMongoError,
)
from pymongo.read_concern import ReadConcern
from pymongo.results import ClientBulkWriteResult, UpdateResult
from pymongo.write_concern import WriteConcern

from domain.model.values import dataclass
from domain.store.archive.folder import ArchiveFolder
from domain.store.connect import AWARE, UNDECODED, Collections, Database, Raw
from domain.store.counters import ROUNDS_GIVEN_UP, ROUNDS_REPEATED
from domain.store.stale_commits import StaleCommits
from domain.store.stored_document import StoredDocument

log = structlog.get_logger(__name__)

T = TypeVar("T")
D = TypeVar("D", bound=StoredDocument)
Operation = InsertOne[Raw] | UpdateOne | UpdateMany | ReplaceOne[Raw] | DeleteOne | DeleteMany
TransactionStep = Callable[[AsyncClientSession], Awaitable[None]]

MAX_ROUNDS = 8
ROUND_SECONDS = 5.0
ALL_ROUNDS_SECONDS = 9.0
EMBEDDED_WRITERS = 8
COMMIT_ATTEMPTS = 3
OUTDATED_RETRY_SECONDS = 30
DUPLICATE_KEY = 11000
UNKNOWN_FIELD, UNKNOWN_COMMAND = 40415, 59
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)  # before every instant stored: the lower end of a window


# ---------------------------------------------------------------- errors
DatabaseError = PyMongoError  # what a read raises where the database is away or refuses it
ConnectionLost = ConnectionFailure  # the part of that which passes: no answer, or none in time
# What reading a document of another shape raises.
READ_ERRORS = (LookupError, TypeError, ValueError, AttributeError)


class StoreFault(Exception):
    """Why a transaction was not committed; nothing of it is stored."""


class Stale(StoreFault):
    """What was read has changed since, or another transaction was in the way: read again, decide again."""


class Busy(Exception):
    """Eight rounds were stale, or the database does not answer: try again after `retry_after` seconds."""

    def __init__(self, retry_after: int = 1) -> None:
        super().__init__(f"try again in {retry_after} s")
        self.retry_after = retry_after


class FormatOutdated(Busy):
    """The database was migrated to a newer format while we ran: only a newer version may use it now."""

    def __init__(self) -> None:
        super().__init__(retry_after=OUTDATED_RETRY_SECONDS)


# ---------------------------------------------------------------- values
@dataclass(frozen=True, slots=True)
class Write:
    """One write of a transaction, and the fault of an insert whose key exists or a guard without a match.

    `fault` is None for an update that need not match. `document` is what an insert inserts.
    """

    collection: str
    operation: Operation
    fault: StoreFault | None = None
    document: Raw | None = None

    @property
    def must_match(self) -> bool:
        """Tell whether the write must match a document."""
        return self.fault is not None and not isinstance(self.operation, InsertOne)


def insert(collection: str, document: Raw, *, if_taken: StoreFault | None = None) -> Write:
    """Return the insertion of a document; it raises `if_taken`, else Stale, where the key exists."""
    return Write(collection, InsertOne(document), if_taken or Stale(f"{collection} has it"), document)


def update(collection: str, query: Raw, change: Raw, *, if_missed: StoreFault | None = None) -> Write:
    """Return an update; it raises `if_missed`, where that is given, unless it matches."""
    return Write(collection, UpdateOne(query, change), if_missed)


def replace(collection: str, query: Raw, document: Raw, *, if_missed: StoreFault) -> Write:
    """Return a guarded replacement; it raises `if_missed` unless it matches."""
    return Write(collection, ReplaceOne(query, document), if_missed)


class DocumentStore:
    """The database of one programme, and the queues of this process's writers.

    The first of `voucher_keys` seals codes, each opens what it sealed. `archive` is None where nobody said
    where.
    """

    def __init__(
        self,
        client: AsyncMongoClient[Raw],
        name: str,
        *,
        embedded: bool = False,
        voucher_keys: Sequence[bytes] = (bytes(32),),
    ) -> None:
        self.client = client
        self.mongo: AsyncDatabase[Raw] = client.get_database(
            name,
            codec_options=AWARE,
            write_concern=WriteConcern(w="majority"),
            read_concern=ReadConcern("majority"),
        )
        self._collections = Collections(self.mongo)
        self._undecoded = Collections(self.mongo.with_options(UNDECODED))
        self.voucher_keys = voucher_keys
        self.has_bulk_writes = True
        self.has_snapshot_writes = True
        self.outdated_by: int | None = None
        self.is_embedded = embedded
        self._write_slots = asyncio.Semaphore(EMBEDDED_WRITERS) if embedded else None
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._running_rounds: set[asyncio.Task[Any]] = set()
        self._stale_commits = StaleCommits()
        self.archive: ArchiveFolder | None = None

    @classmethod
    def of(
        cls, database: Database, *, embedded: bool = False, voucher_keys: Sequence[bytes] = (bytes(32),)
    ) -> DocumentStore:
        """Return the handle on a database as `connect` gives it."""
        return cls(database.client, database.mongo.name, embedded=embedded, voucher_keys=voucher_keys)

    def __getitem__(self, collection: str) -> AsyncCollection[Raw]:
        """Return a collection. Raises FormatOutdated."""
        self._expect_format()
        return self._collections[collection]

    def undecoded(self, collection: str) -> AsyncCollection[RawBSONDocument]:
        """Return a collection whose documents in documents are decoded where they are used."""
        self._expect_format()
        return self._undecoded[collection]

    def _expect_format(self) -> None:
        if self.outdated_by is not None:
            raise FormatOutdated

    def mark_outdated(self, number: int) -> None:
        """Refuse every use from now on, since the database has a newer format."""
        if self.outdated_by is None:
            log.error("database.has_newer_format", format=number, remedy="start the version that migrated it")
        self.outdated_by = number

    def documents(self, document: type[D]) -> type[D]:
        """Return a Beanie document class, bound to this database.

        Beanie binds a class for the whole process, and a process may hold several stores, so each query binds
        it anew: `await store.documents(EmployeeDocument).find_one({...})`. The query takes its collection
        before it first waits. Raises FormatOutdated.
        """
        self._expect_format()
        if document.get_pymongo_collection().database is not self.mongo:
            document.set_database(self.mongo)  # type: ignore[no-untyped-call]
            document.set_collection(self.mongo[document.Settings.name])  # type: ignore[no-untyped-call]
        return document

    def lock_for(self, key: str) -> asyncio.Lock:
        """Return the lock of one member (or reward) in this process."""
        lock = self._locks.get(key)
        if lock is None:
            lock = self._locks[key] = asyncio.Lock()
        return lock

    # ------------------------------------------------------------ rounds

    async def run_rounds(
        self, attempt: Callable[[], Coroutine[Any, Any, T]], *, queue: str | None = None
    ) -> T:
        """Run rounds of `attempt` until one is not Stale, one after another for the same `queue`.

        Raises Busy, and what `attempt` raises. The rounds go on when the caller is cancelled; `drain` waits
        for them.
        """
        task = asyncio.create_task(self._run_rounds(attempt, queue))
        self._running_rounds.add(task)
        task.add_done_callback(self._running_rounds.discard)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            task.add_done_callback(lambda done: done.cancelled() or done.exception())  # nobody hears of it
            raise

    async def drain(self) -> None:
        """Wait until every running round has ended, before the client closes."""
        while self._running_rounds:
            await asyncio.wait(self._running_rounds)

    async def _run_rounds(self, attempt: Callable[[], Coroutine[Any, Any, T]], queue: str | None) -> T:
        clock, stale = asyncio.get_running_loop().time, None
        async with self.lock_for(queue) if queue is not None else nullcontext():
            give_up_at = clock() + ALL_ROUNDS_SECONDS
            for round_number in range(MAX_ROUNDS):
                if clock() > give_up_at:
                    break
                try:
                    async with self._write_slots or nullcontext():
                        with pymongo.timeout(ROUND_SECONDS):
                            result = await attempt()
                            await self._stale_commits.note_taken(self, queue)
                            return result
                except (Stale, ConnectionFailure) as fault:
                    stale = fault if isinstance(fault, Stale) else None
                    ROUNDS_REPEATED.labels("stale" if stale else "connection").inc()
                    await asyncio.sleep(random.uniform(0, 0.01 * 2**round_number))  # noqa: S311 - jitter, no secret
                except PyMongoError as fault:
                    if not isinstance(fault, (NetworkTimeout, ExecutionTimeout)) and not fault.timeout:
                        raise
                    ROUNDS_GIVEN_UP.inc()
                    raise Busy from fault
        ROUNDS_GIVEN_UP.inc()
        if stale is not None and queue is not None:
            await self._stale_commits.note_stale(self, queue, stale)
        raise Busy

    # ------------------------------------------------------------ one transaction

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncClientSession]:
        """Run the block in one transaction and commit it; the block must touch nothing outside the database.

        Raises Stale where another transaction was in the way, FormatOutdated, else what the block raises.
        """
        self._expect_format()
        async with self.client.start_session(causal_consistency=False) as session:
            concern = ReadConcern("snapshot") if self.has_snapshot_writes else None
            await session.start_transaction(read_concern=concern, write_concern=WriteConcern(w="majority"))
            try:
                yield session
                await _commit(session)
            except PyMongoError as fault:
                if _is_transient(fault):
                    raise Stale("another transaction was in the way") from fault
                raise
            finally:
                if session.in_transaction:
                    await session.abort_transaction()

    async def transact(self, writes: Sequence[Write], *, extra_steps: Sequence[TransactionStep] = ()) -> None:
        """Commit all writes or none: one command for the writes where the server has it, then the commit.

        Writes are in order: the first that fails raises its own fault. `extra_steps` run inside the
        transaction, after the writes.
        """
        async with self.transaction() as session:
            if self.has_bulk_writes:
                await self._write_in_bulk(session, writes)
            else:
                for write in writes:
                    await self._write_single(session, write)
            for step in extra_steps:
                await step(session)

    async def _write_in_bulk(self, session: AsyncClientSession, writes: Sequence[Write]) -> None:
        models = [_with_namespace(write, f"{self.mongo.name}.{write.collection}") for write in writes]
        try:
            result = await self.client.bulk_write(models, session=session, verbose_results=True)
        except ClientBulkWriteException as fault:
            raise _first_fault(fault, writes) from fault
        for index, write in enumerate(writes):
            if write.must_match and not _has_matched(result, index):
                assert write.fault is not None, "a guard has a fault"
                raise write.fault

    def step_of(self, write: Write) -> TransactionStep:
        """Return a write as a step of a transaction, for one that needs what other writes make."""

        async def step(session: AsyncClientSession) -> None:
            await self._write_single(session, write)

        return step

    async def _write_single(self, session: AsyncClientSession, write: Write) -> None:
        collection, operation = self[write.collection], write.operation
        try:
            result = await collection.bulk_write([operation], session=session)
        except (DuplicateKeyError, BulkWriteError) as fault:
            if write.fault is not None and _is_duplicate(fault):
                raise write.fault from fault
            raise
        if write.must_match and not result.matched_count + result.upserted_count + result.deleted_count:
            assert write.fault is not None, "a guard has a fault"
            raise write.fault

    async def detect_features(self) -> None:
        """Detect whether the server takes a transaction's writes in one command, and with a snapshot."""
        probe = [Write("meta", UpdateOne({"_id": "nothing"}, {"$set": {"a": 1}}))]
        for self.has_bulk_writes, self.has_snapshot_writes in (
            (True, True),
            (True, False),
            (False, True),
            (False, False),
        ):
            try:
                await self.transact(probe)
            except OperationFailure as fault:
                if fault.code not in (UNKNOWN_FIELD, UNKNOWN_COMMAND):
                    raise
            except ConnectionFailure:
                raise
            except PyMongoError:
                continue  # the driver itself refuses client-level bulk writes on an older server
            else:
                return
        raise StoreFault("This server takes no transactions: a replica set or a sharded cluster is needed.")


# ---------------------------------------------------------------- what an answer means


def _with_namespace(write: Write, namespace: str) -> Operation:
    operation = write.operation
    operation._namespace = namespace  # what the constructor calls `namespace`, known only here
    return operation


def _has_matched(bulk_result: ClientBulkWriteResult, index: int) -> bool:
    result = bulk_result.update_results.get(index)
    if isinstance(result, UpdateResult):
        return result.matched_count > 0 or result.upserted_id is not None
    return bulk_result.delete_results[index].deleted_count > 0


def _first_fault(fault: ClientBulkWriteException, writes: Sequence[Write]) -> Exception:
    for error in cast(Sequence[Raw], fault.write_errors or ()):
        write_fault = writes[error["idx"]].fault
        if error["code"] == DUPLICATE_KEY and write_fault is not None:
            return write_fault
    return fault.error or fault


def _is_duplicate(fault: DuplicateKeyError | BulkWriteError) -> bool:
    details = fault.details or {}
    return isinstance(fault, DuplicateKeyError) or any(
        error["code"] == DUPLICATE_KEY for error in details.get("writeErrors", ())
    )


def _is_transient(fault: PyMongoError) -> bool:
    return fault.has_error_label("TransientTransactionError") or fault.has_error_label(
        "UnknownTransactionCommitResult"
    )


async def _commit(session: AsyncClientSession) -> None:
    """Commit, and commit again where the answer was lost: a second commit changes nothing."""
    for attempt in range(COMMIT_ATTEMPTS):
        try:
            await session.commit_transaction()
        except PyMongoError as fault:
            if attempt == COMMIT_ATTEMPTS - 1 or not fault.has_error_label("UnknownTransactionCommitResult"):
                raise
        else:
            return
