"""The member's card: made by an offline phone or by the server, accepted once, then a visit that makes a
second scan unnecessary.
"""

from base64 import urlsafe_b64decode
from datetime import timedelta

import pytest

from domain.model.people import codes
from tests.running_app import Json, RunningApp
from tests.senders.push_tokens import installation_id

SCAN = """__typename ... on CustomerScan { visit visitExpiresAt customer { name number } } ... on VoucherScan { usable
  } ... on Problem { message }"""
PURCHASE: Json = {"externalId": "A", "currency": "EUR", "total": 10_000, "idempotencyKey": "p"}


async def scan(app: RunningApp, till: str, code: str, key: str = "s", **more: str) -> Json:
    return await app.mutate("scan", {"code": code, "idempotencyKey": key, **more}, SCAN, token=till)


async def phone(app: RunningApp, token: str, installation: str = "phone-1") -> tuple[bytes, bytes]:
    """Register a phone; return its eight bytes and its secret, as it keeps them."""
    input = {"installationId": installation, "platform": "IOS"}
    secret = (await app.mutate("registerDevice", input, "cardSecret device { id platform }", token=token))[
        "cardSecret"
    ]
    raw = urlsafe_b64decode(secret + "==")
    return raw[:8], raw[8:]


def card(app: RunningApp, device: tuple[bytes, bytes], *, ago: timedelta = timedelta(0)) -> str:
    return codes.make_card(device[0], secret=device[1], step=codes.step_at(app.clock() - ago))


async def test_a_phones_card_opens_a_visit_that_the_purchase_names(app: RunningApp) -> None:
    token, till = await app.enrol_member(), await app.hire("rui")
    result = await scan(app, till, card(app, await phone(app, token)))
    assert (result["__typename"], result["customer"]["name"]) == ("CustomerScan", "Ana Silva")
    assert result["visitExpiresAt"] == "2026-03-02T10:05:00.000Z"
    bought = await app.mutate(
        "recordPurchase", {"member": result["visit"], **PURCHASE}, "__typename", token=till
    )
    assert bought == {"__typename": "PurchaseRecorded"}


async def test_a_card_is_taken_once_a_step_and_the_same_request_again_is_the_same_visit(
    app: RunningApp,
) -> None:
    token, till, other = await app.enrol_member(), await app.hire("rui"), await app.hire("eva", store="porto")
    code = card(app, await phone(app, token))
    first = await scan(app, till, code)
    app.clock.advance(seconds=90)
    assert await scan(app, till, code) == first
    assert (await scan(app, till, code, key="t"))["__typename"] == "ExpiredCode"
    assert (await scan(app, other, code, key="t"))["__typename"] == "ExpiredCode"
    assert await app.count("card_steps") == 1


async def test_a_card_out_of_its_time_forged_or_of_a_phone_registered_afresh(app: RunningApp) -> None:
    token, till = await app.enrol_member(), await app.hire("rui")
    device = await phone(app, token)
    kinds = [
        (await scan(app, till, code, key=f"k{at}"))["__typename"]
        for at, code in enumerate(
            (
                card(app, device, ago=timedelta(seconds=30)),
                card(app, device, ago=timedelta(seconds=-30)),
                card(app, device, ago=timedelta(seconds=90)),
                card(app, device, ago=timedelta(hours=2)),
                card(app, (device[0], bytes(32))),
                card(app, (bytes(8), device[1])),
            )
        )
    ]
    assert kinds == [
        "CustomerScan",
        "CustomerScan",
        "ExpiredCode",
        "UnknownCode",
        "UnknownCode",
        "UnknownCode",
    ]
    fresh = await phone(app, token)
    app.clock.advance(minutes=1)
    assert (await scan(app, till, card(app, fresh), key="new"))["__typename"] == "CustomerScan"
    app.clock.advance(minutes=1)
    assert (await scan(app, till, card(app, device), key="old"))["__typename"] == "UnknownCode"


async def test_a_scan_queued_without_a_network_counts_for_a_purchase_of_its_time(app: RunningApp) -> None:
    token, till = await app.enrol_member(), await app.hire("rui")
    code = card(app, await phone(app, token))
    app.clock.advance(hours=5)
    at = "2026-03-02T10:00:00.000Z"
    result = await scan(app, till, code, occurredAt=at)
    assert result["visitExpiresAt"] == "2026-03-02T10:05:00.000Z"
    now = await app.mutate(
        "recordPurchase", {"member": result["visit"], **PURCHASE}, "__typename", token=till
    )
    assert now == {"__typename": "ExpiredCode"}
    then = await app.mutate(
        "recordPurchase", {"member": result["visit"], **PURCHASE, "occurredAt": at}, "__typename", token=till
    )
    assert then == {"__typename": "PurchaseRecorded"}
    app.clock.advance(hours=20)
    assert (await scan(app, till, code, key="late", occurredAt=at))["__typename"] == "ExpiredCode"
    query = "mutation($i: ScanInput!) { scan(input: $i) { __typename } }"
    input = {"code": code, "idempotencyKey": "x", "occurredAt": "2026-03-09T10:00:00.000Z"}
    assert await app.error(query, {"i": input}, token=till) == {"code": "BAD_INPUT", "field": "occurredAt"}


