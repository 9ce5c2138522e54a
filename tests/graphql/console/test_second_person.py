"""Four eyes over HTTP, attacked: accounts taken over, one person behind two, a file that would count twice, and what an
approver is shown of it.
"""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from domain.services.operations import bulk_corrections
from domain.store.operations import staff_proposals
from tests.graphql.console.test_four_eyes import points, session_of
from tests.graphql.console.test_operations import CHANGED, approve, operators
from tests.running_app import Json, RunningApp

PROPOSED = "__typename ... on StaffProposed { proposal { proposal subject terms } }"
TRIED = "__typename ... on CorrectionsTried { rows { fault } }"
RESET = "The account that asked was new, or reset less than a day before. Have its owner ask again."


async def number_of(app: RunningApp) -> str:
    token = await app.enrol_member()
    number: str = (await app.do("{ me { number } }", token=token))["me"]["number"]
    return number


async def propose_file(app: RunningApp, token: str, rows: list[Json], key: str = "f") -> Json:
    file = {"rows": rows, "reason": "the till was down", "idempotencyKey": key}
    proposed: Json = (await app.mutate("proposeCorrections", file, PROPOSED, token=token))["proposal"]
    return proposed


async def test_whoever_resets_a_colleague_does_not_ask_by_them_and_approve_it(app: RunningApp) -> None:
    number = await number_of(app)
    await app.hire("sara", "SERVICE")
    olga, rita = await operators(app)
    change = {"username": "sara", "password": "another long password", "reason": "she forgot it"}
    await app.mutate("changeEmployeePassword", change, CHANGED, token=olga)
    rows = [{"number": number, "wallet": "points", "amount": 900_000}]
    proposal = (await propose_file(app, await session_of(app, "sara"), rows))["proposal"]
    app.clock.advance(hours=25)
    for token in (olga, rita):
        refused = await approve(app, token, proposal)
        assert (refused["reason"], refused["message"]) == ("FOUR_EYES", RESET)
    assert await points(app) == 0
    again = (await propose_file(app, await session_of(app, "sara"), rows, "again"))["proposal"]
    assert (await approve(app, olga, again))["__typename"] == "ProposalApproved"


async def test_what_a_new_account_asks_for_within_a_day_is_asked_for_again(app: RunningApp) -> None:
    number = await number_of(app)
    olga, _ = await operators(app)
    sara = await app.hire("sara", "SERVICE")
    rows = [{"number": number, "wallet": "points", "amount": 900_000}]
    early = (await propose_file(app, sara, rows))["proposal"]
    app.clock.advance(hours=25)
    refused = await approve(app, olga, early)
    assert (refused["reason"], refused["message"]) == ("FOUR_EYES", RESET)
    assert await points(app) == 0
    again = (await propose_file(app, await session_of(app, "sara"), rows, "again"))["proposal"]
    assert (await approve(app, await session_of(app, "olga"), again))["__typename"] == "ProposalApproved"


async def test_two_accounts_with_one_membership_are_one_person_however_each_was_linked(
    app: RunningApp,
) -> None:
    number = await number_of(app)
    await app.hire("sara", "SERVICE", member_number=number)
    await app.hire("sarah", "OPERATOR", store=None, email="ana@example.com")
    token = await app.enrol_member("bea@example.com")
    other = (await app.do("{ me { number } }", token=token))["me"]["number"]
    olga, _ = await operators(app)
    rows = [{"number": other, "wallet": "points", "amount": 10}]
    proposal = (await propose_file(app, await session_of(app, "sara"), rows))["proposal"]
    refused = await approve(app, await session_of(app, "sarah"), proposal)
    assert refused["message"] == "Both accounts belong to one person. Somebody else has to approve this."
    assert (await approve(app, olga, proposal))["__typename"] == "ProposalApproved"


async def test_a_file_approved_twice_at_once_or_again_after_a_fault_counts_once(
    app: RunningApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = await number_of(app)
    await app.hire("sara", "SERVICE")
    await operators(app)
    sara = await session_of(app, "sara")
    rows = [{"number": number, "wallet": "points", "amount": 500}]
    proposal = (await propose_file(app, sara, rows))["proposal"]
    query = "mutation($i: ApproveProposalInput!) { approveProposal(input: $i) { __typename } }"
    tokens = [await session_of(app, "olga") for _ in range(3)]

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("the process dies here")

    with monkeypatch.context() as faulty:
        faulty.setattr("domain.services.operations.bulk_corrections.act_write", fail)
        await app.ask(query, {"i": {"proposal": proposal}}, token=tokens[0])
    assert await points(app) == 500
    await asyncio.gather(*(app.ask(query, {"i": {"proposal": proposal}}, token=token) for token in tokens))
    assert await points(app) == 500
    assert await app.count("staff_proposals") == 0


async def test_an_approver_reads_what_a_file_would_move_and_a_member_stands_in_it_once(
    app: RunningApp,
) -> None:
    number = await number_of(app)
    token = await app.enrol_member("bea@example.com")
    other = (await app.do("{ me { number } }", token=token))["me"]["number"]
    await app.hire("sara", "SERVICE")
    olga, _ = await operators(app)
    sara = await session_of(app, "sara")
    rows: list[Json] = [
        {"number": number, "wallet": "points", "amount": 900_000},
        {"number": other, "wallet": "points", "amount": 500},
    ]
    dashed = {**rows[0], "number": f"{number[:3]}-{number[3:]}"}
    tried = await app.mutate("tryCorrections", {"rows": [*rows, dashed]}, TRIED, token=sara)
    assert [row["fault"] for row in tried["rows"]] == [None, None, "TWICE"]
    await propose_file(app, sara, rows)
    [shown] = (await app.do("{ staffProposals { subject terms } }", token=olga))["staffProposals"]
    assert shown == {"subject": "2", "terms": ["points: +900500, -0, at most 900000 at once"]}


async def test_who_is_erased_while_a_file_is_made_stays_erased_in_what_is_left(
    app: RunningApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = await number_of(app)
    token = await app.enrol_member("bea@example.com")
    other = (await app.do("{ me { number } }", token=token))["me"]["number"]
    await app.hire("sara", "SERVICE")
    olga, _ = await operators(app)
    rows = [{"number": each, "wallet": "points", "amount": 5} for each in (number, other)]
    proposal = (await propose_file(app, await session_of(app, "sara"), rows))["proposal"]
    store = app.process.store
    [waiting] = [row async for row in store["staff_proposals"].find({})]
    erased = waiting["terms"]["rows"][1]["member"]
    correct = bulk_corrections._correct

    async def correct_while_erasing(*arguments: Any, **named: Any) -> bool:
        await staff_proposals.erase_member(store, erased)
        return await correct(*arguments, **named)

    monkeypatch.setattr(bulk_corrections, "ROWS_AT_ONCE", 1)
    monkeypatch.setattr(bulk_corrections, "_correct", correct_while_erasing)
    await approve(app, olga, proposal)
    assert erased not in str([row async for row in store["staff_proposals"].find({})])
    monkeypatch.setattr(bulk_corrections, "_correct", correct)
    assert (await approve(app, olga, proposal))["__typename"] == "ProposalApproved"
    assert (await app.count("staff_proposals"), await points(app)) == (0, 5)
