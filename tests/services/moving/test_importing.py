"""Members of other systems brought along: who, with what, once, and with nothing that follows."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from domain.model.intake.order_state import MemberHints
from domain.model.moving.import_map import FORMATS, ImportMap, load_map
from domain.model.moving.import_rows import FileLine, read_csv, read_ndjson
from domain.model.programme.faults import ProgrammeInvalid
from domain.services.erasure.erasing import ErasureActor, erase
from domain.services.intake.hints import find_member
from domain.services.ledger import purchases
from domain.services.ledger.fiscal_records import iterate_documents
from domain.services.ledger.purchases import PurchaseClaimed
from domain.services.ledger.returns import refunds
from domain.services.ledger.returns.refunds import PurchaseRefunded, RefundRequest
from domain.services.ledger.turn import turn
from domain.services.ledger.verification import verify
from domain.services.moving import row_export
from domain.services.moving.import_values import ImportedMember
from domain.services.moving.imported_member import RecordReader
from domain.services.moving.importing import BatchResult, MemberImport
from domain.services.people.identity_runtime import IdentityRuntime
from domain.store.connect import Database
from domain.store.ledger.members import StoredMember
from domain.store.ledger.scans import member_scans
from tests.identity_harness import SECRET, RecordingCodeSender
from tests.services.moving.imported_files import MadeMember, made_file
from tests.simulated_exports import differences, exported
from tests.small_runtime import TILL, new_purchase, open_runtime

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
CLUB = """
programme: {code: club, name: Club, currency: EUR, timezone: Europe/Lisbon, locales: [pt, en]}
wallets:
  - {code: points, kind: points, name: Points, expiry: {after: {months: 12}}}
  - {code: credit, kind: money, name: Credit, expiry: {never: true}}
rules:
  - {code: hello, title: Hello, on: member.enrolled, do: [{award: {wallet: points, fixed: 50}}, {message: hello}]}
  - {code: rich, title: Rich, on: segment.entered, do: [{award: {wallet: points, fixed: 5}}, {message: hello}]}
segments: [{code: rich, name: Rich, when: 'member.balance.points >= 100'}]
tiers:
  count: {wallet: points}
  window: {rolling: {months: 12}}
  ladder: [{code: basic, name: Basic, from: 0}, {code: gold, name: {en: Gold, pt: Ouro}, from: 5000}]
rewards: [{code: mug, title: Mug, kind: product, cost: {wallet: points, amount: 10}}]
consents: [{purpose: marketing, title: News, wording: {en: I want news, pt: Quero}, wordingVersion: 3}]
messages:
  - {code: hello, channels: [inbox], purpose: service, title: Hello, body: Hello}
