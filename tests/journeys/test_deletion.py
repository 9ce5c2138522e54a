"""A membership deleted by its member, as the app and the store's rules want it: with time to change one's mind."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from domain.services.erasure.rounds import run_round
from domain.services.ledger.turn import turn
from domain.services.messages.delivery_jobs import DeliveryWorker
from domain.services.messages.delivery_rounds import run_round as deliver
from domain.services.senders import Senders
from domain.store.connect import Database
from tests.command_log import CommandLog
from tests.journeys.erased_person import PROGRAMME, dump, expect_whole, found_in, live
from tests.loud_runtime import RecordingMailSender, RecordingPushSender
from tests.running_app import Json, RunningApp, open_running_app

ANA = "ana@example.com"
DELETE = (
    "__typename ... on MembershipDeleted { erasedAt } ... on SignInCodeRequested { challenge approval {"
    " codeSentTo } } ... on SignInRefused { reason } ... on Problem { message }"
)
KEPT = "__typename ... on SignedIn { accessToken }"
SIGN_IN = (
    "__typename ... on SignedIn { accessToken } ... on MembershipBeingDeleted { message erasedAt keepToken"
    " keepTokenExpiresAt }"
)


@pytest.fixture
async def app(database: Database, command_log: CommandLog, tmp_path: Path) -> AsyncIterator[RunningApp]:
    file = tmp_path / "club.yaml"
    file.write_text(PROGRAMME, encoding="utf-8")
    async with open_running_app(database, command_log, tmp_path / "data", programme=file) as running:
        yield running


async def delete(app: RunningApp, token: str, contact: str = ANA) -> Json:
    asked = await app.mutate("deleteMembership", {}, DELETE, token=token)
    assert asked["__typename"] == "SignInCodeRequested"
    proof = {"code": app.code_sender.codes[contact], "challenge": asked["challenge"]}
    return await app.mutate("deleteMembership", proof, DELETE, token=token)


async def sign_in(app: RunningApp, contact: str = ANA, language: str = "en") -> Json:
    sent = await app.mutate("requestSignInCode", {"contact": contact}, "challenge")
    proof = {"contact": contact, "code": app.code_sender.codes[contact], **sent}
    return await app.mutate("signIn", proof, SIGN_IN, language=language)


async def take_turn(app: RunningApp) -> int:
    """Take the turn, as the worker does; return how many members that erased."""
    await turn(app.process.runtime, now=app.clock())
    return (await run_round(app.process.runtime, now=app.clock())).erased_count


async def test_it_takes_a_code_ends_every_session_and_is_undone_on_day_13(app: RunningApp) -> None:
    token = await app.enrol_member()
    other = await app.sign_in_again(ANA)
    asked = await app.mutate("deleteMembership", {}, DELETE, token=token)
    assert asked["approval"] == {"codeSentTo": "a***@example.com"}
    wrong = {"code": "000000", "challenge": asked["challenge"]}
    assert (await app.mutate("deleteMembership", wrong, DELETE, token=token))["reason"] == "WRONG_CODE"
    assert (await app.do("{ me { email } }", token=other))["me"]["email"] == ANA
    deleted = await delete(app, token)
    assert deleted == {"__typename": "MembershipDeleted", "erasedAt": "2026-03-16T10:00:00.000Z"}
    for gone in (token, other):
        assert (await app.error("{ me { id } }", token=gone))["code"] == "UNAUTHENTICATED"
    app.clock.advance(days=13)
    assert await take_turn(app) == 0
    answer = await sign_in(app)
    assert (answer["__typename"], answer["erasedAt"], answer["keepTokenExpiresAt"]) == (
        "MembershipBeingDeleted",
        "2026-03-16T10:00:00.000Z",
        "2026-03-15T10:10:00.000Z",
    )
    assert answer["message"] == (
        "This membership is being deleted, and gone for good on 16 March 2026. You can still keep it."
    )
    kept = await app.mutate("keepMembership", {"keepToken": answer["keepToken"]}, KEPT)
    assert kept["__typename"] == "SignedIn"
    assert (await app.do("{ me { email } }", token=kept["accessToken"]))["me"]["email"] == ANA
    again = await app.mutate("keepMembership", {"keepToken": answer["keepToken"]}, "__typename")
    assert again["__typename"] == "SignInRefused"
    app.clock.advance(days=30)
    assert await take_turn(app) == 0
    assert (await sign_in(app))["__typename"] == "SignedIn"
    audit = app.process.store["audit"].find({"at": {"$gt": app.clock.now.replace(year=2000)}})
    assert [row["action"] async for row in audit][-2:] == ["DELETION_REQUESTED", "DELETION_UNDONE"]


async def test_it_is_final_on_day_14_also_after_downtime_and_the_contact_is_nobodys(app: RunningApp) -> None:
    person = await live(app)
    await delete(app, person.token, "zw-nowy@sokol.example")
    offered = await sign_in(app, "zw-nowy@sokol.example")
    app.clock.advance(days=40)
    late = await app.mutate("keepMembership", {"keepToken": offered["keepToken"]}, "__typename")
    assert late["__typename"] == "SignInRefused"
    assert await take_turn(app) == 1
    assert found_in(await dump(app), person.traces) == []
    await expect_whole(app)
    assert await take_turn(app) == 0
    for contact in ("zw-nowy@sokol.example", "+351912345678"):
        answer = await sign_in(app, contact)
        assert answer["__typename"] == "NotEnrolled"
    anew = await app.enrol_member("zw-nowy@sokol.example", idempotencyKey="anew")
    me = (await app.do("{ me { number pointHistory(first: 5) { edges { node { id } } } } }", token=anew))[
        "me"
    ]
    assert me["number"] != person.number
    assert me["pointHistory"]["edges"] == []
    await expect_whole(app)


async def test_a_push_and_a_mail_that_wait_do_not_go(app: RunningApp) -> None:
    token = await app.enrol_member()
    number = (await app.do("{ me { number } }", token=token))["me"]["number"]
    till = await app.hire("eva")
    bought = {"member": number, "externalId": "A", "currency": "EUR", "total": 1_000, "idempotencyKey": "k"}
    await app.mutate("recordPurchase", bought, "__typename", token=till)
    await delete(app, token)
    customer = "query($n: String!) { findCustomer(contact: $n) { status } }"
    assert (await app.do(customer, {"n": number}, token=till))["findCustomer"]["status"] == "BEING_DELETED"
    push, mail = RecordingPushSender(), RecordingMailSender()
    worker = DeliveryWorker(Senders(push=push, mail=mail))
    while (await deliver(app.process.runtime, worker, now=app.clock())).due_count:
        pass
    assert (push.sent, mail.got) == ([], [])
    kept = (await sign_in(app))["keepToken"]
    back = (await app.mutate("keepMembership", {"keepToken": kept}, KEPT))["accessToken"]
    query = "{ me { messages(first: 5) { edges { node { title } } } } }"
    titles = [edge["node"]["title"] for edge in (await app.do(query, token=back))["me"]["messages"]["edges"]]
    assert "Obrigado" in titles


async def test_an_operator_erases_and_nobody_else(app: RunningApp) -> None:
    token = await app.enrol_member()
    number = (await app.do("{ me { number } }", token=token))["me"]["number"]
    input = {"member": number, "reason": "letter of 3 May"}
    answer = "__typename ... on MemberErased { balances vouchers } ... on NotAllowed { reason }"
    for name, role in (("eva", "CASHIER"), ("maria", "MANAGER")):
        staff = await app.hire(name, role)  # type: ignore[arg-type]
        refused = await app.mutate("eraseMember", input, answer, token=staff)
        assert refused == {"__typename": "NotAllowed", "reason": "ROLE"}
    operator = await app.hire("otto", "OPERATOR")
    erased = await app.mutate("eraseMember", input, answer, token=operator)
    assert erased == {"__typename": "MemberErased", "balances": 0, "vouchers": 0}
    assert (await app.error("{ me { id } }", token=token))["code"] == "UNAUTHENTICATED"
    query = "mutation($i: EraseMemberInput!) { eraseMember(input: $i) { __typename } }"
    assert (await app.error(query, {"i": input}, token=operator))["code"] == "NOT_FOUND"
