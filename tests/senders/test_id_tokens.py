"""ID tokens of Firebase Auth with real signatures: what proves a contact, and what proves nothing."""

import base64
import json
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from api.errors import NotAvailable
from api.senders.id_tokens import IdTokenVerifier
from domain.services.errors import SignInRefused
from tests.running_app import Clock
from tests.senders.fcm import KID, PROJECT, FcmStandIn, id_token, serving_fcm

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
PHONE = "+351912345678"


@pytest.fixture(scope="module")
def served() -> Iterator[FcmStandIn]:
    with serving_fcm() as stand_in:
        yield stand_in


@pytest.fixture
def google(served: FcmStandIn) -> FcmStandIn:
    served.certificate_fetches, served.certificates_away, served.certificate_kid = 0, False, KID
    return served


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def checker(google: FcmStandIn, clock: Clock) -> AsyncIterator[IdTokenVerifier]:
    opened = IdTokenVerifier(project=PROJECT, url=google.certificates_url, clock=clock)
    try:
        yield opened
    finally:
        await opened.close()


async def contacts(checker: IdTokenVerifier, **said: Any) -> list[str]:
    return [contact.key for contact in await checker.proven_contacts(id_token(NOW, **said))]


async def refused(checker: IdTokenVerifier, token: str) -> str:
    with pytest.raises(SignInRefused) as refusal:
        await checker.proven_contacts(token)
    return refusal.value.reason


async def test_a_phone_and_a_verified_address_are_proven(checker: IdTokenVerifier) -> None:
    assert await contacts(checker, phone_number=PHONE) == [f"phone:{PHONE}"]
    assert await contacts(checker, email="Ana@Example.com", email_verified=True) == ["email:ana@example.com"]
    both = await contacts(checker, phone_number=PHONE, email="ana@example.com", email_verified=True)
    assert both == [f"phone:{PHONE}", "email:ana@example.com"]


@pytest.mark.parametrize("verified", [False, None, "true", 1])
async def test_an_address_that_is_not_verified_proves_nothing(
    checker: IdTokenVerifier, verified: object
) -> None:
    assert (
        await refused(checker, id_token(NOW, email="ana@example.com", email_verified=verified))
        == "EMAIL_NOT_VERIFIED"
    )
    assert await contacts(checker, phone_number=PHONE, email="ana@example.com", email_verified=verified) == [
        f"phone:{PHONE}"
    ]


@pytest.mark.parametrize(
    "said",
    [
        {"aud": "another-project"},
        {"iss": "https://securetoken.google.com/another-project"},
        {"iss": None},
        {"sub": ""},
        {"sub": None},
        {"exp": None},
        {"iat": None},
        {"auth_time": None},
        {"auth_time": "yesterday"},
        {"iat": NOW + timedelta(minutes=1)},
        {"auth_time": int((NOW + timedelta(minutes=1)).timestamp())},
        {"kid": None},
        {"kid": "another"},
        {"key": "forger"},
        {"algorithm": "HS256"},
        {"algorithm": "none"},
        {"phone_number": "911"},
        {"phone_number": None},
    ],
)
async def test_what_google_did_not_say_for_us_now_is_refused(
    checker: IdTokenVerifier, said: dict[str, Any]
) -> None:
    assert await refused(checker, id_token(NOW, **{"phone_number": PHONE, **said})) == "WRONG_CODE"


async def test_an_expired_token_says_so(checker: IdTokenVerifier, clock: Clock) -> None:
    token = id_token(NOW, phone_number=PHONE)
    clock.advance(minutes=59)
    assert len(await checker.proven_contacts(token)) == 1
    clock.advance(seconds=6)
    assert await refused(checker, token) == "EXPIRED_CODE"


@pytest.mark.parametrize("token", ["", "a", "a.b.c", "x" * 5000, "é.é.é"])
async def test_what_is_no_token_costs_no_request(
    checker: IdTokenVerifier, google: FcmStandIn, token: str
) -> None:
    assert await refused(checker, token) == "WRONG_CODE"
    assert google.certificate_fetches == 0


async def test_a_changed_claim_breaks_the_signature(checker: IdTokenVerifier) -> None:
    head, body, signature = id_token(NOW, phone_number=PHONE).split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    changed = (
        base64.urlsafe_b64encode(json.dumps({**claims, "phone_number": "+48512345678"}).encode())
        .rstrip(b"=")
        .decode()
    )
    assert await refused(checker, f"{head}.{changed}.{signature}") == "WRONG_CODE"


async def test_certificates_are_kept_and_forgeries_fetch_none(
    checker: IdTokenVerifier, google: FcmStandIn, clock: Clock
) -> None:
    for number in range(20):
        await contacts(checker, phone_number=PHONE)
        await refused(checker, id_token(NOW, kid=f"forged-{number}"))
    assert google.certificate_fetches == 1
    clock.advance(minutes=1)
    await refused(checker, id_token(NOW, kid="forged"))
    assert google.certificate_fetches == 2


async def test_without_google_what_was_known_holds_a_day(checker: IdTokenVerifier, clock: Clock) -> None:
    await contacts(checker, phone_number=PHONE)
    checker._url = "http://127.0.0.1:9/"
    clock.advance(hours=23)
    fresh = id_token(clock.now, phone_number=PHONE)
    assert len(await checker.proven_contacts(fresh)) == 1
    clock.advance(hours=1)
    with pytest.raises(NotAvailable):
        await checker.proven_contacts(id_token(clock.now, phone_number=PHONE))


async def test_without_google_forgeries_ask_once_a_minute_too(
    checker: IdTokenVerifier, google: FcmStandIn, clock: Clock
) -> None:
    await contacts(checker, phone_number=PHONE)
    google.certificates_away = True
    clock.advance(minutes=1)
    for number in range(5):
        await refused(checker, id_token(clock.now, kid=f"forged-{number}"))
    assert google.certificate_fetches == 2
    clock.advance(minutes=1)
    assert len(await checker.proven_contacts(id_token(clock.now, phone_number=PHONE))) == 1
    await refused(checker, id_token(clock.now, kid="forged"))
    assert google.certificate_fetches == 3


async def test_a_key_that_google_changes_is_asked_for_before_the_certificates_are_old(
    checker: IdTokenVerifier, google: FcmStandIn, clock: Clock
) -> None:
    await contacts(checker, phone_number=PHONE)
    google.certificate_kid = "of tomorrow"
    clock.advance(minutes=1)
    assert len(await checker.proven_contacts(id_token(clock.now, kid="of tomorrow", phone_number=PHONE))) == 1
    assert await refused(checker, id_token(clock.now, phone_number=PHONE)) == "WRONG_CODE"
    assert google.certificate_fetches == 2
