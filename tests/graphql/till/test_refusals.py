"""A refusal says why, names its field, and changes nothing."""

from pathlib import Path

import pytest

from domain.store.connect import Database
from tests.command_log import CommandLog
from tests.running_app import Json, RunningApp, open_running_app

MOVING = ("members", "journal", "receipts", "requests", "outbox", "agenda", "audit", "sessions")
PROBLEM = "__typename ... on Problem { message } ... on NotAllowed { reason }"
PURCHASE: Json = {"externalId": "A", "currency": "EUR", "total": 10_000, "idempotencyKey": "k"}


async def state(app: RunningApp) -> list[Json]:
    return [dict(row) for name in MOVING async for row in app.process.store[name].find({"_id": {"$gt": ""}})]


async def number_of(app: RunningApp, token: str) -> str:
    number: str = (await app.do("{ me { number } }", token=token))["me"]["number"]
    return number


async def test_a_cashier_adjusts_nothing_and_reports_no_events(app: RunningApp) -> None:
    number, till = await number_of(app, await app.enrol_member()), await app.hire("rui")
    before = await state(app)
    adjust = {"member": number, "wallet": "points", "amount": 5, "reason": "x", "idempotencyKey": "a"}
    event = {"member": number, "name": "social.shared", "externalId": "s", "idempotencyKey": "b"}
    for name, input in (("adjustBalance", adjust), ("recordEvent", event)):
        result = await app.mutate(name, input, PROBLEM, token=till)
        assert (result["__typename"], result["reason"]) == ("NotAllowed", "ROLE")
    assert await state(app) == before


@pytest.mark.parametrize("known", ["number", "contact"])
async def test_nobody_serves_their_own_membership(app: RunningApp, known: str) -> None:
    number = await number_of(app, await app.enrol_member())
    by_number = known == "number"
    till = await (
        app.hire("rui", member_number=number) if by_number else app.hire("rui", email="Ana@example.com")
    )
    before = await state(app)
    result = await app.mutate("recordPurchase", {"member": number, **PURCHASE}, PROBLEM, token=till)
    assert (result["__typename"], result["reason"]) == ("NotAllowed", "OWN_MEMBERSHIP")
    quote = "query($i: QuoteInput!) { quotePurchase(input: $i) { totals { amount } } }"
    input = {"member": number, "currency": "EUR", "total": 1}
    refused = await app.error(quote, {"i": input}, token=till)
    assert (refused["code"], refused["reason"]) == ("FORBIDDEN", "OWN_MEMBERSHIP")
    assert await state(app) == before


async def test_a_code_that_is_nobodys_is_unknown(app: RunningApp) -> None:
    till = await app.hire("rui")
    before = await state(app)
    for member in ("0000000000", "nonsense", "a.b.c", ""):
        result = await app.mutate("recordPurchase", {"member": member, **PURCHASE}, PROBLEM, token=till)
        assert result["__typename"] == "UnknownCode"
    assert await state(app) == before


async def test_a_visit_serves_its_own_store_for_five_minutes(app: RunningApp) -> None:
    token, till, other = await app.enrol_member(), await app.hire("rui"), await app.hire("eva", store="porto")
    member = (await reader_of(app, token))["id"]
    visit = app.process.tokens.visit(member=member, store="lisboa", session="s").token
    before = await state(app)
    assert (await app.mutate("recordPurchase", {"member": visit, **PURCHASE}, PROBLEM, token=other))[
        "__typename"
    ] == "UnknownCode"
    app.clock.advance(minutes=6)
    assert (await app.mutate("recordPurchase", {"member": visit, **PURCHASE}, PROBLEM, token=till))[
        "__typename"
    ] == "ExpiredCode"
    assert await state(app) == before
    queued = {**PURCHASE, "occurredAt": "2026-03-02T10:02:00.000Z"}
    assert (await app.mutate("recordPurchase", {"member": visit, **queued}, PROBLEM, token=till))[
        "__typename"
    ] == "PurchaseRecorded"


async def reader_of(app: RunningApp, token: str) -> Json:
    number = await number_of(app, token)
    row = await app.process.store["contacts"].find_one({"_id": f"number:{number}"})
    assert row is not None
    return {"id": row["member"]}


