"""What operators run from the console, over HTTP: staff and stores, systems, what waits, and unusual shifts."""

from __future__ import annotations

import pytest

from domain.services.people import staff
from domain.store.messages import outbox
from tests.graphql.console.test_four_eyes import session_of
from tests.running_app import PASSWORD, Json, RunningApp

PROPOSED = "__typename ... on StaffProposed { proposal { proposal proposalKind subject terms isOwn } }"
PROPOSED += " ... on NotAllowed { reason message }"
APPROVED = "__typename ... on ProposalApproved { proposalKind setupKey clientKey signingSecret left }"
APPROVED += " ... on NotAllowed { reason message }"
CHANGED = "__typename ... on EmployeeChanged { setupKey employee { username stores { code } disabledAt } }"
CHANGED += " ... on NotAllowed { reason }"
WHY = "new colleague in Porto"


async def operators(app: RunningApp) -> tuple[str, str]:
    """Hire two operators who may approve; return their tokens at the console."""
    olga, rita = [await app.hire(name, "OPERATOR", store=None) for name in ("olga", "rita")]
    app.clock.advance(hours=25)
    return olga, rita


async def approve(app: RunningApp, token: str, proposal: str) -> Json:
    return await app.mutate("approveProposal", {"proposal": proposal}, APPROVED, token=token, language="en")


def employee_input(username: str, role: str, **more: object) -> Json:
    return {
        "username": username,
        "name": username.title(),
        "role": role,
        "password": PASSWORD,
        "reason": WHY,
        "idempotencyKey": username,
        **more,
    }


async def test_staff_are_added_moved_shut_out_and_let_in_again_each_with_a_reason(app: RunningApp) -> None:
    olga, _ = await operators(app)
    answer = "__typename ... on EmployeeAdded { setupKey employee { username role stores { name } madeBy } }"
    carla = employee_input("carla", "CASHIER", stores=["porto"])
    added = await app.mutate("addEmployee", carla, answer, token=olga)
    assert added == {
        "__typename": "EmployeeAdded",
        "setupKey": None,
        "employee": {
            "username": "carla",
            "role": "CASHIER",
            "stores": [{"name": "NumisCollect Porto"}],
            "madeBy": "olga",
        },
    }
    sara = await app.mutate("addEmployee", employee_input("sara", "SERVICE"), answer, token=olga)
    assert sara["setupKey"]
    moved = await app.mutate(
        "moveEmployee", {"username": "carla", "stores": ["lisboa"], "reason": WHY}, CHANGED, token=olga
    )
    assert moved["employee"]["stores"] == [{"code": "lisboa"}]
    for name, is_out in (("disableEmployee", True), ("enableEmployee", False)):
        query = f"mutation($i: EmployeeInput!) {{ {name}(input: $i) {{ {CHANGED} }} }}"
        changed = (await app.do(query, {"i": {"username": "carla", "reason": WHY}}, token=olga))[name]
        assert (changed["employee"]["disabledAt"] is not None) is is_out
    own = "mutation($i: EmployeeInput!) { disableEmployee(input: $i) { __typename } }"
    assert (await app.error(own, {"i": {"username": "olga", "reason": WHY}}, token=olga))[
        "code"
    ] == "BAD_INPUT"
    await app.mutate("addStore", {"code": "faro", "name": "Faro", "reason": WHY}, "__typename", token=olga)
    renamed = {"code": "faro", "name": "Faro Sul", "reason": WHY}
    saved = await app.mutate("renameStore", renamed, "store { code name }", token=olga)
    assert saved["store"] == {"code": "faro", "name": "Faro Sul"}
    trail = await app.do("{ auditTrail(first: 20) { actor actionKind subject reason } }", token=olga)
    acts = [(row["actionKind"], row["subject"], row["reason"]) for row in trail["auditTrail"]]
    kinds = ("STAFF_ADDED", "STAFF_MOVED", "STAFF_DISABLED", "STAFF_ENABLED")
    assert {(kind, "carla", WHY) for kind in kinds} <= set(acts)
    assert {("STORE_ADDED", "faro", WHY), ("STORE_RENAMED", "faro", WHY)} <= set(acts)
    assert (await app.error("{ employees { username } }", token=await session_of(app, "sara")))[
        "code"
    ] == "FORBIDDEN"