"""
RECORD: dict[str, Any] = {
    "id": "c-1",
    "email": " Ana.Silva@Example.com ",
    "phone": "+351 912 345 678",
    "name": "Ana Silva",
    "birthday": "1990-05-17",
    "joinedAt": "2016-02-03",
    "locale": "pt_PT",
    "tier": {"code": "ouro", "until": "2026-06-30"},
    "balances": [
        {"wallet": "points", "amount": 120, "expires": "2026-05-31"},
        {"wallet": "points", "amount": 30},
        {"wallet": "points", "amount": 7, "expires": "never"},
        {"wallet": "credit", "amount": "19.99"},
    ],
    "consents": [
        {"purpose": "marketing", "granted": True, "at": "2016-02-03T10:00:00Z", "wording": "Send me letters"}
    ],
    "receipts": [
        {"externalId": "R-1", "store": "lisboa", "at": "2016-03-01T10:00:00Z", "total": 90_000},
        {
            "externalId": "R-2",
            "store": "lisboa",
            "at": "2020-03-01T10:00:00Z",
            "total": 500,
            "lines": [{"sku": "m", "amount": 500}],
        },
    ],
}


async def open_club(database: Database) -> IdentityRuntime:
    return IdentityRuntime.of(
        await open_runtime(database, CLUB, now=NOW), secret=SECRET, code_sender=RecordingCodeSender()
    )


async def bring(
    identity: IdentityRuntime,
    lines: Sequence[FileLine],
    *,
    source: str = "elsewhere",
    mapping: ImportMap | None = None,
    applies: bool = True,
    now: datetime = NOW,
) -> BatchResult:
    """Bring lines along in one batch, as a run does; the faults of all."""
    mapping = mapping or ImportMap()
    reader = RecordReader(identity.programme, source, now, "points", mapping.dates, mapping.country)
    read = [reader.read(line.number, line.record) for line in lines]
    job = MemberImport(identity, identity.programmes.current(), source, now, "cli", applies)
    result = await job.take([each for each in read if isinstance(each, ImportedMember)])
    faults = [fault for each in read if not isinstance(each, ImportedMember) for fault in each]
    return BatchResult(result.new_count, result.known_count, (*faults, *result.faults))


def records(*given: dict[str, Any]) -> list[FileLine]:
    return list(read_ndjson([json.dumps(record) for record in given], None))


async def stored(identity: IdentityRuntime) -> list[StoredMember]:
    return [each async for each in member_scans.iterate_members(identity.store, after="", first=10_000)]


async def everything(identity: IdentityRuntime) -> dict[str, list[Any]]:
    names = ("members", "contacts", "journal", "receipts", "outbox", "inbox", "agenda", "audit")
    return {name: [row async for row in identity.store[name].find({"_id": {"$gt": ""}})] for name in names}


async def test_all_that_was_elsewhere_is_here_and_nothing_follows_from_it(database: Database) -> None:
    told = dict.fromkeys(("member.enrolled", "member.imported", "purchase.completed"), ("crm",))
    identity = replace(await open_club(database), subscriptions=told)
    assert await bring(identity, records(RECORD)) == BatchResult(new_count=1)
    (ana,) = await stored(identity)
    assert (ana.details.email, ana.details.phone) == ("ana.silva@example.com", "+351912345678")
    assert (ana.details.name, ana.details.birthday, ana.details.locale) == (
        "Ana Silva",
        date(1990, 5, 17),
        "pt",
    )
    assert ana.member.joined_at == datetime(2016, 2, 3, tzinfo=UTC)
    (answer,) = ana.details.consents
    assert (answer.granted, answer.wording, answer.wording_version) == (True, "Send me letters", 0)
    assert (answer.at, answer.source) == (datetime(2016, 2, 3, 10, tzinfo=UTC), "import:elsewhere")
    lots = [(lot.amount, lot.expires_on) for lot in ana.member.wallets["points"].lots]
    assert lots == [(120, date(2026, 5, 31)), (30, date(2027, 3, 2)), (7, None)]
    assert ana.member.wallets["credit"].balance == 1_999
    assert ana.member.tier is not None
    (floor,) = ana.member.tier.floors
    assert (floor.code, floor.until) == ("gold", datetime(2026, 6, 30, 23, tzinfo=UTC))
    assert (sorted(ana.member.segments), sorted(ana.member.unlocked)) == (["rich"], ["mug"])
    assert (ana.member.purchases.count, ana.member.purchases.total) == (2, 90_500)
    # An order of that customer is theirs, whatever contact it has.
    hints = MemberHints(customer="c-1")
    assert await find_member(identity, "elsewhere", hints) == ana.member.id
    assert await find_member(identity, "other", hints) is None
    written = await everything(identity)
    assert written["outbox"] == written["inbox"] == written["agenda"] == []
    assert [(act["action"], act["subject"], act["amount"]) for act in written["audit"]][1:] == [
        ("MEMBERS_IMPORTED", "elsewhere", 1)
    ]
    assert {entry["kind"] for row in written["journal"] for entry in row.get("entries", ())} == {"OPENING"}
    await turn(identity, now=NOW)
    assert (await everything(identity))["outbox"] == []
    assert [difference async for difference in verify(identity.store)] == []
    days = iterate_documents(
        identity, since=date(2016, 2, 1), until=date(2016, 4, 1), progress=lambda _: None
    )
    assert [document async for document in days] == []
    rows = row_export.iterate_purchases(identity, start=datetime(2016, 1, 1, tzinfo=UTC), end=NOW)
    assert [(row["document"], row["receipt"], row["total"]) async for row in rows] == [
        ("history", "R-1", 90_000),
        ("history", "R-2", 500),
    ]
    later = NOW + timedelta(days=130)
    await turn(identity, now=later)
    (ana,) = await stored(identity)
    assert ana.member.wallets["points"].balance == 30 + 7
    lines = await exported(identity, since=datetime(2016, 1, 1, tzinfo=UTC), until=later, days=400)
    assert await differences(identity, lines, until=later) == {}
    assert [difference async for difference in verify(identity.store)] == []


async def test_a_till_takes_a_receipt_of_before_back_and_records_it_no_second_time(
    database: Database,
) -> None:
    identity = await open_club(database)
    old = {**RECORD["receipts"][1], "source": "till"}
    assert (await bring(identity, records(changed(receipts=[old])))).new_count == 1
    (before,) = await stored(identity)
    with pytest.raises(PurchaseClaimed):
        await purchases.record(
            identity,
            till=TILL,
            member_id=before.member.id,
            purchase_input=new_purchase("R-2", 500),
            key="a",
            now=NOW,
        )
    for key, request in (("b", RefundRequest("R-2", amount=100)), ("c", RefundRequest("R-2"))):
        taken = await refunds.refund(
            identity, till=TILL, refund_request=request, reason="broken", key=key, now=NOW
        )
        assert isinstance(taken, PurchaseRefunded)
        assert taken.history == ()
    (after,) = await stored(identity)
    assert after.member.wallets == before.member.wallets
    assert (after.member.purchases.total, after.member.purchases.standing) == (0, 0)
    assert [difference async for difference in verify(identity.store)] == []
    today = NOW.date()
    days = iterate_documents(identity, since=today, until=today, progress=lambda _: None)
    assert [(document.kind, document.record.gross) async for document in days] == [
        ("refund", -100),
        ("refund", -400),
    ]


async def test_a_second_run_changes_nothing_and_two_at_once_bring_each_once(database: Database) -> None:
    identity = await open_club(database)
    lines = list(read_csv(made_file("woocommerce", 60).splitlines(keepends=True), FORMATS["woocommerce"]))
    dry = await bring(identity, lines, applies=False)
    assert dry == BatchResult(new_count=60)
    assert (await everything(identity))["contacts"] == await stored(identity) == []
    both = await asyncio.gather(bring(identity, lines), bring(identity, lines))
    assert [fault for result in both for fault in result.faults] == []
    before = await everything(identity)
    assert len(before["members"]) == 60
    assert await bring(identity, lines, now=NOW + timedelta(days=9)) == BatchResult(known_count=60)
    # Whatever the file says by now: who is here stays as they are.
    other = [FileLine(line.number, {**line.record, "balances": []}) for line in lines]
    assert await bring(identity, other, now=NOW + timedelta(days=9)) == BatchResult(known_count=60)
    assert await everything(identity) == before
    # Nor does one who was erased come back.
    by = ErasureActor("service", "cli:root", "a letter")
    assert await erase(identity, before["members"][0]["_id"], by=by, now=NOW) is not None
    assert await bring(identity, lines, now=NOW + timedelta(days=9)) == BatchResult(known_count=60)
    assert [difference async for difference in verify(identity.store)] == []


@pytest.mark.parametrize("system", sorted(FORMATS))
async def test_each_systems_columns_are_read(database: Database, system: str) -> None:
    identity = await open_club(database)
    mapping = FORMATS[system]
    lines = list(read_csv(made_file(system, 100).splitlines(keepends=True), mapping))
    assert await bring(identity, lines, source=system, mapping=mapping) == BatchResult(new_count=100)
    members_by_contact = {
        contact: each
        for each in await stored(identity)
        for contact in (each.details.email, each.details.phone)
        if contact
    }
    for number in range(100):
        made = MadeMember(number)
        plain_phone = "+1" + "".join(filter(str.isdigit, made.phone))
        member = members_by_contact[plain_phone if system == "square" else made.email.lower()]
        held = member.member.wallets.get("points")
        assert (held.balance if held else 0) == made.points
        assert all(lot.expires_on == date(2027, 3, 2) for lot in held.lots) if held else True
        if system in ("yotpo", "square", "openloyalty", "woocommerce"):
            assert member.details.name == made.name
        if member.details.birthday is not None:
            assert f"{member.details.birthday:%m-%d}" == f"{made.birthday:%m-%d}"
    assert [difference async for difference in verify(identity.store)] == []


def changed(**fields: object) -> dict[str, Any]:
    return {**RECORD, **fields}


BALANCE, CONSENT = RECORD["balances"][0], RECORD["consents"][0]


@pytest.mark.parametrize(
    ("record", "field", "fault"),
    [
        (changed(email=None, phone=None), "email", "neither an e-mail address nor a phone"),
        (changed(email="ana@"), "email", "cannot be read"),
        (changed(phone="912345678"), "phone", "cannot be read"),
        (changed(birthday="1990-02-30"), "birthday", "no day"),
        (changed(locale="fi"), "locale", "cannot be taken"),
        (changed(joinedAt="2031-01-01"), "joinedAt", "not in the past"),
        (changed(name={"first": "Ana"}), "name", "no text"),
        (changed(colour="red"), "colour", "no such field"),
        (changed(tier="Diamond"), "tier", "no such tier"),
        (changed(tier={"code": "gold", "until": "2020-01-01"}), "tier.until", "no day to come"),
        (changed(tier={"code": "gold", "until": "9999-12-31"}), "tier.until", "too far ahead"),
        (changed(balances=[{**BALANCE, "amount": -1}]), "balances[0].amount", "below 0"),
        (changed(balances=[{**BALANCE, "amount": "1,200"}]), "balances[0].amount", "no amount"),
        (changed(balances=[{**BALANCE, "amount": "1.5"}]), "balances[0].amount", "no amount"),
        (changed(balances=[{**BALANCE, "wallet": "stars"}]), "balances[0].wallet", "no such wallet"),
        (changed(balances=[{**BALANCE, "expires": "2020-01-01"}]), "balances[0].expires", "the day is over"),
        (changed(balances=[{**BALANCE, "expires": "9999-12-31"}]), "balances[0].expires", "too far ahead"),
        (changed(balances=[{**BALANCE, "amount": 2_000_000_000}] * 2), "balances", "a wallet cannot hold it"),
        (changed(consents=[{**CONSENT, "wording": ""}]), "consents[0].wording", "missing"),
        (changed(consents=[{**CONSENT, "at": None}]), "consents[0].at", "missing"),
        (changed(consents=[{**CONSENT, "purpose": "spam"}]), "consents[0].purpose", "no such purpose"),
        (changed(receipts=[RECORD["receipts"][0]] * 2), "receipts", "stands twice"),
    ],
)
async def test_a_refused_line_names_field_fault_and_remedy_and_no_value(
    database: Database, record: dict[str, Any], field: str, fault: str
) -> None:
    identity = await open_club(database)
    (refused,) = (await bring(identity, records(record))).faults
    assert (refused.line, refused.field) == (1, field)
    assert fault in refused.fault
    assert refused.remedy
    assert await stored(identity) == []


async def test_a_contact_belongs_to_one_member_and_the_others_of_a_batch_come(database: Database) -> None:
    identity = await open_club(database)
    bea = {"id": "c-2", "email": "bea@example.com", "name": "Bea"}
    assert (await bring(identity, records(RECORD))).new_count == 1
    again = {"id": "c-3", "email": "ANA.SILVA@example.com"}
    twice = {"id": "c-4", "email": "Bea@example.com"}
    result = await bring(identity, records(again, bea, twice, {**bea, "email": "other@example.com"}))
    assert (result.new_count, result.known_count) == (1, 0)
    assert sorted((fault.line, fault.field, fault.fault) for fault in result.faults) == [
        (1, "email", "it belongs to a member already"),
        (3, "email", "line 2 has the same"),
        (4, "id", "line 2 has the same"),
    ]
    assert len(await stored(identity)) == 2


def test_a_map_names_columns_and_every_fault_of_it_has_its_line() -> None:
    mapping = load_map(
        "columns: {id: Nr, email: Mail, name: [First, Last], tier: Stufe, birthday: Geboren}\n"
        "balances: [{wallet: credit, amount: Guthaben, expires: Bis}]\n"
        "tiers: {Stammgast: gold}\n"
        "consents: [{purpose: marketing, granted: News, at: Seit, wording: Ich will Neues, yes: [ja]}]\n"
        "dates: dmy\n"
    )
    text = (
        "NR;Mail;First;Last;Stufe;Geboren;Guthaben;Bis;News;Seit\n"
        '7;a@b.example;\'+Ana;"da ""Silva""";STAMMGAST;17.5.1990;12.50;31.12.2026;ja;1.2.2020\n'
    )
    (line,) = read_csv(text.splitlines(keepends=True), mapping)
    assert line.record == {
        "id": "7",
        "email": "a@b.example",
        "name": '+Ana da "Silva"',  # as an export wrote it, so that no spreadsheet takes it for a formula
        "birthday": "17.5.1990",
        "tier": {"code": "gold"},
        "balances": [{"wallet": "credit", "amount": "12.50", "expires": "31.12.2026"}],
        "consents": [
            {"purpose": "marketing", "granted": True, "at": "1.2.2020", "wording": "Ich will Neues"}
        ],
    }
    with pytest.raises(ProgrammeInvalid) as invalid:
        load_map(
            "columns: {mail: E-Mail}\nbalances: [{wallet: points}]\nconsents: [{purpose: news}]\ndates: us\n"
        )
    assert [(fault.line, fault.path) for fault in invalid.value.faults] == [
        (1, "columns.mail"),
        (2, "balances[0].amount"),
        (3, "consents[0].wording"),
        (3, "consents[0].granted"),
        (3, "consents[0].at"),
        (4, "dates"),
    ]
