"""Installations of the app over HTTP: how long push reaches one, and that signing out, or a stolen token,
ends it.
"""

from tests.running_app import Json, RunningApp
from tests.senders.push_tokens import name_of, registration_token

CODES = "mutation($i: RequestSignInCodeInput!) { requestSignInCode(input: $i) { expiresAt } }"
DEVICES = "{ me { devices { registeredAt lastSeenAt } } }"


async def phone(app: RunningApp, installation: str, *, named: bool = True, registers: bool = True) -> Json:
    """Sign ana in on an installation, which the sign-in may leave unnamed, and register it for push; return
    her tokens.
    """
    await app.do(CODES, {"i": {"contact": "ana@example.com"}})
    input = {
        "contact": "ana@example.com",
        "code": app.code_sender.codes["ana@example.com"],
        "installationId": installation if named else None,
    }
    signed_in = await app.mutate("signIn", input, "... on SignedIn { accessToken refreshToken }")
    if registers:
        await app.mutate(
            "registerDevice", pushed_at(installation), "device { id }", token=signed_in["accessToken"]
        )
    return signed_in


def pushed_at(installation: str) -> Json:
    """The input with which an installation registers for push."""
    return {
        "installationId": installation,
        "platform": "ANDROID",
        "token": registration_token(f"push-{installation}"),
    }


async def reached(app: RunningApp) -> list[str]:
    """The names of the tokens that push reaches."""
    return sorted(
        [name_of(row["token"]) async for row in app.process.store["devices"].find({"token": {"$gt": ""}})]
    )


async def test_a_phone_is_seen_whenever_its_session_is_refreshed(app: RunningApp) -> None:
    await app.enrol_member()
    signed_in = await phone(app, "phone-1")
    for _ in range(3):
        app.clock.advance(days=25)
        input = {"refreshToken": signed_in["refreshToken"]}
        signed_in = await app.mutate(
            "refreshSession", input, "... on SessionRefreshed { accessToken refreshToken }"
        )
    result = (await app.do(DEVICES, token=signed_in["accessToken"]))["me"]["devices"]
    assert result == [{"registeredAt": "2026-03-02T10:00:00.000Z", "lastSeenAt": "2026-05-16T10:00:00.000Z"}]


async def test_signing_out_on_one_phone_ends_its_push_alone(app: RunningApp) -> None:
    await app.enrol_member()
    first, _ = await phone(app, "phone-1"), await phone(app, "phone-2")
    assert await reached(app) == ["push-phone-1", "push-phone-2"]
    assert await app.mutate("signOut", {}, "sessions", token=first["accessToken"]) == {"sessions": 1}
    assert await reached(app) == ["push-phone-2"]


async def test_a_sign_in_that_named_no_installation_ends_the_push_of_the_one_it_registered(
    app: RunningApp,
) -> None:
    await app.enrol_member()
    signed_in = await phone(app, "phone-1", named=False)
    app.clock.advance(days=25)
    input = {"refreshToken": signed_in["refreshToken"]}
    access = (await app.mutate("refreshSession", input, "... on SessionRefreshed { accessToken }"))[
        "accessToken"
    ]
    assert (await app.do(DEVICES, token=access))["me"]["devices"][0][
        "lastSeenAt"
    ] == "2026-03-27T10:00:00.000Z"
    assert await reached(app) == ["push-phone-1"]
    assert await app.mutate("signOut", {}, "sessions", token=access) == {"sessions": 1}
    assert await reached(app) == []


async def test_whoever_signs_in_again_on_a_phone_takes_it_over_without_registering_it(
    app: RunningApp,
) -> None:
    await app.enrol_member()
    before = await phone(app, "phone-1")
    now = await phone(app, "phone-1", registers=False)
    assert await app.mutate("signOut", {}, "sessions", token=before["accessToken"]) == {"sessions": 1}
    assert await reached(app) == ["push-phone-1"]
    assert await app.mutate("signOut", {}, "sessions", token=now["accessToken"]) == {"sessions": 1}
    assert await reached(app) == []


async def test_a_theft_ends_the_push_of_whatever_its_session_registered(app: RunningApp) -> None:
    await app.enrol_member()
    stolen, _ = await phone(app, "phone-1"), await phone(app, "phone-2")
    for name in ("thief", "phone-1"):
        await app.mutate("registerDevice", pushed_at(name), "device { id }", token=stolen["accessToken"])
    assert await reached(app) == ["push-phone-1", "push-phone-2", "push-thief"]
    input = {"refreshToken": stolen["refreshToken"]}
    renewed = await app.mutate("refreshSession", input, "... on SessionRefreshed { refreshToken }")
    await app.mutate("refreshSession", renewed, "__typename")
    assert (await app.mutate("refreshSession", input, "... on SignInRefused { reason }"))[
        "reason"
    ] == "SESSION_ENDED"
    assert await reached(app) == ["push-phone-2"]


async def test_signing_out_everywhere_ends_the_push_of_all_ones_own_phones(app: RunningApp) -> None:
    ana, rui = await app.enrol_member(), await app.enrol_member("rui@example.com")
    await app.mutate(
        "registerDevice",
        {"installationId": "r", "platform": "IOS", "token": registration_token("push-rui")},
        "device { id }",
        token=rui,
    )
    await phone(app, "phone-1")
    await phone(app, "phone-2")
    assert await app.mutate("signOut", {"everywhere": True}, "sessions", token=ana) == {"sessions": 3}
    assert await reached(app) == ["push-rui"]
