"""What a stranger who knows somebody's contact can do with it over the wire: begin no membership in their name,
and shut nobody out.
"""

from tests.running_app import Json, RunningApp

ANA = "ana@example.com"
SIGN_IN = (
    "__typename ... on SignedIn { accessToken deviceToken member { name consents { purpose granted } } }"
    " ... on SignInRefused { reason attemptsLeft }"
)
APPLIED = "... on Enrolled { challenge enrolmentToken }"


def application(name: str, **fields: object) -> Json:
    return {
        "name": name,
        "email": ANA,
        "termsVersion": "2026-01",
        "idempotencyKey": f"key of {name}",
        **fields,
    }


async def request_code(app: RunningApp, **device: str) -> Json:
    """Ask for a code for Ana; return what signing in with it takes."""
    answer = await app.mutate("requestSignInCode", {"contact": ANA, **device}, "challenge")
    return {"contact": ANA, "code": app.code_sender.codes[ANA], **answer, **device}


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06}"


async def test_nobody_consents_in_somebody_elses_name(app: RunningApp) -> None:
    friend = (await app.do("{ me { number } }", token=await app.enrol_member("eve@example.com")))["me"][
        "number"
    ]
    consent = {"purpose": "marketing", "granted": True, "wordingVersion": 1}
    forged = application("Not Ana", consents=[consent], referralCode=friend)
    await app.mutate("enrol", forged, APPLIED)
    # Ana signs in: the stranger's application begins nothing.
    refused = await app.mutate("signIn", await request_code(app), SIGN_IN)
    assert refused == {"__typename": "NotEnrolled"}
    # Ana joins, and the stranger applies once more meanwhile.
    mine = await app.mutate("enrol", application("Ana Silva"), APPLIED)
    code = app.code_sender.codes[ANA]
    await app.mutate("enrol", {**forged, "idempotencyKey": "another"}, APPLIED)
    signed_in = await app.mutate("signIn", {"contact": ANA, "code": code, **mine}, SIGN_IN)
    assert signed_in["member"]["name"] == "Ana Silva"
    assert [each["granted"] for each in signed_in["member"]["consents"]] == [False, False]
    invited = await app.do(
        "{ me { referral { invited } } }", token=await app.sign_in_again("eve@example.com")
    )
    assert invited["me"]["referral"]["invited"] == 0
    # Whoever retries the application is told the same, and nobody else can make it up.
    assert await app.mutate("enrol", application("Ana Silva"), APPLIED) == mine


async def test_nobody_is_shut_out_by_a_stranger(app: RunningApp) -> None:
    mine = await app.mutate("enrol", application("Ana Silva"), APPLIED)
    first = {"contact": ANA, "code": app.code_sender.codes[ANA], **mine}
    device = {"deviceToken": (await app.mutate("signIn", first, SIGN_IN))["deviceToken"]}
    query = "mutation($i: RequestSignInCodeInput!) { requestSignInCode(input: $i) { challenge } }"
    tries = 0
    while "errors" not in (await app.ask(query, {"i": {"contact": ANA}})):
        guess = {"contact": ANA, "code": wrong(app.code_sender.codes[ANA])}
        while (await app.mutate("signIn", guess, SIGN_IN))["reason"] == "WRONG_CODE":
            tries += 1
    assert tries == 19  # Ana's own was the first of twenty
    assert (await app.error(query, {"i": {"contact": ANA, "deviceToken": "made up"}}))[
        "code"
    ] == "RATE_LIMITED"
    own = await request_code(app, **device)
    guess = {"contact": ANA, "code": wrong(own["code"])}
    assert (await app.mutate("signIn", guess, SIGN_IN))["reason"] in ("EXPIRED_CODE", "TOO_MANY_ATTEMPTS")
    spaced = {**own, "code": f" {own['code'][:3]} - {own['code'][3:]} "}
    signed_in = await app.mutate("signIn", spaced, SIGN_IN)
    assert (signed_in["member"]["name"], signed_in["deviceToken"]) == ("Ana Silva", device["deviceToken"])


async def test_what_cannot_be_a_code_costs_no_try(app: RunningApp) -> None:
    await app.enrol_member()
    asked = await request_code(app)
    for junk in ("", "abc", "12345", "1234567", "\u0661\u0662\u0663\u0664\u0665\u0666"):
        refused = await app.mutate("signIn", {**asked, "code": junk}, SIGN_IN)
        assert refused == {"__typename": "SignInRefused", "reason": "WRONG_CODE", "attemptsLeft": 5}
    assert (await app.mutate("signIn", asked, SIGN_IN))["__typename"] == "SignedIn"
