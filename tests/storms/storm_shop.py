"""The data folder of the crash storm: a programme in which every act moves points and sends a message,
members with a phone, and a cashier.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from api.graphql.engine.ids import encode_id
from api.process import open_process
from api.settings import Settings
from domain.services.ledger.code_batches import make_codes
from domain.services.people import staff, stores
from domain.services.people.identity_runtime import IdentityRuntime
from domain.services.people.shifts import staff_sign_in
from domain.services.people.shifts.staff_sign_in import StaffSignIn
from domain.store.connect import connect
from domain.store.people import devices
from domain.store.people.devices import Device
from tests.identity_harness import IdentityHarness, RecordingCodeSender, enrol_and_sign_in

PROGRAMME = """
programme:
  {code: storm, name: Storm, currency: EUR, timezone: Europe/Lisbon, locales: [en], terms: {version: "2026-01", url: "https://storm.example/t"}}
wallets: [{code: points, kind: points, name: Points, expiry: {after: {months: 12}}, debt: allow, pay: {units: 1, worth: 1}}]
rules:
  - code: purchase
    title: A point a euro
    on: purchase.completed
    do: [{award: {wallet: points, amount: 1, per: 100, of: purchase.total}}, {message: bought}]
  - {code: later, title: A day after, on: purchase.completed, after: {days: 1}, do: [{award: {wallet: points, fixed: 5}}]}
  - {code: pack, title: A code of a package, on: code.entered, do: [{award: {wallet: points, fixed: 7}}]}
  - {code: used, title: A voucher used, on: voucher.used, do: [{message: used}]}
codes: [{batch: packs, title: A package}]
rewards:
  - {code: mug, title: A mug, kind: product, cost: {wallet: points, amount: 50}, stock: 100000, voucher: {valid: {days: 30}}}
messages:
  - {code: bought, channels: [push, inbox], purpose: service, title: Thanks, body: "You have {member.balance} points"}
  - {code: used, channels: [push, inbox], purpose: service, title: Enjoy, body: Your voucher is used}
"""
CODES = 6_000
MEMBERS = ("ana", "rui", "eva")
PASSWORD = "a long enough password"
LIMITS = {
    "SELO_STAFF_REQUESTS_PER_MINUTE": "1000000",
    "SELO_MEMBER_POINTS_PER_MINUTE": "1000000",
    "SELO_SHIFT_PURCHASES": "1000000",
    "SELO_SHIFT_VOUCHERS": "1000000",
    "SELO_SHIFT_REFUNDED": "1000000000",
}


# ---------------------------------------------------------------- who is there
@dataclass(frozen=True, slots=True)
class Customer:
    """A member: how the till names them, and their own access token."""

    member: str
    number: str
    token: str


@dataclass(frozen=True, slots=True)
class StormShop:
    """A data folder that is ready to be served, those who call it, and codes that nobody has entered yet."""

    data_folder: Path
    customers: tuple[Customer, ...]
    cashier: str
    mug: str
    codes: Iterator[str]


async def prepare_shop(data_folder: Path, uri: str) -> StormShop:
    """Fill an empty database: members with a phone each, a cashier, and tokens that hold for an hour."""
    settings, now = (
        Settings(data=data_folder, access_token_minutes=60),
        datetime.now(UTC).replace(microsecond=0),
    )
    database = connect(uri, settings.database)
    try:
        async with open_process(settings, database) as process:
            code_sender = RecordingCodeSender()
            runtime = replace(process.runtime, code_sender=code_sender)
            await process.programmes.publish(PROGRAMME, now=now)
            await stores.add(process.store, code="lisboa", name="Lisboa", now=now)
            await staff.add(
                runtime,
                username="carla",
                name="Carla",
                role="CASHIER",
                store_codes=(),
                password=PASSWORD,
                now=now,
            )
            shift = await staff_sign_in.sign_in(runtime, StaffSignIn("carla", PASSWORD, "lisboa"), now=now)
            codes = await _make_codes(process.runtime, now=now)
            customers = []
            for name in MEMBERS:
                signed_in = await enrol_and_sign_in(
                    IdentityHarness(runtime, code_sender), f"{name}@storm.example", now=now
                )
                member, session = signed_in.member, signed_in.opened_session.session.id
                phone = Device(
                    f"phone-{name}",
                    member,
                    "ANDROID",
                    name.encode().hex().ljust(16, "0"),
                    now,
                    now,
                    f"ok-{name}",
                    "TOKEN",
                )
                await devices.upsert(process.store, phone)
                document = await process.store["members"].find_one({"_id": member})
                assert document is not None
                token = process.tokens.access(subject=member, role="member", session=session).token
                customers.append(Customer(member, document["number"], token))
            till = process.tokens.access(
                subject=shift.employee.id,
                role="cashier",
                session=shift.opened_session.session.id,
                store="lisboa",
                until=shift.opened_session.session.expires_at,
            )
    finally:
        await database.close()
    return StormShop(data_folder, tuple(customers), till.token, encode_id("Reward", "mug"), iter(codes))


async def _make_codes(runtime: IdentityRuntime, *, now: datetime) -> list[str]:
    making = make_codes(
        runtime, secret=runtime.secret, batch="packs", count=CODES, actor="cli:storm", now=now
    )
    return [code async for chunk in making for code in chunk]
