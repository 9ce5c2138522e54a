"""A company with Firebase alone: no code is ever sent, and a member joins, shows a card, buys and is told."""

import asyncio
from pathlib import Path

from api.graphql.member.messages import message_id
from domain.model.people import codes
from domain.services.messages.delivery_jobs import DeliveryWorker
from domain.services.messages.delivery_rounds import run_round
from domain.store.connect import Database
from tests.command_log import CommandLog
from tests.graphql.till.test_scanning import phone
from tests.running_app import Json, RunningApp, open_running_app
from tests.senders.fcm import FcmStandIn, id_token, serving_fcm
from tests.senders.push_tokens import name_of, registration_token

PHONE = "+351912345678"
ENROL = (
    "__typename ... on SignedIn { accessToken refreshToken deviceToken member { name phone email } }"
    " ... on SignInRefused { reason message } ... on Problem { message }"
)
SIGN_IN = "__typename ... on SignedIn { accessToken member { name } } ... on NotEnrolled { contactProof }"


def application(token: str, **fields: object) -> Json:
    return {
        "name": "Ana Silva",
        "locale": "pt",
        "termsVersion": "2026-01",
        "idToken": token,
        "idempotencyKey": "join",
        **fields,
    }


async def test_a_member_joins_buys_and_is_told_by_firebase_alone(
    database: Database, command_log: CommandLog, tmp_path: Path
) -> None:
    with serving_fcm() as fcm:
        settings: Json = {
            "firebase_credentials": fcm.account_file(tmp_path),
            "fcm_url": fcm.url,
            "firebase_certificates_url": fcm.certificates_url,
        }
        async with open_running_app(database, command_log, tmp_path, **settings) as app:
            await _joins_and_signs_in(app)
            signed_in = await app.mutate(
                "signInWithFirebase", {"idToken": id_token(app.clock.now, phone_number=PHONE)}, SIGN_IN
            )
            await _buys_and_is_told(app, fcm, signed_in["accessToken"])
            assert app.code_sender.codes == {}


async def _joins_and_signs_in(app: RunningApp) -> None:
    unverified = id_token(app.clock.now, email="ana@example.com", email_verified=False)
    refused = await app.mutate("enrol", application(unverified), ENROL, language="pt")
    assert refused == {
        "__typename": "SignInRefused",
        "reason": "EMAIL_NOT_VERIFIED",
        "message": (
            "Este e-mail ainda não foi confirmado. Abra a ligação no e-mail que recebeu e depois continue."
        ),
    }
    assert await app.count("members") == 0
    token = id_token(app.clock.now, phone_number=PHONE, email="ana@example.com", email_verified=True)
    first = await app.mutate("enrol", application(token), ENROL)
    assert first["member"] == {"name": "Ana Silva", "phone": PHONE, "email": None}
    # The answer was lost, and Firebase's library has made a fresh token meanwhile.
    app.clock.advance(minutes=61)
    fresh = id_token(app.clock.now, phone_number=PHONE)
    again = await app.mutate("enrol", application(fresh), ENROL)
    assert (again["refreshToken"], again["deviceToken"]) == (first["refreshToken"], first["deviceToken"])
    changed = await app.mutate("enrol", application(fresh, name="Eve"), ENROL)
    assert changed["__typename"] == "IdempotencyConflict"
    forged = application(id_token(app.clock.now, phone_number=PHONE, key="forger"))
    assert (await app.mutate("enrol", forged, ENROL))["reason"] == "WRONG_CODE"
    assert (await app.count("members"), await app.count("sessions")) == (1, 1)


async def _buys_and_is_told(app: RunningApp, fcm: FcmStandIn, token: str) -> None:
    till = await app.hire("rui")
    device = {
        "installationId": "phone-2",
        "platform": "ANDROID",
        "token": registration_token("ok-2"),
        "tokenKind": "TOKEN",
    }
    await app.mutate("registerDevice", device, "device { id }", token=token)
    raw, secret = await phone(app, token)
    card = codes.make_card(raw, secret=secret, step=codes.step_at(app.clock()))
    scanned = await app.mutate(
        "scan", {"code": card, "idempotencyKey": "s"}, "... on CustomerScan { visit }", token=till
    )
    line = {"sku": "denario", "category": "silver-coins", "quantity": 1, "amount": 60_000}
    bought = {
        "member": scanned["visit"],
        "externalId": "r1",
        "total": 60_000,
        "currency": "EUR",
        "lines": [line],
        "idempotencyKey": "p1",
    }
    recorded = await app.mutate("recordPurchase", bought, "__typename", token=till)
    assert recorded == {"__typename": "PurchaseRecorded"}
    worker = DeliveryWorker(app.process.senders, public_id=message_id)
    await asyncio.gather(*(run_round(app.process.runtime, worker, now=app.clock()) for _ in range(2)))
    assert {name_of(push.address) for push in fcm.accepted} == {"ok-2"}
    assert fcm.faults == []