async def test_an_operator_is_added_by_two_of_whom_neither_can_sign_in_as_them(app: RunningApp) -> None:
    olga, rita = await operators(app)
    nora = employee_input("nora", "OPERATOR")
    proposed = await app.mutate("addEmployee", nora, PROPOSED, token=olga)
    assert proposed["proposal"]["subject"] == "nora"
    assert await app.mutate("addEmployee", nora, PROPOSED, token=olga) == proposed, "the key acts once"
    assert await staff.find_by_username(app.process.store, "nora") is None
    proposal = proposed["proposal"]["proposal"]
    assert (await approve(app, olga, proposal))["reason"] == "FOUR_EYES"
    done = await approve(app, rita, proposal)
    assert (done["proposalKind"], done["left"]) == ("OPERATOR_ADDED", 0)
    assert done["setupKey"]
    input = {"username": "nora", "password": PASSWORD, "store": None}
    code = await app.first_code(input, done["setupKey"])
    signed_in = await app.mutate(
        "staffSignIn", {**input, "setupKey": done["setupKey"], "secondFactor": code}, "__typename"
    )
    assert signed_in["__typename"] == "StaffSignedIn"
    # Whom olga asked for approves nothing of hers, however old the account gets; of rita's they do.
    app.clock.advance(hours=25)
    added = await session_of(app, "nora")
    for asker, name, kind in ((olga, "pia", "NotAllowed"), (rita, "zoe", "ProposalApproved")):
        asked = await app.mutate("addEmployee", employee_input(name, "OPERATOR"), PROPOSED, token=asker)
        answer = await approve(app, added, asked["proposal"]["proposal"])
        assert answer["__typename"] == kind
        if kind == "NotAllowed":
            assert (
                answer["message"] == "One of you made the other's account. Somebody else has to approve this."
            )


async def test_nobody_asks_by_an_account_that_they_made_and_approves_by_their_own(app: RunningApp) -> None:
    olga, rita = await operators(app)
    number = (await app.do("{ me { number } }", token=await app.enrol_member()))["me"]["number"]
    await app.mutate("addEmployee", employee_input("puppet", "SERVICE"), "__typename", token=olga)
    app.clock.advance(days=30)
    puppet = await session_of(app, "puppet")
    ask = {
        "member": number,
        "wallet": "points",
        "amount": 900_000,
        "reason": "trust me",
        "idempotencyKey": "p",
    }
    answer = "... on CorrectionProposed { proposal { proposal } }"
    proposal = (await app.mutate("proposeCorrection", ask, answer, token=puppet))["proposal"]["proposal"]
    refusal = "__typename ... on NotAllowed { reason }"
    refused = await app.mutate("approveCorrection", {"proposal": proposal}, refusal, token=olga)
    assert refused == {"__typename": "NotAllowed", "reason": "FOUR_EYES"}
    approved = await app.mutate("approveCorrection", {"proposal": proposal}, refusal, token=rita)
    assert approved == {"__typename": "BalanceAdjusted"}


async def test_a_factor_that_was_reset_approves_nothing_for_a_day_and_takes_two_people(
    app: RunningApp,
) -> None:
    await app.hire("tess", "OPERATOR", store=None)
    olga, rita = await operators(app)
    reset = {"username": "rita", "reason": "lost her phone", "idempotencyKey": "r"}
    proposed = await app.mutate("resetSecondFactor", reset, PROPOSED, token=olga)
    proposal = proposed["proposal"]["proposal"]
    assert (await approve(app, olga, proposal))["reason"] == "FOUR_EYES"
    own = await approve(app, rita, proposal)
    assert own["message"] == "This is about your own account. Somebody else has to approve it."
    assert (await approve(app, await session_of(app, "tess"), proposal))["setupKey"], "tess hands it to rita"
    rita = await session_of(app, "rita")
    asked = await app.mutate("addEmployee", employee_input("nora", "OPERATOR"), PROPOSED, token=olga)
    refused = await approve(app, rita, asked["proposal"]["proposal"])
    assert refused["message"] == "An account that is new, or was reset, approves nothing for a day."
    app.clock.advance(hours=25)
    rita = await session_of(app, "rita")
    assert (await approve(app, rita, asked["proposal"]["proposal"]))["setupKey"]


