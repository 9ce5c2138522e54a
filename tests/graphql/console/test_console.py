"""The console over HTTP: who signs in there, what each role may ask, a member as service sees them, and what
members ask of service.
"""

from __future__ import annotations

from typing import get_args

import pytest

from api.graphql.engine.permissions import ROOTS
from api.graphql.engine.permitted.caller_kinds import CallerKind
from domain.services.errors import InvalidInput
from domain.services.people import staff
from domain.store.people.sessions import StaffRole
from tests.running_app import PASSWORD, Json, RunningApp

RECORD = """query($m: String!) { memberRecord(member: $m) {
  customer { number name status consents { purpose granted } }
  profile { email phone joinedAt erasedAt locale }
  pointHistory(first: 5) { totalCount edges { node { amount title explanation { title applied amount reason } } } }
  messages(first: 5) { totalCount edges { node { title } } }
  acts { actor actionKind reason } lookUps { actor subject } } }"""
SIGN_IN = "__typename ... on StaffSignedIn { staff { role store { code name } } } ... on SecondFactorNeeded { step }"
# What each role of the console is for, beside what everybody may ask and all employees may: this list is the design's.
SERVICE_ROOTS = {
    *("findCustomer", "findCustomers", "memberRecord", "correctionProposals", "shiftActions", "staff"),
    "correctionAllowance",
    *(
        "adjustBalance",
        "proposeCorrection",
        "approveCorrection",
        "declineCorrection",
        "setCustomerAttributes",
    ),
    *("freezeMember", "unfreezeMember", "mergeMembers", "undoMerge", "correctBirthday", "proposeContact"),
    *(
        "approveContact",
        "eraseMember",
        "enrolAtTill",
        "deleteCustomer",
        "keepCustomer",
        "exportMemberData",
        "signOut",
    ),
    *("staffProposals", "approveProposal", "declineProposal", "contactProposals"),
    *("giveReward", "changeTags", "addServiceNote", "removeServiceNote", "sendSignInCode", "enrolInPlace"),
    *("tryCorrections", "proposeCorrections", "leaderboardPlayers", "takeNicknameAway"),
    *("surveys", "surveyComments", "nicknameBoards"),
}
# What an operator runs from the console, and nobody else from anywhere.
OPERATOR_ROOTS = {
    *(
        "employees",
        "stores",
        "systems",
        "waiting",
        "outboxRows",
        "intake",
        "sources",
        "refusedCalls",
        "shifts",
    ),
    *("addEmployee", "moveEmployee", "disableEmployee", "enableEmployee", "changeEmployeePassword"),
    *("resetSecondFactor", "addStore", "renameStore"),
    *("addSystem", "changeSystem", "rotateSystemKey", "revokeSystem", "retryOutbox", "retryIntake"),
    *("segments", "segmentMembers", "memberJobs", "tryMessage", "sendMessage", "tryTags"),
    "sendTestMessage",
    *("changeTagsOfMany", "startFile", "stopJob", "pauseSource", "resumeSource", "makeCodes"),
}
PROGRAMME_ROOTS = {
    *("programmeVersions", "programmeText", "programmeDifference", "programmeCheck", "programmeTrial"),
    *("programmeProposals", "proposedProgrammeText"),
    *("proposeProgramme", "approveProgramme", "declineProgramme"),
    *("startBacktest", "cancelBacktest", "programmePictures", "addPicture"),
}


def opened_to(kind: CallerKind) -> set[str]:
    """Return the root fields that a kind of caller may run and a stranger may not."""
    permissions = [each for root in ROOTS.values() for each in root.items()]
    return {
        name
        for name, permission in permissions
        if kind in permission.callers and CallerKind.ANONYMOUS not in permission.callers
    }


