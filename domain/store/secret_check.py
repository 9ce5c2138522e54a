"""Holds a database to its secret: `meta` keeps the fingerprint of the secret that seals and hashes in it.

A process with another secret could not open voucher codes, and would seal new ones that nobody else opens. So
it does not start, unless it names the database's secret as an earlier one: then its own becomes the
database's. A database from before there were fingerprints is of the first secret that opens its vouchers.
"""

from __future__ import annotations

from collections.abc import Sequence

import structlog
from pymongo.errors import DuplicateKeyError

from domain.store import meta
from domain.store.document_store import DocumentStore
from domain.store.ledger import vouchers

log = structlog.get_logger(__name__)


class SecretMismatch(Exception):
    """The database is of another secret; the message is for whoever starts the process."""


async def expect_secret(store: DocumentStore, fingerprints: Sequence[str]) -> None:
    """Check that the database is of the secret with one of these fingerprints, our own first.

    Where it is of an earlier one, it is of our own from now on. Raises SecretMismatch.
    """
    stored = await _stored_fingerprint(store) or await _adopt(store, fingerprints[0])
    if stored == fingerprints[0]:
        return
    if stored not in fingerprints:
        raise SecretMismatch(
            f"The database {store.mongo.name} is of another secret: set SELO_SECRET (or put back keys/secret"
            " of the data folder) to the one that it was served with, or name that one in"
            " SELO_SECRETS_BEFORE. Where it is lost for good, selo keys accept-secret goes on without it."
        )
    await replace_fingerprint(store, fingerprints[0], instead_of=stored)
    log.info("secret.rotated")


async def replace_fingerprint(
    store: DocumentStore, fingerprint: str, *, instead_of: str | None = None
) -> None:
    """Make the database one of the secret with this fingerprint, whichever it was of, or where it still was
    of the one named.
    """
    query = {"_id": meta.SECRET_ID} | ({} if instead_of is None else {"fingerprint": instead_of})
    await store[meta.COLLECTION].update_one(
        query, {"$set": {"fingerprint": fingerprint}}, upsert=instead_of is None
    )


async def _stored_fingerprint(store: DocumentStore) -> str | None:
    document = await store[meta.COLLECTION].find_one({"_id": meta.SECRET_ID})
    return None if document is None else str(document["fingerprint"])


async def _adopt(store: DocumentStore, fingerprint: str) -> str:
    """Make a database without a fingerprint ours, if our keys open its vouchers; return which it has."""
    if not await vouchers.opens_any(store):
        return ""
    try:
        await store[meta.COLLECTION].insert_one({"_id": meta.SECRET_ID, "fingerprint": fingerprint})
    except DuplicateKeyError:  # another process was quicker
        return await _stored_fingerprint(store) or ""
    return fingerprint
