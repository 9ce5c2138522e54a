"""The example sources read the bodies beside them, and each way to sign is told from a forgery."""

import base64
import hashlib
import hmac
from datetime import UTC, datetime
from pathlib import Path

import pytest

from domain.model.intake.signatures import SignedBody, VerifyTerms, is_signed
from domain.model.intake.sources import Source, load_sources
from domain.model.intake.trial import try_body

EXAMPLES = Path(__file__).parents[3] / "scripts" / "demo" / "sources"
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def example(code: str) -> Source:
    sources = load_sources((EXAMPLES / "sources.yaml").read_text(), {})
    return next(source for source in sources if source.code == code)


def body(name: str) -> bytes:
    return (EXAMPLES / "bodies" / name).read_bytes()


@pytest.mark.parametrize(
    ("file", "figures"),
    [
        ("square_payment.json", {
            "becomes": "purchase",
            "externalId": "hYy9pRFV",
            "total": 1999,
            "currency": "EUR",
            "eligible": 1999,
            "unexplained": 0,
            "left": [{"sku": "goods", "quantity": 1, "amount": 1999}],
        }),
        ("square_refund.json", {"becomes": "refund", "order": "hYy9pRFV", "refundId": "hYy9pRFV_1", "amount": 500}),
        ("toast_order.json", {"becomes": "purchase", "externalId": "o-77", "total": 2380, "unexplained": 135, "eligible": 2245}),
        ("odoo_order.json", {"becomes": "purchase", "externalId": "Order 00001-001-0017", "total": 1999}),
        ("kiosk_sale.txt", {"becomes": "purchase", "externalId": "K-9", "total": 750, "occurredAt": "2026-07-01T11:00:00Z"}),
        ("kiosk_review.txt", {"becomes": "event", "name": "reviewed", "id": "R-1", "data": {"stars": 5}}),
    ],
)  # fmt: skip
def test_a_body_comes_to_its_figures(file: str, figures: dict[str, object]) -> None:
    answer = try_body(example(file.partition("_")[0]), body(file), currency="EUR")
    assert {key: answer.get(key) for key in figures} == figures


def mac(content: bytes, *, secret: str = "secret") -> bytes:
    return hmac.new(secret.encode(), content, hashlib.sha256).digest()


@pytest.mark.parametrize(
    ("terms", "signature"),
    [
        (VerifyTerms("hmac-body", "x-signature"), base64.b64encode(mac(b"raw")).decode()),
        (VerifyTerms("hmac-body", "x-signature", "hex"), mac(b"raw").hex()),
        (VerifyTerms("hmac-body", "x-signature", "hex"), f"sha256={mac(b'raw').hex()}"),
        (
            VerifyTerms("hmac-url-body", "x-signature"),
            base64.b64encode(mac(b"https://a.example/raw")).decode(),
        ),
        (VerifyTerms("token", "x-signature"), "Bearer secret"),
    ],
)
def test_each_scheme_takes_its_own_signature_and_no_other(terms: VerifyTerms, signature: str) -> None:
    def taken(raw: bytes, headers: dict[str, str], *secrets: str) -> bool:
        return is_signed(SignedBody(raw, headers, "https://a.example/"), terms, secrets, now=NOW)

    assert taken(b"raw", {"x-signature": signature}, "other", "secret")
    assert not taken(b"raw", {"x-signature": signature}, "other")
    assert not taken(b"raw", {"x-signature": signature})
    assert not taken(b"raw", {}, "secret")
    assert not taken(b"raw", {"x-signature": "é€"}, "secret")
    if terms.scheme != "token":
        assert not taken(b"raw ", {"x-signature": signature}, "secret")


def test_a_field_of_the_body_is_signed_with_it() -> None:
    raw, terms = body("toast_order.json"), example("toast").verify
    signature = base64.b64encode(mac(raw + b"2026-03-01T21:15:00.123Z")).decode()
    assert is_signed(SignedBody(raw, {"toast-signature": signature}), terms, ["secret"], now=NOW)
    assert not is_signed(SignedBody(b"{}", {"toast-signature": signature}), terms, ["secret"], now=NOW)
