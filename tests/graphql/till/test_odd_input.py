"""Odd texts, numbers and dates over the wire: each is answered by a refusal that names its field, or taken; never
by INTERNAL.
"""

import pytest

from tests.running_app import RunningApp

ODD_TEXTS = [
    "\0",
    "\x1b[31m",
    "\u202eabc",
    "\ufeff",
    "\u2028",
    "\U0010ffff",
    "\U0001ffff",
    "a" * 10_000,
    "",
    " ",
    "\ud800",
]
ODD_INSTANTS = [
    "0000-01-01T00:00:00Z",
    "0001-01-01T00:00:00Z",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59.999Z",
    "9999-12-31T23:59:59-12:00",
    "2026-06-30T23:59:60Z",
    "2026-02-30T00:00:00Z",
    "-2026-01-01T00:00:00Z",
    "2026-01-01",
    "",
    "\0",
]
ODD_NUMBERS = ["-0", "1e400", "-1", "2147483648", "9" * 400, "0.5", "1e3", "-0.0"]


REQUESTS = [
    ("profile", "ana", "updateProfile", "UpdateProfileInput", '"name": ODD, "timezone": ODD, "locale": ODD'),
    (
        "enrol",
        "ana",
        "enrol",
        "EnrolInput",
        '"name": ODD, "email": "b@example.com", "termsVersion": ODD, "idempotencyKey": ODD, "referralCode": ODD',
    ),
    (
        "email",
        "ana",
        "enrol",
        "EnrolInput",
        '"name": "B", "email": ODD, "termsVersion": "2026-01", "idempotencyKey": "k"',
    ),
    (
        "phone",
        "ana",
        "enrol",
        "EnrolInput",
        '"name": "B", "phone": ODD, "termsVersion": "2026-01", "idempotencyKey": "k"',
    ),
    ("code", "ana", "signIn", "SignInInput", '"contact": ODD, "code": ODD'),
    (
        "device",
        "ana",
        "registerDevice",
        "RegisterDeviceInput",
        '"installationId": ODD, "platform": "IOS", "token": ODD',
    ),
    ("scan", "till", "scan", "ScanInput", '"code": ODD, "idempotencyKey": "s"'),
    ("key", "till", "scan", "ScanInput", '"code": "NUMBER", "idempotencyKey": ODD'),
    (
        "receipt",
        "till",
        "recordPurchase",
        "PurchaseInput",
        '"member": "NUMBER", "externalId": ODD, "currency": ODD, "total": 1, "idempotencyKey": "r"',
    ),
    (
        "number",
        "till",
        "recordPurchase",
        "PurchaseInput",
        '"member": "NUMBER", "externalId": ODD, "currency": "EUR", "total": 1, "idempotencyKey": "r"',
    ),
    (
        "member",
        "till",
        "recordPurchase",
        "PurchaseInput",
        '"member": ODD, "externalId": "x", "currency": "EUR", "total": 1, "idempotencyKey": "r"',
    ),
    (
        "line",
        "till",
        "recordPurchase",
        "PurchaseInput",
        '"member": "NUMBER", "externalId": "x", "currency": "EUR", "total": 1, "idempotencyKey": "r2", "lines": [{"sku": ODD, "name": ODD, "category": ODD, "amount": 1}]',
    ),
    (
        "refund",
        "till",
        "refundPurchase",
        "RefundInput",
        '"externalId": ODD, "refundId": ODD, "reason": ODD, "idempotencyKey": "f"',
    ),
    ("staff", "till", "staffSignIn", "StaffSignInInput", '"username": ODD, "password": ODD, "store": ODD'),
]


async def codes_of(app: RunningApp, token: str, name: str, kind: str, fields: str) -> list[str]:
    body = (
        await app.client.post(
            "/graphql",
            content=(
                '{"query": "mutation($i: %s!) { %s(input: $i) { __typename } }", "variables": {"i": {%s}}}'
                % (kind, name, fields)
            ).encode("utf-8", "surrogatepass"),
            headers={"content-type": "application/json", "authorization": f"Bearer {token}"},
        )
    ).json()
    return [error.get("extensions", {}).get("code", "") for error in body.get("errors", [])]


def quoted(text: str) -> str:
    return '"' + "".join("\\u%04x" % ord(one) if ord(one) < 0x10000 else one for one in text) + '"'


@pytest.mark.parametrize("text", ODD_TEXTS, ids=ascii)
async def test_odd_texts(app: RunningApp, text: str) -> None:
    ana, till = await app.enrol_member(), await app.hire("rui", "MANAGER")
    me = (await app.do("{ me { number } }", token=ana))["me"]["number"]
    tokens = {"ana": ana, "till": till}
    found = {
        name: await codes_of(
            app, tokens[who], mutation, kind, fields.replace("NUMBER", me).replace("ODD", quoted(text))
        )
        for name, who, mutation, kind, fields in REQUESTS
    }
    assert {name: codes for name, codes in found.items() if "INTERNAL" in codes} == {}


@pytest.mark.parametrize("number", ODD_NUMBERS)
async def test_odd_numbers(app: RunningApp, number: str) -> None:
    ana, till = await app.enrol_member(), await app.hire("rui", "MANAGER")
    me = (await app.do("{ me { number } }", token=ana))["me"]["number"]
    found = [
        await codes_of(
            app,
            till,
            "recordPurchase",
            "PurchaseInput",
            f'"member": "{me}", "externalId": "x", "currency": "EUR", "total": {number}, "idempotencyKey": "r"',
        ),
        await codes_of(
            app,
            till,
            "recordPurchase",
            "PurchaseInput",
            f'"member": "{me}", "externalId": "y", "currency": "EUR", "total": 5, "idempotencyKey": "q", "lines": [{{"sku": "a", "amount": {number}, "quantity": {number}}}]',
        ),
        await codes_of(
            app,
            till,
            "refundPurchase",
            "RefundInput",
            f'"externalId": "x", "amount": {number}, "reason": "r", "idempotencyKey": "f"',
        ),
    ]
    assert not any("INTERNAL" in codes for codes in found), found


@pytest.mark.parametrize("instant", ODD_INSTANTS, ids=ascii)
async def test_odd_instants(app: RunningApp, instant: str) -> None:
    ana, till = await app.enrol_member(), await app.hire("rui", "MANAGER")
    me = (await app.do("{ me { number } }", token=ana))["me"]["number"]
    odd = quoted(instant)
    found = [
        await codes_of(
            app,
            till,
            "recordPurchase",
            "PurchaseInput",
            f'"member": "{me}", "externalId": "x", "currency": "EUR", "total": 5, "occurredAt": {odd}, "idempotencyKey": "r"',
        ),
        await codes_of(
            app, till, "scan", "ScanInput", f'"code": "{me}", "occurredAt": {odd}, "idempotencyKey": "s"'
        ),
        await codes_of(
            app, ana, "updateProfile", "UpdateProfileInput", f'"birthday": {quoted(instant[:10])}'
        ),
    ]
    assert all(codes and "INTERNAL" not in codes for codes in found[:1]), found
    assert not any("INTERNAL" in codes for codes in found), found
    assert await app.count("receipts") == 0
