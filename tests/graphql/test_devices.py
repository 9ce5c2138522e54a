"""Installations of the app over HTTP: how long one is reached by push, and that signing out, or a theft, ends
it.
"""

from tests.doors import Doors, Json

CODES = "mutation($i: RequestSignInCodeInput!) { requestSignInCode(input: $i) { expiresAt } }"
DEVICES = "{ me { devices { registeredAt lastSeenAt } } }"


async def phone(doors: Doors, installation: str, *, named: bool = True, registers: bool = True) -> Json:
    """Sign ana in on an installation, which the sign-in may leave unnamed, and register it for push; return
    her tokens.
    """
    await doors.do(CODES, {"i": {"contact": "ana@example.com"}})
    given = {
        "contact": "ana@example.com",
        "code": doors.sent.codes["ana@example.com"],
        "installationId": installation if named else None,
    }
    signed_in = await doors.mutate("signIn", given, "... on SignedIn { accessToken refreshToken }")
    if registers:
        await doors.mutate(
            "registerDevice", pushed_at(installation), "device { id }", token=signed_in["accessToken"]
        )
    return signed_in


def pushed_at(installation: str) -> Json:
    """What an installation says when it registers for push."""
    return {"installationId": installation, "platform": "ANDROID", "token": f"push-{installation}"}


async def reached(doors: Doors) -> list[str]:
    """The tokens that push goes to."""
    return sorted([row["token"] async for row in doors.process.store["devices"].find({"token": {"$gt": ""}})])


async def test_a_phone_is_seen_whenever_its_session_is_refreshed(doors: Doors) -> None:
    await doors.member()
    signed_in = await phone(doors, "phone-1")
    for _ in range(3):
        doors.clock.pass_(days=25)
        given = {"refreshToken": signed_in["refreshToken"]}
        signed_in = await doors.mutate(
            "refreshSession", given, "... on SessionRefreshed { accessToken refreshToken }"
        )
    found = (await doors.do(DEVICES, token=signed_in["accessToken"]))["me"]["devices"]
    assert found == [{"registeredAt": "2026-03-02T10:00:00.000Z", "lastSeenAt": "2026-05-16T10:00:00.000Z"}]


async def test_signing_out_on_one_phone_ends_its_push_alone(doors: Doors) -> None:
    await doors.member()
    first, _ = await phone(doors, "phone-1"), await phone(doors, "phone-2")
    assert await reached(doors) == ["push-phone-1", "push-phone-2"]
    assert await doors.mutate("signOut", {}, "sessions", token=first["accessToken"]) == {"sessions": 1}
    assert await reached(doors) == ["push-phone-2"]


async def test_a_sign_in_that_named_no_installation_ends_the_push_of_the_one_it_registered(
    doors: Doors,
) -> None:
    await doors.member()
    signed_in = await phone(doors, "phone-1", named=False)
    doors.clock.pass_(days=25)
    given = {"refreshToken": signed_in["refreshToken"]}
    access = (await doors.mutate("refreshSession", given, "... on SessionRefreshed { accessToken }"))[
        "accessToken"
    ]
    assert (await doors.do(DEVICES, token=access))["me"]["devices"][0][
        "lastSeenAt"
    ] == "2026-03-27T10:00:00.000Z"
    assert await reached(doors) == ["push-phone-1"]
    assert await doors.mutate("signOut", {}, "sessions", token=access) == {"sessions": 1}
    assert await reached(doors) == []


async def test_whoever_signs_in_again_on_a_phone_takes_it_over_without_registering_it(doors: Doors) -> None:
    await doors.member()
    before = await phone(doors, "phone-1")
    now = await phone(doors, "phone-1", registers=False)
    assert await doors.mutate("signOut", {}, "sessions", token=before["accessToken"]) == {"sessions": 1}
    assert await reached(doors) == ["push-phone-1"]
    assert await doors.mutate("signOut", {}, "sessions", token=now["accessToken"]) == {"sessions": 1}
    assert await reached(doors) == []


async def test_a_theft_ends_the_push_of_whatever_its_session_registered(doors: Doors) -> None:
    await doors.member()
    stolen, _ = await phone(doors, "phone-1"), await phone(doors, "phone-2")
    for name in ("thief", "phone-1"):
        await doors.mutate("registerDevice", pushed_at(name), "device { id }", token=stolen["accessToken"])
    assert await reached(doors) == ["push-phone-1", "push-phone-2", "push-thief"]
    given = {"refreshToken": stolen["refreshToken"]}
    await doors.mutate("refreshSession", given, "__typename")
    doors.clock.pass_(minutes=1)
    assert (await doors.mutate("refreshSession", given, "... on SignInRefused { reason }"))[
        "reason"
    ] == "SESSION_ENDED"
    assert await reached(doors) == ["push-phone-2"]


async def test_signing_out_everywhere_ends_the_push_of_all_ones_own_phones(doors: Doors) -> None:
    ana, rui = await doors.member(), await doors.member("rui@example.com")
    await doors.mutate(
        "registerDevice",
        {"installationId": "r", "platform": "IOS", "token": "push-rui"},
        "device { id }",
        token=rui,
    )
    await phone(doors, "phone-1")
    await phone(doors, "phone-2")
    assert await doors.mutate("signOut", {"everywhere": True}, "sessions", token=ana) == {"sessions": 3}
    assert await reached(doors) == ["push-rui"]
