"""Codes as the app enters them: what was gained, why nothing was, and what staff and strangers never see."""

from __future__ import annotations

from datetime import timedelta

import pytest

from domain.services.ledger.code_batches import make_codes
from tests.running_app import BEFORE, NUMISCOLLECT, Json, RunningApp

CODES = """codes:
  - {code: ANA10, title: {pt: "Da Ana", en: From Ana, pl: Od Any}}
  - {code: SECRET99, title: Secret, during: {from: "2027-01-01"}}
  - {batch: packs, title: {pt: Embalagem, en: A pack, pl: Opakowanie}, limit: 2}
rules:
  - {code: pack, title: {pt: Embalagem, en: Pack, pl: Paczka}, on: code.entered, when: event.data.batch == "packs", do: [{award: {wallet: points, fixed: 30}}, {voucher: birthday-coin}]}
  - {code: code, title: {pt: Código, en: Code, pl: Kod}, on: code.entered, when: event.data.code != null, limit: {times: 1, per: ever}, do: [{award: {wallet: points, fixed: 20}}]}
"""
ENTERED = """__typename ... on CodeEntered { title entries { wallet amount title } vouchers { title code }
  explanation { rule applied amount reason } member { wallets { code pending arriving { amount at } } } }
  ... on CodeRefused { message reason triesLeft retryAfter } ... on Problem { message }"""


@pytest.fixture
async def club(app: RunningApp) -> RunningApp:
    text = NUMISCOLLECT.read_text(encoding="utf-8").replace("rules:\n", CODES, 1)
    await app.process.programmes.publish(text, now=BEFORE)
    return app


async def made(app: RunningApp, count: int) -> list[str]:
    runtime = app.process.runtime
    making = make_codes(
        runtime, secret=runtime.secret, batch="packs", count=count, actor="cli", now=app.clock()
    )
    return [code async for chunk in making for code in chunk]


async def enter(app: RunningApp, token: str, code: str, key: str | None = None) -> Json:
    return await app.mutate("enterCode", {"code": code, "idempotencyKey": key or code}, ENTERED, token=token)


async def test_a_code_answers_what_was_gained(club: RunningApp) -> None:
    token = await club.enrol_member(locale="en")
    [code] = await made(club, 1)
    answer = await enter(club, token, code.lower())
    voucher = answer["vouchers"][0]
    assert (answer["__typename"], answer["title"]) == ("CodeEntered", "A pack")
    assert answer["entries"] == [{"wallet": "points", "amount": 30, "title": "Pack"}]
    assert (voucher["title"], len(voucher["code"])) == ("Birthday coin", 20)
    assert answer["explanation"][:2] == [
        {"rule": "pack", "applied": True, "amount": 30, "reason": None},
        {"rule": "code", "applied": False, "amount": 0, "reason": "when"},
    ]
    wallet = answer["member"]["wallets"][0]
    assert (wallet["code"], wallet["pending"]) == ("points", 130)
    # What is pending is told with its day, two weeks on.
    assert sum(each["amount"] for each in wallet["arriving"]) == 130
    assert {each["at"][:10] for each in wallet["arriving"]} == {str(club.clock().date() + timedelta(days=14))}
    assert await enter(club, token, code, key=code.lower()) == answer


async def test_a_refused_code_says_why_in_the_members_language(club: RunningApp) -> None:
    token = await club.enrol_member(locale="pl")
    await enter(club, token, "ana10")
    assert await enter(club, token, "ANA10") == {
        "__typename": "CodeRefused",
        "message": "Ten kod był już wpisany. Został zaliczony.",
        "reason": "ENTERED_BEFORE",
        "triesLeft": 10,
        "retryAfter": None,
    }
    unknown = [await enter(club, token, code) for code in ("NOTHING", "SECRET99")]
    assert [(one["reason"], one["triesLeft"]) for one in unknown] == [("UNKNOWN", 9), ("UNKNOWN", 8)]
    assert len({one["message"] for one in unknown}) == 1
    for number in range(8):
        await enter(club, token, f"wrong {number}")
    last = await enter(club, token, "ANA-10", key="last")
    assert (last["reason"], last["triesLeft"], last["retryAfter"]) == ("TOO_MANY_TRIES", 0, 14 * 3600)


async def test_aliases_buy_no_more_tries(club: RunningApp) -> None:
    token = await club.enrol_member()
    tries = " ".join(
        f'a{n}: enterCode(input: {{code: "wrong{n}", idempotencyKey: "k{n}"}}) {{ ... on CodeRefused {{ reason }} }}'
        for n in range(12)
    )
    answers = await club.do(f"mutation {{ {tries} }}", token=token)
    reasons = [answer["reason"] for answer in answers.values()]
    assert reasons == ["UNKNOWN"] * 10 + ["TOO_MANY_TRIES"] * 2


