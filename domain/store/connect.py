"""The connection to MongoDB: one client a process, and what every read and write relies on.

Instants are read aware and in UTC; a majority acknowledges each write; a call ends within its time. The same
settings serve the embedded server, a replica set and a sharded cluster.
"""

import warnings
from collections.abc import Mapping, Sequence
from datetime import UTC
from typing import Any

from bson.binary import STANDARD
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from pymongo import AsyncMongoClient
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import ConfigurationError, InvalidURI, OperationFailure, PyMongoError
from pymongo.monitoring import _EventListener
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from domain.model.values import dataclass
from domain.store.connection_faults import ESCAPES, explain_fault, explain_uri, is_unescaped

Raw = Mapping[str, Any]

# Instants in UTC itself: any other zone of no offset is slower to compare and to write.
AWARE: CodecOptions[Raw] = CodecOptions(tz_aware=True, tzinfo=UTC, uuid_representation=STANDARD)
UNDECODED: CodecOptions[Any] = AWARE.with_options(document_class=RawBSONDocument)

ACCESS_ERRORS: Mapping[int, str] = {13: "Unauthorized", 18: "AuthenticationFailed", 8000: "AtlasError"}


class Unreachable(Exception):
    """No database answers, or its address cannot be read; the message does not show the password.

    `reason` is a clause that says why, where that is known.
    """

    def __init__(self, message: str, *, reason: str | None = None) -> None:
        super().__init__(message)
        self.reason = reason


class AccessRefused(Unreachable):
    """A server answers and denies us access; the message is its own word for that."""


class Collections(dict[str, AsyncCollection[Any]]):
    """The driver's handles on collections by name: making one costs as much as a command does."""

    def __init__(self, mongo: AsyncDatabase[Any]) -> None:
        super().__init__()
        self._mongo = mongo

    def __missing__(self, name: str) -> AsyncCollection[Any]:
        handle = self[name] = self._mongo[name]
        return handle


@dataclass(frozen=True, slots=True)
class Database:
    """A client, and its one database that holds everything of ours."""

    client: AsyncMongoClient[Raw]
    mongo: AsyncDatabase[Raw]

    async def ping(self) -> None:
        """Check that it reads: a server whose files have failed still answers pings.

        Raises Unreachable, AccessRefused.
        """
        try:
            await self.mongo["meta"].find_one({"_id": "nothing"})
        except PyMongoError as fault:
            if isinstance(fault, OperationFailure) and (word := ACCESS_ERRORS.get(fault.code or 0)):
                raise AccessRefused(word) from fault
            raise Unreachable("The database does not answer.", reason=explain_fault(fault)) from fault

    async def close(self) -> None:
        await self.client.close()


def connect(
    uri: str, database: str, *, timeout_seconds: float = 5, listeners: Sequence[_EventListener] = ()
) -> Database:
    """Return a client for `uri` that is not connected yet; `listeners` hear each command.

    Raises Unreachable where the address cannot be used: it, an option of it, or a file that it names.
    """
    if is_unescaped(uri):
        raise Unreachable(f"MONGODB_URI cannot be read: {ESCAPES}.")
    milliseconds = int(timeout_seconds * 1000)
    try:
        with warnings.catch_warnings():
            # The driver only warns of an option that it does not know, and goes on without it.
            warnings.simplefilter("error", UserWarning)
            client: AsyncMongoClient[Raw] = AsyncMongoClient(
                uri,
                appname="selo",
                tz_aware=True,
                uuidRepresentation="standard",
                w="majority",
                serverSelectionTimeoutMS=milliseconds,
                connectTimeoutMS=milliseconds,
                timeoutMS=milliseconds,
                event_listeners=list(listeners),
            )
    except (ConfigurationError, InvalidURI, ValueError, OSError, UserWarning) as fault:
        raise Unreachable(explain_uri(fault)) from None
    mongo = client.get_database(
        database, write_concern=WriteConcern(w="majority"), read_concern=ReadConcern("majority")
    )
    return Database(client=client, mongo=mongo)