async def test_a_receipt_counts_for_one_member_alone(app: RunningApp) -> None:
    ana, eva = (
        await number_of(app, await app.enrol_member()),
        await number_of(app, await app.enrol_member("eva@example.com")),
    )
    till = await app.hire("rui")
    await app.mutate("recordPurchase", {"member": ana, **PURCHASE}, "__typename", token=till)
    before = await state(app)
    answer = "... on PurchaseClaimed { message sameMember purchase { externalId } }"
    same = await app.mutate(
        "recordPurchase", {"member": ana, **PURCHASE, "idempotencyKey": "l"}, answer, token=till
    )
    other = await app.mutate(
        "recordPurchase",
        {"member": eva, **PURCHASE, "idempotencyKey": "m"},
        answer,
        token=till,
        language="en",
    )
    assert same == {
        "message": "Este talão já está registado, para este sócio.",
        "sameMember": True,
        "purchase": {"externalId": "A"},
    }
    assert other == {
        "message": "This receipt is recorded already, for another member.",
        "sameMember": False,
        "purchase": None,
    }
    assert await state(app) == before


async def test_a_purchase_that_cannot_be_names_its_field(app: RunningApp) -> None:
    number, till = await number_of(app, await app.enrol_member()), await app.hire("rui")
    before = await state(app)
    query = "mutation($i: PurchaseInput!) { recordPurchase(input: $i) { __typename } }"
    for field, change in (
        ("total", {"total": -1}),
        ("total", {"total": 10**9 + 1}),
        ("currency", {"currency": "USD"}),
        ("externalId", {"externalId": ""}),
        ("idempotencyKey", {"idempotencyKey": "x" * 129}),
        ("idempotencyKey", {"idempotencyKey": ""}),
        ("lines", {"lines": [{"sku": "a", "amount": 20_000}]}),
        ("lines[0].quantity", {"lines": [{"sku": "a", "amount": 1, "quantity": 0}]}),
        ("occurredAt", {"occurredAt": "2026-03-02T10:02:01.000Z"}),
        ("occurredAt", {"occurredAt": "2025-01-01T10:00:00.000Z"}),
    ):
        extensions = await app.error(query, {"i": {"member": number, **PURCHASE, **change}}, token=till)
        assert extensions == {"code": "BAD_INPUT", "field": field}
    assert await state(app) == before


async def test_too_large_and_unknown_refunds(app: RunningApp) -> None:
    number, till = await number_of(app, await app.enrol_member()), await app.hire("rui")
    await app.mutate("recordPurchase", {"member": number, **PURCHASE}, "__typename", token=till)
    before = await state(app)
    input = {"externalId": "A", "amount": 10_001, "reason": "x", "idempotencyKey": "r"}
    result = await app.mutate(
        "refundPurchase", input, "... on RefundTooLarge { message refundable }", token=till, language="en"
    )
    assert result == {"message": "At most €100.00 can still be refunded.", "refundable": 10_000}
    result = await app.mutate("refundPurchase", {**input, "externalId": "B"}, PROBLEM, token=till)
    assert result["__typename"] == "UnknownPurchase"
    query = "mutation($i: RefundInput!) { refundPurchase(input: $i) { __typename } }"
    both = {**input, "lines": [{"line": 1, "quantity": 1}]}
    assert await app.error(query, {"i": both}, token=till) == {"code": "BAD_INPUT", "field": "amount"}
    none_picked = {"externalId": "A", "lines": []}
    quote = "query($i: QuoteRefundInput!) { quoteRefund(input: $i) { refundable } }"
    for asking, of in ((query, {**none_picked, "reason": "x", "idempotencyKey": "r"}), (quote, none_picked)):
        assert await app.error(asking, {"i": of}, token=till) == {"code": "BAD_INPUT", "field": "lines"}
    unknown_line: Json = {"externalId": "A", "lines": [{"line": 1, "quantity": 1}]}
    written: Json = {**unknown_line, "reason": "x", "idempotencyKey": "r"}
    for asking, refund_input in ((query, written), (quote, unknown_line)):
        refused = await app.error(asking, {"i": refund_input}, token=till)
        assert refused == {"code": "BAD_INPUT", "field": "lines[0].line"}
    no_identity = {"externalId": "A", "reason": "x", "idempotencyKey": "r", "refundId": ""}
    refused = await app.error(query, {"i": no_identity}, token=till)
    assert refused == {"code": "BAD_INPUT", "field": "refundId"}
    assert await state(app) == before