async def test_a_code_given_with_the_enrolment_is_told_by_the_sign_in(club: RunningApp) -> None:
    answer = f"... on SignedIn {{ member {{ name }} enrolmentCode {{ {ENTERED} }} }}"
    answer = answer.replace(" ... on Problem { message }", "")
    told = []
    for email, code in (("a@x.com", "ana-1o"), ("b@x.com", "none"), ("c@x.com", None)):
        input = {
            "name": "Ana",
            "email": email,
            "locale": "en",
            "termsVersion": "2026-01",
            "code": code,
            "idempotencyKey": email,
        }
        applied = await club.mutate("enrol", input, "... on Enrolled { challenge enrolmentToken }")
        signing = {"contact": email, "code": club.code_sender.codes[email], **applied}
        told.append((await club.mutate("signIn", signing, answer))["enrolmentCode"])
    assert (told[0]["title"], [entry["amount"] for entry in told[0]["entries"]]) == ("From Ana", [20])
    assert told[0]["member"]["wallets"][0]["pending"] == 120
    assert (told[1]["reason"], told[1]["message"]) == (
        "UNKNOWN",
        "This code does not count. Check it and type it again.",
    )
    assert told[2] is None


async def test_the_programme_tells_that_there_are_codes_and_none_of_them(club: RunningApp) -> None:
    programme = (await club.do("{ programme { takesCodes earning { code title } } }"))["programme"]
    assert programme["takesCodes"] is True
    whole = await club.do("{ programme { name earning { code title description } rewards { title } } }")
    assert "SECRET99" not in str(whole)


async def test_staff_enter_no_codes_and_see_none(club: RunningApp) -> None:
    token = await club.enrol_member()
    [code] = await made(club, 1)
    await enter(club, token, code)
    manager = await club.hire("rui", "MANAGER")
    refused = await club.error(
        "mutation($i: EnterCodeInput!) { enterCode(input: $i) { __typename } }",
        {"i": {"code": "ANA10", "idempotencyKey": "a"}},
        token=manager,
    )
    assert refused["code"] == "FORBIDDEN"
    trail = "{ auditTrail { actionKind subject amount reason } shiftActions { subject } }"
    assert code not in str(await club.do(trail, token=await club.hire("boss", "OPERATOR")))


async def test_a_code_that_cannot_be_one_is_a_fault_of_its_field(club: RunningApp) -> None:
    token = await club.enrol_member()
    query = "mutation($i: EnterCodeInput!) { enterCode(input: $i) { __typename } }"
    for text in ("", "-", "x" * 101):
        refused = await club.error(query, {"i": {"code": text, "idempotencyKey": "a"}}, token=token)
        assert (refused["code"], refused["field"]) == ("BAD_INPUT", "code")


async def test_a_frozen_member_is_told_of_no_code(club: RunningApp) -> None:
    token = await club.enrol_member()
    manager = await club.hire("rui", "MANAGER")
    number = (await club.do("{ me { number } }", token=token))["me"]["number"]
    freeze = {"member": number, "reason": "doubt", "idempotencyKey": "f"}
    await club.do(
        "mutation($i: FreezeMemberInput!) { freezeMember(input: $i) { __typename } }",
        {"i": freeze},
        token=manager,
    )
    answers = [await enter(club, token, code) for code in ("ANA10", "none")]
    assert [(one["reason"], one["triesLeft"]) for one in answers] == [("FROZEN", 10), ("FROZEN", 10)]


async def test_an_operator_makes_codes_at_the_console_which_are_told_once(club: RunningApp) -> None:
    olga, anna = await club.hire("olga", "OPERATOR", store=None), await club.hire("anna", "ANALYST")
    answer = await club.mutate("makeCodes", {"batch": "packs", "count": 3}, "batch codes", token=olga)
    assert (answer["batch"], len(set(answer["codes"]))) == ("packs", 3)
    uses = (await club.do("{ codeUses { name made entered left } }", token=olga))["codeUses"]
    assert {"name": "packs", "made": 3, "entered": 0, "left": 2} in uses, "the file's limit is two"
    member = await club.enrol_member()
    assert (await enter(club, member, answer["codes"][0]))["__typename"] == "CodeEntered"
    query = "mutation($i: MakeCodesInput!) { makeCodes(input: $i) { codes } }"
    for batch, count, field in (("packs", 0, "count"), ("packs", 1_001, "count"), ("ANA10", 1, "batch")):
        refused = await club.error(query, {"i": {"batch": batch, "count": count}}, token=olga)
        assert (refused["code"], refused["field"]) == ("BAD_INPUT", field)
    for token in (anna, member, await club.hire("sara", "SERVICE"), await club.hire("mario", "MANAGER")):
        refused = await club.error(query, {"i": {"batch": "packs", "count": 1}}, token=token)
        assert refused["code"] == "FORBIDDEN"
    trail = (await club.do("{ auditTrail(first: 5) { actor actionKind subject amount } }", token=olga))[
        "auditTrail"
    ]
    made_acts = [each for each in trail if each["actionKind"] == "CODES_MADE"]
    assert made_acts == [{"actor": "olga", "actionKind": "CODES_MADE", "subject": "packs", "amount": 3}]
