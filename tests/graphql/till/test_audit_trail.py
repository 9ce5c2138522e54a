"""The till's list of its shift, and the audit trail for a store's managers, through GraphQL over HTTP."""

import pytest

from domain.services.people import staff
from tests.running_app import Json, RunningApp

SHIFT = "{ shiftActions { actionKind subject amount currency customer { name } voucher { voucherState } } }"
TRAIL = (
    "query($s: String) { auditTrail(store: $s) { actor actionKind subject requestId store { code } after {"
    " wallet amount } } }"
)


async def buy(app: RunningApp, till: str, number: str, receipt: str) -> None:
    input: Json = {
        "member": number,
        "externalId": receipt,
        "currency": "EUR",
        "total": 10_000,
        "idempotencyKey": receipt,
    }
    await app.mutate("recordPurchase", input, "... on PurchaseRecorded { entries { amount } }", token=till)


async def test_a_till_lists_what_its_own_shift_did(app: RunningApp) -> None:
    number = (await app.do("{ me { number } }", token=await app.enrol_member()))["me"]["number"]
    rui, eva = await app.hire("rui"), await app.hire("eva")
    await buy(app, rui, number, "A")
    await buy(app, eva, number, "B")
    mine = (await app.do(SHIFT, token=rui))["shiftActions"]
    assert mine == [
        {
            "actionKind": "PURCHASE",
            "subject": "A",
            "amount": 10_000,
            "currency": "EUR",
            "customer": {"name": "Ana Silva"},
            "voucher": None,
        }
    ]


async def test_a_long_shift_is_read_page_by_page(app: RunningApp) -> None:
    number = (await app.do("{ me { number } }", token=await app.enrol_member()))["me"]["number"]
    rui, eva = await app.hire("rui"), await app.hire("eva")
    for receipt in ("A", "B", "C"):
        await buy(app, rui, number, receipt)
        app.clock.advance(seconds=1)
    await buy(app, eva, number, "D")
    page = "query($a: ID) { shiftActions(first: 2, after: $a) { id subject } }"
    first = (await app.do(page, token=rui))["shiftActions"]
    second = (await app.do(page, {"a": first[-1]["id"]}, token=rui))["shiftActions"]
    assert [act["subject"] for act in (*first, *second)] == ["C", "B", "A"]
    assert (await app.do(page, {"a": second[-1]["id"]}, token=rui))["shiftActions"] == []
    theirs = (await app.do(page, token=eva))["shiftActions"][0]["id"]
    for wrong in (theirs, "nothing"):
        assert (await app.error(page, {"a": wrong}, token=rui)) == {"code": "BAD_INPUT", "field": "after"}


async def test_what_has_a_name_is_listed_by_it_and_money_with_its_currency(app: RunningApp) -> None:
    ana = (await app.do("{ me { number } }", token=await app.enrol_member()))["me"]["number"]
    till = await app.hire("mia", "MANAGER")
    member = (await app.do(f'{{ findCustomer(contact: "{ana}") {{ id }} }}', token=till))["findCustomer"][
        "id"
    ]
    for wallet in ("points", "cashback"):
        input: Json = {
            "member": member,
            "wallet": wallet,
            "amount": 125,
            "reason": "a mistake",
            "idempotencyKey": wallet,
        }
        await app.mutate("adjustBalance", input, "__typename", token=till)
        app.clock.advance(seconds=1)
    event: Json = {"member": member, "name": "event.attended", "externalId": "E", "idempotencyKey": "event"}
    await app.mutate("recordEvent", event, "__typename", token=till)
    app.clock.advance(seconds=1)
    await app.mutate(
        "freezeMember",
        {"member": member, "reason": "a lost card", "idempotencyKey": "freeze"},
        "__typename",
        token=till,
    )
    query = "{ shiftActions { actionKind subject amount currency } }"
    actions = [
        tuple(row.values()) for row in (await app.do(query, token=till, language="pl"))["shiftActions"]
    ]
    assert actions == [
        ("MEMBER_FROZEN", ana, 0, None),
        ("EVENT", "Udział w wydarzeniu", 0, None),
        ("ADJUSTMENT", "Saldo", 125, "EUR"),
        ("ADJUSTMENT", "NumisPunkty", 125, None),
    ]


