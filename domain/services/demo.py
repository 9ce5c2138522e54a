"""The demo: members with two years of history, decided in memory and written in bulk as commits write them.

The same seed makes the same members. Nothing is sent: messages of the past are not promised. An interrupted
run begins again from nothing; a complete one is left as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime

from domain.model.event_names import PURCHASED, REFUNDED, VOUCHER_USED
from domain.model.ledger.decide import at_instant
from domain.model.ledger.decision import Decision
from domain.model.ledger.events import Json
from domain.model.ledger.member import Member
from domain.model.ledger.payments import payable_wallets
from domain.model.people.codes import membership_number
from domain.model.programme import Programme
from domain.model.simulate import InputLine, SimulatedReceipt, Simulation
from domain.model.simulate.purchase_inputs import read_purchase
from domain.model.values import dataclass, evolve
from domain.services.demo_catalogue import catalogue_of, demo_products
from domain.services.demo_letters import Reads, inbox_writes, read_always
from domain.services.demo_people import DemoPart, DemoPerson, make_history, make_people
from domain.store import bulk, commit
from domain.store.club import products
from domain.store.document_store import DocumentStore, Write
from domain.store.ledger import agenda, receipts, stock
from domain.store.ledger import members as members_store
from domain.store.ledger.programmes import PublishedProgramme
from domain.store.meta import DEMO_ID
from domain.store.people import contacts
from domain.store.people.consent_answers import ConsentAnswer
from domain.store.people.details import Details

SEED = 20_26
PAID_EVERY = 3  # each so many lines a purchase is paid with store credit, where there is some
WRITTEN_COLLECTIONS = (
    "members",
    "contacts",
    "journal",
    "receipts",
    "vouchers",
    "voucher_codes",
    "agenda",
    "inbox",
    "mailboxes",
    "figures_due",
)

Progress = Callable[[str, int, int], None]


class DatabaseInUse(Exception):
    """The database has members that are not the demo's. The demo needs a data folder of its own."""


@dataclass(frozen=True, slots=True)
class DemoMember:
    """One member as `demo.json` names them; `shows` says what a few of them are made to show."""

    number: str
    email: str
    shows: DemoPart | None = None


class DemoSimulation(Simulation):
    """A simulation whose events have the ids that the services give them."""

    def event_id(self, line: InputLine) -> str:
        if line.name not in (PURCHASED, REFUNDED):
            return f"demo:{line.number}"
        external_id = str(line.data["externalId"])
        if line.name == PURCHASED:
            store = line.data.get("store")
            shop = store if isinstance(store, str) else None
            return "purchase:" + receipts.purchase_id(source=line.source, store=shop, external_id=external_id)
        receipt = self.receipts[line.member, self._numbers[line.member, external_id][-1]]
        return f"refund:{_receipt_id(receipt)}:{len(receipt.claims) + 1}"


async def fill_demo(
    store: DocumentStore, *, published: PublishedProgramme, now: datetime, progress: Progress
) -> list[DemoMember]:
    """Make the demo's members where there are none, and return those worth signing in as. Raises
    DatabaseInUse.
    """
    begun_at = await _find_begun_at(store)
    if begun_at is not None and not await is_unfinished(store):
        return demo_members(make_people(seed=SEED, until=begun_at))
    if begun_at is None and await store["members"].find_one({}, {"_id": 1}) is not None:
        raise DatabaseInUse
    await bulk.empty_collections(store, WRITTEN_COLLECTIONS)
    await store["meta"].update_one({"_id": DEMO_ID}, {"$set": {"until": now, "done": False}}, upsert=True)
    members = make_people(seed=SEED, until=now)
    lines = make_history(members, catalogue_of(published.programme), seed=SEED, until=now)
    run = simulate_lines(published.programme, lines, now, progress)
    await bulk.write_in_chunks(
        store,
        decision_writes(store, published, run, members, now),
        on_progress=lambda done, total: progress("Writing", done, total),
    )
    await products.put_many(store, demo_products(catalogue_of(published.programme)))
    await store["meta"].update_one({"_id": DEMO_ID}, {"$set": {"done": True}})
    return demo_members(members)


async def _find_begun_at(store: DocumentStore) -> datetime | None:
    mark = await store["meta"].find_one({"_id": DEMO_ID})
    return mark["until"] if mark else None


async def is_unfinished(store: DocumentStore) -> bool:
    """Tell whether the demo's members are being written, or their writing was interrupted."""
    return await store["meta"].find_one({"_id": DEMO_ID, "done": False}, {"_id": 1}) is not None


def demo_members(members: list[DemoPerson]) -> list[DemoMember]:
    """Return people as the sign-in sheet names them, who buys every week first."""
    first = next(person for person in members if person.email.startswith("member1@"))
    others = [person for person in members if person is not first]
    return [DemoMember(_membership_number(person), person.email, person.part) for person in (first, *others)]


def _membership_number(person: DemoPerson) -> str:
    return membership_number(int(person.id, 16))


# ---------------------------------------------------------------- deciding


