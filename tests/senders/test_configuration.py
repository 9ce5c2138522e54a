"""What the settings open: the configured senders, the sentence that ends a start, and the whole way from a
setting to a stand-in.
"""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from api.senders.configuration import open_senders
from api.senders.mail_headers import has_header_fault
from api.settings import BadSettings, Settings
from domain.services.senders import SENT, DeviceAddress, MailMessage, PushMessage, SmsMessage
from domain.store.connect import Database
from tests.command_log import CommandLog
from tests.running_app import Clock, open_running_app
from tests.senders.fcm import FcmStandIn, id_token, serving_fcm
from tests.senders.mailbox import serving_mail
from tests.senders.recording_endpoint import serving_endpoint

SIGN_IN = (
    "... on SignedIn { accessToken member { name } } ... on SignInRefused { reason } ... on NotEnrolled {"
    " message }"
)
PHONE = "+351912345678"


@pytest.fixture
async def fcm() -> AsyncIterator[FcmStandIn]:
    with serving_fcm() as stand_in:
        yield stand_in


def hook(
    url: str = "https://shop.example/hook",
    secret: object = "the very long secret of this test",
    **rest: object,
) -> str:
    return json.dumps({"shop": {"url": url, "secret": secret, **rest}})


def firebase(fcm: FcmStandIn, folder: Path) -> dict[str, Any]:
    return {
        "firebase_credentials": fcm.account_file(folder),
        "fcm_url": fcm.url,
        "firebase_certificates_url": fcm.certificates_url,
    }


async def test_without_settings_nobody_is_reached() -> None:
    async with open_senders(Settings(), clock=Clock()) as outside:
        senders = outside.senders
        assert (senders.push, senders.mail, senders.sms, senders.webhooks, outside.id_tokens) == (
            None,
            None,
            None,
            None,
            None,
        )