def test_each_role_of_the_console_may_run_what_it_is_for() -> None:
    assert opened_to(CallerKind.SERVICE) == SERVICE_ROOTS
    figures = {"figures", "backtests", "backtest", "codeUses", "surveys", "surveyComments"}
    of_operators = SERVICE_ROOTS | PROGRAMME_ROOTS | OPERATOR_ROOTS | {"auditTrail"} | figures
    assert opened_to(CallerKind.CONSOLE_OPERATOR) == of_operators
    assert opened_to(CallerKind.ANALYST) == {"staff", "signOut"} | figures
    # At a till nobody reads whole histories, and at the console nobody sells.
    of_till = {"scan", "recordPurchase", "checkout", "useVoucher", "refundPurchase", "recordEvent"}
    for kind in (CallerKind.CASHIER, CallerKind.MANAGER, CallerKind.OPERATOR):
        assert opened_to(kind) >= of_till
        assert opened_to(kind).isdisjoint({"memberRecord", *OPERATOR_ROOTS})


async def test_who_works_at_the_console_signs_in_there_with_a_second_factor(app: RunningApp) -> None:
    places: dict[str, list[bool]] = {}
    for role in get_args(StaffRole):
        needs_factor = role in staff.CONSOLE_ROLES
        await staff.add(
            app.process.runtime,
            username=role.lower(),
            name=role.title(),
            role=role,
            store_codes=(),
            password=PASSWORD,
            setup_key=staff.new_setup_key() if needs_factor else None,
            now=app.clock(),
        )
        places[role] = []
        for store in ("lisboa", None):
            input = {"username": role.lower(), "password": PASSWORD, "store": store}
            query = f"mutation($i: StaffSignInInput!) {{ staffSignIn(input: $i) {{ {SIGN_IN} }} }}"
            answer = await app.ask(query, {"i": input})
            places[role].append("errors" not in answer)
            if "errors" in answer:
                assert answer["errors"][0]["extensions"]["field"].endswith("store")
            elif needs_factor:
                assert answer["data"]["staffSignIn"] == {
                    "__typename": "SecondFactorNeeded",
                    "step": "SETUP_KEY",
                }
    assert places == {
        "CASHIER": [True, False],
        "MANAGER": [True, False],
        "OPERATOR": [True, True],
        "SERVICE": [False, True],
        "ANALYST": [False, True],
    }
    with pytest.raises(InvalidInput, match="name no store"):
        await staff.add(
            app.process.runtime,
            username="sara",
            name="Sara",
            role="SERVICE",
            store_codes=("lisboa",),
            password=PASSWORD,
            now=app.clock(),
        )


async def test_service_sees_why_and_that_somebody_looked_and_nobody_else_sees_it(app: RunningApp) -> None:
    member, carla = await app.enrol_member(), await app.hire("carla")
    number = (await app.do("{ me { number } }", token=member))["me"]["number"]
    buy = {"member": number, "externalId": "r1", "currency": "EUR", "total": 3_700, "idempotencyKey": "a"}
    await app.mutate("recordPurchase", buy, "__typename", token=carla)
    sara = await app.hire("sara", "SERVICE")
    place = (await app.do("{ staff { role store { code name } } }", token=sara))["staff"]
    assert place == {"role": "SERVICE", "store": {"code": "@console", "name": "Console"}}
    record: Json = (await app.do(RECORD, {"m": number}, token=sara, language="en"))["memberRecord"]
    assert record["customer"]["name"] == "Ana Silva"
    assert (record["profile"]["email"], record["profile"]["erasedAt"]) == ("a***@example.com", None)
    lines = [edge["node"] for edge in record["pointHistory"]["edges"]]
    [bought] = [
        line for line in lines if any(each["amount"] == line["amount"] for each in line["explanation"])
    ][:1]
    assert any(not outcome["applied"] and outcome["reason"] for outcome in bought["explanation"])
    assert record["lookUps"] == [{"actor": "sara", "subject": "NUMBER"}]
    analyst, manager = await app.hire("nuno", "ANALYST"), await app.hire("maria", "MANAGER")
    olga = await app.hire("olga", "OPERATOR")
    for token in (analyst, manager, olga, carla, member):
        assert (await app.error(RECORD, {"m": number}, token=token))["code"] == "FORBIDDEN"
    customer = await app.do(
        "query($n: String!) { findCustomer(contact: $n) { id } }", {"n": number}, token=sara
    )
    node = "query($i: ID!) { node(id: $i) { id } }"
    assert (await app.do(node, {"i": customer["findCustomer"]["id"]}, token=sara))["node"] is not None
    assert (await app.error(node, {"i": customer["findCustomer"]["id"]}, token=analyst))[
        "code"
    ] == "NOT_FOUND"
    sell = "mutation($i: PurchaseInput!) { recordPurchase(input: $i) { __typename } }"
    assert (await app.error(sell, {"i": {**buy, "externalId": "r2"}}, token=sara))["code"] == "FORBIDDEN"
    assert (await app.error(RECORD, {"m": "0000000000"}, token=sara))["code"] == "NOT_FOUND"


