"""Whatever is refused says why, names its field, and leaves everything as it was."""

from pathlib import Path

import pytest

from domain.store.connect import Database
from tests.doors import Doors, Json, opened
from tests.wire import Wire

MOVING = ("members", "journal", "receipts", "requests", "outbox", "agenda", "audit", "sessions")
PROBLEM = "__typename ... on Problem { message } ... on NotAllowed { reason }"
PURCHASE: Json = {"externalId": "A", "currency": "EUR", "total": 10_000, "idempotencyKey": "k"}


async def state(doors: Doors) -> list[Json]:
    return [
        dict(row) for name in MOVING async for row in doors.process.store[name].find({"_id": {"$gt": ""}})
    ]


async def number_of(doors: Doors, token: str) -> str:
    number: str = (await doors.do("{ me { number } }", token=token))["me"]["number"]
    return number


async def test_a_cashier_adjusts_nothing_and_reports_no_events(doors: Doors) -> None:
    number, till = await number_of(doors, await doors.member()), await doors.hire("rui")
    before = await state(doors)
    adjust = {"member": number, "wallet": "points", "amount": 5, "reason": "x", "idempotencyKey": "a"}
    event = {"member": number, "name": "social.shared", "externalId": "s", "idempotencyKey": "b"}
    for name, given in (("adjustBalance", adjust), ("recordEvent", event)):
        found = await doors.mutate(name, given, PROBLEM, token=till)
        assert (found["__typename"], found["reason"]) == ("NotAllowed", "ROLE")
    assert await state(doors) == before


@pytest.mark.parametrize("known", ["number", "contact"])
async def test_nobody_serves_their_own_membership(doors: Doors, known: str) -> None:
    number = await number_of(doors, await doors.member())
    by_number = known == "number"
    till = await (
        doors.hire("rui", member_number=number) if by_number else doors.hire("rui", email="Ana@example.com")
    )
    before = await state(doors)
    found = await doors.mutate("recordPurchase", {"member": number, **PURCHASE}, PROBLEM, token=till)
    assert (found["__typename"], found["reason"]) == ("NotAllowed", "OWN_MEMBERSHIP")
    quote = "query($i: QuoteInput!) { quotePurchase(input: $i) { totals { amount } } }"
    given = {"member": number, "currency": "EUR", "total": 1}
    refused = await doors.error(quote, {"i": given}, token=till)
    assert (refused["code"], refused["reason"]) == ("FORBIDDEN", "OWN_MEMBERSHIP")
    assert await state(doors) == before


async def test_a_code_that_is_nobodys_is_unknown(doors: Doors) -> None:
    till = await doors.hire("rui")
    before = await state(doors)
    for member in ("0000000000", "nonsense", "a.b.c", ""):
        found = await doors.mutate("recordPurchase", {"member": member, **PURCHASE}, PROBLEM, token=till)
        assert found["__typename"] == "UnknownCode"
    assert await state(doors) == before


async def test_a_visit_serves_its_own_store_for_five_minutes(doors: Doors) -> None:
    token, till, other = await doors.member(), await doors.hire("rui"), await doors.hire("eva", store="porto")
    member = (await reader_of(doors, token))["id"]
    visit = doors.process.tokens.visit(member=member, store="lisboa", session="s").token
    before = await state(doors)
    assert (await doors.mutate("recordPurchase", {"member": visit, **PURCHASE}, PROBLEM, token=other))[
        "__typename"
    ] == "UnknownCode"
    doors.clock.pass_(minutes=6)
    assert (await doors.mutate("recordPurchase", {"member": visit, **PURCHASE}, PROBLEM, token=till))[
        "__typename"
    ] == "ExpiredCode"
    assert await state(doors) == before
    queued = {**PURCHASE, "occurredAt": "2026-03-02T10:02:00.000Z"}
    assert (await doors.mutate("recordPurchase", {"member": visit, **queued}, PROBLEM, token=till))[
        "__typename"
    ] == "PurchaseRecorded"


