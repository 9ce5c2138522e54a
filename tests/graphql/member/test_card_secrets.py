"""Card secrets of a phone: one whose answer was lost on its way takes nothing from the phone, and the same call
again gets the same one.
"""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode

import pytest

from tests.running_app import Json, RunningApp
from tests.senders.push_tokens import installation_id, registration_token

PHONE: Json = {"installationId": "phone-1", "platform": "ANDROID"}
DAY = 24 * 3600


async def registered(app: RunningApp, caller: str, **more: str) -> str:
    secret: str = (await app.mutate("registerDevice", {**PHONE, **more}, "cardSecret", token=caller))[
        "cardSecret"
    ]
    return secret


class Till:
    """A till that scans codes, each with a key of its own."""

    def __init__(self, app: RunningApp, token: str) -> None:
        self.app, self.token, self.scans = app, token, 0

    async def scans_code_of(self, secret: str) -> str:
        """Let half a minute pass, and scan the code that a phone makes of a secret."""
        self.app.clock.advance(seconds=30)
        raw = urlsafe_b64decode(secret + "=" * (-len(secret) % 4))
        step = int(self.app.clock().timestamp()) // 30
        mac = hmac.digest(raw[8:], b"selo.card.1" + raw[:8] + step.to_bytes(8, "big"), "sha256")[:8]
        return await self.scans_text("1" + urlsafe_b64encode(raw[:8] + mac).decode().rstrip("="))

    async def scans_text(self, code: str) -> str:
        self.scans += 1
        input = {"code": code, "idempotencyKey": f"scan-{self.scans}"}
        return str((await self.app.mutate("scan", input, "__typename", token=self.token))["__typename"])


@pytest.fixture
async def till(app: RunningApp) -> Till:
    return Till(app, await app.hire("rui"))


async def test_however_many_answers_are_lost_the_phones_secret_counts_until_a_newer_one_is_scanned(
    app: RunningApp, till: Till
) -> None:
    ana = await app.enrol_member()
    first = await registered(app, ana)
    lost = [await registered(app, ana) for _ in range(3)]
    newest = await registered(app, ana)
    assert len({first, *lost, newest}) == 5
    assert [await till.scans_code_of(secret) for secret in (first, lost[1], newest)] == ["CustomerScan"] * 3
    assert [await till.scans_code_of(secret) for secret in (first, *lost)] == ["UnknownCode"] * 4
    assert await till.scans_code_of(newest) == "CustomerScan"


async def test_a_secret_that_was_replaced_ends_after_a_day_whatever_was_scanned(
    app: RunningApp, till: Till
) -> None:
    ana = await app.enrol_member()
    old = await registered(app, ana)
    new = await registered(app, ana)
    app.clock.advance(seconds=DAY - 60)
    assert await till.scans_code_of(old) == "CustomerScan"
    app.clock.advance(seconds=60)
    assert [await till.scans_code_of(secret) for secret in (old, new)] == ["UnknownCode", "CustomerScan"]


async def test_a_code_of_the_server_ends_no_secret_of_the_phone(app: RunningApp, till: Till) -> None:
    ana = await app.enrol_member()
    await app.mutate("requestSignInCode", {"contact": "ana@example.com"}, "challenge")
    ana = await app.sign_in("ana@example.com", installationId="phone-1")
    old = await registered(app, ana)
    await registered(app, ana)
    app.clock.advance(seconds=30)
    code = (await app.do("{ me { card { code } } }", token=ana))["me"]["card"]["code"]
    assert await till.scans_text(code) == "CustomerScan"
    assert await till.scans_code_of(old) == "CustomerScan"


