"""Stamp cards and challenges as the app and the till see them; a challenge is taken up once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from domain.services.ledger import verification
from domain.store.connect import Database
from tests.command_log import CommandLog
from tests.running_app import Json, RunningApp, open_running_app

CAFE = """
programme: {code: cafe, name: Cafe, currency: EUR, timezone: Europe/Lisbon, locales: [pt, en], terms: {version: "2026-01", url: /terms}}
wallets: [{code: points, name: {pt: Pontos, en: Points}}]
rules: [{code: brave, title: {pt: Coragem, en: Courage}, on: challenge.accepted, do: [{award: {wallet: points, fixed: 5}}]}]
rewards: [{code: coffee, title: {pt: "Café", en: Coffee}}]
badges:
  - {code: card, name: {pt: "Cartão", en: Card}, on: purchase.completed, of: {items: 'line.category == "drinks"'}, levels: {every: 10}, do: [{voucher: coffee}]}
  - code: march
    name: {pt: "Março", en: March}
    on: purchase.completed
    target: member.purchases.count + 2
    accept: true
    during: {from: "2026-03-01", until: "2026-03-31"}
    do: [{voucher: coffee}]
  - {code: april, name: {pt: Abril, en: April}, on: purchase.completed, target: member.purchases.count + 2, accept: true, during: {from: "2026-04-01", until: "2026-04-30"}}
  - {code: past, name: {pt: Passado, en: Past}, on: purchase.completed, accept: true, during: {from: "2026-02-01", until: "2026-02-28"}}
  - {code: never, name: {pt: Nunca, en: Never}, on: purchase.completed, target: member.referrals, accept: true, during: {until: "2026-12-31"}}
