"""Members brought along from another system, a hundred in a transaction: nobody twice, whatever is cut off.

A member is known by the source and their id there, for good: a run that is repeated finds them and changes
nothing. Nothing is announced, unlocked or sent.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import field, replace
from datetime import datetime
from typing import Final

from domain.model.event_names import IMPORTED, PURCHASED
from domain.model.ledger.decide import decide, new_member
from domain.model.ledger.decision import Decision, JournalRow, StockState, WalletFull
from domain.model.ledger.events import Event
from domain.model.people import codes
from domain.model.people.sign_in import contact_hash
from domain.model.values import dataclass
from domain.services.four_eyes import own_memberships
from domain.services.intake import hints
from domain.services.moving.import_values import ImportedMember, LineFault
from domain.services.people.identity_runtime import IdentityRuntime
from domain.store import audit, commit
from domain.store.document_store import Stale, TransactionStep, Write
from domain.store.intake import bindings
from domain.store.ledger import receipts
from domain.store.ledger.programmes import PublishedProgramme
from domain.store.ledger.receipts import ReceiptTaken
from domain.store.people import contacts, staff
from domain.store.people.contacts import ContactHolder, ContactInUse
from domain.store.requests import joined_hash

BATCH_SIZE: Final = 100
MOST_WRITES: Final = 1_500  # of a transaction: members with many receipts go in smaller ones
ATTEMPTS: Final = 5
WAITS_SECONDS: Final = (0.1, 0.5, 2.0, 5.0, 10.0, 20.0, 30.0, 30.0)  # longer than a transaction may live
_IN_USE: Final = "it belongs to a member already"


@dataclass(frozen=True, slots=True)
class BatchResult:
    """What came of a batch: how many are new, how many were here already, and what was refused."""

    new_count: int = 0
    known_count: int = 0
    faults: tuple[LineFault, ...] = ()


@dataclass(frozen=True, slots=True)
class _Arrival:
    """A member about to be brought along: decided, with the writes that claim their identities."""

    imported: ImportedMember
    writes: Sequence[Write]
    contact_keys: tuple[str, ...]
    member: str


@dataclass
class MemberImport:
    """One run over a file. Without `applies` everything is checked and decided, and nothing is written."""

    identity: IdentityRuntime
    published: PublishedProgramme
    source: str
    now: datetime
    actor: str
    applies: bool
    _lines_by_key: dict[str, int] = field(default_factory=dict, init=False)
    _proven: frozenset[str] = field(default=frozenset(), init=False)

    async def take(self, batch: Sequence[ImportedMember]) -> BatchResult:
        """Bring a batch along: those who are new, and for whom nothing stands in the way."""
        faults: list[LineFault] = []
        single = [each for each in batch if self._is_single(each, faults)]
        known = await receipts.find_many(
            self.identity.store, [id for each in single for id in self._ids(each)]
        )
        new = [each for each in single if not any(id in known for id in self._ids(each))]
        holders = await self._find_holders(new)
        recorded = await receipts.find_many(
            self.identity.store, [id for each in new for id in _receipt_ids(each)]
        )
        self._proven = await bindings.find_proven(
            self.identity.store, [self._customer(each) for each in new if each.customer is not None]
        )
        stock = await self.identity.stock.stock_state(self.published.programme, now=self.now)
        arrivals: list[_Arrival] = []
        for each in new:
            fault = self._conflict(each, holders, recorded.keys())
            try:
                if fault is None:
                    arrivals.append(self._arrival(each, holders, stock))
            except WalletFull as full:
                fault = LineFault(
                    each.line, "balances", "a wallet cannot hold it", f"it has room for {full.room}"
                )
            faults += [fault] if fault is not None else []
        if self.applies:
            for group in _groups(arrivals):
                faults += await self._write(group, stock)
        refused = {fault.line for fault in faults}
        new_count = len([each for each in arrivals if each.imported.line not in refused])
        return BatchResult(new_count, len(single) - len(new), tuple(faults))

    # ------------------------------------------------------------ what stands in the way
    def _is_single(self, imported: ImportedMember, faults: list[LineFault]) -> bool:
        """Tell whether no earlier line of the file is of the same id, contact or number."""
        keys: dict[str, str] = {"id": f"id:{imported.id}"}
        keys |= {contact.kind: contact.key for contact in imported.contacts}
        if imported.number is not None:
            keys["number"] = contacts.number_key(imported.number)
        for name, key in keys.items():
            if key in self._lines_by_key:
                fault = f"line {self._lines_by_key[key]} has the same"
                faults.append(LineFault(imported.line, name, fault, "keep one of the two lines"))
                return False
        self._lines_by_key |= dict.fromkeys(keys.values(), imported.line)
        return True

    def _ids(self, imported: ImportedMember) -> list[str]:
        """Return what the member is known by: by the secret of today, then by earlier ones."""
        return [
            joined_hash("member", self.source, contact_hash(secret, f"{self.source}:{imported.id}"))
            for secret in self.identity.all_secrets
        ]

    async def _find_holders(self, new: Sequence[ImportedMember]) -> Mapping[str, ContactHolder]:
        keys = [key for each in new for key in _contact_keys(each)]
        return await contacts.find_holders(self.identity.store, keys)

    def _conflict(
        self, imported: ImportedMember, holders: Mapping[str, ContactHolder], recorded: Collection[str]
    ) -> LineFault | None:
        for key in _contact_keys(imported):
            holder = holders.get(key)
            if holder is not None and not holder.is_over(self.now):
                remedy = "leave the line out; a second membership of one person is merged (selo merge)"
                return LineFault(imported.line, key.partition(":")[0], _IN_USE, remedy)
        ids = _receipt_ids(imported)
        if len(set(ids)) < len(ids) or any(id in recorded for id in ids):
            fault = "one of them was recorded before, or stands twice"
            return LineFault(imported.line, "receipts", fault, "leave it out: a receipt counts once")
        return None

    # ------------------------------------------------------------ deciding
    def _arrival(
        self, imported: ImportedMember, holders: Mapping[str, ContactHolder], stock: StockState
    ) -> _Arrival:
        """Decide a member and return their writes. Raises WalletFull."""
        member, number = (
            secrets.token_hex(16),
            imported.number or codes.membership_number(secrets.randbelow(10**12)),
        )
        decision = self._decide(imported, member, number, stock)
        keys = _contact_keys(replace(imported, number=number))
        claims = [
            *(
                receipts.claim_write(row.event.id.removeprefix(receipts.EVENT_PREFIX), member=member, row=row)
                for row in decision.rows
                if row.event.name == PURCHASED
            ),
            receipts.claim_write(self._ids(imported)[0], member=member, row=decision.row),
            *(contacts.take_write(key, member, holder=holders.get(key)) for key in keys),
            *self._binding_writes(imported, member),
        ]
        writes = commit.decision_writes(
            self.identity.store,
            published=self.published,
            decision=decision,
            now=self.now,
            claims=claims,
            details=imported.details,
        )
        return _Arrival(imported, writes, keys, member)

    def _customer(self, imported: ImportedMember) -> str:
        return hints.customer_hash(self.identity, self.source, imported.customer or "")

    def _binding_writes(self, imported: ImportedMember, member: str) -> list[Write]:
        """Return the write by which orders of that customer of the source are theirs; none where somebody
        showed their card for it.
        """
        hashed = self._customer(imported)
        if imported.customer is None or hashed in self._proven:
            return []
        return [bindings.bind_write(hashed, source=self.source, member=member, now=self.now)]

    def _decide(self, imported: ImportedMember, member: str, number: str, stock: StockState) -> Decision:
        before = after = new_member(member, number)
        opening = Event(
            f"import:{self._ids(imported)[0]}",
            IMPORTED,
            self.now,
            self.source,
            imported.opening,
            profile=imported.details.profile,
        )
        rows: tuple[JournalRow, ...] = ()
        for event in (*_history(imported), opening):
            decision = decide(
                self.published.programme,
                after,
                event,
                now=self.now,
                stock=stock,
                version=self.published.number,
            )
            after, rows = decision.member, (*rows, *decision.rows)
        return Decision(before, after, rows)

    # ------------------------------------------------------------ writing
    async def _write(self, group: Sequence[_Arrival], stock: StockState) -> list[LineFault]:
        """Write a group in one transaction; where somebody came first, each by themselves.

        What a killed run had begun bars the same members until the database gives it up.
        """
        for wait_seconds in WAITS_SECONDS:
            try:
                await self._commit(group)
            except Stale:
                await asyncio.sleep(wait_seconds)
            except (ContactInUse, ReceiptTaken):
                break
            else:
                return []
        results = [await self._write_single(each, stock) for each in group]
        return [fault for fault in results if fault is not None]

    async def _write_single(self, arrival: _Arrival, stock: StockState) -> LineFault | None:
        imported = arrival.imported
        for _ in range(ATTEMPTS):
            try:
                await self._commit([arrival])
            except Stale:
                continue
            except ReceiptTaken:
                if (await receipts.find_many(self.identity.store, self._ids(imported))) == {}:
                    return LineFault(imported.line, "receipts", "one was recorded meanwhile", "leave it out")
                return None  # another run has brought them along: they are here
            except ContactInUse as in_use:
                if str(in_use) != "number" or imported.number is not None:
                    return LineFault(imported.line, str(in_use), _IN_USE, "leave the line out")
                arrival = self._arrival(imported, await self._find_holders([imported]), stock)
            else:
                return None
        return LineFault(imported.line, "id", "the database was too busy", "run the import again")

    async def _commit(self, group: Sequence[_Arrival]) -> None:
        store, steps = self.identity.store, list[TransactionStep]()
        keys = [key for each in group for key in each.contact_keys]
        if await staff.find_ids_by_contacts(store, keys):
            for each in group:
                steps += await own_memberships.contact_steps(store, each.member, each.contact_keys)
        act = audit.simple_act_write(
            "MEMBERS_IMPORTED", actor=self.actor, now=self.now, subject=self.source, amount=len(group)
        )
        writes = [write for each in group for write in each.writes]
        await store.transact([*writes, act], extra_steps=steps)


# ---------------------------------------------------------------- pure rules
def _contact_keys(imported: ImportedMember) -> tuple[str, ...]:
    keys = tuple(contact.key for contact in imported.contacts)
    return keys if imported.number is None else (*keys, contacts.number_key(imported.number))


def _history(imported: ImportedMember) -> list[Event]:
    return [
        Event(
            f"{receipts.EVENT_PREFIX}{id}",
            PURCHASED,
            receipt.at,
            receipt.source,
            {"history": True},
            purchase=receipt.purchase,
        )
        for id, receipt in zip(_receipt_ids(imported), imported.receipts, strict=True)
    ]


def _receipt_ids(imported: ImportedMember) -> list[str]:
    return [
        receipts.purchase_id(
            source=receipt.source, store=receipt.purchase.store, external_id=receipt.purchase.external_id
        )
        for receipt in imported.receipts
    ]


def _groups(arrivals: Sequence[_Arrival]) -> list[list[_Arrival]]:
    groups: list[list[_Arrival]] = []
    count = 0
    for arrival in arrivals:
        if not groups or count + len(arrival.writes) > MOST_WRITES:
            groups.append([])
            count = 0
        groups[-1].append(arrival)
        count += len(arrival.writes)
    return groups
