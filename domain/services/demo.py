"""The demo: members with two years behind them, decided in memory and written in bulk as the very documents
that commits build.

The same seed makes the same people. Nothing of it is sent: messages of the past are not promised. A run that
was cut off is begun again from nothing; one that is complete is left as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from domain.model.event_names import PURCHASED, REFUNDED, VOUCHER_USED
from domain.model.ledger.decision import Decision
from domain.model.ledger.member import Member
from domain.model.people.codes import membership_number
from domain.model.programme import Programme
from domain.model.simulate import InputLine, SimulatedReceipt, Simulation
from domain.model.values import evolve
from domain.services.demo_people import Person, history, people
from domain.store import bulk, commit
from domain.store.document_store import DocumentStore, Write
from domain.store.ledger import agenda, receipts, stock
from domain.store.ledger import members as members_store
from domain.store.ledger.members import Details
from domain.store.ledger.programmes import PublishedProgramme
from domain.store.people import contacts
from domain.store.people.sign_in_codes import ConsentAnswer

SEED = 20_26
MARK = "demo"
WRITTEN = ("members", "contacts", "journal", "receipts", "vouchers", "voucher_codes", "agenda")

Progress = Callable[[str, int, int], None]


class DatabaseInUse(Exception):
    """The database has members that are no demo's: the demo goes into a data folder of its own."""


@dataclass(frozen=True, slots=True)
class DemoMember:
    """One member as `demo.json` names them."""

    number: str
    email: str


class _History(Simulation):
    """A simulation whose events bear the identities that the services give them."""

    def event_id(self, line: InputLine) -> str:
        if line.name not in (PURCHASED, REFUNDED):
            return f"demo:{line.number}"
        external_id = str(line.data["externalId"])
        if line.name == PURCHASED:
            store = line.data.get("store")
            shop = store if isinstance(store, str) else None
            return "purchase:" + receipts.purchase_id(source=line.source, store=shop, external_id=external_id)
        receipt = self.receipts[line.member, self._numbers[line.member, external_id][-1]]
        return f"refund:{_id_of(receipt)}:{len(receipt.claims) + 1}"


async def fill(
    store: DocumentStore, *, published: PublishedProgramme, now: datetime, progress: Progress
) -> list[DemoMember]:
    """Make the demo's members where there are none yet, and return those worth signing in as. Raises
    DatabaseInUse.
    """
    members = (
        people(seed=SEED, until=now)
        if (begun := await _begun(store)) is None
        else people(seed=SEED, until=begun)
    )
    if await _is_done(store):
        return _shown(members)
    if begun is None and await store["members"].find_one({}, {"_id": 1}) is not None:
        raise DatabaseInUse
    await bulk.empty_collections(store, WRITTEN)
    await store["meta"].update_one({"_id": MARK}, {"$set": {"until": now, "done": False}}, upsert=True)
    members = people(seed=SEED, until=now)
    run = _lived(published.programme, members, now, progress)
    await bulk.write_in_chunks(
        store,
        _documents(store, published, run, members, now),
        on_progress=lambda done, total: progress("Writing", done, total),
    )
    await store["meta"].update_one({"_id": MARK}, {"$set": {"done": True}})
    return _shown(members)


async def _begun(store: DocumentStore) -> datetime | None:
    mark = await store["meta"].find_one({"_id": MARK})
    return mark["until"] if mark else None


async def _is_done(store: DocumentStore) -> bool:
    mark = await store["meta"].find_one({"_id": MARK})
    return bool(mark and mark["done"])


def _shown(members: list[Person]) -> list[DemoMember]:
    first = next(person for person in members if person.email.startswith("member1@"))
    others = [person for person in members if person is not first]
    return [DemoMember(_number(person), person.email) for person in (first, *others)]


def _number(person: Person) -> str:
    return membership_number(int(person.id, 16))


# ---------------------------------------------------------------- deciding


def _lived(programme: Programme, members: list[Person], until: datetime, progress: Progress) -> _History:
    run = _History(programme)
    lines = history(members, seed=SEED, until=until)
    for number, line in enumerate(lines, start=1):
        data = line["data"]
        assert isinstance(data, dict), "a line has data"
        one = InputLine(
            number,
            datetime.fromisoformat(str(line["at"])),
            str(line["member"]),
            str(line["name"]),
            str(line["source"]),
            data,
        )
        event = _with_voucher(run, one) if one.name == VOUCHER_USED else one
        for _ in run.event(event) if event is not None else ():
            pass
        if number % 200 == 0 or number == len(lines):
            progress("Deciding", number, len(lines))
    for _ in run.advance(until):
        pass
    return run


def _with_voucher(run: Simulation, line: InputLine) -> InputLine | None:
    """Name the voucher that the member holds of the reward; None where they hold none any more."""
    held = run.members[line.member].vouchers.items()
    found = next(
        (
            code
            for code, one in held
            if one.reward == line.data["reward"] and one.used_at is None and one.taken_lots
        ),
        None,
    )
    return None if found is None else replace(line, data={**line.data, "voucher": found})


# ---------------------------------------------------------------- writing


def _documents(
    store: DocumentStore, published: PublishedProgramme, run: _History, members: list[Person], now: datetime
) -> Iterator[Write]:
    for person in members:
        rows = tuple(run.rows[person.id])
        member = evolve(run.members[person.id], number=_number(person))
        decision = Decision(Member(member.id, member.number), member, rows)
        built = commit.decision_writes(
            store,
            published=published,
            decision=decision,
            now=now,
            details=_details(published.programme, person),
        )
        yield from (
            write for write in built if write.collection in WRITTEN and write.collection != agenda.COLLECTION
        )
        yield contacts.take_write(contacts.number_key(member.number), member.id)
        yield contacts.take_write(f"email:{person.email}", member.id)
        if person.referred_by is not None:  # somebody of before them, who is written by now
            yield members_store.count_invited_write(person.referred_by)
    for (code, _), receipt in run.receipts.items():
        yield from _receipt(run, code, receipt)
    yield from (agenda.schedule_write(later) for later in run.delayed_events)
    yield from stock.count_writes([row for rows in run.rows.values() for row in rows], published.programme)


def _receipt(run: _History, member: str, receipt: SimulatedReceipt) -> Iterator[Write]:
    refunds = [
        row
        for row in run.rows[member]
        if row.event.refund is not None and row.event.refund.purchase.key == receipt.row.event.id
    ]
    yield receipts.claim_write(_id_of(receipt), member=member, row=receipt.row)
    for number, row in enumerate(refunds):
        known = receipts.StoredReceipt(
            _id_of(receipt), member, receipt.row.seq, None, None, (), tuple(range(number))
        )
        yield receipts.refund_write(known, row)


def _id_of(receipt: SimulatedReceipt) -> str:
    return receipt.row.event.id.removeprefix("purchase:")


def _details(programme: Programme, person: Person) -> Details:
    consent = programme.consent("marketing")
    at = person.joined_at
    wording = consent.wording.for_locale(person.locale)
    given = ConsentAnswer("marketing", True, at, wording, consent.wordingVersion, "app")
    return Details(
        name=person.name,
        email=person.email,
        birthday=person.birthday,
        locale=person.locale,
        timezone=programme.programme.timezone,
        terms=programme.programme.terms.version,
        consents=(given,) if person.news else (),
    )