async def test_a_refund_of_one_identity_counts_once_and_another_is_refused(app: RunningApp) -> None:
    number, till = await number_of(app, await app.enrol_member()), await app.hire("rui")
    lines = [
        {"sku": "a", "amount": 3_000, "quantity": 3},
        {"sku": "gift", "amount": 0, "quantity": 2},
    ]
    await app.mutate(
        "recordPurchase", {"member": number, **PURCHASE, "lines": lines}, "__typename", token=till
    )
    picked: Json = {"externalId": "A", "lines": [{"line": 1, "quantity": 1, "amount": 500}]}
    quote = "query($i: QuoteRefundInput!) { quoteRefund(input: $i) { refundable entries { amount } } }"
    quoted = (await app.do(quote, {"i": picked}, token=till))["quoteRefund"]
    assert quoted["refundable"] == 10_000
    input = {**picked, "reason": "x", "idempotencyKey": "r", "refundId": "n1"}
    parts = (
        "... on PurchaseRefunded { purchase { refunded lines { refundedQuantity refundedAmount } }"
        " entries { id amount } wallets { code available pending } }"
    )
    first = await app.mutate("refundPurchase", input, parts, token=till)
    assert [{"amount": entry["amount"]} for entry in first["entries"]] == quoted["entries"]
    assert first["purchase"] == {
        "refunded": 500,
        "lines": [
            {"refundedQuantity": 1, "refundedAmount": 500},
            {"refundedQuantity": 0, "refundedAmount": 0},
        ],
    }
    before = await state(app)
    assert await app.mutate("refundPurchase", {**input, "idempotencyKey": "s"}, parts, token=till) == first
    query = "mutation($i: RefundInput!) { refundPurchase(input: $i) { __typename } }"
    other = {"externalId": "A", "amount": 1, "reason": "x", "idempotencyKey": "t", "refundId": "n1"}
    assert await app.error(query, {"i": other}, token=till) == {"code": "BAD_INPUT", "field": "refundId"}
    assert await state(app) == before


async def test_a_purchase_of_0_is_returned(app: RunningApp) -> None:
    number, till = await number_of(app, await app.enrol_member()), await app.hire("rui")
    free = {"member": number, **PURCHASE, "total": 0, "lines": [{"sku": "a", "amount": 0, "quantity": 2}]}
    await app.mutate("recordPurchase", free, "__typename", token=till)
    parts = (
        "__typename ... on PurchaseRefunded { purchase { lines { refundedQuantity } } }"
        " ... on RefundTooLarge { refundable }"
    )
    input = {"externalId": "A", "reason": "x", "idempotencyKey": "r"}
    assert await app.mutate("refundPurchase", input, parts, token=till) == {
        "__typename": "PurchaseRefunded",
        "purchase": {"lines": [{"refundedQuantity": 2}]},
    }
    result = await app.mutate("refundPurchase", {**input, "idempotencyKey": "s"}, parts, token=till)
    assert result == {"__typename": "RefundTooLarge", "refundable": 0}


async def test_nobody_without_a_session_and_nobody_of_another_kind(app: RunningApp) -> None:
    token, till = await app.enrol_member(), await app.hire("rui")
    assert (await app.error("{ me { id } }"))["code"] == "UNAUTHENTICATED"
    assert (await app.error("{ me { id } }", token=till))["code"] == "FORBIDDEN"
    assert (await app.error("{ staff { id } }", token=token))["code"] == "FORBIDDEN"
    assert (await app.error('{ findCustomer(contact: "ana@example.com") { id } }', token=token))[
        "code"
    ] == "FORBIDDEN"


async def test_without_a_programme_the_api_says_so(app: RunningApp) -> None:
    app.process.programmes._current = None
    assert (await app.error("{ programme { name } }"))["code"] == "NOT_AVAILABLE"


