"""The offer to keep a membership that is being deleted, to whoever has just proven a contact of it."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from domain.model.people import sign_in as rules
from domain.services.errors import MembershipBeingDeleted
from domain.services.people.identity_runtime import IdentityRuntime
from domain.store.document_store import Stale, Write
from domain.store.ledger import erasures
from domain.store.ledger.erasures import Deletion, DeletionChanged

TOKEN_BYTES = 32


async def expect_stays(
    identity: IdentityRuntime, member: str, proofs: Sequence[Write], *, now: datetime
) -> None:
    """Raise MembershipBeingDeleted where the membership is being deleted; `proofs` are used up by it then.

    Raises Stale, and what `proofs` raise.
    """
    deletion = await erasures.find_deletion(identity.store, member)
    if deletion is None:
        return
    secret = secrets.token_urlsafe(TOKEN_BYTES)
    until = min(now + rules.PROOF_LIFE, deletion.erase_at)
    offered = replace(deletion, keep_hash=rules.token_hash(secret), keep_until=until)
    try:
        await identity.store.transact([*proofs, erasures.offer_keep_write(offered)])
    except DeletionChanged as error:
        raise Stale("the deletion has changed") from error
    raise MembershipBeingDeleted(deletion.erase_at, f"{member}.{secret}", until)


async def find_offered(identity: IdentityRuntime, keep_token: str, *, now: datetime) -> Deletion | None:
    """Return the deletion that a token undoes; None where it undoes none, or no more."""
    member, _, secret = keep_token.partition(".")
    deletion = await erasures.find_deletion(identity.store, member)
    if deletion is None or deletion.keep_hash is None or deletion.keep_until is None:
        return None
    is_right = rules.hashes_match(rules.token_hash(secret), deletion.keep_hash)
    return deletion if is_right and now < min(deletion.keep_until, deletion.erase_at) else None
