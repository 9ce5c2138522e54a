"""Enrolment, sign-in, sessions and profile through GraphQL."""

from tests.running_app import PASSWORD, RunningApp

SIGN_IN = (
    "__typename ... on SignedIn { member { name locale balance { pending } } } ... on SignInRefused { message"
    " reason attemptsLeft } ... on Problem { message }"
)


async def test_the_answer_is_the_same_whether_or_not_a_contact_is_known(app: RunningApp) -> None:
    await app.enrol_member()
    known = await app.mutate("requestSignInCode", {"contact": "ana@example.com"}, "challenge expiresAt")
    unknown = await app.mutate("requestSignInCode", {"contact": "nobody@example.com"}, "challenge expiresAt")
    assert known["expiresAt"] == unknown["expiresAt"] == "2026-03-02T10:10:00.000Z"
    assert len(known["challenge"]) == len(unknown["challenge"]) == 22


async def test_a_wrong_code_tells_how_often_it_may_be_tried(app: RunningApp) -> None:
    await app.mutate("requestSignInCode", {"contact": "ana@example.com"}, "expiresAt")
    right = app.code_sender.codes["ana@example.com"]
    wrong = f"{(int(right) + 1) % 10**6:06}"
    result = await app.mutate("signIn", {"contact": "ana@example.com", "code": wrong}, SIGN_IN, language="pl")
    said = "Kod jest nieprawidłowy. Sprawdź go i wpisz ponownie."
    assert result == {
        "__typename": "SignInRefused",
        "message": said,
        "reason": "WRONG_CODE",
        "attemptsLeft": 4,
    }
    result = await app.mutate("signIn", {"contact": "ana@example.com", "code": right}, SIGN_IN, language="en")
    assert result == {
        "__typename": "NotEnrolled",
        "message": (
            "There is no membership for this contact yet. Join first; if you have just joined, sign in on the"
            " device where you did."
        ),
    }


async def test_the_first_sign_in_answers_in_the_members_own_language(app: RunningApp) -> None:
    input = {
        "name": "Zofia",
        "phone": "+48 512 345 678",
        "locale": "pl",
        "termsVersion": "2026-01",
        "idempotencyKey": "k",
    }
    brought = "... on Enrolled { codeSentTo enrolmentToken challenge }"
    sent = await app.mutate("enrol", input, brought, language="en")
    assert sent.pop("codeSentTo") == "+48******678"
    answer = (
        "... on SignedIn { member { name locale wallets { name } pointHistory { edges { node { title } }"
        " } } }"
    )
    code = app.code_sender.codes["+48512345678"]
    result = await app.mutate(
        "signIn", {"contact": "+48512345678", "code": code, **sent}, answer, language="en"
    )
    assert result["member"]["wallets"][0]["name"] == "NumisPunkty"
    assert result["member"]["locale"] == "pl"


async def test_old_terms_are_told_the_current_ones(app: RunningApp) -> None:
    input = {"name": "Ana", "email": "ana@example.com", "termsVersion": "2025-01", "idempotencyKey": "k"}
    result = await app.mutate(
        "enrol", input, "__typename ... on TermsNotAccepted { currentVersion message }", language="en"
    )
    assert result == {
        "__typename": "TermsNotAccepted",
        "currentVersion": "2026-01",
        "message": "Please accept the current terms (version 2026-01).",
    }
    assert app.code_sender.codes == {}


async def test_a_refresh_token_works_once_and_a_theft_ends_the_session(app: RunningApp) -> None:
    await app.enrol_member()
    await app.mutate("requestSignInCode", {"contact": "ana@example.com"}, "expiresAt")
    input = {"contact": "ana@example.com", "code": app.code_sender.codes["ana@example.com"]}
    first = await app.mutate("signIn", input, "... on SignedIn { accessToken refreshToken }")
    answer = "__typename ... on SessionRefreshed { refreshToken accessToken } ... on SignInRefused { reason }"
    second = await app.mutate("refreshSession", {"refreshToken": first["refreshToken"]}, answer)
    app.clock.advance(hours=9)
    assert (await app.mutate("refreshSession", {"refreshToken": first["refreshToken"]}, answer))[
        "refreshToken"
    ] == second["refreshToken"]
    await app.mutate("refreshSession", {"refreshToken": second["refreshToken"]}, answer)
    stolen = await app.mutate("refreshSession", {"refreshToken": first["refreshToken"]}, answer)
    assert stolen == {"__typename": "SignInRefused", "reason": "SESSION_ENDED"}
    assert (await app.error("{ me { id } }", token=second["accessToken"]))["code"] == "UNAUTHENTICATED"


async def test_signing_out_ends_the_session_at_once(app: RunningApp) -> None:
    token = await app.enrol_member()
    assert await app.mutate("signOut", {}, "sessions", token=token) == {"sessions": 1}
    assert (await app.error("{ me { id } }", token=token))["code"] == "UNAUTHENTICATED"


