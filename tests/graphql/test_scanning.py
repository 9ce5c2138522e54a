"""The member's card: made by a phone without a network or by the server, taken once, and then a visit that
spares a second scan.
"""

from base64 import urlsafe_b64decode
from datetime import timedelta

from domain.model.people import codes
from tests.doors import Doors, Json

SCAN = """__typename ... on CustomerScan { visit visitExpiresAt customer { name number } } ... on VoucherScan { usable
  } ... on Problem { message }"""
PURCHASE: Json = {"externalId": "A", "currency": "EUR", "total": 10_000, "idempotencyKey": "p"}


async def scan(doors: Doors, till: str, code: str, key: str = "s", **more: str) -> Json:
    return await doors.mutate("scan", {"code": code, "idempotencyKey": key, **more}, SCAN, token=till)


async def phone(doors: Doors, token: str, installation: str = "phone-1") -> tuple[bytes, bytes]:
    """Register a phone; return its eight bytes and its secret, as it keeps them."""
    given = {"installationId": installation, "platform": "IOS"}
    secret = (await doors.mutate("registerDevice", given, "cardSecret device { id platform }", token=token))[
        "cardSecret"
    ]
    raw = urlsafe_b64decode(secret + "==")
    return raw[:8], raw[8:]


def card(doors: Doors, device: tuple[bytes, bytes], *, ago: timedelta = timedelta(0)) -> str:
    return codes.make_card(device[0], secret=device[1], step=codes.step_at(doors.clock() - ago))


async def test_a_phones_card_opens_a_visit_that_the_purchase_names(doors: Doors) -> None:
    token, till = await doors.member(), await doors.hire("rui")
    found = await scan(doors, till, card(doors, await phone(doors, token)))
    assert (found["__typename"], found["customer"]["name"]) == ("CustomerScan", "Ana Silva")
    assert found["visitExpiresAt"] == "2026-03-02T10:05:00.000Z"
    bought = await doors.mutate(
        "recordPurchase", {"member": found["visit"], **PURCHASE}, "__typename", token=till
    )
    assert bought == {"__typename": "PurchaseRecorded"}


async def test_a_card_is_taken_once_a_step_and_the_same_request_again_is_the_same_visit(doors: Doors) -> None:
    token, till, other = await doors.member(), await doors.hire("rui"), await doors.hire("eva", store="porto")
    code = card(doors, await phone(doors, token))
    first = await scan(doors, till, code)
    doors.clock.pass_(seconds=90)
    assert await scan(doors, till, code) == first
    assert (await scan(doors, till, code, key="t"))["__typename"] == "ExpiredCode"
    assert (await scan(doors, other, code, key="t"))["__typename"] == "ExpiredCode"
    assert await doors.count("card_steps") == 1