async def reader_of(doors: Doors, token: str) -> Json:
    number = await number_of(doors, token)
    row = await doors.process.store["contacts"].find_one({"_id": f"number:{number}"})
    assert row is not None
    return {"id": row["member"]}


async def test_a_receipt_counts_for_one_member_alone(doors: Doors) -> None:
    ana, eva = (
        await number_of(doors, await doors.member()),
        await number_of(doors, await doors.member("eva@example.com")),
    )
    till = await doors.hire("rui")
    await doors.mutate("recordPurchase", {"member": ana, **PURCHASE}, "__typename", token=till)
    before = await state(doors)
    answer = "... on PurchaseClaimed { message sameMember purchase { externalId } }"
    same = await doors.mutate(
        "recordPurchase", {"member": ana, **PURCHASE, "idempotencyKey": "l"}, answer, token=till
    )
    other = await doors.mutate(
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
    assert await state(doors) == before


async def test_a_purchase_that_cannot_be_names_its_field(doors: Doors) -> None:
    number, till = await number_of(doors, await doors.member()), await doors.hire("rui")
    before = await state(doors)
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
        ("occurredAt", {"occurredAt": "2026-03-02T10:00:01.000Z"}),
        ("occurredAt", {"occurredAt": "2025-01-01T10:00:00.000Z"}),
    ):
        found = await doors.error(query, {"i": {"member": number, **PURCHASE, **change}}, token=till)
        assert found == {"code": "BAD_INPUT", "field": field}
    assert await state(doors) == before


async def test_too_large_and_unknown_refunds(doors: Doors) -> None:
    number, till = await number_of(doors, await doors.member()), await doors.hire("rui")
    await doors.mutate("recordPurchase", {"member": number, **PURCHASE}, "__typename", token=till)
    before = await state(doors)
    given = {"externalId": "A", "amount": 10_001, "reason": "x", "idempotencyKey": "r"}
    found = await doors.mutate(
        "refundPurchase", given, "... on RefundTooLarge { message refundable }", token=till, language="en"
    )
    assert found == {"message": "At most €100.00 can still be refunded.", "refundable": 10_000}
    found = await doors.mutate("refundPurchase", {**given, "externalId": "B"}, PROBLEM, token=till)
    assert found["__typename"] == "UnknownPurchase"
    query = "mutation($i: RefundInput!) { refundPurchase(input: $i) { __typename } }"
    both = {**given, "lines": [{"line": 1, "quantity": 1}]}
    assert await doors.error(query, {"i": both}, token=till) == {"code": "BAD_INPUT", "field": "amount"}
    none_picked = {"externalId": "A", "lines": []}
    quote = "query($i: QuoteRefundInput!) { quoteRefund(input: $i) { refundable } }"
    for asking, of in ((query, {**none_picked, "reason": "x", "idempotencyKey": "r"}), (quote, none_picked)):
        assert await doors.error(asking, {"i": of}, token=till) == {"code": "BAD_INPUT", "field": "lines"}
    assert await state(doors) == before


async def test_nobody_without_a_session_and_nobody_of_another_kind(doors: Doors) -> None:
    token, till = await doors.member(), await doors.hire("rui")
    assert (await doors.error("{ me { id } }"))["code"] == "UNAUTHENTICATED"
    assert (await doors.error("{ me { id } }", token=till))["code"] == "FORBIDDEN"
    assert (await doors.error("{ staff { id } }", token=token))["code"] == "FORBIDDEN"
    assert (await doors.error('{ findCustomer(contact: "ana@example.com") { id } }', token=token))[
        "code"
    ] == "FORBIDDEN"


async def test_without_a_programme_the_api_says_so(doors: Doors) -> None:
    doors.process.programmes._current = None
    assert (await doors.error("{ programme { name } }"))["code"] == "NOT_AVAILABLE"


