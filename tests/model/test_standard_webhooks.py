"""Signatures are those of Standard Webhooks: its published vector, and its own package in both directions."""

from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from domain.model.intake.signatures import SignedBody, VerifyTerms, is_signed
from domain.model.standard_webhooks import SignatureHeaders, sign, verify
from tests.webhook_secrets import new_secret

VECTOR_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
VECTOR_ID, VECTOR_STAMP, VECTOR_BODY = "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'
VECTOR_SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
THEN = datetime.fromtimestamp(VECTOR_STAMP, UTC)


def test_the_published_vector_holds_within_its_five_minutes() -> None:
    assert sign(VECTOR_SECRET, id=VECTOR_ID, timestamp=VECTOR_STAMP, raw=VECTOR_BODY) == VECTOR_SIGNATURE
    headers = SignatureHeaders(VECTOR_ID, str(VECTOR_STAMP), f"v1,AAAA {VECTOR_SIGNATURE}")
    known = [new_secret(), VECTOR_SECRET]
    for minutes in (-5, 0, 5):
        assert verify(VECTOR_BODY, headers, known, now=THEN + timedelta(minutes=minutes))
    for minutes in (-6, 6):
        assert not verify(VECTOR_BODY, headers, known, now=THEN + timedelta(minutes=minutes))
    assert not verify(VECTOR_BODY + b" ", headers, known, now=THEN)
    assert not verify(VECTOR_BODY, headers, [new_secret(), "no base64!"], now=THEN)


@pytest.mark.parametrize(
    "headers",
    [
        SignatureHeaders(None, str(VECTOR_STAMP), VECTOR_SIGNATURE),
        SignatureHeaders(VECTOR_ID, None, VECTOR_SIGNATURE),
        SignatureHeaders(VECTOR_ID, "\u0661614265330", VECTOR_SIGNATURE),
        SignatureHeaders(VECTOR_ID, str(VECTOR_STAMP), None),
        SignatureHeaders(VECTOR_ID, str(VECTOR_STAMP), "v1,\u00e9\u20ac"),
        SignatureHeaders(VECTOR_ID, str(VECTOR_STAMP), " ".join(["v1,AAAA"] * 10 + [VECTOR_SIGNATURE])),
    ],
)
def test_headers_that_lack_or_hide_a_part_prove_nothing(headers: SignatureHeaders) -> None:
    assert not verify(VECTOR_BODY, headers, [VECTOR_SECRET], now=THEN)


@pytest.mark.parametrize(
    "secret",
    [new_secret(), VECTOR_SECRET, new_secret().rstrip("="), new_secret()[6:]],
    ids=["new", "published", "without padding", "without prefix"],
)
def test_the_standard_package_takes_ours_and_we_take_its(secret: str) -> None:
    now, raw = datetime.now(UTC), '{"city": "\u0141\u00f3d\u017a"}'.encode()
    stamp, theirs = int(now.timestamp()), Webhook(secret)
    ours = sign(secret, id="msg_1", timestamp=stamp, raw=raw)
    headers = {"webhook-id": "msg_1", "webhook-timestamp": str(stamp), "webhook-signature": ours}
    assert theirs.verify(raw, headers) == {"city": "\u0141\u00f3d\u017a"}
    with pytest.raises(WebhookVerificationError):
        Webhook(new_secret()).verify(raw, headers)
    signed = headers | {"webhook-signature": theirs.sign("msg_1", now, raw.decode())}
    assert verify(raw, SignatureHeaders("msg_1", str(stamp), signed["webhook-signature"]), [secret], now=now)
    assert is_signed(SignedBody(raw, signed), VerifyTerms("standard-webhooks"), ["other", secret], now=now)