"""
PROGRESS = """level progress target stamps goal acceptedAt acceptable fraction earnedAt
  badge { code levels every personal accept from until }"""
BADGES = f"{{ me {{ badges {{ {PROGRESS} }} }} }}"
ACCEPTED = f"""__typename ... on ChallengeAccepted {{ progress {{ {PROGRESS} }} member {{ balance {{ available }} }} }}
  ... on ChallengeNotOpen {{ message reason }} ... on Problem {{ message }}"""


@pytest.fixture
async def cafe(database: Database, command_log: CommandLog, tmp_path: Path) -> AsyncIterator[RunningApp]:
    file = tmp_path / "cafe.yaml"
    file.write_text(CAFE, encoding="utf-8")
    async with open_running_app(database, command_log, tmp_path, programme=file) as running:
        yield running


async def badge_ids(app: RunningApp) -> dict[str, str]:
    badges = (await app.do("{ programme { badges { id code } } }"))["programme"]["badges"]
    return {badge["code"]: badge["id"] for badge in badges}


async def badges_of(app: RunningApp, token: str) -> dict[str, Json]:
    badges = (await app.do(BADGES, token=token))["me"]["badges"]
    return {each["badge"]["code"]: each for each in badges}


async def buy(app: RunningApp, number: str, drinks: int, *, token: str) -> Json:
    lines = [{"sku": "c", "category": "drinks", "quantity": drinks, "amount": drinks * 250}]
    input = {
        "member": number,
        "externalId": f"r{app.clock().timestamp()}",
        "currency": "EUR",
        "total": drinks * 250,
        "lines": lines,
        "idempotencyKey": f"k{app.clock().timestamp()}",
    }
    answer = f"... on PurchaseRecorded {{ earnedBadges {{ level badge {{ code }} }} customer {{ badges {{ {PROGRESS} }} }} }}"
    return await app.mutate("recordPurchase", input, answer, token=token)


async def number_of(app: RunningApp, token: str) -> str:
    number: str = (await app.do("{ me { number } }", token=token))["me"]["number"]
    return number


async def test_a_stamp_card_says_its_stamps_to_member_and_till(cafe: RunningApp) -> None:
    member, till = await cafe.enrol_member(), await cafe.hire("rui")
    number = await number_of(cafe, member)
    await buy(cafe, number, 7, token=till)
    cafe.clock.advance(minutes=5)
    recorded = await buy(cafe, number, 28, token=till)
    assert recorded["earnedBadges"] == [{"level": level, "badge": {"code": "card"}} for level in (1, 2, 3)]
    card = (await badges_of(cafe, member))["card"]
    assert {name: card[name] for name in ("level", "progress", "target", "stamps", "fraction", "goal")} == {
        "level": 3,
        "progress": 35,
        "target": 40,
        "stamps": 5,
        "fraction": 0.5,
        "goal": None,
    }
    assert (card["badge"]["levels"], card["badge"]["every"]) == ([], 10)
    assert [card["acceptedAt"], card["acceptable"], card["badge"]["accept"]] == [None, False, False]
    assert next(each for each in recorded["customer"]["badges"] if each["badge"]["code"] == "card") == card


async def test_a_challenge_is_taken_up_once_and_counts_from_then_on(cafe: RunningApp) -> None:
    member, till = await cafe.enrol_member(), await cafe.hire("rui")
    number, ids = await number_of(cafe, member), await badge_ids(cafe)
    await buy(cafe, number, 1, token=till)
    before = (await badges_of(cafe, member))["march"]
    assert [before["acceptable"], before["goal"], before["target"], before["fraction"]] == [
        True,
        None,
        None,
        0.0,
    ]
    assert (before["badge"]["personal"], before["badge"]["accept"], before["badge"]["levels"]) == (
        True,
        True,
        [],
    )
    cafe.clock.advance(minutes=5)
    input = {"badgeId": ids["march"], "idempotencyKey": "a1"}
    accepted = await cafe.mutate("acceptChallenge", input, ACCEPTED, token=member)
    assert accepted["__typename"] == "ChallengeAccepted"
    assert accepted["member"]["balance"]["available"] == 5  # a rule heard of it
    progress = accepted["progress"]
    assert [progress[name] for name in ("acceptable", "goal", "target", "progress")] == [False, 3, 3, 0]
    assert progress["acceptedAt"] == "2026-03-02T10:05:00.000Z"
    # The same key, and any other, is answered by the same challenge; the rule does not fire again.
    cafe.clock.advance(minutes=5)
    for key in ("a1", "a2"):
        again = await cafe.mutate("acceptChallenge", {**input, "idempotencyKey": key}, ACCEPTED, token=member)
        assert again == accepted
    # Another challenge with a key that has acted is none.
    conflict = await cafe.mutate(
        "acceptChallenge", {"badgeId": ids["april"], "idempotencyKey": "a1"}, ACCEPTED, token=member
    )
    assert conflict["__typename"] == "IdempotencyConflict"
    for _ in range(3):
        cafe.clock.advance(hours=1)
        await buy(cafe, number, 1, token=till)
    after = (await badges_of(cafe, member))["march"]
    assert [after[name] for name in ("level", "progress", "target", "goal", "fraction")] == [
        1,
        3,
        None,
        3,
        1.0,
    ]
    assert [difference async for difference in verification.verify(cafe.process.store)] == []


async def test_a_challenge_may_be_taken_up_before_it_begins(cafe: RunningApp) -> None:
    member, ids = await cafe.enrol_member(), await badge_ids(cafe)
    accepted = await cafe.mutate(
        "acceptChallenge", {"badgeId": ids["april"], "idempotencyKey": "b"}, ACCEPTED, token=member
    )
    assert [accepted["progress"][name] for name in ("acceptable", "goal", "target")] == [False, None, None]
    cafe.clock.advance(days=31)
    # Read as it will be written, though nothing has happened since.
    token = await cafe.sign_in_again("ana@example.com")
    assert (await badges_of(cafe, token))["april"]["goal"] == 2


@pytest.mark.parametrize(
    ("badge", "reason", "message"),
    [
        ("past", "OVER", "Este desafio já terminou."),
        ("never", "NO_GOAL", "Ainda não há um objetivo para si neste desafio."),
    ],
)
async def test_what_cannot_be_taken_up_says_why_and_changes_nothing(
    cafe: RunningApp, badge: str, reason: str, message: str
) -> None:
    member, ids = await cafe.enrol_member(), await badge_ids(cafe)
    rows = await cafe.count("journal")
    refused = await cafe.mutate(
        "acceptChallenge", {"badgeId": ids[badge], "idempotencyKey": "c"}, ACCEPTED, token=member
    )
    assert refused == {"__typename": "ChallengeNotOpen", "reason": reason, "message": message}
    assert (await badges_of(cafe, member))[badge]["acceptable"] is False
    assert await cafe.count("journal") == rows


async def test_a_badge_that_is_no_challenge_is_not_found(cafe: RunningApp) -> None:
    member, ids = await cafe.enrol_member(), await badge_ids(cafe)
    query = "mutation($i: AcceptChallengeInput!) { acceptChallenge(input: $i) { __typename } }"
    error = await cafe.error(query, {"i": {"badgeId": ids["card"], "idempotencyKey": "d"}}, token=member)
    assert error["code"] == "NOT_FOUND"
    error = await cafe.error(query, {"i": {"badgeId": "x", "idempotencyKey": "d"}}, token=member)
    assert (error["code"], error["field"]) == ("BAD_INPUT", "badgeId")
    error = await cafe.error(query, {"i": {"badgeId": ids["march"], "idempotencyKey": ""}}, token=member)
    assert (error["code"], error["field"]) == ("BAD_INPUT", "idempotencyKey")


async def test_taken_up_on_two_phones_at_once_it_is_one(cafe: RunningApp) -> None:
    member, ids = await cafe.enrol_member(), await badge_ids(cafe)
    answers = await asyncio.gather(
        *(
            cafe.mutate(
                "acceptChallenge",
                {"badgeId": ids["march"], "idempotencyKey": f"p{n}"},
                ACCEPTED,
                token=member,
            )
            for n in range(5)
        )
    )
    assert {answer["__typename"] for answer in answers} == {"ChallengeAccepted"}
    assert {answer["member"]["balance"]["available"] for answer in answers} == {5}


async def test_a_frozen_member_takes_nothing_up(cafe: RunningApp) -> None:
    member, manager, ids = await cafe.enrol_member(), await cafe.hire("eva", "MANAGER"), await badge_ids(cafe)
    number = await number_of(cafe, member)
    found = await cafe.do(
        "query($n: String!) { findCustomer(contact: $n) { id } }", {"n": number}, token=manager
    )
    frozen = {"member": found["findCustomer"]["id"], "reason": "lost", "idempotencyKey": "f"}
    await cafe.mutate("freezeMember", frozen, "__typename", token=manager)
    refused = await cafe.mutate(
        "acceptChallenge", {"badgeId": ids["march"], "idempotencyKey": "e"}, ACCEPTED, token=member
    )
    assert (refused["__typename"], refused["reason"]) == ("ChallengeNotOpen", "FROZEN")


async def test_a_challenge_that_is_declined_is_offered_no_more_and_may_still_be_taken_up(
    cafe: RunningApp,
) -> None:
    member, ids = await cafe.enrol_member(), await badge_ids(cafe)
    journal = await cafe.count("journal")
    for _ in range(2):
        declined = await cafe.mutate(
            "declineChallenge", {"badgeId": ids["march"]}, "progress { declined acceptable }", token=member
        )
        assert declined == {"progress": {"declined": True, "acceptable": True}}
    assert await cafe.count("journal") == journal, "nothing of the ledger moves"
    query = "{ me { badges { declined badge { code gifts } } } }"
    badges = (await cafe.do(query, token=member))["me"]["badges"]
    assert [each["badge"]["code"] for each in badges if each["declined"]] == ["march"]
    assert {each["badge"]["code"]: each["badge"]["gifts"] for each in badges if each["badge"]["gifts"]} == {
        "card": ["Café"],
        "march": ["Café"],
    }
    mutation = "mutation($i: DeclineChallengeInput!) { declineChallenge(input: $i) { __typename } }"
    assert (await cafe.error(mutation, {"i": {"badgeId": ids["card"]}}, token=member))["code"] == "NOT_FOUND"
    taking_up = {"badgeId": ids["march"], "idempotencyKey": "a"}
    accepted = await cafe.mutate("acceptChallenge", taking_up, "__typename", token=member)
    assert accepted["__typename"] == "ChallengeAccepted"
    badges = (await cafe.do(query, token=member))["me"]["badges"]
    assert not any(each["declined"] for each in badges)