async def test_service_answers_a_request_for_deletion_which_can_be_undone_and_one_for_all_data(
    app: RunningApp,
) -> None:
    member, sara = await app.enrol_member(), await app.hire("sara", "SERVICE")
    number = (await app.do("{ me { number } }", token=member))["me"]["number"]
    asked = {"member": number, "reason": "letter of 3 May, passport seen"}
    path = (await app.mutate("exportMemberData", asked, "... on DataExport { path }", token=sara))["path"]
    tina = await app.hire("tina", "SERVICE")
    app.clock.advance(minutes=1)
    statuses = []
    for token in (member, tina, sara, sara):
        answer = await app.client.get(path, headers={"authorization": f"Bearer {token}"})
        statuses.append(answer.status_code)
        if answer.status_code == 200:
            assert "Ana Silva" in answer.text
    assert statuses == [404, 404, 200, 404]
    deleted = await app.mutate(
        "deleteCustomer", asked, "... on CustomerDeleted { erasedAt customer { status } }", token=sara
    )
    assert deleted == {"erasedAt": "2026-03-16T10:01:00.000Z", "customer": {"status": "BEING_DELETED"}}
    assert (await app.error("{ me { id } }", token=member))["code"] == "UNAUTHENTICATED"
    app.clock.advance(minutes=1)
    kept = await app.mutate("keepCustomer", asked, "... on CustomerKept { customer { status } }", token=sara)
    assert kept == {"customer": {"status": "ACTIVE"}}
    assert await app.sign_in_again("ana@example.com")
    record = (await app.do(RECORD, {"m": number}, token=sara))["memberRecord"]
    assert [(row["actor"], row["actionKind"]) for row in record["acts"]] == [
        ("sara", "DELETION_UNDONE"),
        ("sara", "DELETION_REQUESTED"),
        ("sara", "DATA_EXPORTED"),
    ]
    assert {row["reason"] for row in record["acts"]} == {asked["reason"]}
    own = await app.hire("anas", "SERVICE", email="ana@example.com")
    refused = await app.mutate("deleteCustomer", asked, "... on NotAllowed { reason }", token=own)
    assert refused == {"reason": "OWN_MEMBERSHIP"}
    final = await app.mutate("eraseMember", asked, "... on NotAllowed { reason }", token=sara)
    assert final == {"reason": "ROLE"}


@pytest.mark.parametrize("mutation", ["exportMemberData", "deleteCustomer", "keepCustomer"])
async def test_service_that_tries_numbers_is_noted_and_locked_whatever_it_asks_for(
    app: RunningApp, mutation: str
) -> None:
    sara = await app.hire("sara", "SERVICE")
    ask = f"mutation($i: {mutation[0].upper()}{mutation[1:]}Input!) {{ {mutation}(input: $i) {{ __typename }} }}"
    codes = []
    for number in range(11):
        asked = {"i": {"member": f"{number:010}", "reason": "letter"}}
        codes.append((await app.error(ask, asked, token=sara))["code"])
    assert codes == ["NOT_FOUND"] * 10 + ["RATE_LIMITED"]
    rows = [row async for row in app.process.store["look_ups"].find({"_id": {"$gt": ""}})]
    assert [row["member"] for row in rows] == [None] * 10
