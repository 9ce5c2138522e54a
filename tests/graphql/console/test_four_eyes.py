"""Corrections with four eyes, over HTTP: what one person may do alone in a day, who may approve the rest, and the
ways by which one person would approve their own.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from domain.services.people import staff
from domain.services.people.sessions import new_session, open_session
from domain.store.connect import Database
from domain.store.people.stores import CONSOLE
from tests.command_log import CommandLog
from tests.running_app import Json, RunningApp, open_running_app

ADJUST = "__typename ... on BalanceAdjusted { wallet { available } } ... on NotAllowed { reason message }"
PROPOSE = "__typename ... on CorrectionProposed { proposal { proposal amount isOwn proposedBy } }"
PROPOSE += " ... on NotAllowed { reason }"
DECLINE = "__typename ... on NotAllowed { reason }"
OPEN = "{ correctionProposals { proposal number amount reason proposedBy isOwn unit { name } } }"
APPROVE = "mutation($i: ApproveCorrectionInput!) { approveCorrection(input: $i) { __typename } }"
TRAIL = "{ auditTrail(first: 20) { actor actionKind amount } }"


@pytest.fixture
async def club(database: Database, command_log: CommandLog, tmp_path: Path) -> AsyncIterator[RunningApp]:
    """An application where one person corrects 100 a day alone."""
    async with open_running_app(database, command_log, tmp_path, shift_corrected=100) as running:
        yield running


async def new_number(app: RunningApp) -> str:
    token = await app.enrol_member()
    number: str = (await app.do("{ me { number } }", token=token))["me"]["number"]
    return number


async def adjust(app: RunningApp, token: str, number: str, amount: int, key: str) -> Json:
    input = {"member": number, "wallet": "points", "amount": amount, "reason": "a lost receipt"}
    return await app.mutate(
        "adjustBalance", {**input, "idempotencyKey": key}, ADJUST, token=token, language="en"
    )


async def propose(app: RunningApp, token: str, number: str, amount: int = 500, key: str = "p") -> Json:
    input = {"member": number, "wallet": "points", "amount": amount, "reason": "a lost receipt"}
    return await app.mutate("proposeCorrection", {**input, "idempotencyKey": key}, PROPOSE, token=token)


async def approve(app: RunningApp, token: str, proposal: str) -> Json:
    return await app.mutate("approveCorrection", {"proposal": proposal}, ADJUST, token=token, language="en")


async def points(app: RunningApp) -> int:
    me = await app.do("{ me { balance { available } } }", token=await app.sign_in_again("ana@example.com"))
    available: int = me["me"]["balance"]["available"]
    return available


async def test_a_day_alone_is_bounded_whatever_it_is_split_into_and_the_rest_takes_another_person(
    club: RunningApp,
) -> None:
    number = await new_number(club)
    sara, olga = await club.hire("sara", "SERVICE"), await club.hire("olga", "OPERATOR", store=None)
    club.clock.advance(hours=25)
    refusal = {
        "__typename": "NotAllowed",
        "reason": "FOUR_EYES",
        "message": "An operator has to approve this.",
    }
    assert await adjust(club, sara, number, 101, "whole") == refusal
    for part in range(3):
        assert (await adjust(club, sara, number, 30, f"part {part}"))["__typename"] == "BalanceAdjusted"
    assert await adjust(club, sara, number, 11, "one part too many") == refusal
    assert await adjust(club, sara, number, -11, "taking away counts as well") == refusal
    assert (await adjust(club, sara, number, 30, "part 0"))["__typename"] == "BalanceAdjusted", "a retry"
    assert await points(club) == 90
    proposed = (await propose(club, sara, number))["proposal"]
    assert proposed["isOwn"] is True
    assert (await propose(club, sara, number))["proposal"] == proposed, "the key acts once"
    [shown] = (await club.do(OPEN, token=olga))["correctionProposals"]
    assert shown == {
        **proposed,
        "number": number,
        "reason": "a lost receipt",
        "isOwn": False,
        "unit": {"name": "NumisPontos"},
    }
    done = await approve(club, olga, proposed["proposal"])
    assert done == {"__typename": "BalanceAdjusted", "wallet": {"available": 590}}
    assert await approve(club, olga, proposed["proposal"]) == done, "a retry is the same approval"
    assert await points(club) == 590
    acts = [(row["actor"], row["actionKind"]) for row in (await club.do(TRAIL, token=olga))["auditTrail"]]
    assert {("sara", "CORRECTION_PROPOSED"), ("olga", "CORRECTION_APPROVED"), ("sara", "ADJUSTMENT")} <= set(
        acts
    )
    assert acts.count(("sara", "ADJUSTMENT")) == 4
    assert await club.count("correction_proposals") == 0
    club.clock.advance(hours=24)
    assert (await adjust(club, sara, number, 100, "another day"))["__typename"] == "BalanceAdjusted"


async def test_what_may_be_corrected_alone_is_told_before_it_is_sent(club: RunningApp) -> None:
    number = await new_number(club)
    sara = await club.hire("sara", "SERVICE")
    cashier, manager = await club.hire("carla"), await club.hire("mario", "MANAGER")
    club.clock.advance(hours=25)

    async def allowance(token: str) -> Json:
        allowed: Json = (await club.do("{ correctionAllowance { most left } }", token=token))[
            "correctionAllowance"
        ]
        return allowed

    assert await allowance(cashier) is None
    assert await allowance(sara) == await allowance(manager) == {"most": 100, "left": 100}
    for key, amount, left in (("a", 60, 40), ("b", -30, 10), ("c", 11, 10), ("b", -30, 10), ("d", 10, 0)):
        await adjust(club, sara, number, amount, key)
        assert await allowance(sara) == {"most": 100, "left": left}
    assert (await propose(club, sara, number))["__typename"] == "CorrectionProposed"
    assert await allowance(sara) == {"most": 100, "left": 0}, "what waits is not corrected alone"
    assert await allowance(manager) == {"most": 100, "left": 100}, "each has a day of their own"
    club.clock.advance(hours=24)
    assert await allowance(sara) == {"most": 100, "left": 100}


async def test_nobody_approves_their_own_by_another_session_account_or_a_fresh_one(club: RunningApp) -> None:
    number = await new_number(club)
    olga = await club.hire("olga", "OPERATOR", store=None, email="olga@example.com")
    await club.hire("twin", "OPERATOR", email="Olga@example.com")
    twin = await session_of(club, "twin")
    rita = await club.hire("rita", "OPERATOR", store=None)
    sara = await club.hire("sara", "SERVICE")
    club.clock.advance(hours=25)
    fresh = await club.hire("fresh", "OPERATOR", store=None)
    proposal = (await propose(club, olga, number))["proposal"]["proposal"]
    own = "You have asked for this yourself. Somebody else has to approve it."
    one = "Both accounts belong to one person. Somebody else has to approve this."
    new = "An account that is new, or was reset, approves nothing for a day."

    async def refusals() -> list[tuple[str, str]]:
        tokens = (olga, await session_of(club, "olga"), twin, fresh, rita)
        answers = [await approve(club, token, proposal) for token in tokens]
        return [(each["reason"], each["message"]) for each in answers]

    await staff.change_password(club.process.runtime, "rita", "another long password", now=club.clock())
    rita = await session_of(club, "rita")
    assert await refusals() == [("FOUR_EYES", text) for text in (own, own, one, new, new)]
    assert (await approve(club, sara, proposal))["reason"] == "ROLE"
    assert await points(club) == 0
    assert await club.count("correction_proposals") == 1
    club.clock.advance(hours=25)
    fresh, rita = await session_of(club, "fresh"), await session_of(club, "rita")
    assert (await approve(club, rita, proposal))["__typename"] == "BalanceAdjusted"
    assert await points(club) == 500
    assert (await club.error(APPROVE, {"i": {"proposal": proposal}}, token=fresh))["code"] == "NOT_FOUND"


async def test_two_who_approve_at_once_make_one_correction_and_a_declined_one_is_none(
    club: RunningApp,
) -> None:
    number = await new_number(club)
    sara, tina = await club.hire("sara", "SERVICE"), await club.hire("tina", "SERVICE")
    olga, rita = [await club.hire(name, "OPERATOR", store=None) for name in ("olga", "rita")]
    club.clock.advance(hours=25)
    proposal = (await propose(club, sara, number))["proposal"]["proposal"]
    query, input = APPROVE, {"i": {"proposal": proposal}}
    answers = await asyncio.gather(*(club.ask(query, input, token=token) for token in (olga, rita)))
    done = [each for each in answers if "errors" not in each]
    assert [each["data"]["approveCorrection"]["__typename"] for each in done] == ["BalanceAdjusted"]
    assert await points(club) == 500

    second = (await propose(club, sara, number, key="second"))["proposal"]["proposal"]
    decline = {"proposal": second, "reason": "there was no such receipt"}
    refused = await club.mutate("declineCorrection", decline, DECLINE, token=tina)
    assert refused == {"__typename": "NotAllowed", "reason": "ROLE"}
    answer = await club.mutate("declineCorrection", decline, DECLINE, token=olga)
    assert answer == {"__typename": "CorrectionDeclined"}
    assert (await club.error(query, {"i": {"proposal": second}}, token=rita))["code"] == "NOT_FOUND"
    assert await points(club) == 500
    club.clock.advance(days=7)
    third = (await propose(club, sara, number, key="third"))["proposal"]["proposal"]
    club.clock.advance(days=7)
    assert (await club.error(query, {"i": {"proposal": third}}, token=rita))["code"] == "NOT_FOUND"


async def test_nobody_corrects_themselves_through_a_colleague(club: RunningApp) -> None:
    number = await new_number(club)
    sara = await club.hire("sara", "SERVICE", email="ana@example.com")
    tina, olga = await club.hire("tina", "SERVICE"), await club.hire("olga", "OPERATOR", store=None)
    ana = await club.hire("anas", "OPERATOR", store=None, email="ana@example.com")
    club.clock.advance(hours=25)
    assert (await propose(club, sara, number))["reason"] == "OWN_MEMBERSHIP"
    proposal = (await propose(club, tina, number))["proposal"]["proposal"]
    assert (await approve(club, ana, proposal))["reason"] == "OWN_MEMBERSHIP"
    rui = await club.hire("rui", "CASHIER")
    assert await propose(club, rui, number) == {"__typename": "NotAllowed", "reason": "ROLE"}
    assert await points(club) == 0
    assert (await approve(club, olga, proposal))["__typename"] == "BalanceAdjusted"


async def session_of(app: RunningApp, username: str) -> str:
    """Return the access token of another session of somebody, at the console."""
    identity = app.process.runtime
    employee = await staff.find_by_username(identity.store, username)
    assert employee is not None
    opened = new_session(
        identity, "staff", employee.id, now=app.clock(), role=employee.role, store=CONSOLE.code
    )
    await open_session(identity, opened)
    role = employee.role.lower()
    return app.process.tokens.access(
        subject=employee.id, role=role, session=opened.session.id, store=CONSOLE.code
    ).token
