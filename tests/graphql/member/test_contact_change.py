"""Over the wire: whoever stole an access token does not get the membership, and a change is undone by its link."""

from tests.running_app import Json, RunningApp

ANA, NEW = "ana@example.com", "new@example.com"
CHANGE = (
    "__typename ... on ContactChanged { member { email phone } } ... on SignInCodeRequested { challenge approval {"
    " challenge codeSentTo } } ... on SignInRefused { reason } ... on Problem { message }"
)
UNDO = "__typename ... on ContactChangeUndone { sessions } ... on LinkExpired { message }"


async def change(app: RunningApp, token: str, **input: object) -> Json:
    return await app.mutate("changeContact", {"contact": NEW, **input}, CHANGE, token=token)


async def test_a_stolen_access_token_changes_no_contact(app: RunningApp) -> None:
    token = await app.enrol_member()
    app.clock.advance(minutes=11)
    requested = await change(app, token)
    assert (requested["__typename"], requested["approval"]["codeSentTo"]) == (
        "SignInCodeRequested",
        "a***@example.com",
    )
    brought = {"challenge": requested["challenge"], "code": app.code_sender.codes[NEW]}
    wrong = {"currentCode": "000000", "currentChallenge": "made up"}
    assert await change(app, token, **brought) == {
        "__typename": "ContactProofNeeded",
        "message": (
            "Escreva também o código enviado para o seu contacto atual, ou inicie sessão de novo e altere-o em"
            " 10 minutos."
        ),
    }
    assert (await change(app, token, **brought, **wrong))["reason"] == "EXPIRED_CODE"
    assert (await app.do("{ me { email } }", token=token))["me"]["email"] == ANA
    approval = {
        "currentChallenge": requested["approval"]["challenge"],
        "currentCode": app.code_sender.codes[ANA],
    }
    assert (await change(app, token, **brought, **approval))["member"] == {"email": NEW, "phone": None}


async def test_a_link_undoes_the_change_without_a_sign_in_and_ends_every_session(app: RunningApp) -> None:
    token = await app.enrol_member()
    requested = await change(app, token)
    assert requested["approval"] is None
    brought = {"challenge": requested["challenge"], "code": app.code_sender.codes[NEW]}
    assert (await change(app, token, **brought))["__typename"] == "ContactChanged"
    ((to, notice),) = app.code_sender.notices
    assert (to.value, notice.changed_contact.value) == (ANA, NEW)
    link = {"token": notice.undo_token}
    assert (await app.mutate("undoContactChange", {"token": "junk"}, UNDO))["__typename"] == "LinkExpired"
    assert await app.mutate("undoContactChange", link, UNDO) == {
        "__typename": "ContactChangeUndone",
        "sessions": 1,
    }
    assert (await app.error("{ me { id } }", token=token))["code"] == "UNAUTHENTICATED"
    assert (await app.mutate("undoContactChange", link, UNDO, language="pt"))["message"].startswith(
        "Esta ligação já foi usada"
    )
    again = await app.sign_in_again(ANA)
    assert (await app.do("{ me { email } }", token=again))["me"]["email"] == ANA


REMOVE = (
    "__typename ... on ContactRemoved { member { email phone } } ... on SignInCodeRequested { challenge approval {"
    " challenge codeSentTo } } ... on SignInRefused { reason }"
)


async def test_a_contact_is_taken_away_with_a_code_and_brought_back_by_the_link(app: RunningApp) -> None:
    token, phone = await app.enrol_member(), "+351912345678"
    requested = await change(app, token, contact=phone)
    brought = {"contact": phone, "challenge": requested["challenge"], "code": app.code_sender.codes[phone]}
    assert (await change(app, token, **brought))["member"] == {"email": ANA, "phone": phone}
    app.clock.advance(minutes=11)
    asked = await app.mutate("removeContact", {"kind": "PHONE"}, REMOVE, token=token)
    assert (asked["__typename"], asked["approval"]["codeSentTo"]) == (
        "SignInCodeRequested",
        "a***@example.com",
    )
    proof = {"kind": "PHONE", "challenge": asked["challenge"], "code": app.code_sender.codes[ANA]}
    wrong = {**proof, "code": "000000" if proof["code"] != "000000" else "111111"}
    refused = await app.mutate("removeContact", wrong, REMOVE, token=token)
    assert refused == {"__typename": "SignInRefused", "reason": "WRONG_CODE"}
    assert (await app.do("{ me { phone } }", token=token))["me"]["phone"] == phone
    removed = await app.mutate("removeContact", proof, REMOVE, token=token)
    assert removed == {"__typename": "ContactRemoved", "member": {"email": ANA, "phone": None}}
    query = "mutation($i: RemoveContactInput!) { removeContact(input: $i) { __typename } }"
    for kind in ("PHONE", "EMAIL"):  # there is none, and the last one stays
        assert await app.error(query, {"i": {"kind": kind}}, token=token) == {
            "code": "BAD_INPUT",
            "field": "kind",
        }
    link = {"token": app.code_sender.notices[-1][1].undo_token}
    assert (await app.mutate("undoContactChange", link, UNDO))["__typename"] == "ContactChangeUndone"
    again = await app.sign_in_again(ANA)
    assert (await app.do("{ me { phone } }", token=again))["me"]["phone"] == phone
