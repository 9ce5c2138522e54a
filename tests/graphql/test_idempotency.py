"""The same key again gives the same answer and changes nothing; another input under it is a conflict and
changes nothing either.
"""

import asyncio

from tests.running_app import Json, RunningApp

MOVING = (
    "members",
    "journal",
    "receipts",
    "requests",
    "outbox",
    "agenda",
    "audit",
    "sessions",
    "sign_in_codes",
)
RECORDED = """__typename ... on PurchaseRecorded { purchase { id total } customer { id wallets { code pending } }
  entries { id amount title balanceAfter }
  explanation { rule applied amount reason } unlocked { reward { code } } earnedBadges { level } tierChange { to } }
  ... on Problem { message }"""
REFUNDED = (
    "__typename ... on PurchaseRefunded { purchase { id refunded } entries { id amount } wallets { code"
    " available pending debt earned expiring { amount on } } }"
)
ADJUSTED = (
    "__typename ... on BalanceAdjusted { entry { id amount title } wallet { available earned } } ... on"
    " Problem { message }"
)
EVENT = (
    "__typename ... on EventRecorded { entries { id amount title } explanation { rule applied amount } } ..."
    " on Problem { message }"
)
CONFLICT = {"__typename": "IdempotencyConflict"}


async def counts(app: RunningApp) -> dict[str, int]:
    return {name: await app.count(name) for name in MOVING}


async def assert_idempotent(
    app: RunningApp, name: str, input: Json, answer: str, token: str | None, *, change: Json
) -> Json:
    """Run a mutation twice and once with another input; return what it answered."""
    first = await app.mutate(name, input, answer, token=token)
    before = await counts(app)
    assert await app.mutate(name, input, answer, token=token) == first
    other = await app.mutate(name, {**input, **change}, "__typename", token=token)
    assert other == CONFLICT
    assert await counts(app) == before
    return first


async def number_of(app: RunningApp, token: str) -> str:
    number: str = (await app.do("{ me { number } }", token=token))["me"]["number"]
    return number


async def test_enrolling_again_sends_no_second_code(app: RunningApp) -> None:
    input = {"name": "Ana", "email": "ana@example.com", "termsVersion": "2026-01", "idempotencyKey": "e1"}
    await assert_idempotent(
        app,
        "enrol",
        input,
        "__typename ... on Enrolled { codeSentTo expiresAt enrolmentToken challenge }",
        None,
        change={"name": "Eva"},
    )
    code = app.code_sender.codes["ana@example.com"]
    await app.mutate("enrol", input, "__typename")
    assert app.code_sender.codes["ana@example.com"] == code


async def test_a_purchase_counts_once(app: RunningApp) -> None:
    token, till = await app.enrol_member(), await app.hire("rui")
    input = {
        "member": await number_of(app, token),
        "externalId": "A",
        "currency": "EUR",
        "total": 30_000,
        "idempotencyKey": "k",
    }
    first = await assert_idempotent(app, "recordPurchase", input, RECORDED, till, change={"total": 1})
    assert [entry["amount"] for entry in first["entries"]] == [300, 200]


async def test_a_refund_counts_once_and_answers_the_wallets_of_then(app: RunningApp) -> None:
    token, till = await app.enrol_member(), await app.hire("rui")
    number = await number_of(app, token)
    for at in ("A", "B"):
        bought = {
            "member": number,
            "externalId": at,
            "currency": "EUR",
            "total": 10_000,
            "idempotencyKey": at,
        }
        await app.mutate("recordPurchase", bought, "__typename", token=till)
    input = {"externalId": "A", "amount": 4_000, "reason": "Danificado", "idempotencyKey": "r"}
    first = await assert_idempotent(app, "refundPurchase", input, REFUNDED, till, change={"amount": 1})
    assert [entry["amount"] for entry in first["entries"]] == [-40]
    await app.mutate(
        "refundPurchase",
        {"externalId": "B", "reason": "Tudo", "idempotencyKey": "s"},
        "__typename",
        token=till,
    )
    later = await app.mutate("refundPurchase", input, REFUNDED, token=till)
    assert (later["wallets"], later["entries"]) == (first["wallets"], first["entries"])


async def test_an_adjustment_counts_once(app: RunningApp) -> None:
    token, boss = await app.enrol_member(), await app.hire("marta", "MANAGER")
    input = {
        "member": await number_of(app, token),
        "wallet": "points",
        "amount": 70,
        "reason": "Compensação",
        "idempotencyKey": "a",
    }
    first = await assert_idempotent(app, "adjustBalance", input, ADJUSTED, boss, change={"amount": 71})
    assert first["entry"]["title"] == "Correção"
    assert first["wallet"] == {"available": 70, "earned": 100}


async def test_an_event_counts_once_by_its_key_and_by_its_identity(app: RunningApp) -> None:
    token, boss = await app.enrol_member(), await app.hire("marta", "MANAGER")
    number = await number_of(app, token)
    input = {
        "member": number,
        "name": "event.attended",
        "data": {"event": "feira"},
        "externalId": "E-1",
        "idempotencyKey": "k",
    }
    first = await assert_idempotent(
        app, "recordEvent", input, EVENT, boss, change={"data": {"event": "leilão"}}
    )
    assert [entry["amount"] for entry in first["entries"]] == [50]
    before = await counts(app)
    assert await app.mutate("recordEvent", {**input, "idempotencyKey": "another"}, EVENT, token=boss) == first
    assert {name: count for name, count in (await counts(app)).items() if name != "requests"} == {
        name: count for name, count in before.items() if name != "requests"
    }


async def test_a_problem_binds_no_key(app: RunningApp) -> None:
    token, boss = await app.enrol_member(), await app.hire("marta", "MANAGER")
    input = {
        "member": await number_of(app, token),
        "wallet": "points",
        "amount": -10,
        "reason": "Engano",
        "idempotencyKey": "a",
    }
    refused = await app.mutate("adjustBalance", input, ADJUSTED, token=boss)
    assert refused == {"__typename": "InsufficientBalance", "message": "Saldo insuficiente: em falta 10."}
    app.clock.advance(days=20)
    assert (await app.mutate("adjustBalance", input, ADJUSTED, token=boss))["__typename"] == "BalanceAdjusted"


async def test_fifty_purchases_at_once_over_http_count_exactly(app: RunningApp) -> None:
    token, till = await app.enrol_member(), await app.hire("rui")
    number = await number_of(app, token)

    def purchase_input(at: int, key: int) -> Json:
        return {
            "member": number,
            "externalId": f"R{at}",
            "currency": "EUR",
            "total": 1_000,
            "idempotencyKey": f"k{key}",
        }

    # 20 receipts, 20 retries of one of them by its key, 10 more of it by other keys
    purchase_inputs = (
        [purchase_input(at, at) for at in range(20)]
        + [purchase_input(0, 0) for _ in range(20)]
        + [purchase_input(0, 100 + at) for at in range(10)]
    )
    answers = await asyncio.gather(
        *(app.mutate("recordPurchase", one, RECORDED, token=till) for one in purchase_inputs)
    )
    assert [one["__typename"] for one in answers] == ["PurchaseRecorded"] * 40 + ["PurchaseClaimed"] * 10
    assert len({one["purchase"]["id"] for one in answers[:20]}) == 20
    assert all(one["entries"] == answers[0]["entries"] for one in answers[20:40])
    assert (await app.do("{ me { balance { pending } } }", token=token))["me"]["balance"][
        "pending"
    ] == 100 + 20 * 10
