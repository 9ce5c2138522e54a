"""A shop's day over GraphQL, and what `selo export fiscal` says of it: every receipt and refund adds up, and
the whole is what the API says.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from domain.store.connect import Database
from domain.store.meta import DEMO_ID
from tests.command_log import CommandLog
from tests.graphql.member.voucher_acts import member_with_points, redeem
from tests.journeys.fiscal_exports import SECRET, Row, add_up, export, parts
from tests.running_app import Json, RunningApp, open_running_app
from tests.servers import SHARED_KEYS, selo

BOUGHT = (
    "__typename ... on PurchaseRecorded { purchase { total refunded } entries { wallet entryKind amount } }"
)
REFUNDED = "__typename ... on PurchaseRefunded { purchase { total refunded } entries { wallet amount } }"
STAMPS = [{"sku": "s-1", "category": "stamps", "quantity": 1, "amount": 2_000}]


@pytest.fixture
async def app(database: Database, command_log: CommandLog, tmp_path: Path) -> AsyncIterator[RunningApp]:
    """The application with a secret that a command of another process has too."""
    async with open_running_app(database, command_log, tmp_path, secret=SECRET) as running:
        yield running


async def shop(app: RunningApp) -> tuple[str, list[Json]]:
    """Two customers' day: three receipts and two refunds on the same day, a third refund the day after.

    Return the manager's token and what the API answered to each.
    """
    token, till = await member_with_points(app), await app.hire("rui", "MANAGER")
    number = (await app.do("{ me { number } }", token=token))["me"]["number"]
    code = (await redeem(app, token))["voucher"]["code"]
    use = {"code": code, "purchase": "T-1", "total": 5_000, "idempotencyKey": "u"}
    accepted = await app.mutate("useVoucher", use, "__typename", token=till)
    assert accepted == {"__typename": "VoucherAccepted"}

    async def buy(external_id: str, total: int, **fields: Any) -> Json:
        receipt = {"member": number, "externalId": external_id, "currency": "EUR", "total": total}
        receipt |= {"idempotencyKey": external_id, **fields}
        return await app.mutate("recordPurchase", receipt, BOUGHT, token=till)

    async def refund(external_id: str, key: str, **fields: Any) -> Json:
        taken = {"externalId": external_id, "reason": "returned", "idempotencyKey": key, **fields}
        return await app.mutate("refundPurchase", taken, REFUNDED, token=till)

    answers = [
        await buy(
            "T-1",
            4_500,
            lines=STAMPS,
            taxes=[{"rate": "23", "base": 3_659, "amount": 841}],
            tenders=[{"kind": "cash", "amount": 2_500}, {"kind": "card", "amount": 2_000}],
        ),
        await buy("T-2", 999),
        await buy("T-3", 0),
        await refund("T-1", "r-1", amount=1_000),
        await refund("T-2", "r-2"),
    ]
    app.clock.advance(days=1)
    answers.append(await refund("T-1", "r-3"))
    return till, answers


async def test_a_day_adds_up_and_is_what_the_api_says(app: RunningApp, database_uri: str) -> None:
    _, answers = await shop(app)
    assert [answer["__typename"] for answer in answers] == ["PurchaseRecorded"] * 3 + ["PurchaseRefunded"] * 3
    rows = await export(app, database_uri, "--from", "2026-03-02")
    # 50.00 of goods, 5.00 off by the voucher; 5% of 20.00 of stamps are 1.00 of store credit.
    voucher = next(row["voucher"] for row in rows if row["kind"] == "discount")
    assert parts(rows, document="sale", receipt="T-1") == [
        ("gross", None, None, 5_000, None),
        ("discount", "voucher", "discount-5", 500, None),
        ("payment", "tender", "cash", 2_500, None),
        ("payment", "tender", "card", 2_000, None),
        ("credit", "wallet", "cashback", 100, None),
        ("tax", "23", None, 841, 3_659),
    ]
    # 10.00 of 45.00: 500 x 1000 / 4500 = 111.1; cash 2500 x 1000 / 4500 = 555.5, card the rest; tax 186.8 of
    # 813.1. Of the stamps 20.00 x 10 / 45 = 4.44 go: 5% of 15.56 are 77, so 23 of the credit.
    assert parts(rows, document="refund", receipt="T-1") == [
        ("gross", None, None, -1_111, None),
        ("discount", "voucher", "discount-5", -111, None),
        ("payment", "tender", "cash", -555, None),
        ("payment", "tender", "card", -445, None),
        ("credit", "wallet", "cashback", -23, None),
        ("tax", "23", None, -186, -813),
    ]
    assert parts(rows, receipt="T-2") == [
        ("gross", None, None, 999, None),
        ("payment", "tender", "other", 999, None),
        ("gross", None, None, -999, None),
        ("payment", "tender", "other", -999, None),
    ]
    assert parts(rows, receipt="T-3") == [("gross", None, None, 0, None)]
    assert {row["day"] for row in rows} == {"2026-03-02"}
    assert {(row["source"], row["store"], row["currency"]) for row in rows} == {("till", "lisboa", "EUR")}
    assert [row["refund"] for row in rows if row["document"] == "refund" and row["kind"] == "gross"] == [1, 1]
    assert {row["voucher"] for row in rows if row["means"] == "voucher"} == {voucher}
    add_up(rows)

    # The next day has the rest of T-1; both days together leave nothing of it.
    both = await export(app, database_uri, "--from", "2026-03-02", "--to", "2026-03-03")
    later = [row for row in both if row["day"] == "2026-03-03"]
    assert both[: len(rows)] == rows
    assert {(row["document"], row["receipt"], row["refund"]) for row in later} == {("refund", "T-1", 2)}
    add_up(both)
    left = Counter[tuple[Any, ...]]()
    for row in both:
        if row["receipt"] == "T-1":
            left[row["kind"], row["code"], "amount"] += row["amount"]
            left[row["kind"], row["code"], "base"] += row["base"] or 0
    assert set(left.values()) == {0}

    assert_as_answered(both, rows, answers)


def assert_as_answered(both: list[Row], first_day: list[Row], answers: list[Json]) -> None:
    """Assert what the API answered, added up by itself."""
    paid = sum(answer["purchase"]["total"] for answer in answers[:3])
    # The last answer's `refunded` counts the first refund of T-1 again.
    refunded = sum(answer["purchase"]["refunded"] for answer in answers[3:]) - 1_000
    sums = Counter[str]()
    for row in both:
        sums[row["kind"]] += row["amount"]
    assert sums["payment"] == paid - refunded == 0
    entries = [entry for answer in answers for entry in answer["entries"] if entry["wallet"] == "cashback"]
    assert sums["credit"] == sum(entry["amount"] for entry in entries) == 0
    granted = sum(row["amount"] for row in first_day if row["kind"] == "credit")
    assert granted == sum(entry["amount"] for entry in entries[:2]) == 77


async def test_a_corrected_receipt_adds_up_to_what_is_right(app: RunningApp, database_uri: str) -> None:
    token, till = await app.enrol_member(), await app.hire("rui", "MANAGER")
    number = (await app.do("{ me { number } }", token=token))["me"]["number"]
    receipt: Json = {"member": number, "externalId": "T-1", "currency": "EUR", "total": 4_500}
    receipt |= {
        "lines": STAMPS,
        "taxes": [{"rate": "23", "base": 3_659, "amount": 841}],
        "tenders": [{"kind": "cash", "amount": 2_500}, {"kind": "card", "amount": 2_000}],
        "idempotencyKey": "p",
    }
    await app.mutate("recordPurchase", receipt, "__typename", token=till)
    app.clock.advance(minutes=5)
    right = {"externalId": "T-1", "total": 5_400, "idempotencyKey": "c"}
    asked = "__typename ... on PurchaseCorrected { purchase { fiscal { gross taxes { base amount } } } }"
    corrected = await app.mutate("correctPurchase", right, asked, token=till)
    assert corrected["purchase"]["fiscal"] == {"gross": 5_400, "taxes": [{"base": 4_390, "amount": 1_009}]}
    rows = await export(app, database_uri, "--from", "2026-03-02")
    assert parts(rows, document="correction", receipt="T-1") == [
        ("gross", None, None, 900, None),
        ("payment", "tender", "cash", 500, None),
        ("payment", "tender", "card", 400, None),
        ("credit", "wallet", "cashback", 20, None),
        ("tax", "23", None, 168, 731),
    ]
    taken = {"externalId": "T-1", "reason": "returned", "idempotencyKey": "r"}
    await app.mutate("refundPurchase", taken, "__typename", token=till)
    both = await export(app, database_uri, "--from", "2026-03-02")
    add_up(both)
    left = Counter[tuple[Any, ...]]()
    for row in both:
        left[row["kind"], row["code"], "amount"] += row["amount"]
        left[row["kind"], row["code"], "base"] += row["base"] or 0
    assert set(left.values()) == {0}


async def test_a_day_is_the_programmes_own(app: RunningApp, database_uri: str) -> None:
    """31 May, 23:30 UTC, is 1 June in Lisbon."""
    token, till = await app.enrol_member(), await app.hire("rui", "MANAGER")
    number = (await app.do("{ me { number } }", token=token))["me"]["number"]
    app.clock.now = app.clock.now.replace(month=5, day=31, hour=23, minute=30)
    receipt = {"member": number, "externalId": "T-1", "currency": "EUR", "total": 100, "idempotencyKey": "p"}
    await app.mutate("recordPurchase", receipt, "__typename", token=till)
    assert await export(app, database_uri, "--from", "2026-05-31") == []
    rows = await export(app, database_uri, "--from", "2026-06-01")
    assert [(row["day"], row["at"]) for row in rows] == [("2026-06-01", "2026-05-31T23:30:00.000Z")] * 2


async def test_a_file_is_there_when_it_is_whole(app: RunningApp, database_uri: str, tmp_path: Path) -> None:
    await shop(app)
    out = tmp_path / "march.csv"
    name = app.process.store.mongo.name
    environment = {"MONGODB_URI": database_uri, "SELO_DATABASE": name, **SHARED_KEYS}

    def run(*words: str) -> tuple[int, str, str]:
        done = selo("export", "fiscal", *words, environment=environment)
        return done.returncode, done.stdout, done.stderr

    words = ("--from", "2026-03-02", "--out", str(out))
    assert await asyncio.to_thread(run, *words) == (0, "", "")
    assert out.read_text().startswith("day,document,at,source,store,receipt,refund,kind,means,code,voucher,")
    assert [path.name for path in tmp_path.glob("*march*")] == ["march.csv"]
    assert await asyncio.to_thread(run, "--from", "2026-03-02", "--to", "2026-03-01") == (
        1,
        "",
        "--to 2026-03-01 is before --from 2026-03-02; swap them.\n",
    )
    assert await asyncio.to_thread(run, "--from", "yesterday") == (
        1,
        "",
        "--from yesterday is no day; write it like 2026-03-01.\n",
    )
    assert await asyncio.to_thread(run, "--from", "2026-03-02", "--to", "9999-12-31") == (
        1,
        "",
        "--to 9999-12-31 is out of range; write a year from 1970 to 2999.\n",
    )


@pytest.mark.parametrize("words", [("export", "fiscal", "--from", "2026-03-02"), ("verify",)])
async def test_nothing_is_said_of_a_demo_that_is_still_being_written(
    app: RunningApp, database_uri: str, words: tuple[str, ...]
) -> None:
    """Its journal is written before its receipts and vouchers."""
    await app.process.store["meta"].insert_one({"_id": DEMO_ID, "until": app.clock(), "done": False})
    name = app.process.store.mongo.name
    environment = {"MONGODB_URI": database_uri, "SELO_DATABASE": name, **SHARED_KEYS}
    done = await asyncio.to_thread(selo, *words, environment=environment)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("The demo's members are still being written")