def simulate_lines(
    programme: Programme, lines: list[dict[str, Json]], until: datetime, progress: Progress
) -> DemoSimulation:
    """Decide lines, in their order, and whatever time brings until an instant."""
    run = DemoSimulation(programme)
    for line_number, line in enumerate(lines, start=1):
        line_data = line["data"]
        assert isinstance(line_data, dict), "a line has data"
        input_line = InputLine(
            line_number,
            datetime.fromisoformat(str(line["at"])),
            str(line["member"]),
            str(line["name"]),
            str(line["source"]),
            line_data,
        )
        event: InputLine | None = input_line
        if input_line.name == VOUCHER_USED:
            event = _with_voucher(run, input_line)
        elif input_line.name == PURCHASED and line_number % PAID_EVERY == 0:
            event = _with_payment(run, input_line)
        for _ in run.event(event) if event is not None else ():
            pass
        if line_number % 200 == 0 or line_number == len(lines):
            progress("Deciding", line_number, len(lines))
    for _ in run.advance(until):
        pass
    return run


def _with_voucher(run: Simulation, line: InputLine) -> InputLine | None:
    """Return a line with the voucher that the member holds of its reward; None where they hold none."""
    open_vouchers = run.members[line.member].vouchers.items()
    voucher_id = next(
        (
            code
            for code, one in open_vouchers
            if one.reward == line.data["reward"] and one.used_at is None and one.taken_lots
        ),
        None,
    )
    return None if voucher_id is None else replace(line, data={**line.data, "voucher": voucher_id})


def _with_payment(run: Simulation, line: InputLine) -> InputLine:
    """Return a purchase's line with what the member pays of it with a wallet of money: all that they hold."""
    member, programme = at_instant(run.programme, run.members[line.member], now=line.at), run.programme
    available = {
        code: one.available for code, one in member.wallets.items() if programme.wallet(code).kind == "money"
    }
    payable = payable_wallets(programme, read_purchase(line, programme, member), available=available)
    full = [most for most in payable if most.units]
    paid: list[Json] = [{"wallet": most.wallet, "units": most.units} for most in full[:1]]
    return replace(line, data={**line.data, "payWith": paid}) if paid else line


# ---------------------------------------------------------------- writing


def decision_writes(
    store: DocumentStore,
    published: PublishedProgramme,
    run: DemoSimulation,
    members: list[DemoPerson],
    now: datetime,
    *,
    reads: Reads = read_always,
) -> Iterator[Write]:
    """Yield the writes of what was decided of members, as commits write it, and their inboxes."""
    for person in members:
        rows = tuple(run.rows[person.id])
        member = evolve(run.members[person.id], number=_membership_number(person))
        decision = Decision(Member(member.id, member.number), member, rows)
        details = details_of(published.programme, person)
        pending_writes = commit.decision_writes(
            store, published=published, decision=decision, now=now, details=details
        )
        yield from (
            write
            for write in pending_writes
            if write.collection in WRITTEN_COLLECTIONS and write.collection != agenda.COLLECTION
        )
        yield from inbox_writes(published.programme, member.id, rows, details, now=now, reads=reads)
        yield contacts.take_write(contacts.number_key(member.number), member.id)
        yield contacts.take_write(f"email:{person.email}", member.id)
        if person.referred_by is not None:  # they joined before, and are written already
            yield members_store.count_invited_write(person.referred_by)
    for (code, _), receipt in run.receipts.items():
        yield from _receipt_writes(run, code, receipt)
    yield from (agenda.schedule_write(later) for later in run.delayed_events)
    yield from stock.count_writes([row for rows in run.rows.values() for row in rows], published.programme)


def _receipt_writes(run: DemoSimulation, member: str, receipt: SimulatedReceipt) -> Iterator[Write]:
    refunds = [
        row
        for row in run.rows[member]
        if row.event.refund is not None and row.event.refund.purchase.key == receipt.row.event.id
    ]
    yield receipts.claim_write(_receipt_id(receipt), member=member, row=receipt.row)
    for number, row in enumerate(refunds):
        receipt_before = receipts.StoredReceipt(
            _receipt_id(receipt), member, receipt.row.seq, None, None, (), tuple(range(number))
        )
        yield receipts.refund_write(receipt_before, row)
    for row in receipt.delayed:
        yield receipts.delayed_write(_receipt_id(receipt), row)


def _receipt_id(receipt: SimulatedReceipt) -> str:
    return receipt.row.event.id.removeprefix("purchase:")


def details_of(programme: Programme, person: DemoPerson) -> Details:
    """Return the details of a person, with what they agreed to."""
    catalogue = catalogue_of(programme)
    locale = person.locale if person.locale in catalogue.locales else catalogue.locales[0]
    consents = [programme.consent(purpose) for purpose in catalogue.consents if person.wants_news]
    return Details(
        name=person.name,
        email=person.email,
        birthday=person.birthday,
        locale=locale,
        timezone=programme.programme.timezone,
        terms=programme.programme.terms.version,
        consents=tuple(
            ConsentAnswer(
                consent.purpose,
                True,
                person.joined_at,
                consent.wording.for_locale(locale),
                consent.wordingVersion,
                "app",
            )
            for consent in consents
        ),
    )
