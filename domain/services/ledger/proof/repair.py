"""Repair of one member from their journal: the stored ledger state is written anew as the journal gives it.

Nothing is decided again, and the journal is never touched. Where its rows are broken among themselves, nobody
knows what is true, so nothing is repaired.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from domain.model.ledger.decision import Decision, JournalRow
from domain.model.ledger.member import Member
from domain.model.ledger.state import ledger_restore, ledger_state
from domain.model.values import dataclass, evolve
from domain.services.errors import NotFound
from domain.services.ledger.proof.comparison import (
    compare_codes,
    compare_recent,
    compare_state,
    compare_sums,
    compare_vouchers,
    folded_state,
)
from domain.services.ledger.proof.folded_journal import Difference, FoldedJournal
from domain.services.ledger.proof.journal_base import fold_from
from domain.services.runtime import Runtime
from domain.store import audit, commit
from domain.store.connect import Raw
from domain.store.document_store import READ_ERRORS, DocumentStore, Write
from domain.store.ledger import (
    history_entries,
    journal,
    journal_stream,
    members,
    single_use_codes,
    vouchers,
)
from domain.store.ledger.archived import journal_bases
from domain.store.people.details import read_details


# ---------------------------------------------------------------- errors
class JournalBroken(Exception):
    """The journal's rows contradict each other: `faults` says where."""

    def __init__(self, faults: list[Difference]) -> None:
        super().__init__(f"the journal is broken in {len(faults)} places")
        self.faults = faults


# ---------------------------------------------------------------- values
@dataclass(frozen=True, slots=True)
class RepairPlan:
    """What a repair of a member would write. `differences` go away by it, `left` stay: no journal says them.

    `version` is the version of the member that it was planned on, `journal_version` that of the journal.
    """

    member: str
    version: int
    journal_version: int
    differences: tuple[Difference, ...]
    left: tuple[Difference, ...]
    writes: tuple[Write, ...]


@dataclass(frozen=True, slots=True)
class _StoredParts:
    """What is stored of a member, read at one instant with the journal; `rows` are those of its rows that
    hold the newest entries or what became of a voucher.
    """

    document: Raw
    voucher_states: Mapping[str, str]
    claimed_codes: Mapping[str, int]
    rows: Mapping[int, JournalRow]


# ---------------------------------------------------------------- reads
async def plan_repair(runtime: Runtime, member: str) -> RepairPlan:
    """Return what differs between a member and their journal, and the writes that mend it. Raises NotFound,
    JournalBroken, ArchiveAway.
    """
    folded, parts = await _read_parts(runtime.store, member)
    document = parts.document
    restored = _restore(document, folded)
    of_member = [
        *compare_state(document, folded),
        *compare_recent([entry["n"] for entry in document["recent"]], folded),
    ]
    writes = list[Write]()
    if of_member:
        next_due = commit.next_due_after(runtime.programmes.current(), Decision(restored, restored))
        recent = history_entries.recent_history([parts.rows[seq] for seq in sorted(set(folded.entry_seqs))])
        writes.append(members.repair_write(restored, recent, version=document["version"], next_due=next_due))
    of_vouchers = compare_vouchers(parts.voucher_states, folded)
    mended = {id for id in of_vouchers if id in parts.voucher_states and id in folded.vouchers}
    for id in sorted(mended):
        row = parts.rows[folded.vouchers[id].seq]
        step = next(step for step in reversed(row.vouchers) if step.id == id)
        writes.append(vouchers.repair_write(step, row, state=parts.voucher_states[id]))
    return RepairPlan(
        member,
        document["version"],
        folded.seq,
        (*of_member, *(of_vouchers[id] for id in sorted(mended))),
        (
            *(of_vouchers[id] for id in sorted(of_vouchers.keys() - mended)),
            *compare_codes(parts.claimed_codes, folded),
        ),
        tuple(writes),
    )


async def _read_parts(store: DocumentStore, member: str) -> tuple[FoldedJournal, _StoredParts]:
    """Fold the whole journal of a member, and read what is stored beside it."""
    async with store.transaction() as session:
        document = await store[members.COLLECTION].find_one({"_id": member}, session=session)
        if document is None:
            raise NotFound(member)
        folded = fold_from(member, await journal_bases.find(store, member, session=session))
        query = {"member": member, "seq": {"$gt": folded.seq}}
        async for row in store[journal.COLLECTION].find(query, session=session).sort("seq", 1):
            folded.add_row(row)
        states = await vouchers.find_states(store, member, below=len(folded.vouchers) + 2, session=session)
        claimed = await single_use_codes.count_claimed(store, member, session=session)
    seqs = {*folded.entry_seqs, *(step.seq for step in folded.vouchers.values())}
    rows = await journal_stream.find_rows_of(store, member, sorted(seqs))
    return folded, _StoredParts(document, states, claimed, rows)


# ---------------------------------------------------------------- pure rules
def _restore(document: Raw, folded: FoldedJournal) -> Member:
    """Return the member as the journal gives them. Raises JournalBroken."""
    faults = [*folded.differences]
    if document["version"] > folded.seq:
        faults.append(folded.difference("version", document["version"], f"only {folded.seq} rows"))
    if faults:
        raise JournalBroken(faults)
    details = read_details(document["profile"])
    try:
        restored = ledger_restore.restore_member(
            ledger_state.nest(folded_state(folded)),
            id=folded.member,
            number=document["number"],
            profile=details.profile,
            seq=folded.seq,
        )
    except READ_ERRORS as fault:
        raise JournalBroken([folded.difference("state", "unreadable", type(fault).__name__)]) from fault
    if faults := compare_sums(restored, folded):
        raise JournalBroken(faults)
    turned_at = max((at for at in (document["turned_at"], folded.turned_at) if at is not None), default=None)
    return evolve(restored, turned_at=turned_at, merged_into=document.get("merged_into"))


# ---------------------------------------------------------------- writes
async def repair(store: DocumentStore, plan: RepairPlan, *, actor: str, reason: str, now: datetime) -> None:
    """Write what was planned, with its row in the audit trail. Raises Stale where the member has changed
    since.
    """
    audit_write = audit.simple_act_write(
        "MEMBER_REPAIRED",
        actor=actor,
        now=now,
        member=plan.member,
        subject=f"{len(plan.differences)} differences, version {plan.version} to {plan.journal_version}",
        reason=reason,
    )
    await store.transact([*plan.writes, audit_write])