async def test_another_password_of_a_colleague_makes_no_second_person_of_them(app: RunningApp) -> None:
    olga, _ = await operators(app)
    change = {"username": "rita", "password": "another long password", "reason": "she forgot it"}
    await app.mutate("changeEmployeePassword", change, CHANGED, token=olga)
    asked = await app.mutate("addEmployee", employee_input("nora", "OPERATOR"), PROPOSED, token=olga)
    answer = await approve(app, await session_of(app, "rita"), asked["proposal"]["proposal"])
    assert answer["reason"] == "FOUR_EYES"
    await app.mutate(
        "declineProposal",
        {"proposal": asked["proposal"]["proposal"], "reason": "not yet"},
        "__typename",
        token=olga,
    )
    assert (await app.do("{ staffProposals { proposal } }", token=olga))["staffProposals"] == []


async def test_a_system_gets_its_key_by_two_and_is_shut_out_by_one(app: RunningApp) -> None:
    olga, rita = await operators(app)
    system = {
        "name": "webshop",
        "source": "web",
        "store": "lisboa",
        "keyKind": "LIVE",
        "scopes": ["purchases:write"],
        "bounds": [{"name": "purchases", "value": 100}],
        "reason": "the new shop",
        "idempotencyKey": "w",
    }
    proposed = (await app.mutate("addSystem", system, PROPOSED, token=olga))["proposal"]
    assert proposed["terms"] == [
        "source: web",
        "store: lisboa",
        "kind: live",
        "scopes: purchases:write",
        "addresses: any",
        "bounds: purchases 100",
    ]
    assert (await app.do("{ systems { name } }", token=olga))["systems"] == []
    done = await approve(app, rita, proposed["proposal"])
    assert done["clientKey"].startswith("selo_live_")
    assert done["signingSecret"].startswith("whsec_")
    question = "query($n: String!) { findCustomer(contact: $n) { id } }"
    assert (await app.error(question, {"n": "1"}, token=done["clientKey"]))["code"] == "FORBIDDEN"
    change = {"name": "webshop", "scopes": ["members:read"], "reason": "asks alone", "idempotencyKey": "c"}
    changed = (await app.mutate("changeSystem", change, PROPOSED, token=olga))["proposal"]["proposal"]
    assert (await approve(app, rita, changed))["clientKey"] is None
    open_door = {"name": "webshop", "addresses": [], "reason": "it moves", "idempotencyKey": "a"}
    opened = (await app.mutate("changeSystem", open_door, PROPOSED, token=olga))["proposal"]
    assert opened["terms"] == ["addresses: any"], "what is taken away is seen as well"
    rotate = {"name": "webshop", "keepHours": 0, "reason": "leaked", "idempotencyKey": "k"}
    rotation = (await app.mutate("rotateSystemKey", rotate, PROPOSED, token=rita))["proposal"]
    rotated = rotation["proposal"]
    assert rotation["terms"] == ["keep_hours: 0"]
    assert (await approve(app, rita, rotated))["reason"] == "FOUR_EYES"
    assert (await approve(app, olga, rotated))["clientKey"].startswith("selo_live_")
    [shown] = (
        await app.do("{ systems { name scopes isLive keys { isLive } bounds { name value } } }", token=olga)
    )["systems"]
    assert (shown["scopes"], [key["isLive"] for key in shown["keys"]]) == (["members:read"], [True, False])
    assert {"name": "purchases", "value": 100} in shown["bounds"]
    revoke = {"name": "webshop", "reason": "stolen"}
    revoked = await app.mutate(
        "revokeSystem", revoke, "... on SystemRevoked { system { isLive } }", token=olga
    )
    assert revoked == {"system": {"isLive": False}}


