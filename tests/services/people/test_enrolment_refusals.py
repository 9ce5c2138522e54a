"""An enrolment that is refused names its field, and nothing of it is kept."""

from collections.abc import Mapping
from datetime import date, timedelta

import pytest

from domain.services.errors import (
    InvalidInput,
    TermsNotAccepted,
    TooManyRequests,
)
from domain.services.people.consents import PurposeAnswer
from domain.services.people.enrolment import Application, enrol
from domain.services.people.sign_in import request_code
from tests.identity_harness import (
    NOW,
    IdentityHarness,
    count_documents,
)

ANA = Application(name="Ana Silva", terms_version="2026-01", email="Ana@Example.com")


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": " "}, "name"),
        ({"name": "a" * 101}, "name"),
        ({"name": "Ana\x00"}, "name"),
        ({"name": "Ana\n"}, "name"),
        ({"name": "An\u202ea"}, "name"),
        ({"name": "\u200b\u200b"}, "name"),
        ({"name": "Ana\u200bSilva"}, "name"),
        ({"name": "An\u061ca"}, "name"),
        ({"name": "An\u00ada"}, "name"),
        ({"name": "\u2800\u2800"}, "name"),
        ({"name": "\u3164"}, "name"),
        ({"name": " \u115f\u1160\uffa0\u034f"}, "name"),
        ({"name": "\U0001d159"}, "name"),
        ({"name": "\u17b4\ufe0f\u200d"}, "name"),
        ({"name": "Ana\u3164Silva"}, "name"),
        ({"name": "Ana\ufdd0"}, "name"),
        ({"name": "Ana\U0001ffff"}, "name"),
        ({"name": "Ana\U000e0fff"}, "name"),
        ({"name": "Ana\U000e0041"}, "name"),
        ({"email": None}, "email"),
        ({"phone": "+351912345678"}, "email"),
        ({"email": "ana@"}, "email"),
        ({"email": None, "phone": "912345678"}, "phone"),
        ({"birthday": date(2026, 3, 2)}, "birthday"),
        ({"birthday": date(1895, 12, 31)}, "birthday"),
        ({"locale": "de"}, "locale"),
        ({"locale": ""}, "locale"),
        ({"timezone": "Europe/Nowhere"}, "timezone"),
        ({"timezone": "../../etc/passwd"}, "timezone"),
        ({"timezone": "localtime"}, "timezone"),
        ({"timezone": "Factory"}, "timezone"),
        ({"timezone": "posixrules"}, "timezone"),
        ({"email": None, "phone": "00"}, "phone"),
        ({"email": None, "phone": "00912345678"}, "phone"),
        ({"consents": (PurposeAnswer("spying", True, 1),)}, "consents[0].purpose"),
        (
            {"consents": (PurposeAnswer("profiling", True, 1), PurposeAnswer("marketing", True, 2))},
            "consents[1].wordingVersion",
        ),
        (
            {"consents": (PurposeAnswer("profiling", True, 1), PurposeAnswer("profiling", False, 1))},
            "consents[1].purpose",
        ),
        ({"referral_code": "nobody"}, "referralCode"),
        ({"referral_code": "5724816390"}, "referralCode"),
        ({"referral_code": "x" * 10_000}, "referralCode"),
    ],
)
async def test_each_field_that_cannot_be_is_named_and_nothing_is_kept(
    harness: IdentityHarness, said: Mapping[str, object], field: str
) -> None:
    fields: dict[str, object] = {
        "name": "Ana",
        "terms_version": "2026-01",
        "email": "ana@example.com",
        **said,
    }
    with pytest.raises(InvalidInput) as fault:
        await enrol(harness.identity, Application(**fields), key="k1", now=NOW)  # type: ignore[arg-type]
    assert fault.value.field == field
    assert [await count_documents(harness, name) for name in ("sign_in_codes", "requests", "members")] == [
        0,
        0,
        0,
    ]
    assert harness.code_sender.codes == []


@pytest.mark.parametrize("key", ["", "k" * 129])
async def test_a_key_has_1_to_128_characters(harness: IdentityHarness, key: str) -> None:
    with pytest.raises(InvalidInput) as fault:
        await enrol(harness.identity, ANA, key=key, now=NOW)
    assert fault.value.field == "idempotencyKey"


async def test_other_terms_than_todays_are_refused_with_todays_and_bind_no_key(
    harness: IdentityHarness,
) -> None:
    with pytest.raises(TermsNotAccepted) as fault:
        await enrol(
            harness.identity,
            Application(name="Ana", terms_version="2025-01", email="ana@example.com"),
            key="k1",
            now=NOW,
        )
    assert fault.value.current_version == "2026-01"
    assert await count_documents(harness, "sign_in_codes") == 0
    await enrol(harness.identity, ANA, key="k1", now=NOW)


async def test_a_21st_code_in_an_hour_is_refused_until_the_first_is_an_hour_old(
    harness: IdentityHarness,
) -> None:
    for minute in range(20):
        await enrol(harness.identity, ANA, key=f"k{minute}", now=NOW + timedelta(minutes=minute))
    with pytest.raises(TooManyRequests) as fault:
        await enrol(harness.identity, ANA, key="one more", now=NOW + timedelta(minutes=30))
    assert fault.value.retry_after == 30 * 60
    with pytest.raises(TooManyRequests):
        await request_code(
            harness.identity, contact="ana@example.com", locale="pt", now=NOW + timedelta(minutes=30)
        )
    await request_code(
        harness.identity, contact="ana@example.com", locale="pt", now=NOW + timedelta(minutes=60)
    )
    assert len(harness.code_sender.codes) == 21
