"""A code that is given with an enrolment: it counts when the membership begins, and stays with the member."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta

import orjson
import pytest

from domain.model.ledger.decision import CodeRefused
from domain.model.people import sign_in as rules
from domain.model.people.contacts import Contact
from domain.services.code_claims import EnteredCode
from domain.services.errors import InvalidInput
from domain.services.ledger import code_entry
from domain.services.ledger.code_batches import make_codes
from domain.services.ledger.verification import verify
from domain.services.people import enrolment
from domain.services.people.enrolment import Application, enrol
from domain.store import requests
from tests.identity_harness import (
    NOW,
    PROGRAMME,
    IdentityHarness,
    count_documents,
    enrol_and_sign_in,
    stored_member,
)

CODES = """codes:
  - {code: ANA10, title: From Ana, limit: 2}
  - {code: SOON, title: Soon, during: {from: "2026-04-01"}}
  - {batch: packs, title: Pack}
"""
RULES = """rules:
  - {code: code, title: Code, on: code.entered, do: [{award: {wallet: points, fixed: 9}}]}
  - {code: from-ana, title: Ana, on: member.enrolled, when: 'member.code == "ANA10"', do: [{award: {wallet: points, fixed: 1}}]}
"""


async def publish_codes(harness: IdentityHarness) -> None:
    text = PROGRAMME.replace("rules:\n", RULES) + CODES
    await harness.identity.programmes.publish(text, now=NOW)


async def points(harness: IdentityHarness, member: str) -> int:
    return (await stored_member(harness, member)).member.wallets["points"].available


async def made(harness: IdentityHarness) -> str:
    making = make_codes(
        harness.identity, secret=harness.identity.secret, batch="packs", count=1, actor="cli", now=NOW
    )
    [code] = [code async for chunk in making for code in chunk]
    return code


async def test_a_code_counts_when_the_membership_begins(harness: IdentityHarness) -> None:
    await publish_codes(harness)
    signed_in = await enrol_and_sign_in(harness, code="ana-1O")
    assert isinstance(signed_in.code, EnteredCode)
    assert signed_in.code.row.event.data == {"code": "ANA10", "batch": None}
    stored = await stored_member(harness, signed_in.member)
    assert (stored.member.code, set(stored.member.codes)) == ("ANA10", {"ANA10"})
    assert await points(harness, signed_in.member) == 100 + 9 + 1
    assert [str(each) async for each in verify(harness.store)] == []


async def test_a_code_of_a_batch_is_spent_by_the_enrolment(harness: IdentityHarness) -> None:
    await publish_codes(harness)
    code = await made(harness)
    ana = await enrol_and_sign_in(harness, code=code)
    bob = await enrol_and_sign_in(harness, "bob@example.com", code=code)
    assert isinstance(ana.code, EnteredCode)
    assert isinstance(bob.code, CodeRefused)
    assert bob.code.reason == "UNKNOWN"
    assert [(await stored_member(harness, one.member)).member.code for one in (ana, bob)] == ["packs", None]
    assert [await points(harness, one.member) for one in (ana, bob)] == [109, 100]


@pytest.mark.parametrize(
    ("code", "reason"), [("nothing", "UNKNOWN"), ("SOON", "UNKNOWN"), ("ANA10", "USED_UP")]
)
async def test_with_a_code_that_does_not_count_the_membership_begins_all_the_same(
    harness: IdentityHarness, code: str, reason: str
) -> None:
    await publish_codes(harness)
    for name in ("eva", "max"):
        await enrol_and_sign_in(harness, f"{name}@example.com", code="ANA10")
    signed_in = await enrol_and_sign_in(harness, code=code)
    assert isinstance(signed_in.code, CodeRefused)
    assert (signed_in.code.reason, signed_in.enrolled) == (reason, True)
    assert await points(harness, signed_in.member) == 100
    with pytest.raises(CodeRefused) as refused:
        await code_entry.enter_code(
            harness.identity,
            member_id=signed_in.member,
            code="another",
            all_secrets=harness.identity.all_secrets,
            key="a",
            now=NOW,
        )
    assert refused.value.tries_left == 8  # the code of the application was the first of ten


async def test_applying_tells_nobody_which_codes_there_are(harness: IdentityHarness) -> None:
    await publish_codes(harness)
    for number, code in enumerate(("ANA10", "nothing", await made(harness))):
        application = Application(name="A", terms_version="2026-01", email="a@example.com", code=code)
        await enrol(harness.identity, application, key=f"k{number}", now=NOW)
    rows = [row async for row in harness.store["enrolments"].find({"_id": {"$gt": ""}})]
    assert [len(row["code"]) for row in rows] == [1, 1, 1]
    assert "ANA10" not in str(rows)
    application = Application(name="A", terms_version="2026-01", email="a@example.com", code=" ")
    with pytest.raises(InvalidInput) as fault:
        await enrol(harness.identity, application, key="k9", now=NOW)
    assert fault.value.field == "code"
    assert await count_documents(harness, "code_tries") == 0


async def test_an_application_without_a_code_is_stored_and_hashed_as_before_there_were_codes(
    harness: IdentityHarness,
) -> None:
    application = Application(name="A", terms_version="2026-01", email="a@example.com")
    applied = await enrol(harness.identity, application, key="k", now=NOW)
    row = await harness.store["enrolments"].find_one({"_id": rules.token_hash(applied.enrolment_token)})
    assert row is not None
    assert "code" not in row
    fields = {
        name: value for name, value in asdict(application).items() if name not in ("code", "email", "phone")
    }
    assert sorted(fields) == [
        "birthday",
        "consents",
        "locale",
        "name",
        "referral_code",
        "terms_version",
        "timezone",
    ]
    text = orjson.dumps({**fields, "email": None, "phone": None}, option=orjson.OPT_SORT_KEYS).decode()
    contact = Contact("email", "a@example.com")
    expected = requests.request_key(
        scope=requests.contact_scope(rules.contact_hash(harness.identity.secret, contact.key)),
        key="k",
        operation="enrol",
        request_input={"application": rules.input_hash(harness.identity.secret, contact.key, text)},
    )
    stored = await harness.store["requests"].find_one({"_id": expected.id})
    assert stored is not None
    assert stored["asked"] == expected.input_hash


async def test_a_code_is_judged_by_the_programme_and_the_time_of_the_beginning(
    harness: IdentityHarness,
) -> None:
    await publish_codes(harness)
    late = NOW.replace(day=31, hour=22)  # in Lisbon it is 23:00, and an hour later April
    application = Application(name="A", terms_version="2026-01", email="a@example.com", code="soon")
    applied = await enrol(harness.identity, application, key="k", now=late)
    waiting = await enrolment.find_waiting(
        harness.identity,
        applied.enrolment_token,
        proven=[Contact("email", "a@example.com")],
        now=late + timedelta(hours=2),
    )
    assert waiting is not None
    came = await enrolment.begin_membership(
        harness.identity, waiting, extra_writes=[], member="m1", now=late + timedelta(hours=2)
    )
    assert isinstance(came, EnteredCode)
