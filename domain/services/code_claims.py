"""What a code that somebody typed is, whether it counts for a member now, and the writes that claim it.

A code is known by the digests of its one spelling: by the present secret and by those before it, since codes
of a batch are printed for years. The looking up sends the same commands whether or not there is such a code.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache

from domain.model.code_spelling import MAX_TYPED, code_digest, normal_code
from domain.model.ledger.deciding.code_entry import refusal_of
from domain.model.ledger.decision import CodeRefusalReason, CodeRefused, JournalRow
from domain.model.ledger.member import Member
from domain.model.programme import CodeSpec, Programme
from domain.model.values import dataclass
from domain.services.errors import InvalidInput
from domain.services.runtime import Runtime
from domain.store.document_store import Write
from domain.store.ledger import code_counts, single_use_codes, vouchers
from domain.store.ledger.code_counts import CodeCount
from domain.store.ledger.single_use_codes import SingleUseCode
from domain.store.ledger.vouchers import Voucher


# ---------------------------------------------------------------- values
@dataclass(frozen=True, slots=True)
class CodeClaim:
    """A code that counts for a member, as far as was read: `single_use` where it is one of a batch."""

    spec: CodeSpec
    single_use: SingleUseCode | None
    counted: CodeCount

    def writes(self, *, member: str, now: datetime) -> list[Write]:
        """Return the writes that claim it; they raise Stale where somebody was quicker."""
        draw = secrets.randbelow(code_counts.SPREAD)
        counting = code_counts.count_write(
            self.spec.name, limit=self.spec.limit, counted=self.counted, draw=draw
        )
        if self.single_use is None:
            return [counting]
        return [single_use_codes.claim_write(self.single_use, member=member, now=now), counting]


@dataclass(frozen=True, slots=True)
class EnteredCode:
    """A code that counted: its row in the member's journal, and the vouchers that the row issued."""

    member_id: str
    row: JournalRow
    issued: tuple[Voucher, ...]


@dataclass(frozen=True, slots=True)
class CodeReply:
    """What came of the code that was given with an enrolment, as a key is bound to it: the row in which it
    counted, or why it counts nothing; neither where none was given.
    """

    seq: int | None = None
    refused: CodeRefusalReason | None = None


# Makes the writes that bind the key of the request that began a membership.
KeyBinder = Callable[[CodeReply], list[Write]]


# ---------------------------------------------------------------- pure rules
def bind_no_key(_: CodeReply) -> list[Write]:
    """Bind nothing: the sign-in that begins a membership has no key."""
    return []


def code_reply(code: CodeClaim | CodeRefused | None, row: JournalRow) -> CodeReply:
    """Return what a key is bound to of a code: `row` is its own, where it counts."""
    if isinstance(code, CodeRefused):
        return CodeReply(refused=code.reason)
    return CodeReply(seq=row.seq if code is not None else None)


def read_digests(text: str, all_secrets: Sequence[bytes], *, field: str) -> tuple[str, ...]:
    """Return the digests of a code as somebody typed it, that of the present secret first. Raises
    InvalidInput.
    """
    spelling = normal_code(text) if len(text) <= MAX_TYPED else ""
    if not spelling:
        raise InvalidInput(field, f"Write the code as it was given: 1 to {MAX_TYPED} characters.")
    return tuple(code_digest(secret, spelling) for secret in all_secrets)


@lru_cache(maxsize=16)
def _specs_by_digest(programme: Programme, secret: bytes) -> Mapping[str, CodeSpec]:
    return {
        code_digest(secret, normal_code(spec.code)): spec for spec in programme.codes if spec.code is not None
    }


def find_campaign(
    programme: Programme, digests: Sequence[str], all_secrets: Sequence[bytes]
) -> CodeSpec | None:
    """Return the code of the programme that digests are of; None where it is none that all may enter."""
    for secret in all_secrets:
        specs = _specs_by_digest(programme, secret)
        for digest in digests:
            if digest in specs:
                return specs[digest]
    return None


# ---------------------------------------------------------------- reads
async def find_spec(
    runtime: Runtime, digests: Sequence[str], all_secrets: Sequence[bytes]
) -> tuple[CodeSpec | None, SingleUseCode | None]:
    """Return what a code is; the second is the single-use code, as it is stored now."""
    programme = runtime.programme
    campaign = find_campaign(programme, digests, all_secrets)
    single_use = await single_use_codes.find(runtime.store, digests)
    if campaign is not None or single_use is None:
        return campaign, None
    return next((spec for spec in programme.codes if spec.batch == single_use.batch), None), single_use


async def claim_code(
    runtime: Runtime, digests: Sequence[str], all_secrets: Sequence[bytes], *, member: Member, at: datetime
) -> CodeClaim:
    """Return the claim of a code that counts for a member now. Raises CodeRefused.

    A code that somebody else has entered is refused like one that there is none of.
    """
    spec, single_use = await find_spec(runtime, digests, all_secrets)
    if single_use is not None and single_use.used_by is not None:
        raise CodeRefused("ENTERED_BEFORE" if single_use.used_by == member.id else "UNKNOWN")
    reason = refusal_of(runtime.programme, spec, member, at)
    if reason is not None or spec is None:
        raise CodeRefused(reason or "UNKNOWN")
    if spec.limit is None:
        return CodeClaim(spec, single_use, CodeCount())
    counted = await code_counts.find(runtime.store, spec.name)
    if counted.entered >= spec.limit:
        raise CodeRefused("USED_UP")
    return CodeClaim(spec, single_use, counted)


async def load_entered(runtime: Runtime, member_id: str, row: JournalRow) -> EnteredCode:
    """Return a code that counted, as its row in the journal has it."""
    ids = [step.id for step in row.vouchers if step.change == "issued"]
    found_vouchers = await vouchers.find_many(runtime.store, ids) if ids else {}
    return EnteredCode(member_id, row, tuple(found_vouchers[id] for id in ids if id in found_vouchers))