async def test_with_settings_each_reaches_its_outside(fcm: FcmStandIn, tmp_path: Path) -> None:
    clock = Clock()
    async with serving_mail() as mailbox, serving_endpoint() as endpoint:
        settings = Settings(
            **firebase(fcm, tmp_path),
            smtp_host="127.0.0.1",
            smtp_port=mailbox.port,
            smtp_security="none",
            mail_from="club@selo.example.com",
            base_url="https://selo.example.com",
            sms_url=f"{endpoint.url}/200?to={{to}}&text={{text}}",
            sms_countries=["PT"],
        )
        async with open_senders(settings, clock=clock) as outside:
            push, mail, sms = outside.senders.push, outside.senders.mail, outside.senders.sms
            assert push is not None
            assert mail is not None
            assert sms is not None
            pushed = PushMessage(
                "m1",
                DeviceAddress("d1", "FID", "phone-1"),
                "Hi",
                "There",
                "m1",
                expires_at=clock.now + timedelta(days=1),
            )
            assert list(await push.send([pushed], now=clock.now)) == [SENT]
            assert list(
                await mail.send([MailMessage("m1", "ana@example.com", "en", "Hi", "There")], now=clock.now)
            ) == [SENT]
            assert list(await sms.send([SmsMessage("m1", PHONE, "Hi")], now=clock.now)) == [SENT]
        assert (len(fcm.accepted), fcm.faults, len(mailbox.mails), len(endpoint.requests)) == (1, [], 1, 1)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"FIREBASE_AUTH_EMULATOR_HOST": "127.0.0.1:9099"}, "FIREBASE_AUTH_EMULATOR_HOST is set"),
        (
            {"firebase_credentials": Path("/nowhere.json")},
            (
                "SELO_FIREBASE_CREDENTIALS cannot be used: /nowhere.json cannot be read: No such file or"
                " directory."
            ),
        ),
        ({"smtp_host": "mail.example.com"}, "SELO_MAIL_FROM is needed"),
        ({"smtp_host": "mail.example.com", "mail_from": "club@selo.example.com"}, "SELO_BASE_URL is needed"),
        ({"sms_url": "ftp://gateway"}, "SELO_SMS_URL cannot be used"),
        (
            {"sms_url": "https://", "sms_body": "{to}{text}"},
            "SELO_SMS_URL cannot be used: it begins with https:// and a host.",
        ),
        ({"sms_url": "https://gateway/", "sms_body": "{to}"}, "SELO_SMS_BODY cannot be used"),
        ({"sms_url": "https://gateway/?{to}{text}", "sms_headers": "[1]"}, "SELO_SMS_HEADERS cannot be used"),
        ({"webhooks": "shop"}, "SELO_WEBHOOKS cannot be used: it is a JSON object"),
        ({"webhooks": '["shop"]'}, "SELO_WEBHOOKS cannot be used: it is a JSON object"),
        (
            {"webhooks": '{"shop": "https://shop.example/"}'},
            'SELO_WEBHOOKS cannot be used: "shop" is not {"url"',
        ),
        ({"webhooks": hook(secret=7)}, 'SELO_WEBHOOKS cannot be used: "shop" is not {"url"'),
        (
            {"webhooks": hook(url="http://shop.example/hook")},
            'SELO_WEBHOOKS cannot be used: the url of "shop" does not begin with https://',
        ),
        (
            {"webhooks": hook(url="http://127.0.0.1.shop.example/")},
            'SELO_WEBHOOKS cannot be used: the url of "shop"',
        ),
        ({"webhooks": hook(url="https:///hook")}, 'SELO_WEBHOOKS cannot be used: the url of "shop"'),
        (
            {"webhooks": hook(url="https://shop.example:x/")},
            'SELO_WEBHOOKS cannot be used: the url of "shop"',
        ),
        (
            {"webhooks": hook(secret="s" * 31)},
            'SELO_WEBHOOKS cannot be used: the secret of "shop" has fewer than 32',
        ),
        (
            {"webhooks": hook(secret=["s" * 32] * 3)},
            'SELO_WEBHOOKS cannot be used: "shop" has more than 2 secrets',
        ),
        ({"webhooks": hook(secret=[])}, 'SELO_WEBHOOKS cannot be used: "shop" is not {"url"'),
        (
            {"webhooks": hook(secret="whsec_" + "!" * 40)},
            'SELO_WEBHOOKS cannot be used: the secret of "shop" begins with whsec_',
        ),
        (
            {"webhooks": hook(events="member.enrolled")},
            'SELO_WEBHOOKS cannot be used: the events of "shop" are a list',
        ),
        (
            {"webhooks": hook(events=["member.enroled"])},
            'SELO_WEBHOOKS cannot be used: "shop" cannot be told of member.enroled: did you mean member.enrolled?',
        ),
        (
            {"webhooks": hook(events=["schedule"])},
            'SELO_WEBHOOKS cannot be used: "shop" cannot be told of schedule',
        ),
    ],
)
async def test_what_cannot_be_used_ends_the_start_in_a_sentence(
    settings: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(BadSettings) as refusal:
        async with open_senders(Settings(**settings), clock=Clock()):
            pass
    assert str(refusal.value).startswith(sentence)
    assert "\n" not in str(refusal.value)
    assert "shop.example" not in str(refusal.value)


@pytest.mark.parametrize(
    "url",
    [
        "https://10.0.0.7/hook",
        "https://shop.example:8443/hook?a=b",
        "http://localhost:8080/",
        "http://[::1]/",
    ],
)
async def test_a_hook_is_where_the_operator_says_and_its_secret_shows_nowhere(url: str) -> None:
    settings = Settings(webhooks=SecretStr(hook(url=url)))
    assert "secret of this test" not in f"{settings!r} {settings}"
    async with open_senders(settings, clock=Clock()) as outside:
        assert outside.senders.webhooks is not None
        assert outside.senders.webhooks.names == {"shop"}
        assert "secret of this test" not in repr(outside)


async def test_a_python_that_makes_headers_of_texts_does_not_send_to_a_mail_server() -> None:
    """The Python that runs this has the fault or not; the refusal is of the one that has."""
    settings = Settings(
        smtp_host="mail.example.com", mail_from="club@selo.example.com", base_url="https://selo.example.com"
    )
    if has_header_fault():
        with pytest.raises(BadSettings, match=r"CVE-2024-6923.*Use Python"):
            async with open_senders(settings, clock=Clock()):
                pass
    else:
        async with open_senders(settings, clock=Clock()) as outside:
            assert outside.senders.mail is not None


async def test_a_demo_may_have_the_emulator_beside_it() -> None:
    async with open_senders(
        Settings(demo=True, FIREBASE_AUTH_EMULATOR_HOST="127.0.0.1:9099"), clock=Clock()
    ) as outside:
        assert outside.id_tokens is None


async def test_a_firebase_token_becomes_a_session_of_ours(
    database: Database, command_log: CommandLog, fcm: FcmStandIn, tmp_path: Path
) -> None:
    async with open_running_app(database, command_log, tmp_path, **firebase(fcm, tmp_path)) as app:
        input = {"idToken": id_token(app.clock.now, phone_number=PHONE)}
        nobody = await app.mutate("signInWithFirebase", input, SIGN_IN, language="pt")
        assert nobody["message"].startswith("Ainda não há adesão com este contacto. Adira primeiro;")
        joining = {
            "name": "Ana Silva",
            "phone": PHONE,
            "locale": "pt",
            "termsVersion": "2026-01",
            "idempotencyKey": "k",
        }
        applied = await app.mutate("enrol", joining, "... on Enrolled { enrolmentToken }")
        assert await app.mutate("signInWithFirebase", input, SIGN_IN, language="pt") == nobody
        result = await app.mutate("signInWithFirebase", {**input, **applied}, SIGN_IN)
        assert result["member"] == {"name": "Ana Silva"}
        assert await app.do("{ me { name } }", token=result["accessToken"]) == {"me": {"name": "Ana Silva"}}
        forged = {"idToken": id_token(app.clock.now, phone_number=PHONE, key="forger")}
        assert await app.mutate("signInWithFirebase", forged, SIGN_IN) == {"reason": "WRONG_CODE"}


async def test_without_a_project_there_is_no_firebase_sign_in(
    database: Database, command_log: CommandLog, tmp_path: Path
) -> None:
    async with open_running_app(database, command_log, tmp_path) as app:
        query = 'mutation { signInWithFirebase(input: {idToken: "x"}) { __typename } }'
        assert (await app.error(query))["code"] == "NOT_AVAILABLE"