async def test_a_manager_freezes_a_membership_and_a_frozen_one_earns_nothing_while_refunds_apply(
    app: RunningApp,
) -> None:
    token = await app.enrol_member()
    number = await number_of(app, token)
    cashier, manager = await app.hire("rui"), await app.hire("eva", "MANAGER")
    await app.mutate("recordPurchase", {"member": number, **PURCHASE}, "__typename", token=cashier)
    input = {"member": number, "reason": "a stolen phone", "idempotencyKey": "f"}
    before = await state(app)
    assert (await app.mutate("freezeMember", input, PROBLEM, token=cashier))["reason"] == "ROLE"
    assert await state(app) == before
    frozen = "__typename ... on MembershipFrozen { customer { status } }"
    done = await app.mutate("freezeMember", input, frozen, token=manager)
    assert done == {"__typename": "MembershipFrozen", "customer": {"status": "FROZEN"}}
    before = await state(app)
    assert await app.mutate("freezeMember", input, frozen, token=manager) == done
    other = await app.mutate("freezeMember", {**input, "reason": "another"}, PROBLEM, token=manager)
    assert other["__typename"] == "IdempotencyConflict"
    again = {"member": number, **PURCHASE, "externalId": "B", "idempotencyKey": "b"}
    assert (await app.mutate("recordPurchase", again, PROBLEM, token=cashier))["reason"] == "MEMBER_FROZEN"
    assert await state(app) == before
    refund = {"externalId": "A", "reason": "returned", "idempotencyKey": "r"}
    refunded = await app.mutate(
        "refundPurchase", refund, "... on PurchaseRefunded { entries { amount } }", token=cashier
    )
    assert [entry["amount"] for entry in refunded["entries"]] == [-100]
    thawed = await app.mutate(
        "unfreezeMember",
        {**input, "idempotencyKey": "u"},
        "... on MembershipUnfrozen { customer { status } }",
        token=manager,
    )
    assert thawed == {"customer": {"status": "ACTIVE"}}


async def test_an_adjustment_beyond_what_a_wallet_holds_says_how_much_fits(
    database: Database, command_log: CommandLog, tmp_path: Path
) -> None:
    async with open_running_app(
        database, command_log, tmp_path, shift_adjusted=10**10, shift_corrected=10**10
    ) as app:
        number, boss = await number_of(app, await app.enrol_member()), await app.hire("rui", "MANAGER")
        fits = "__typename ... on BalanceAdjusted { wallet { available } }"
        input = {"member": number, "reason": "migrated"}
        for wallet in ("points", "cashback"):
            for at, amount in enumerate((10**9, 999_000_000)):
                more = {**input, "wallet": wallet, "amount": amount, "idempotencyKey": f"{wallet}-{at}"}
                done = await app.mutate("adjustBalance", more, fits, token=boss)
                assert done["__typename"] == "BalanceAdjusted"
        before = await state(app)
        room = 2_000_000_000 - done["wallet"]["available"]
        assert room == 1_000_000
        beyond = {**input, "wallet": "cashback", "amount": room + 1, "idempotencyKey": "b"}
        answer = "__typename ... on WalletFull { message room }"
        for language, message in {
            "en": "This balance can take €10,000.00 more at most.",
            "pt": "Este saldo só pode receber mais 10 000,00 €.",
            "pl": "Do tego salda można dodać jeszcze najwyżej 10 000,00 €.",
        }.items():
            result = await app.mutate("adjustBalance", beyond, answer, token=boss, language=language)
            assert {**result, "message": result["message"].replace("\xa0", " ")} == {
                "__typename": "WalletFull",
                "message": message,
                "room": room,
            }
        result = await app.mutate(
            "adjustBalance", {**beyond, "wallet": "points"}, answer, token=boss, language="en"
        )
        assert (result["message"], result["room"]) == ("This balance can take 999,900 more at most.", 999_900)
        assert await state(app) == before
        done = await app.mutate("adjustBalance", {**beyond, "amount": room}, fits, token=boss)
        assert done["wallet"]["available"] == 2_000_000_000


async def test_the_source_of_a_purchase_is_that_of_the_caller_and_no_word_of_the_client(
    app: RunningApp,
) -> None:
    number, till = await number_of(app, await app.enrol_member()), await app.hire("rui")
    own_word = await app.error(
        "mutation($i: RecordPurchaseInput!) { recordPurchase(input: $i) { __typename } }",
        {"i": {"member": number, **PURCHASE, "source": "shop"}},
        token=till,
    )
    assert own_word["code"] == "BAD_INPUT"
    shown = "__typename ... on PurchaseRecorded { purchase { source } }"
    recorded = await app.mutate("recordPurchase", {"member": number, **PURCHASE}, shown, token=till)
    assert recorded["purchase"]["source"] == "till"
