"""Proof of the stored ledger: every member's journal, folded, gives the stored state, and the sums add up.

Nothing is decided again unless it is asked for. Each member is read in a snapshot of its own, so this runs
beside a working server. The journal is streamed. Ranges of members are proved apart, by as many processes as
one likes; what concerns all members is compared once all ranges are.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import field
from datetime import datetime

from domain.model.figures.backtest.history import RulingVersions
from domain.model.id_ranges import IdRange, id_ranges
from domain.model.values import dataclass
from domain.services.ledger.merged.transfer_proof import TransferSums, without_pending
from domain.services.ledger.proof.comparison import (
    compare_codes,
    compare_recent,
    compare_state,
    compare_sums,
    compare_vouchers,
)
from domain.services.ledger.proof.deciding_again import decide_again
from domain.services.ledger.proof.folded_journal import Difference, FoldedJournal
from domain.services.ledger.proof.journal_base import compare_base, fold_from
from domain.store import stale_commits
from domain.store.connect import Raw
from domain.store.document_store import DocumentStore
from domain.store.ledger import code_counts, journal, members, single_use_codes, vouchers
from domain.store.ledger.archived import journal_bases
from domain.store.ledger.code_counts import CodeCount
from domain.store.stale_commits import StaleCommit

Progress = Callable[[int], None]

ALL_MEMBERS = "all members"
DRAWN_RANGES = 256


def no_progress(done: int) -> None:
    """Show no progress."""


# ---------------------------------------------------------------- values
@dataclass
class LedgerProof:
    """What the journals of some members came to: their differences, and the sums that all members share.
    `from_bases` counts those whose archived rows were not read: what they came to is believed.
    """

    members: int = 0
    from_bases: int = 0
    differences: list[Difference] = field(default_factory=list)
    entered: Counter[str] = field(default_factory=Counter)
    transfers: TransferSums = field(default_factory=TransferSums)

    def add_journal(self, folded: FoldedJournal) -> None:
        """Add one member's journal."""
        self.members += 1
        self.from_bases += folded.is_from_base
        self.differences += folded.differences
        self.entered += folded.codes
        self.transfers.add(folded.transfers)

    def add(self, other: LedgerProof) -> None:
        """Add the proof of other members."""
        self.members += other.members
        self.from_bases += other.from_bases
        self.differences += other.differences
        self.entered += other.entered
        self.transfers.add(other.transfers)


# ---------------------------------------------------------------- reads
async def verify(store: DocumentStore, *, progress: Progress = no_progress) -> AsyncIterator[Difference]:
    """Yield every difference of every member, then those of all. `progress` gets the number of members
    done.
    """
    before, proof = await code_counts.find_all(store), LedgerProof()
    async for member in members.iterate_ids(store):
        folded = await fold_member(store, member)
        for difference in folded.differences:
            yield difference
        proof.add_journal(folded)
        progress(proof.members)
    for difference in await compare_all(store, proof, codes_before=before):
        yield difference


async def prove_range(
    store: DocumentStore, ids: IdRange, *, versions: RulingVersions | None = None
) -> LedgerProof:
    """Return the proof of the members whose ids lie in a range. With `versions` each journal is also decided
    again.
    """
    in_range = [member async for member in members.iterate_ids(store, ids=ids)]
    return await prove_members(store, in_range, versions=versions)


async def prove_members(
    store: DocumentStore, ids: Iterable[str], *, versions: RulingVersions | None = None
) -> LedgerProof:
    """Return the proof of these members. With `versions` each journal is also decided again."""
    proof = LedgerProof()
    for member in ids:
        proof.add_journal(await fold_member(store, member, versions=versions))
    return proof


async def compare_all(
    store: DocumentStore, proof: LedgerProof, *, codes_before: Mapping[str, CodeCount]
) -> list[Difference]:
    """Return the differences that concern all members. `proof` is that of all, `codes_before` was read before
    it began.
    """
    return [
        *await _compare_transfers(store, proof.transfers),
        *_compare_code_counts(codes_before, proof.entered, await code_counts.find_all(store)),
    ]


async def find_changed_since(store: DocumentStore, since: datetime) -> list[str]:
    """Return the members to whom something happened at an instant or later, by their ids."""
    return sorted({member async for member in journal.iterate_members_since(store, since)})


async def draw_members(store: DocumentStore, count: int) -> list[str]:
    """Return the ids of so many members, drawn at random; of all members where there are fewer."""
    drawn, range_count = list[str](), 1 if store.is_embedded else DRAWN_RANGES
    for ids in random.sample(id_ranges(range_count), range_count):
        in_range = [member async for member in members.iterate_ids(store, ids=ids)]
        drawn += random.sample(in_range, min(count - len(drawn), len(in_range)))
        if len(drawn) == count:
            break
    return drawn