async def test_a_member_without_a_phone_shows_a_card_of_the_servers(app: RunningApp) -> None:
    token, till = await app.enrol_member(), await app.hire("rui")
    with app.command_log.counting() as counted:
        shown = (await app.do("{ me { card { code expiresAt qr { mediaType } } } }", token=token))["me"][
            "card"
        ]
    assert counted.names == ["find"]
    assert (len(shown["code"]), shown["expiresAt"], shown["qr"]) == (
        23,
        "2026-03-02T10:01:00.000Z",
        {"mediaType": "image/svg+xml"},
    )
    assert (await scan(app, till, shown["code"]))["__typename"] == "CustomerScan"
    assert (await scan(app, till, shown["code"], key="t"))["__typename"] == "ExpiredCode"


async def test_a_signed_in_phone_is_shown_its_own_card(app: RunningApp) -> None:
    await app.enrol_member()
    await app.mutate("requestSignInCode", {"contact": "ana@example.com"}, "expiresAt")
    input = {
        "contact": "ana@example.com",
        "code": app.code_sender.codes["ana@example.com"],
        "installationId": "phone-1",
    }
    token = (await app.mutate("signIn", input, "... on SignedIn { accessToken }"))["accessToken"]
    device = await phone(app, token)
    shown = (await app.do("{ me { card { code expiresAt } devices { platform } } }", token=token))["me"]
    assert shown == {
        "card": {"code": card(app, device), "expiresAt": "2026-03-02T10:00:30.000Z"},
        "devices": [{"platform": "IOS"}],
    }


async def test_ten_bad_scans_lock_the_till_for_a_minute(app: RunningApp) -> None:
    till = await app.hire("rui")
    unknown = codes.make_voucher(bytes(12))
    for at in range(10):
        assert (await scan(app, till, unknown, key=f"k{at}"))["__typename"] == "UnknownCode"
    query = "mutation($i: ScanInput!) { scan(input: $i) { __typename } }"
    locked = await app.error(query, {"i": {"code": unknown, "idempotencyKey": "k"}}, token=till)
    assert (locked["code"], locked["retryAfter"] <= 60) == ("RATE_LIMITED", True)


@pytest.mark.parametrize(
    "misread",
    ["", " ", "abc", "]Q1", "]Q1abc", "V123", "1" * 23 + "!", "0000000001", "\x02nonsense\x03", "ß" * 23],
)
async def test_what_could_never_be_a_code_is_told_as_that_and_locks_no_till(
    app: RunningApp, misread: str
) -> None:
    till = await app.hire("rui")
    use = {"code": misread, "idempotencyKey": "u"}
    for at in range(11):
        answer = await app.mutate(
            "scan", {"code": misread, "idempotencyKey": f"k{at}"}, SCAN, token=till, language="en"
        )
        assert answer == {
            "__typename": "UnknownCode",
            "message": "This is no code of a member or a voucher. Scan it again, or type it.",
        }
        assert (await app.mutate("useVoucher", use, "__typename", token=till)) == {
            "__typename": "UnknownCode"
        }


@pytest.mark.parametrize(
    "around",
    ["]Q1{}", "]Q3{}\r\n", "\x02{}\x03", "\x02]Q1{}\x03\r", "]Q2\\000026{}", "{}\t", " \u200e{}\u200f\n"],
)
async def test_what_scanners_put_around_a_code_is_dropped(app: RunningApp, around: str) -> None:
    token, till = await app.enrol_member(), await app.hire("rui")
    code = card(app, await phone(app, token))
    assert (await scan(app, till, around.format(code)))["__typename"] == "CustomerScan"
    # The same card: it is taken once, however it is spelled.
    assert (await scan(app, till, code, key="t"))["__typename"] == "ExpiredCode"


async def test_a_device_is_forgotten_by_its_owner_alone(app: RunningApp) -> None:
    token, other = await app.enrol_member(), await app.enrol_member("eva@example.com")
    await phone(app, token)
    id = (await app.do("{ me { devices { id } } }", token=token))["me"]["devices"][0]["id"]
    query = "mutation($i: UnregisterDeviceInput!) { unregisterDevice(input: $i) { deviceId } }"
    assert (await app.error(query, {"i": {"deviceId": id}}, token=other))["code"] == "NOT_FOUND"
    assert await app.count("devices") == 1
    assert (await app.do(query, {"i": {"deviceId": id}}, token=token))["unregisterDevice"]["deviceId"] == id
    assert await app.count("devices") == 0


async def test_a_push_token_that_moves_leaves_the_first_member(app: RunningApp) -> None:
    token, other = await app.enrol_member(), await app.enrol_member("eva@example.com")
    for caller, installation in ((token, "a"), (other, "b")):
        input = {
            "installationId": installation,
            "platform": "ANDROID",
            "token": installation_id("fid-1"),
            "tokenKind": "FID",
        }
        await app.mutate("registerDevice", input, "device { id }", token=caller)
    rows = [row async for row in app.process.store["devices"].find({"_id": {"$gt": ""}})]
    assert sorted("token" in row for row in rows) == [False, True]
