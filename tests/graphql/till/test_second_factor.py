"""The second factor of operators over HTTP: enrolled with a set-up key, each code once, recovery, slow guesses."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pyotp
import pytest

from domain.model.people.second_factor import setup_secret
from domain.services.errors import SignInRefused
from domain.services.people import staff
from domain.services.people.shifts.staff_sign_in import StaffSignIn
from domain.services.people.shifts.staff_sign_in import sign_in as sign_in_staff
from domain.store.connect import Database
from domain.store.people.sessions import StaffRole
from tests.command_log import CommandLog
from tests.running_app import PASSWORD, Json, RunningApp, open_running_app

ANSWER = (
    "__typename ... on StaffSignedIn { accessToken deviceToken recoveryCodes recoveryCodesLeft staff { role } }"
    " ... on SecondFactorNeeded { message step secret uri qr { mediaType data } }"
    " ... on SignInRefused { message reason retryAfter }"
)
SIGN_IN: Json = {"username": "olga", "password": PASSWORD, "store": "lisboa"}


async def add(app: RunningApp, role: StaffRole = "OPERATOR", username: str = "olga") -> str:
    setup_key = staff.new_setup_key()
    await staff.add(
        app.process.runtime,
        username=username,
        name="Operator",
        role=role,
        store_codes=(),
        password=PASSWORD,
        setup_key=setup_key if role == "OPERATOR" else None,
        now=app.clock(),
    )
    return setup_key


async def sign_in(app: RunningApp, **brought: str) -> Json:
    return await app.mutate("staffSignIn", {**SIGN_IN, **brought}, ANSWER, language="en")


async def reason_of(app: RunningApp, **brought: str) -> str:
    answer = await sign_in(app, **brought)
    reason: str = answer.get("reason") or answer["__typename"]
    return reason


async def enrolled(app: RunningApp) -> tuple[pyotp.TOTP, list[str]]:
    """Add an operator who enrols and signs in; return their app and their recovery codes."""
    setup_key = await add(app)
    totp = pyotp.TOTP((await sign_in(app, setupKey=setup_key))["secret"])
    signed_in = await sign_in(app, setupKey=setup_key, secondFactor=totp.at(app.clock()))
    app.clock.advance(seconds=30)
    return totp, signed_in["recoveryCodes"]


async def test_an_operator_enrols_with_the_set_up_key_and_then_signs_in_with_codes(app: RunningApp) -> None:
    setup_key = await add(app)
    asked = await sign_in(app)
    assert (asked["__typename"], asked["step"], asked["secret"], asked["uri"], asked["qr"]) == (
        "SecondFactorNeeded",
        "SETUP_KEY",
        None,
        None,
        None,
    )
    first, typed_otherwise = (
        await sign_in(app, setupKey=setup_key),
        await sign_in(app, setupKey=f" {setup_key.replace('-', ' ').lower()} "),
    )
    assert first == typed_otherwise
    assert (first["step"], first["qr"]["mediaType"]) == ("ENROL", "image/png")
    assert first["qr"]["data"].startswith("data:image/png;base64,")
    totp = pyotp.parse_uri(first["uri"])
    assert isinstance(totp, pyotp.TOTP)
    assert (totp.secret, totp.name, totp.issuer) == (first["secret"], "olga", "NumisCollect Club")
    code = totp.at(app.clock())
    signed_in = await sign_in(app, setupKey=setup_key, secondFactor=f"{code[:3]} {code[3:]}")
    assert (signed_in["staff"]["role"], signed_in["recoveryCodesLeft"]) == ("OPERATOR", 10)
    assert len(set(signed_in["recoveryCodes"])) == 10
    app.clock.advance(seconds=30)
    assert (await sign_in(app))["step"] == "CODE"
    again = await sign_in(app, secondFactor=totp.at(app.clock()))
    assert (again["__typename"], again["recoveryCodes"], again["recoveryCodesLeft"]) == (
        "StaffSignedIn",
        None,
        10,
    )


async def test_nothing_of_a_factor_is_stored_in_the_clear(app: RunningApp) -> None:
    setup_key = await add(app)
    secret = (await sign_in(app, setupKey=setup_key))["secret"]
    [row] = [row async for row in app.process.store["staff"].find({"username": "olga"})]
    assert row["factor"] is None if "factor" in row else True
    signed_in = await sign_in(app, setupKey=setup_key, secondFactor=pyotp.TOTP(secret).at(app.clock()))
    [row] = [row async for row in app.process.store["staff"].find({"username": "olga"})]
    assert "setup" not in row
    stored = str(row)
    codes = [setup_key, secret, *signed_in["recoveryCodes"]]
    assert not [code for code in codes if code in stored or code.replace("-", "") in stored]
    assert secret.encode() not in row["factor"]["sealed"]


async def test_a_set_up_key_works_once_for_a_week_and_for_its_own_employee(app: RunningApp) -> None:
    setup_key, other = await add(app), await add(app, username="otto")
    assert await reason_of(app, setupKey=other) == "WRONG_SETUP_KEY"
    assert await reason_of(app, setupKey="") == "WRONG_SETUP_KEY"
    secret = (await sign_in(app, setupKey=setup_key))["secret"]
    app.clock.advance(seconds=7 * 24 * 3600 - 1)
    assert await reason_of(app, setupKey=setup_key, secondFactor="000000") == "WRONG_SECOND_FACTOR"
    app.clock.advance(seconds=1)
    code = pyotp.TOTP(secret).at(app.clock())
    assert await reason_of(app, setupKey=setup_key, secondFactor=code) == "WRONG_SETUP_KEY"
    fresh = staff.new_setup_key()
    await staff.reset_second_factor(app.process.runtime, "olga", fresh, now=app.clock())
    app.clock.advance(hours=1)
    new_secret = (await sign_in(app, setupKey=fresh))["secret"]
    assert new_secret != secret
    code = pyotp.TOTP(new_secret).at(app.clock())
    assert (await sign_in(app, setupKey=fresh, secondFactor=code))["__typename"] == "StaffSignedIn"
    app.clock.advance(seconds=30)
    assert (await sign_in(app, setupKey=fresh))["step"] == "CODE"


async def test_a_step_works_once_also_when_many_bring_it_at_once(app: RunningApp) -> None:
    totp, _ = await enrolled(app)
    code = totp.at(app.clock())
    reasons = await asyncio.gather(*(reason_of(app, secondFactor=code) for _ in range(4)))
    assert sorted(reasons) == ["StaffSignedIn", *["WRONG_SECOND_FACTOR"] * 3]
    earlier = totp.at(app.clock() - timedelta(seconds=30))
    assert await reason_of(app, secondFactor=earlier) == "WRONG_SECOND_FACTOR"
    assert (await app.count("sessions")) == 2


async def test_a_phone_half_a_minute_wrong_is_taken_and_a_whole_one_is_not(app: RunningApp) -> None:
    totp, _ = await enrolled(app)
    for wrong_by in (60, -60):
        code = totp.at(app.clock() + timedelta(seconds=wrong_by))
        assert await reason_of(app, secondFactor=code) == "WRONG_SECOND_FACTOR"
    for wrong_by in (-30, 30):
        app.clock.advance(minutes=2)
        code = totp.at(app.clock() + timedelta(seconds=wrong_by))
        assert await reason_of(app, secondFactor=code) == "StaffSignedIn"


async def test_a_recovery_code_works_once_in_place_of_the_app(app: RunningApp) -> None:
    totp, codes = await enrolled(app)
    first = await sign_in(app, secondFactor=codes[0].lower().replace("-", " "))
    assert (first["__typename"], first["recoveryCodesLeft"]) == ("StaffSignedIn", 9)
    assert await reason_of(app, secondFactor=codes[0]) == "WRONG_SECOND_FACTOR"
    results = await asyncio.gather(*(reason_of(app, secondFactor=codes[1]) for _ in range(3)))
    assert sorted(results) == ["StaffSignedIn", *["WRONG_SECOND_FACTOR"] * 2]
    used = await sign_in(app, secondFactor=totp.at(app.clock()))
    assert (used["__typename"], used["recoveryCodesLeft"]) == ("StaffSignedIn", 8)
    trail = "{ auditTrail { actor actionKind subject } }"
    rows = (await app.do(trail, token=used["accessToken"]))["auditTrail"]
    assert {"actor": "olga", "actionKind": "RECOVERY_CODE_USED", "subject": "olga"} in rows
    assert {"actor": "olga", "actionKind": "SECOND_FACTOR_SET", "subject": "olga"} in rows


async def test_a_reset_ends_sessions_codes_and_recovery_codes_at_once(app: RunningApp) -> None:
    totp, codes = await enrolled(app)
    token = (await sign_in(app, secondFactor=totp.at(app.clock())))["accessToken"]
    app.clock.advance(seconds=30)
    await staff.reset_second_factor(
        app.process.runtime, "olga", staff.new_setup_key(), actor="cli:ops", now=app.clock()
    )
    assert (await app.error("{ staff { id } }", token=token))["code"] == "UNAUTHENTICATED"
    for code in (totp.at(app.clock()), codes[3]):
        assert (await sign_in(app, secondFactor=code))["step"] == "SETUP_KEY"


async def test_no_session_outlives_a_reset_that_races_with_its_sign_in(app: RunningApp) -> None:
    totp, codes = await enrolled(app)
    reset = staff.reset_second_factor(app.process.runtime, "olga", staff.new_setup_key(), now=app.clock())
    brought = [totp.at(app.clock()), *codes[:3]]
    await asyncio.gather(*(sign_in(app, secondFactor=code) for code in brought), reset)
    alive = app.process.store["sessions"].find({"subject": {"$gt": ""}, "ended_at": None})
    assert [row async for row in alive if row["subject"].startswith("staff:")] == []


async def test_codes_are_guessed_as_slowly_as_passwords(app: RunningApp) -> None:
    totp, _ = await enrolled(app)
    wrong = f"{(int(totp.at(app.clock())) + 1) % 10**6:06}"
    for _ in range(20):
        assert (await sign_in(app))["step"] == "CODE", "the right password alone is no guess"
    for _ in range(5):
        assert await reason_of(app, secondFactor=wrong) == "WRONG_SECOND_FACTOR"
        assert (await sign_in(app)).get("step") in ("CODE", None)
    slowed = await sign_in(app, secondFactor=totp.at(app.clock()))
    assert (slowed["reason"], slowed["retryAfter"]) == ("TOO_MANY_ATTEMPTS", 2)


async def test_who_has_no_right_password_learns_nothing_of_a_factor(app: RunningApp) -> None:
    totp, _ = await enrolled(app)
    code = totp.at(app.clock())
    assert await reason_of(app, password="wrong password", secondFactor=code) == "WRONG_PASSWORD"
    assert await reason_of(app, password="wrong password") == "WRONG_PASSWORD"
    assert await reason_of(app, username="nobody", secondFactor=code) == "WRONG_PASSWORD"
    assert (await sign_in(app, secondFactor=code))["__typename"] == "StaffSignedIn"


@pytest.mark.parametrize("junk", ["", "x", "123456\x00", "１２３４５６", "9" * 5000, "V" * 16, "{}"])
async def test_junk_for_a_code_or_a_key_is_a_wrong_one(app: RunningApp, junk: str) -> None:
    await add(app)
    assert await reason_of(app, setupKey=junk) == "WRONG_SETUP_KEY"
    await enrolled_as(app, "otto")
    assert await reason_of(app, username="otto", secondFactor=junk) == "WRONG_SECOND_FACTOR"


async def enrolled_as(app: RunningApp, username: str) -> None:
    await app.hire(username, "OPERATOR")
    app.clock.advance(seconds=30)


async def test_a_cashier_and_by_default_a_manager_need_no_second_factor(app: RunningApp) -> None:
    for username, role in (("rui", "CASHIER"), ("mia", "MANAGER")):
        await add(app, role, username)  # type: ignore[arg-type]
        answer = await sign_in(app, username=username)
        assert (answer["__typename"], answer["recoveryCodesLeft"]) == ("StaffSignedIn", None)


@pytest.fixture
async def strict(database: Database, command_log: CommandLog, tmp_path: Path) -> AsyncIterator[RunningApp]:
    async with open_running_app(database, command_log, tmp_path, second_factor_managers=True) as running:
        yield running


async def test_a_manager_needs_one_where_the_server_says_so(strict: RunningApp) -> None:
    await add(strict, "MANAGER", "mia")
    assert (await sign_in(strict, username="mia"))["step"] == "SETUP_KEY"
    assert await reason_of(strict, username="mia", setupKey=staff.new_setup_key()) == "WRONG_SETUP_KEY"
    setup_key = staff.new_setup_key()
    await staff.reset_second_factor(strict.process.runtime, "mia", setup_key, now=strict.clock())
    secret = (await sign_in(strict, username="mia", setupKey=setup_key))["secret"]
    brought = {"username": "mia", "setupKey": setup_key}
    code = pyotp.TOTP(secret).at(strict.clock())
    assert (await sign_in(strict, **brought, secondFactor=code))["__typename"] == "StaffSignedIn"


async def test_an_operator_from_before_second_factors_is_asked_for_a_key(app: RunningApp) -> None:
    await add(app)
    await app.process.store["staff"].update_one({"username": "olga"}, {"$unset": {"setup": "", "factor": ""}})
    assert (await sign_in(app))["step"] == "SETUP_KEY"
    assert setup_secret(b"k" * 32, employee="a", setup_key="k") != setup_secret(
        b"k" * 32, employee="b", setup_key="k"
    )


async def test_a_factor_outlives_another_secret_of_the_server_and_is_then_of_that_one(
    app: RunningApp,
) -> None:
    totp, _ = await enrolled(app)
    runtime, now = app.process.runtime, app.clock()
    second, third = b"2" * 32, b"3" * 32

    async def at_secret(secret: bytes, *before: bytes, step: int) -> None:
        rotated = replace(runtime, secret=secret, secrets_before=before)
        at = now + timedelta(seconds=30 * step)
        await sign_in_staff(rotated, StaffSignIn("olga", PASSWORD, "lisboa", totp.at(at)), now=at)

    await at_secret(second, runtime.secret, step=0)
    await at_secret(third, second, step=1)
    with pytest.raises(SignInRefused):
        await at_secret(second, runtime.secret, step=2)