async def test_a_card_out_of_its_time_forged_or_of_a_phone_registered_afresh(doors: Doors) -> None:
    token, till = await doors.member(), await doors.hire("rui")
    device = await phone(doors, token)
    kinds = [
        (await scan(doors, till, code, key=f"k{at}"))["__typename"]
        for at, code in enumerate(
            (
                card(doors, device, ago=timedelta(seconds=30)),
                card(doors, device, ago=timedelta(seconds=-30)),
                card(doors, device, ago=timedelta(seconds=90)),
                card(doors, device, ago=timedelta(hours=2)),
                card(doors, (device[0], bytes(32))),
                card(doors, (bytes(8), device[1])),
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
    await phone(doors, token)
    assert (await scan(doors, till, card(doors, device), key="old"))["__typename"] == "UnknownCode"


async def test_a_scan_queued_without_a_network_counts_for_a_purchase_of_its_time(doors: Doors) -> None:
    token, till = await doors.member(), await doors.hire("rui")
    code = card(doors, await phone(doors, token))
    doors.clock.pass_(hours=5)
    at = "2026-03-02T10:00:00.000Z"
    found = await scan(doors, till, code, occurredAt=at)
    assert found["visitExpiresAt"] == "2026-03-02T10:05:00.000Z"
    now = await doors.mutate(
        "recordPurchase", {"member": found["visit"], **PURCHASE}, "__typename", token=till
    )
    assert now == {"__typename": "ExpiredCode"}
    then = await doors.mutate(
        "recordPurchase", {"member": found["visit"], **PURCHASE, "occurredAt": at}, "__typename", token=till
    )
    assert then == {"__typename": "PurchaseRecorded"}
    doors.clock.pass_(hours=20)
    assert (await scan(doors, till, code, key="late", occurredAt=at))["__typename"] == "ExpiredCode"
    query = "mutation($i: ScanInput!) { scan(input: $i) { __typename } }"
    given = {"code": code, "idempotencyKey": "x", "occurredAt": "2026-03-09T10:00:00.000Z"}
    assert await doors.error(query, {"i": given}, token=till) == {"code": "BAD_INPUT", "field": "occurredAt"}


async def test_a_member_without_a_phone_shows_a_card_of_the_servers(doors: Doors) -> None:
    token, till = await doors.member(), await doors.hire("rui")
    with doors.wire.counting() as counted:
        shown = (await doors.do("{ me { card { code expiresAt qr { mediaType } } } }", token=token))["me"][
            "card"
        ]
    assert counted.names == ["find"]
    assert (len(shown["code"]), shown["expiresAt"], shown["qr"]) == (
        23,
        "2026-03-02T10:01:00.000Z",
        {"mediaType": "image/svg+xml"},
    )
    assert (await scan(doors, till, shown["code"]))["__typename"] == "CustomerScan"
    assert (await scan(doors, till, shown["code"], key="t"))["__typename"] == "ExpiredCode"


async def test_a_signed_in_phone_is_shown_its_own_card(doors: Doors) -> None:
    await doors.member()
    await doors.mutate("requestSignInCode", {"contact": "ana@example.com"}, "expiresAt")
    given = {
        "contact": "ana@example.com",
        "code": doors.sent.codes["ana@example.com"],
        "installationId": "phone-1",
    }
    token = (await doors.mutate("signIn", given, "... on SignedIn { accessToken }"))["accessToken"]
    device = await phone(doors, token)
    shown = (await doors.do("{ me { card { code expiresAt } devices { platform } } }", token=token))["me"]
    assert shown == {
        "card": {"code": card(doors, device), "expiresAt": "2026-03-02T10:00:30.000Z"},
        "devices": [{"platform": "IOS"}],
    }


async def test_ten_bad_scans_lock_the_till_for_a_minute(doors: Doors) -> None:
    till = await doors.hire("rui")
    for at in range(10):
        assert (await scan(doors, till, "nonsense", key=f"k{at}"))["__typename"] == "UnknownCode"
    query = "mutation($i: ScanInput!) { scan(input: $i) { __typename } }"
    locked = await doors.error(query, {"i": {"code": "nonsense", "idempotencyKey": "k"}}, token=till)
    assert (locked["code"], locked["retryAfter"] <= 60) == ("RATE_LIMITED", True)


async def test_a_device_is_forgotten_by_its_owner_alone(doors: Doors) -> None:
    token, other = await doors.member(), await doors.member("eva@example.com")
    await phone(doors, token)
    id = (await doors.do("{ me { devices { id } } }", token=token))["me"]["devices"][0]["id"]
    query = "mutation($i: UnregisterDeviceInput!) { unregisterDevice(input: $i) { deviceId } }"
    assert (await doors.error(query, {"i": {"deviceId": id}}, token=other))["code"] == "NOT_FOUND"
    assert await doors.count("devices") == 1
    assert (await doors.do(query, {"i": {"deviceId": id}}, token=token))["unregisterDevice"]["deviceId"] == id
    assert await doors.count("devices") == 0


async def test_a_push_token_that_moves_leaves_the_first_member(doors: Doors) -> None:
    token, other = await doors.member(), await doors.member("eva@example.com")
    for caller, installation in ((token, "a"), (other, "b")):
        given = {"installationId": installation, "platform": "ANDROID", "token": "fid-1", "tokenKind": "FID"}
        await doors.mutate("registerDevice", given, "device { id }", token=caller)
    rows = [row async for row in doors.process.store["devices"].find({"_id": {"$gt": ""}})]
    assert sorted("token" in row for row in rows) == [False, True]
