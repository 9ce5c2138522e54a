"""The till's list of its shift, and the audit trail for those who answer for a store, through GraphQL over
HTTP.
"""

import pytest

from domain.services.people import staff
from tests.doors import Doors, Json

SHIFT = "{ shiftActions { actionKind subject amount currency customer { name } voucher { voucherState } } }"
TRAIL = (
    "query($s: String) { auditTrail(store: $s) { actor actionKind subject requestId store { code } after {"
    " wallet amount } } }"
)


async def bought(doors: Doors, till: str, number: str, receipt: str) -> None:
    given: Json = {
        "member": number,
        "externalId": receipt,
        "currency": "EUR",
        "total": 10_000,
        "idempotencyKey": receipt,
    }
    await doors.mutate("recordPurchase", given, "... on PurchaseRecorded { entries { amount } }", token=till)


async def test_a_till_lists_what_its_own_shift_did(doors: Doors) -> None:
    number = (await doors.do("{ me { number } }", token=await doors.member()))["me"]["number"]
    rui, eva = await doors.hire("rui"), await doors.hire("eva")
    await bought(doors, rui, number, "A")
    await bought(doors, eva, number, "B")
    mine = (await doors.do(SHIFT, token=rui))["shiftActions"]
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


async def test_what_has_a_name_is_listed_by_it_and_money_with_its_currency(doors: Doors) -> None:
    ana = (await doors.do("{ me { number } }", token=await doors.member()))["me"]["number"]
    till = await doors.hire("mia", "MANAGER")
    member = (await doors.do(f'{{ findCustomer(contact: "{ana}") {{ id }} }}', token=till))["findCustomer"][
        "id"
    ]
    for wallet in ("points", "cashback"):
        given: Json = {
            "member": member,
            "wallet": wallet,
            "amount": 125,
            "reason": "a mistake",
            "idempotencyKey": wallet,
        }
        await doors.mutate("adjustBalance", given, "__typename", token=till)
        doors.clock.pass_(seconds=1)
    event: Json = {"member": member, "name": "event.attended", "externalId": "E", "idempotencyKey": "event"}
    await doors.mutate("recordEvent", event, "__typename", token=till)
    doors.clock.pass_(seconds=1)
    await doors.mutate(
        "freezeMember",
        {"member": member, "reason": "a lost card", "idempotencyKey": "freeze"},
        "__typename",
        token=till,
    )
    asked = "{ shiftActions { actionKind subject amount currency } }"
    told = [tuple(row.values()) for row in (await doors.do(asked, token=till, language="pl"))["shiftActions"]]
    assert told == [
        ("MEMBER_FROZEN", ana, 0, None),
        ("EVENT", "Udział w wydarzeniu", 0, None),
        ("ADJUSTMENT", "Saldo", 125, "EUR"),
        ("ADJUSTMENT", "NumisPunkty", 125, None),
    ]


@pytest.mark.parametrize("first", [0, -1, 101])
async def test_both_lists_are_as_long_as_any_list_may_be(doors: Doors, first: int) -> None:
    manager = await doors.hire("mia", "MANAGER")
    for field in ("shiftActions", "auditTrail"):
        refused = await doors.error(
            f"query($f: Int) {{ {field}(first: $f) {{ id }} }}", {"f": first}, token=manager
        )
        assert refused == {"code": "BAD_INPUT", "field": "first"}
        assert await doors.do(
            f"query($f: Int) {{ {field}(first: $f) {{ id }} }}", {"f": 100}, token=manager
        ) == {field: []}


async def test_a_manager_sees_their_store_an_operator_all_and_a_cashier_none(doors: Doors) -> None:
    number = (await doors.do("{ me { number } }", token=await doors.member()))["me"]["number"]
    lisboa, porto = await doors.hire("rui"), await doors.hire("eva", store="porto")
    await bought(doors, lisboa, number, "A")
    await bought(doors, porto, number, "B")
    manager, operator = await doors.hire("mia", "MANAGER"), await doors.hire("olga", "OPERATOR")
    own = (await doors.do(TRAIL, token=manager))["auditTrail"]
    assert [(row["actor"], row["subject"], row["store"]["code"]) for row in own] == [("rui", "A", "lisboa")]
    # 100 of welcome and 100 of the purchase, both pending: a balance counts them
    assert {"wallet": "points", "amount": 200} in own[0]["after"]
    assert own[0]["requestId"]
    every = (await doors.do(TRAIL, token=operator))["auditTrail"]
    assert sorted(row["subject"] for row in every if row["actionKind"] == "PURCHASE") == ["A", "B"]
    assert (await doors.error(TRAIL, {"s": "porto"}, token=manager))["code"] == "FORBIDDEN"
    assert (await doors.error(TRAIL, token=lisboa))["code"] == "FORBIDDEN"


async def test_an_operator_sees_what_was_done_at_no_till_too(doors: Doors) -> None:
    member = await doors.member()
    await doors.hire("rui")
    operator, manager = await doors.hire("olga", "OPERATOR"), await doors.hire("mia", "MANAGER")
    desk, now = doors.process.desk, doors.clock()
    await staff.disable(desk, "rui", actor="cli:ops", now=now)
    doors.clock.pass_(minutes=1)
    new = {"contact": "ana.new@example.com"}
    await doors.mutate("changeContact", new, "__typename", token=member)
    await doors.mutate(
        "changeContact", {**new, "code": doors.sent.codes[new["contact"]]}, "__typename", token=member
    )
    asked = "query { auditTrail { actor actionKind subject store { code } member amount before { amount } } }"
    every = (await doors.do(asked, token=operator))["auditTrail"]
    nothing: Json = {"store": None, "member": None, "amount": 0, "before": []}
    found = await doors.do('{ findCustomer(contact: "ana.new@example.com") { id } }', token=manager)
    assert every[0] == {
        **nothing,
        "actor": "member",
        "actionKind": "CONTACT_CHANGED",
        "subject": "email",
        "member": found["findCustomer"]["id"],
    }
    assert {**nothing, "actor": "cli:ops", "actionKind": "STAFF_DISABLED", "subject": "rui"} in every
    added = [row["subject"] for row in every if (row["actor"], row["actionKind"]) == ("cli", "STAFF_ADDED")]
    assert sorted(added) == ["mia", "olga", "rui"]
    assert (await doors.do(asked, token=manager))["auditTrail"] == []


async def test_the_ends_of_time_are_no_fault_of_the_trail(doors: Doors) -> None:
    manager = await doors.hire("maria", "MANAGER")
    refused = await doors.error('{ auditTrail(until: "0001-01-01T00:00:00Z") { id } }', token=manager)
    assert (refused["code"], refused["field"]) == ("BAD_INPUT", "until")
    late = await doors.do('{ auditTrail(until: "9999-12-31T23:59:59Z") { id } }', token=manager)
    assert late == {"auditTrail": []}