async def _compare_transfers(store: DocumentStore, transfers: TransferSums) -> list[Difference]:
    """Compare both halves of what moved between memberships. Members were read one after another: those of a
    move that was under way are read again.
    """
    unequal = await without_pending(store, transfers.unequal())
    again = TransferSums()
    for member in sorted({member for key in unequal for member in transfers.members[key]}):
        again.add((await fold_member(store, member)).transfers)
    left = again.unequal()
    return [
        Difference(ALL_MEMBERS, f"transfer {key}", str(dict(left[key])), "nothing left over")
        for key in sorted(unequal)
        if key in left
    ]


async def find_stale(store: DocumentStore) -> list[StaleCommit]:
    """Return the members whose commits did not take again and again, and of whom none has taken since."""
    return [
        stale_commit
        for stale_commit in await stale_commits.find_all(store)
        if not await _has_decided_since(store, stale_commit)
    ]


async def _has_decided_since(store: DocumentStore, stale_commit: StaleCommit) -> bool:
    stored_member = await members.find(store, stale_commit.member)
    decided_at = None if stored_member is None else stored_member.member.decided_at
    return stored_member is None or (decided_at is not None and decided_at > stale_commit.at)


async def fold_member(
    store: DocumentStore, member: str, *, versions: RulingVersions | None = None
) -> FoldedJournal:
    """Return a member's journal, folded and compared with what is stored, read at one instant. With
    `versions` a journal that is whole is also decided again. Rows in the archive are read too, where it is
    here; where it is away, the fold begins at the base, and nothing is decided again.
    """
    folded, base = FoldedJournal(member), None
    async with store.transaction() as session:
        document = await store[members.COLLECTION].find_one({"_id": member}, session=session)
        if document is None:
            return folded
        base = await journal_bases.find(store, member, session=session)
        folded = fold_from(member, base)
        folded.rows = None if versions is None else []
        query = {"member": member, "seq": {"$gt": folded.seq, "$lte": document["version"]}}
        async for row in store[journal.COLLECTION].find(query, session=session).sort("seq", 1):
            folded.add_row(row)
        beyond = await store[journal.COLLECTION].find_one(
            {"member": member, "seq": {"$gt": document["version"]}}, {"seq": 1}, session=session
        )
        states = await vouchers.find_states(store, member, below=len(folded.vouchers) + 2, session=session)
        claimed = await single_use_codes.count_claimed(store, member, session=session)
    stored_member = members.read_member(document)
    _add_archived(store, folded, base)
    if beyond is not None:  # then no commit of theirs can take
        folded.differences.append(folded.difference("version", document["version"], f"a row {beyond['seq']}"))
    folded.differences += [
        *compare_state(document, folded),
        *compare_sums(stored_member.member, folded),
        *compare_recent([history_entry.n for history_entry in stored_member.recent], folded),
        *compare_vouchers(states, folded).values(),
        *compare_codes(claimed, folded),
    ]
    if versions is not None and folded.rows is not None and not folded.differences:
        folded.differences += decide_again(stored_member, folded.rows, versions)
        folded.rows.clear()
    return folded


def _add_archived(store: DocumentStore, folded: FoldedJournal, base: Raw | None) -> None:
    """Compare a journal's base with the rows in the archive, and put them before those that were read."""
    if base is None:
        return
    if store.archive is None:
        folded.is_from_base, folded.rows = True, None
        return
    archived = FoldedJournal(folded.member, rows=[])
    for row in store.archive.rows_of(folded.member, until_seq=base["seq"]):
        archived.add_row(row)
    folded.differences += compare_base(base, archived)
    if folded.rows is not None and archived.rows is not None:
        folded.rows[:0] = archived.rows


# ---------------------------------------------------------------- pure rules
def _compare_code_counts(
    before: Mapping[str, CodeCount], entered: Mapping[str, int], after: Mapping[str, CodeCount]
) -> list[Difference]:
    """Compare how often codes were entered. The members were read one after another, between two counts."""
    nothing, differences = CodeCount(), list[Difference]()
    for name in sorted(entered.keys() | after.keys()):
        least, most = before.get(name, nothing).entered, after.get(name, nothing).entered
        if not least <= entered.get(name, 0) <= most:
            differences.append(
                Difference(ALL_MEMBERS, f"entries of code {name}", str(most), str(entered.get(name, 0)))
            )
    return differences
