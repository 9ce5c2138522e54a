"""Contact proofs: whoever has just proven a contact that no member has may enrol with it once, within ten
minutes, without proving it again.

A proof lies in the contact's record of one-time codes, where the code that proved it lay: as a challenge of
its own purpose, named by the hash of a token that only the prover holds.
"""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import datetime

from domain.model.people import sign_in as rules
from domain.model.values import dataclass
from domain.services.errors import NotEnrolled, SignInRefused
from domain.services.people.identity_runtime import IdentityRuntime
from domain.store.document_store import Write
from domain.store.people import sign_in_codes
from domain.store.people.sign_in_codes import ANY_DEVICE, Challenge

PURPOSE = "contact_proof"
TOKEN_BYTES = 32
KEPT_PROOFS = 5  # of one contact: who proves it again and again keeps the newest


@dataclass(frozen=True, slots=True)
class IssuedProof:
    """A proof that is about to be kept: its token, and the challenge that is kept of it."""

    token: str
    challenge: Challenge

    def not_enrolled(self) -> NotEnrolled:
        """Return the refusal that gives the proof to whoever signed in without a membership."""
        return NotEnrolled(self.token, self.challenge.expires_at)


def new_proof(*, now: datetime) -> IssuedProof:
    """Return a new proof, not written yet."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    return IssuedProof(
        token, Challenge(rules.token_hash(token), "", PURPOSE, ANY_DEVICE, now + rules.PROOF_LIFE)
    )


async def keep_write(
    identity: IdentityRuntime, contact_hash: str, proof: IssuedProof, *, now: datetime
) -> Write:
    """Return the write that keeps a proof of a contact that no code has proven; it raises Stale."""
    record = await sign_in_codes.find(identity.store, contact_hash)
    standing = [each for each in record.challenges if each.expires_at > now]
    proofs = [each.id for each in standing if each.purpose == PURPOSE]
    dropped = set(proofs[: max(0, len(proofs) - KEPT_PROOFS + 1)])
    challenges = (*(each for each in standing if each.id not in dropped), proof.challenge)
    return sign_in_codes.put_write(replace(record, challenges=challenges), now=now)


async def use_write(identity: IdentityRuntime, contact_hash: str, token: str, *, now: datetime) -> Write:
    """Return the write that uses up a proof of a contact; it raises CodeGone.

    Raises SignInRefused(EXPIRED_CODE) where there is no such proof of this contact, or it was used.
    """
    record = await sign_in_codes.find(identity.store, contact_hash)
    id = rules.token_hash(token)
    proof = next((each for each in record.challenges if each.purpose == PURPOSE and each.id == id), None)
    if proof is None or now >= proof.expires_at:
        raise SignInRefused("EXPIRED_CODE")
    return sign_in_codes.use_write(contact_hash, challenge=id)
