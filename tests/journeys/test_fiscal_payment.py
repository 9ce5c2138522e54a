"""A receipt with everything on it, a voucher, points, cash, card and taxes, returned in three parts: the till's
answers, the API's record and the export say the same, to the last cent.
"""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from domain.store.connect import Database
from tests.command_log import CommandLog
from tests.graphql.member.voucher_acts import member_with_points, redeem
from tests.journeys.fiscal_exports import SECRET, add_up, export, parts
from tests.running_app import NUMISCOLLECT, Json, RunningApp, open_running_app

# 100 points are worth 5.00, and pay at most half of a receipt.
PAYING = '    unit_cost: "0.01"\n    pay: {units: 100, worth: 500, step: 100, minimum: 100, share: 50}\n'
BACK = "back { money wallets { wallet units worth } }"
FISCAL = "fiscal { gross parts { kind means code name amount units voucher } taxes { rate base amount } }"
RECORD = "mutation M($input: PurchaseInput!) { recordPurchase(input: $input) { __typename } }"


@pytest.fixture
async def app(database: Database, command_log: CommandLog, tmp_path: Path) -> AsyncIterator[RunningApp]:
    programme = tmp_path / "paying.yaml"
    text = NUMISCOLLECT.read_text(encoding="utf-8")
    programme.write_text(text.replace('    unit_cost: "0.01"\n', PAYING, 1), encoding="utf-8")
    async with open_running_app(
        database, command_log, tmp_path, programme=programme, secret=SECRET
    ) as running:
        yield running


async def visit_of(app: RunningApp, token: str, till: str) -> str:
    code = (await app.do("{ me { card { code } } }", token=token))["me"]["card"]["code"]
    scanned = {"code": code, "idempotencyKey": f"scan {code}"}
    visit = (await app.mutate("scan", scanned, "... on CustomerScan { visit }", token=till))["visit"]
    assert isinstance(visit, str)
    return visit


async def buy(app: RunningApp, token: str, till: str) -> str:
    """50.01 of goods: 5.00 off by a voucher, 20.00 by 400 points, 20.01 in cash and 5.00 by card. Return the
    voucher's id.
    """
    voucher = (await redeem(app, token))["voucher"]
    use = {"code": voucher["code"], "purchase": "T-1", "total": 5_001, "idempotencyKey": "u"}
    await app.mutate("useVoucher", use, "__typename", token=till)
    receipt = {
        "member": await visit_of(app, token, till),
        "externalId": "T-1",
        "currency": "EUR",
        "total": 4_501,
        "payWith": [{"wallet": "points", "units": 400}],
        "taxes": [{"rate": "23", "base": 3_659, "amount": 842}],
        "tenders": [{"kind": "cash", "amount": 2_001}, {"kind": "card", "amount": 500}],
        "idempotencyKey": "p",
    }
    short = receipt | {"tenders": [{"kind": "cash", "amount": 4_501}]}
    error = await app.error(RECORD, {"input": short}, token=till)
    assert (error["code"], error["field"]) == ("BAD_INPUT", "tenders")
    bought = await app.mutate(
        "recordPurchase", receipt, "... on PurchaseRecorded { purchase { paid } }", token=till
    )
    assert bought == {"purchase": {"paid": 2_501}}
    id: str = voucher["id"]
    return id


async def refund(app: RunningApp, till: str, amount: int | None, key: str) -> Json:
    taken: dict[str, Any] = {"externalId": "T-1", "reason": "returned", "idempotencyKey": key}
    taken |= {} if amount is None else {"amount": amount}
    answer = f"... on PurchaseRefunded {{ {BACK} }}"
    back: Json = (await app.mutate("refundPurchase", taken, answer, token=till))["back"]
    return back


async def test_till_api_and_export_say_the_same_of_a_receipt(app: RunningApp, database_uri: str) -> None:
    token, till = await member_with_points(app), await app.hire("rui", "MANAGER")
    voucher = await buy(app, token, till)
    found = await app.do(f'{{ purchase(externalId: "T-1") {{ {FISCAL} }} }}', token=till, language="en")
    assert found["purchase"]["fiscal"] == {
        "gross": 5_001,
        "parts": [
            part("DISCOUNT", "VOUCHER", "discount-5", "€5 off", 500, voucher=voucher),
            part("PAYMENT", "WALLET", "points", "NumisPoints", 2_000, units=400),
            part("PAYMENT", "TENDER", "cash", "cash", 2_001),
            part("PAYMENT", "TENDER", "card", "card", 500),
        ],
        "taxes": [{"rate": "23", "base": 3_659, "amount": 842}],
    }
    own = await app.do("{ me { purchases(first: 1) { edges { node { fiscal { gross } } } } } }", token=token)
    assert own["me"]["purchases"]["edges"][0]["node"]["fiscal"] == {"gross": 5_001}

    # Money back so far is 2501 x refunded / 4501, floored, and the rest of what is refunded is points' worth.
    backs = [await refund(app, till, 1_000, "r-1"), await refund(app, till, 1_500, "r-2")]
    backs.append(await refund(app, till, None, "r-3"))
    assert [(back["money"], back["wallets"][0]["units"], back["wallets"][0]["worth"]) for back in backs] == [
        (555, 89, 445),
        (834, 133, 666),
        (1_112, 178, 889),
    ]

    rows = await export(app, database_uri, "--from", "2026-03-02")
    assert parts(rows, document="sale") == [
        ("gross", None, None, 5_001, None),
        ("discount", "voucher", "discount-5", 500, None),
        ("payment", "wallet", "points", 2_000, 400),
        ("payment", "tender", "cash", 2_001, None),
        ("payment", "tender", "card", 500, None),
        ("tax", "23", None, 842, 3_659),
    ]
    assert parts(rows, refund=1) == returned(111, 445, 89, 444, 111, 187, 812)
    assert parts(rows, refund=2) == returned(166, 666, 133, 667, 167, 280, 1_220)
    assert parts(rows, refund=3) == returned(223, 889, 178, 890, 222, 375, 1_627)
    add_up(rows)


def part(kind: str, means: str, code: str, name: str, amount: int, **more: Any) -> Json:
    return {
        "kind": kind,
        "means": means,
        "code": code,
        "name": name,
        "amount": amount,
        "units": None,
        "voucher": None,
        **more,
    }


def returned(
    discount: int, points_worth: int, points: int, cash: int, card: int, tax: int, base: int
) -> list[tuple[Any, ...]]:
    """The rows of a refund."""
    return [
        ("gross", None, None, -discount - points_worth - cash - card, None),
        ("discount", "voucher", "discount-5", -discount, None),
        ("payment", "wallet", "points", -points_worth, -points),
        ("payment", "tender", "cash", -cash, None),
        ("payment", "tender", "card", -card, None),
        ("tax", "23", None, -tax, -base),
    ]
