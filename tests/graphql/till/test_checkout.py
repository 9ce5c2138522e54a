"""Checkout: vouchers, payment and purchase as one act, over the wire; a refusal leaves everything as it was."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from domain.services.ledger.verification import verify
from domain.store.connect import Database
from tests.command_log import CommandLog
from tests.graphql.till.checkout_acts import (
    CHECKED_OUT,
    COUNTED,
    PROGRAMME,
    basket,
    give,
    visit_of,
    vouchers_of,
)
from tests.running_app import Json, RunningApp, open_running_app

BROUGHT = """... on CheckedOut { purchase { id total store { name } } customer { name wallets { available } }
  entries { title amount } explanation { rule amount } unlocked { reward { title } } earnedBadges { level } tierChange { to }
  vouchers { id voucherState } }"""


@dataclass(frozen=True)
class Shop:
    """A till with Ana in front of it, who has 1,000 points and 10 euros of credit."""

    app: RunningApp
    ana: str
    number: str
    till: str
    visit: str

    async def check_out(self, input: Json, *, language: str = "en") -> Json:
        return await self.app.mutate("checkout", input, CHECKED_OUT, token=self.till, language=language)

    async def refused(self, input: Json) -> Json:
        """Return why a basket is refused; nothing has changed by it."""
        before = await self.state()
        answer = await self.check_out(input)
        assert await self.state() == before
        return answer

    async def state(self) -> list[object]:
        counts = [await self.app.count(name) for name in COUNTED]
        query = "{ me { wallets { available } vouchers { edges { node { voucherState } } } } }"
        return [*counts, await self.app.do(query, token=self.ana)]


@pytest.fixture
async def shop(database: Database, command_log: CommandLog, tmp_path: Path) -> AsyncIterator[Shop]:
    file = tmp_path / "paying.yaml"
    file.write_text(PROGRAMME, encoding="utf-8")
    async with open_running_app(database, command_log, tmp_path, programme=file) as app:
        ana, boss, till = (
            await app.enrol_member(),
            await app.hire("boss", "MANAGER"),
            await app.hire("rui"),
        )
        number = (await app.do("{ me { number } }", token=ana))["me"]["number"]
        await give(app, number, boss, points=1_000, credit=1_000)
        yield Shop(app, ana, number, till, await visit_of(app, ana, till))
        assert [each async for each in verify(app.process.store)] == []


async def test_vouchers_payment_and_purchase_are_one_act(shop: Shop) -> None:
    by_code, by_id = await vouchers_of(shop.app, shop.ana, 2)
    input = basket(
        shop.visit,
        "T-1",
        vouchers=[{"code": by_code["code"]}, {"voucherId": by_id["id"]}],
        payWith=[{"wallet": "credit", "units": 300}],
    )
    answer = await shop.check_out(input)
    assert answer["__typename"] == "CheckedOut"
    assert answer["purchase"] | {"id": ""} == {
        "id": "",
        "externalId": "T-1",
        "total": 2_000,
        "paid": 1_700,
        "payment": [{"wallet": "credit", "units": 300}],
        "fiscal": {
            "gross": 3_000,
            "parts": [
                {"means": "VOUCHER", "amount": 500},
                {"means": "VOUCHER", "amount": 500},
                {"means": "WALLET", "amount": 300},
                {"means": "TENDER", "amount": 1_700},
            ],
        },
    }
    assert answer["entries"] == [
        {"wallet": "credit", "entryKind": "SPEND", "amount": -300},
        {"wallet": "points", "entryKind": "AWARD", "amount": 17},
    ]
    assert [each["id"] for each in answer["vouchers"]] == [by_code["id"], by_id["id"]]
    assert {each["voucherState"] for each in answer["vouchers"]} == {"USED"}
    wallets = {each["code"]: each["available"] for each in answer["customer"]["wallets"]}
    assert wallets == {"points": 1_000 - 100 + 6 + 17, "credit": 700}
    before = await shop.state()
    assert await shop.check_out(input) == answer
    assert await shop.state() == before
    trail = await shop.app.do("{ shiftActions { actionKind } }", token=shop.till)
    assert sorted(each["actionKind"] for each in trail["shiftActions"]) == [
        "PURCHASE",
        "VOUCHER_USED",
        "VOUCHER_USED",
    ]


async def test_the_minimum_is_judged_before_the_discount(shop: Shop) -> None:
    [voucher] = await vouchers_of(shop.app, shop.ana, 1)
    input = basket(shop.visit, "T-1", total=1_499, vouchers=[{"code": voucher["code"]}])
    answer = await shop.refused(input)
    assert answer == {
        "__typename": "VoucherNotUsable",
        "message": "This voucher is for purchases of a minimum of €20.00.",
        "refusalReason": "MINIMUM",
        "voucherState": "ISSUED",
        "voucherId": voucher["id"],
    }
    assert (await shop.check_out({**input, "total": 1_500}))["__typename"] == "CheckedOut"


async def test_what_is_refused_leaves_nothing_half_done(shop: Shop) -> None:
    [voucher] = await vouchers_of(shop.app, shop.ana, 1)
    [elsewhere] = await vouchers_of(shop.app, shop.ana, 1, "porto")
    eve = await shop.app.enrol_member("eve@example.com", name="Eve")
    eve_number = (await shop.app.do("{ me { number } }", token=eve))["me"]["number"]
    await shop.check_out(basket(shop.visit, "T-0"))
    by_code = [{"code": voucher["code"]}]
    good = basket(shop.visit, "T-1", vouchers=by_code)
    too_much = {"payWith": [{"wallet": "credit", "units": 1_001}]}
    assert (await shop.refused({**good, **too_much}))["__typename"] == "InsufficientBalance"
    assert (await shop.refused({**good, "externalId": "T-0"}))["__typename"] == "PurchaseClaimed"
    both = {"vouchers": [*by_code, {"code": elsewhere["code"]}]}
    assert (await shop.refused({**good, **both}))["reason"] == "OTHER_STORE"
    foreign = await shop.refused({**good, "member": eve_number})
    assert (foreign["__typename"], foreign["refusalReason"]) == ("VoucherNotUsable", "OTHER_MEMBER")
    by_number = {**good, "member": shop.number, "vouchers": [{"voucherId": voucher["id"]}]}
    assert (await shop.refused(by_number))["reason"] == "PRESENCE"
    unknown = {**good, "vouchers": [*by_code, {"code": "SELO0000000000000000"}]}
    assert (await shop.refused(unknown))["__typename"] == "UnknownCode"
    assert (await shop.check_out(good))["__typename"] == "CheckedOut"
    used = await shop.refused({**good, "externalId": "T-2", "idempotencyKey": "k2"})
    assert (used["refusalReason"], used["voucherState"]) == ("STATE", "USED")
    assert (await shop.refused({**good, "total": 3_000}))["__typename"] == "IdempotencyConflict"


async def test_bad_baskets_name_their_field(shop: Shop) -> None:
    [voucher] = await vouchers_of(shop.app, shop.ana, 1)
    query = "mutation($i: CheckoutInput!) { checkout(input: $i) { __typename } }"
    code = {"code": voucher["code"]}
    for vouchers, field in (
        ([code, code], "vouchers"),
        ([code, {"voucherId": voucher["id"]}], "vouchers"),
        ([{}], "vouchers[0]"),
        ([code | {"voucherId": voucher["id"]}], "vouchers[0]"),
        ([code | {"discount": -1}], "vouchers[0].discount"),
        ([code | {"discount": 501}], "discount"),
        ([code] * 11, "vouchers"),
    ):
        input = basket(shop.visit, "T-1", vouchers=vouchers)
        error = await shop.app.error(query, {"i": input}, token=shop.till)
        assert error == {"code": "BAD_INPUT", "field": field}


async def test_of_twenty_baskets_with_one_voucher_one_is_checked_out(shop: Shop) -> None:
    [voucher] = await vouchers_of(shop.app, shop.ana, 1)
    baskets = [
        basket(shop.visit, f"T-{at}", vouchers=[{"code": voucher["code"]}], total=2_000) for at in range(20)
    ]
    answers = await asyncio.gather(*(shop.check_out(each) for each in baskets))
    kinds = sorted(each["__typename"] for each in answers)
    assert kinds == ["CheckedOut", *["VoucherNotUsable"] * 19]
    again = await asyncio.gather(*(shop.check_out(baskets[0]) for _ in range(20)))
    assert len({str(each) for each in again}) == 1
    assert await shop.app.count("receipts") == 1


async def test_vouchers_of_a_membership_that_was_merged_are_in_the_basket(shop: Shop) -> None:
    app = shop.app
    theirs = await vouchers_of(app, shop.ana, 3)
    bob, boss = await app.enrol_member("bob@example.com"), await app.hire("olga", "MANAGER")
    number = (await app.do("{ me { number } }", token=bob))["me"]["number"]
    await give(app, number, boss, points=100)
    merge = {"closing": shop.number, "into": number, "reason": "one person", "idempotencyKey": "m"}
    merged = await app.mutate("mergeMembers", merge, "__typename", token=boss)
    assert merged["__typename"] == "MembersMerged"
    [own] = await vouchers_of(app, bob, 1)
    visit = await visit_of(app, bob, shop.till, "bob")
    query = "query($c: String!) { findCustomer(contact: $c) { vouchers { edges { node { id } } } } }"
    shown = (await app.do(query, {"c": number}, token=shop.till))["findCustomer"]["vouchers"]["edges"]
    ids = [own["id"], *(each["id"] for each in reversed(theirs))]
    assert [edge["node"]["id"] for edge in shown] == ids

    low = basket(visit, "T-0", total=900, vouchers=[{"voucherId": own["id"]}, {"code": theirs[0]["code"]}])
    counts = [await app.count(name) for name in COUNTED]
    assert (await shop.check_out(low))["refusalReason"] == "MINIMUM"
    assert [await app.count(name) for name in COUNTED] == counts
    vouchers = [{"code": theirs[0]["code"]}, {"voucherId": own["id"]}, {"voucherId": theirs[1]["id"]}]
    answer = await shop.check_out(basket(visit, "T-1", vouchers=vouchers))
    assert [(each["id"], each["voucherState"]) for each in answer["vouchers"]] == [
        (id, "USED") for id in (theirs[0]["id"], own["id"], theirs[1]["id"])
    ]
    assert [each["means"] for each in answer["purchase"]["fiscal"]["parts"]] == ["VOUCHER"] * 3 + ["TENDER"]
    wallets = {each["code"]: each["available"] for each in answer["customer"]["wallets"]}
    assert wallets == {"points": 1_000 - 150 + 100 - 50 + 3 * 3 + 20, "credit": 1_000}
    assert await shop.check_out(basket(visit, "T-1", vouchers=vouchers)) == answer

    done = "{ shiftActions { actionKind wallet unit { code } customer { number } } }"
    acts = (await app.do(done, token=shop.till))["shiftActions"]
    used = {"actionKind": "VOUCHER_USED", "wallet": None, "unit": None, "customer": {"number": number}}
    assert acts.count(used) == 3
    given = {"actionKind": "ADJUSTMENT", "wallet": "points", "unit": {"code": "points"}}
    acts = (await app.do(done, token=boss))["shiftActions"]
    assert {**given, "customer": {"number": number}} in acts

    # A visit of before the merge is theirs too; of many baskets with the last voucher one is checked out.
    last = [
        basket(each, f"L-{at}", vouchers=[{"code": theirs[2]["code"]}])
        for at, each in enumerate((visit, shop.visit, visit, visit))
    ]
    answers = await asyncio.gather(*(shop.check_out(each) for each in last))
    kinds = sorted(each["__typename"] for each in answers)
    assert kinds == ["CheckedOut", *["VoucherNotUsable"] * 3]
    [stranger] = await vouchers_of(app, bob, 1)
    eva = await app.enrol_member("eva@example.com")
    other = basket(await visit_of(app, eva, shop.till), "E-1", vouchers=[{"code": stranger["code"]}])
    assert (await shop.check_out(other))["refusalReason"] == "OTHER_MEMBER"


async def test_a_checkout_is_three_commands_and_one_or_two_for_its_vouchers(shop: Shop) -> None:
    first, second, third = await vouchers_of(shop.app, shop.ana, 3)
    customer = await shop.app.do(
        "query($n: String!) { findCustomer(contact: $n) { id } }", {"n": shop.number}, token=shop.till
    )
    await shop.check_out(basket(shop.visit, "T-0"))  # the names of the stores are in memory from then on
    for number, member, vouchers, reads, written in (
        ("T-1", customer["findCustomer"]["id"], [], [], "shifts, members, figures_due"),
        (
            "T-2",
            shop.visit,
            [{"voucherId": first["id"]}],
            ["find(vouchers)"],
            "shifts, members, vouchers, figures_due",
        ),
        (
            "T-3",
            shop.visit,
            [{"code": second["code"]}, {"code": third["code"]}],
            ["find(voucher_codes)", "find(vouchers)"],
            "shifts, members, vouchers, figures_due",
        ),
    ):
        with shop.app.command_log.counting() as counted:
            answer = await shop.app.mutate(
                "checkout", basket(member, number, vouchers=vouchers), BROUGHT, token=shop.till
            )
        assert len(answer["vouchers"]) == len(vouchers)
        assert [str(command) for command in counted.commands] == [
            *reads,
            "find(members)",
            f"bulkWrite({written})",
            "commitTransaction(1)",
        ], number