async def test_a_manager_freezes_a_membership_and_a_frozen_one_earns_nothing_while_refunds_apply(
    doors: Doors,
) -> None:
    token = await doors.member()
    number = await number_of(doors, token)
    cashier, manager = await doors.hire("rui"), await doors.hire("eva", "MANAGER")
    await doors.mutate("recordPurchase", {"member": number, **PURCHASE}, "__typename", token=cashier)
    given = {"member": number, "reason": "a stolen phone", "idempotencyKey": "f"}
    before = await state(doors)
    assert (await doors.mutate("freezeMember", given, PROBLEM, token=cashier))["reason"] == "ROLE"
    assert await state(doors) == before
    frozen = "__typename ... on MembershipFrozen { customer { status } }"
    done = await doors.mutate("freezeMember", given, frozen, token=manager)
    assert done == {"__typename": "MembershipFrozen", "customer": {"status": "FROZEN"}}
    before = await state(doors)
    assert await doors.mutate("freezeMember", given, frozen, token=manager) == done
    other = await doors.mutate("freezeMember", {**given, "reason": "another"}, PROBLEM, token=manager)
    assert other["__typename"] == "IdempotencyConflict"
    again = {"member": number, **PURCHASE, "externalId": "B", "idempotencyKey": "b"}
    assert (await doors.mutate("recordPurchase", again, PROBLEM, token=cashier))["reason"] == "MEMBER_FROZEN"
    assert await state(doors) == before
    refund = {"externalId": "A", "reason": "returned", "idempotencyKey": "r"}
    refunded = await doors.mutate(
        "refundPurchase", refund, "... on PurchaseRefunded { entries { amount } }", token=cashier
    )
    assert [entry["amount"] for entry in refunded["entries"]] == [-100]
    thawed = await doors.mutate(
        "unfreezeMember",
        {**given, "idempotencyKey": "u"},
        "... on MembershipUnfrozen { customer { status } }",
        token=manager,
    )
    assert thawed == {"customer": {"status": "ACTIVE"}}


async def test_an_adjustment_beyond_what_a_wallet_holds_says_how_much_fits(
    database: Database, wire: Wire, tmp_path: Path
) -> None:
    async with opened(database, wire, tmp_path, shift_adjusted=10**10) as doors:
        number, boss = await number_of(doors, await doors.member()), await doors.hire("rui", "MANAGER")
        fits = "__typename ... on BalanceAdjusted { wallet { available } }"
        given = {"member": number, "reason": "migrated"}
        for wallet in ("points", "cashback"):
            for at, amount in enumerate((10**9, 999_000_000)):
                more = {**given, "wallet": wallet, "amount": amount, "idempotencyKey": f"{wallet}-{at}"}
                done = await doors.mutate("adjustBalance", more, fits, token=boss)
                assert done["__typename"] == "BalanceAdjusted"
        before = await state(doors)
        room = 2_000_000_000 - done["wallet"]["available"]
        assert room == 1_000_000
        beyond = {**given, "wallet": "cashback", "amount": room + 1, "idempotencyKey": "b"}
        answer = "__typename ... on WalletFull { message room }"
        for language, message in {
            "en": "This balance can take €10,000.00 more at most.",
            "pt": "Este saldo só pode receber mais 10 000,00 €.",
            "pl": "Do tego salda można dodać jeszcze najwyżej 10 000,00 €.",
        }.items():
            found = await doors.mutate("adjustBalance", beyond, answer, token=boss, language=language)
            assert {**found, "message": found["message"].replace("\xa0", " ")} == {
                "__typename": "WalletFull",
                "message": message,
                "room": room,
            }
        found = await doors.mutate(
            "adjustBalance", {**beyond, "wallet": "points"}, answer, token=boss, language="en"
        )
        assert (found["message"], found["room"]) == ("This balance can take 999,900 more at most.", 999_900)
        assert await state(doors) == before
        done = await doors.mutate("adjustBalance", {**beyond, "amount": room}, fits, token=boss)
        assert done["wallet"]["available"] == 2_000_000_000