@pytest.mark.parametrize("first", [0, -1, 101])
async def test_both_lists_are_as_long_as_any_list_may_be(app: RunningApp, first: int) -> None:
    manager = await app.hire("mia", "MANAGER")
    for field in ("shiftActions", "auditTrail"):
        refused = await app.error(
            f"query($f: Int) {{ {field}(first: $f) {{ id }} }}", {"f": first}, token=manager
        )
        assert refused == {"code": "BAD_INPUT", "field": "first"}
        assert await app.do(
            f"query($f: Int) {{ {field}(first: $f) {{ id }} }}", {"f": 100}, token=manager
        ) == {field: []}


async def test_a_manager_sees_their_store_an_operator_all_and_a_cashier_none(app: RunningApp) -> None:
    number = (await app.do("{ me { number } }", token=await app.enrol_member()))["me"]["number"]
    lisboa, porto = await app.hire("rui"), await app.hire("eva", store="porto")
    await buy(app, lisboa, number, "A")
    await buy(app, porto, number, "B")
    manager, operator = await app.hire("mia", "MANAGER"), await app.hire("olga", "OPERATOR")
    own = (await app.do(TRAIL, token=manager))["auditTrail"]
    assert [(row["actor"], row["subject"], row["store"]["code"]) for row in own] == [("rui", "A", "lisboa")]
    # 100 of welcome and 100 of the purchase, both pending: a balance counts them
    assert {"wallet": "points", "amount": 200} in own[0]["after"]
    assert own[0]["requestId"]
    every = (await app.do(TRAIL, token=operator))["auditTrail"]
    assert sorted(row["subject"] for row in every if row["actionKind"] == "PURCHASE") == ["A", "B"]
    assert (await app.error(TRAIL, {"s": "porto"}, token=manager))["code"] == "FORBIDDEN"
    assert (await app.error(TRAIL, token=lisboa))["code"] == "FORBIDDEN"


async def test_an_operator_sees_what_was_done_at_no_till_too(app: RunningApp) -> None:
    member = await app.enrol_member()
    await app.hire("rui")
    operator, manager = await app.hire("olga", "OPERATOR"), await app.hire("mia", "MANAGER")
    runtime, now = app.process.runtime, app.clock()
    await staff.disable(runtime, "rui", actor="cli:ops", now=now)
    app.clock.advance(minutes=1)
    new = {"contact": "ana.new@example.com"}
    await app.mutate("changeContact", new, "__typename", token=member)
    await app.mutate(
        "changeContact", {**new, "code": app.code_sender.codes[new["contact"]]}, "__typename", token=member
    )
    query = "query { auditTrail { actor actionKind subject store { code } member amount before { amount } } }"
    every = (await app.do(query, token=operator))["auditTrail"]
    nothing: Json = {"store": None, "member": None, "amount": 0, "before": []}
    customer = await app.do('{ findCustomer(contact: "ana.new@example.com") { id } }', token=manager)
    assert every[0] == {
        **nothing,
        "actor": "member",
        "actionKind": "CONTACT_CHANGED",
        "subject": "email",
        "member": customer["findCustomer"]["id"],
    }
    assert {**nothing, "actor": "cli:ops", "actionKind": "STAFF_DISABLED", "subject": "rui"} in every
    added = [row["subject"] for row in every if (row["actor"], row["actionKind"]) == ("cli", "STAFF_ADDED")]
    assert sorted(added) == ["mia", "olga", "rui"]
    assert (await app.do(query, token=manager))["auditTrail"] == []


async def test_the_ends_of_time_are_no_fault_of_the_trail(app: RunningApp) -> None:
    manager = await app.hire("maria", "MANAGER")
    refused = await app.error('{ auditTrail(until: "0001-01-01T00:00:00Z") { id } }', token=manager)
    assert (refused["code"], refused["field"]) == ("BAD_INPUT", "until")
    late = await app.do('{ auditTrail(until: "9999-12-31T23:59:59Z") { id } }', token=manager)
    assert late == {"auditTrail": []}