async def test_a_phone_that_registered_by_the_version_before_keeps_its_secret_too(
    app: RunningApp, till: Till
) -> None:
    ana = await app.enrol_member()
    await registered(app, ana)
    await app.process.store["devices"].update_many({"_id": {"$gt": ""}}, {"$unset": {"secrets": ""}})
    row = await app.process.store["devices"].find_one({"_id": {"$gt": ""}})
    assert row is not None
    # As that version derived it: from the eight bytes alone.
    device = bytes.fromhex(row["card"])
    key = app.process.keys.all_derived("cards")[0]
    raw = device + hmac.digest(key, b"selo.card-secret.1" + device, "sha256")
    before = urlsafe_b64encode(raw).decode().rstrip("=")
    assert await till.scans_code_of(before) == "CustomerScan"
    new = await registered(app, ana)
    assert [await till.scans_code_of(secret) for secret in (before, new, before)] == [
        "CustomerScan",
        "CustomerScan",
        "UnknownCode",
    ]


async def test_the_same_call_again_by_its_key_answers_the_same_secret_and_writes_nothing(
    app: RunningApp,
) -> None:
    ana = await app.enrol_member()
    first = await registered(app, ana, idempotencyKey="k1")
    app.clock.advance(hours=1)
    assert await registered(app, ana, idempotencyKey="k1") == first
    assert await registered(app, ana, idempotencyKey="k2") != first
    assert await registered(app, ana, idempotencyKey="k1") == first
    (row,) = [row async for row in app.process.store["devices"].find({"_id": {"$gt": ""}})]
    assert len(row["secrets"]) == 2
    app.clock.advance(hours=25)
    query = "mutation($i: RegisterDeviceInput!) { registerDevice(input: $i) { cardSecret } }"
    for input in ({**PHONE, "idempotencyKey": "k1"}, {**PHONE, "platform": "IOS", "idempotencyKey": "k2"}):
        assert await app.error(query, {"i": input}, token=ana) == {
            "code": "BAD_INPUT",
            "field": "idempotencyKey",
        }


@pytest.mark.parametrize(
    ("token", "kind", "field"),
    [
        ("ab" * 32, None, "token"),  # what Apple gives
        ("ab" * 80, "TOKEN", "token"),
        ("ExponentPushToken[xxxxxxxxxxxxxxxxxxxxxx]", None, "token"),
        ("0b1c2d3e-1111-2222-3333-444455556666", "TOKEN", "token"),
        ("https://fcm.googleapis.com/fcm/send/" + "a" * 100, None, "token"),
        ("short", "TOKEN", "token"),
        ("{}", "SUBSCRIPTION", "token"),
        ("[{}]", "SUBSCRIPTION", "token"),
        ('{"endpoint": "https://fcm.googleapis.com/x", "keys": {"p256dh": 1}}', "SUBSCRIPTION", "token"),
        ("{" + "[" * 3000, "SUBSCRIPTION", "token"),
        ("", "FID", "token"),
        ("a" * 4097, "TOKEN", "token"),
        (registration_token("ok"), "FID", "tokenKind"),
        (installation_id("ok"), "TOKEN", "tokenKind"),
    ],
)
async def test_what_cannot_be_a_push_token_is_refused_and_nothing_is_registered(
    app: RunningApp, token: str, kind: str | None, field: str
) -> None:
    ana = await app.enrol_member()
    query = "mutation($i: RegisterDeviceInput!) { registerDevice(input: $i) { cardSecret } }"
    input = {**PHONE, "token": token, **({"tokenKind": kind} if kind else {})}
    assert await app.error(query, {"i": input}, token=ana) == {"code": "BAD_INPUT", "field": field}
    assert await app.count("devices") == 0


async def test_a_token_whose_kind_is_not_said_is_what_it_looks_like(app: RunningApp) -> None:
    ana = await app.enrol_member()
    kinds = []
    for token in (registration_token("ok"), installation_id("ok")):
        await registered(app, ana, token=token)
        (row,) = [row async for row in app.process.store["devices"].find({"_id": {"$gt": ""}})]
        kinds.append(row["token_kind"])
    assert kinds == ["TOKEN", "FID"]