async def test_a_profile_left_out_stays_and_null_clears(app: RunningApp) -> None:
    token = await app.enrol_member(birthday="1990-02-28")
    changed = "member { name birthday locale wallets { name } }"
    result = await app.mutate("updateProfile", {"locale": "en"}, changed, token=token)
    assert result["member"]["wallets"][0]["name"] == "NumisPoints"
    assert (result["member"]["name"], result["member"]["birthday"]) == ("Ana Silva", "1990-02-28")
    result = await app.mutate("updateProfile", {"locale": None}, changed, token=token)
    assert (result["member"]["locale"], result["member"]["birthday"]) == ("pt", "1990-02-28")
    query = "mutation($i: UpdateProfileInput!) { updateProfile(input: $i) { member { id } } }"
    assert await app.error(query, {"i": {"name": ""}}, token=token) == {
        "code": "BAD_INPUT",
        "field": "name",
    }
    assert await app.error(query, {"i": {"birthday": None}}, token=token) == {
        "code": "BAD_INPUT",
        "field": "birthday",
    }
    assert await app.error(query, {"i": {"locale": "fr"}}, token=token) == {
        "code": "BAD_INPUT",
        "field": "locale",
    }


async def test_consents_are_kept_with_their_wording_and_may_earn(app: RunningApp) -> None:
    token = await app.enrol_member()
    input = {"purpose": "marketing", "granted": True, "wordingVersion": 1}
    result = await app.mutate(
        "setConsent", input, "consents { purpose granted at wording source }", token=token
    )
    by = {one["purpose"]: one for one in result["consents"]}
    assert by["marketing"] == {
        "purpose": "marketing",
        "granted": True,
        "at": "2026-03-02T10:00:00.000Z",
        "wording": "Aceito receber novidades e ofertas.",
        "source": "app",
    }
    assert (by["profiling"]["granted"], by["profiling"]["at"]) == (False, None)
    titles = await app.do("{ me { pointHistory { edges { node { title amount } } } } }", token=token)
    assert titles["me"]["pointHistory"]["edges"][0]["node"] == {
        "title": "20 pontos por aceitar novidades",
        "amount": 20,
    }


async def test_a_contact_changes_once_it_is_proven(app: RunningApp) -> None:
    token, _ = await app.enrol_member(), await app.enrol_member("eva@example.com")
    answer = (
        "__typename ... on ContactChanged { member { email } } ... on SignInCodeRequested { expiresAt } ..."
        " on Problem { message }"
    )
    for contact, kind in (("ana@new.example.com", "ContactChanged"), ("eva@example.com", "ContactTaken")):
        requested = await app.mutate("changeContact", {"contact": contact}, answer, token=token)
        assert requested["__typename"] == "SignInCodeRequested"
        input = {"contact": contact, "code": app.code_sender.codes[contact]}
        assert (await app.mutate("changeContact", input, answer, token=token))["__typename"] == kind
    assert (await app.do("{ me { email } }", token=token))["me"]["email"] == "ana@new.example.com"


async def test_staff_sign_in_at_a_store(app: RunningApp) -> None:
    till = await app.hire("rui", "MANAGER")
    employee = (await app.do("{ staff { name role store { code name } } }", token=till))["staff"]
    assert employee == {
        "name": "Rui",
        "role": "MANAGER",
        "store": {"code": "lisboa", "name": "NumisCollect Lisboa"},
    }
    answer = "__typename ... on SignInRefused { reason message }"
    wrong = await app.mutate(
        "staffSignIn", {"username": "rui", "password": "wrong", "store": "lisboa"}, answer, language="en"
    )
    assert wrong["reason"] == "WRONG_PASSWORD"
    query = "mutation($i: StaffSignInInput!) { staffSignIn(input: $i) { __typename } }"
    input = {"username": "rui", "password": PASSWORD, "store": "nowhere"}
    assert await app.error(query, {"i": input}) == {"code": "BAD_INPUT", "field": "store"}


async def test_whoever_has_many_networks_guesses_as_one_and_slows_no_till_that_is_known(
    app: RunningApp,
) -> None:
    await app.hire("rui")
    known_till = {"username": "rui", "password": PASSWORD, "store": "lisboa"}
    device = await app.mutate("staffSignIn", known_till, "... on StaffSignedIn { deviceToken }")
    before = await app.count("sessions")

    async def tried(address: str, password: str, **brought: str) -> str:
        app.client.headers["x-forwarded-for"] = address  # the test's server believes it
        input = {"username": "rui", "password": password, "store": "lisboa", **brought}
        return str(
            (await app.mutate("staffSignIn", input, "__typename ... on SignInRefused { reason }")).get(
                "reason", "IN"
            )
        )

    assert [await tried(f"2001:db8:{n}::1", "wrong") for n in range(5)] == ["WRONG_PASSWORD"] * 5
    assert await tried("2001:db8:1:2:ffff::1", PASSWORD) == "TOO_MANY_ATTEMPTS"
    assert await app.count("sessions") == before
    assert await tried("2001:db8:9::1", PASSWORD, **device) == "IN"
    assert await app.count("sessions") == before + 1


async def test_a_public_programme_speaks_the_readers_language(app: RunningApp) -> None:
    query = (
        "{ programme { name tiers { name } terms { version } consents { title } plans { name price } badges {"
        " code secret } } }"
    )
    names = [
        (await app.do(query, language=language))["programme"]["name"]
        for language in ("pl,en;q=0.5", "en-GB", "de", "", "pt-BR")
    ]
    assert names == [
        "Klub NumisCollect",
        "NumisCollect Club",
        "Clube NumisCollect",
        "Clube NumisCollect",
        "Clube NumisCollect",
    ]
    shown = (await app.do(query))["programme"]["badges"]
    assert [badge["code"] for badge in shown] == ["collector", "regular", "winter-hunt"]