async def test_what_waits_is_counted_listed_and_tried_again(app: RunningApp) -> None:
    olga, _ = await operators(app)
    await app.enrol_member()
    rows = await outbox.find_by_state(app.process.store, "pending", first=10)
    await app.process.store["outbox"].update_one(
        {"_id": rows[0].id}, {"$set": {"state": "parked", "trouble": "parked", "error": "no route"}}
    )
    counts = {
        row["place"]: row["count"]
        for row in (await app.do("{ waiting { place count since } }", token=olga))["waiting"]
    }
    assert counts["parked.outbox"] == 1
    query = "query($s: QueueState!) { outboxRows(state: $s) { id description error state } }"
    [parked] = (await app.do(query, {"s": "PARKED"}, token=olga))["outboxRows"]
    assert (parked["id"], parked["error"], parked["state"]) == (rows[0].id, "no route", "PARKED")
    retried = "... on Retried { count }"
    retry = "mutation($i: RetryInput!) { retryOutbox(input: $i) { " + retried + " } }"
    assert (await app.do(retry, {"i": {"ids": [parked["id"]]}}, token=olga))["retryOutbox"] == {"count": 1}
    assert (await app.error(retry, {"i": {"ids": [parked["id"]]}}, token=olga))["code"] == "NOT_FOUND"
    assert (await app.do(query, {"s": "PARKED"}, token=olga))["outboxRows"] == []
    intake = (await app.do("{ intake { counts { fate count } deliveries { id } } }", token=olga))["intake"]
    assert [each["count"] for each in intake["counts"]] == [0] * 5
    assert (await app.do("{ sources { code } }", token=olga))["sources"] == []


@pytest.mark.parametrize("by_number", [True, False])
async def test_a_day_is_unusual_beside_what_the_store_usually_sees(app: RunningApp, by_number: bool) -> None:
    olga, _ = await operators(app)
    carla, rui = await app.hire("carla"), await app.hire("rui")
    member = await app.enrol_member()
    number = (await app.do("{ me { number } }", token=member))["me"]["number"]
    scan = {"code": number, "idempotencyKey": "s"}
    visit = (await app.mutate("scan", scan, "... on CustomerScan { visit }", token=carla))["visit"]
    for place in range(6):
        purchase = {
            "member": number if by_number else visit,
            "externalId": f"r{place}",
            "currency": "EUR",
            "total": 1_000,
            "idempotencyKey": f"r{place}",
        }
        await app.mutate("recordPurchase", purchase, "__typename", token=carla)
    unknown = {"code": "1" + "A" * 22, "idempotencyKey": "u"}
    assert (await app.mutate("scan", unknown, "__typename", token=rui))["__typename"] == "UnknownCode"
    query = """query($d: LocalDate!) { shifts(since: $d, until: $d) { username store { code } purchases
      figures { figure value usual isUnusual } } }"""
    day = app.clock().date().isoformat()
    shifts = {row["username"]: row for row in (await app.do(query, {"d": day}, token=olga))["shifts"]}
    figures = {row["figure"]: row for row in shifts["carla"]["figures"]}
    assert (shifts["carla"]["purchases"], shifts["carla"]["store"]["code"]) == (6, "lisboa")
    assert figures["WITHOUT_VISIT"] == {
        "figure": "WITHOUT_VISIT",
        "value": 6 if by_number else 0,
        "usual": 0,
        "isUnusual": by_number,
    }
    assert {row["figure"]: row["value"] for row in shifts["rui"]["figures"]}["BAD_SCANS"] == 1


async def test_the_trail_is_read_in_pages_and_by_actor_kind_and_member(app: RunningApp) -> None:
    olga, _ = await operators(app)
    for place in range(5):
        await app.mutate(
            "addStore", {"code": f"s{place}", "name": "S", "reason": WHY}, "__typename", token=olga
        )
    query = """query($after: ID, $kinds: [StaffActionKind!], $actor: String) {
      auditTrail(first: 2, after: $after, kinds: $kinds, actor: $actor) { id subject actor } }"""
    wanted: Json = {"kinds": ["STORE_ADDED"], "actor": "olga"}
    subjects, after = list[str](), None
    for _ in range(4):
        page = (await app.do(query, {**wanted, "after": after}, token=olga))["auditTrail"]
        subjects += [row["subject"] for row in page]
        after = page[-1]["id"] if page else after
    assert sorted(subjects) == [f"s{place}" for place in range(5)]
    assert (await app.do(query, {**wanted, "actor": "rita"}, token=olga))["auditTrail"] == []
    bad = await app.error(query, {"after": "QXVkaXRFbnRyeTpub25l"}, token=olga)
    assert bad["code"] == "BAD_INPUT"
