"""A lost contact, over the wire: service replaces it with four eyes, and it stops at once, its links too."""

from tests.running_app import Json, RunningApp

ANA, NEW = "ana@example.com", "new@example.com"
PROPOSE = (
    "__typename ... on ContactProposed { proposal expiresAt } ... on SignInCodeRequested { challenge }"
    " ... on SignInRefused { refusal: reason } ... on NotAllowed { reason }"
)
APPROVE = (
    "__typename ... on ContactApproved { customer { number } } ... on NotAllowed { reason } ... on ContactTaken {"
    " message }"
)
CHANGE = "__typename ... on SignInCodeRequested { challenge }"


async def number_of(app: RunningApp, token: str) -> str:
    number: str = (await app.do("{ me { number } }", token=token))["me"]["number"]
    return number


async def propose(app: RunningApp, till: str, number: str, **input: object) -> Json:
    whole = {"member": number, "contact": NEW, "reason": "the mailbox is gone", **input}
    return await app.mutate("proposeContact", whole, PROPOSE, token=till)


async def proposed(app: RunningApp, till: str, number: str) -> Json:
    """Propose the new contact with its code; return what approving takes."""
    asked = await propose(app, till, number)
    answer = await propose(app, till, number, code=app.code_sender.codes[NEW], challenge=asked["challenge"])
    assert answer["__typename"] == "ContactProposed"
    return {"proposal": answer["proposal"]}


async def test_two_managers_replace_a_lost_contact_which_stops_at_once(app: RunningApp) -> None:
    maria, olga = await app.hire("maria", "MANAGER"), await app.hire("olga", "OPERATOR")
    app.clock.advance(hours=25)  # no account approves anything in its first day
    member = await app.enrol_member()
    number = await number_of(app, member)
    # Somebody has changed the contact before: its former owner's link must not bring anything back.
    thief = {"contact": "thief@example.com"}
    asked = await app.mutate("changeContact", thief, CHANGE, token=member)
    thief |= {"code": app.code_sender.codes["thief@example.com"], "challenge": asked["challenge"]}
    assert (await app.mutate("changeContact", thief, CHANGE, token=member))["__typename"] == "ContactChanged"
    link = {"token": app.code_sender.notices[0][1].undo_token}
    proposal = await proposed(app, maria, number)
    assert await app.mutate("approveContact", proposal, APPROVE, token=maria) == {
        "__typename": "NotAllowed",
        "reason": "FOUR_EYES",
    }
    assert (await app.do("{ me { email } }", token=member))["me"]["email"] == "thief@example.com"
    approved = await app.mutate("approveContact", proposal, APPROVE, token=olga)
    assert approved == {"__typename": "ContactApproved", "customer": {"number": number}}
    assert (await app.error("{ me { id } }", token=member))["code"] == "UNAUTHENTICATED"
    again = await app.sign_in_again(NEW)
    assert (await app.do("{ me { number email } }", token=again))["me"] == {"number": number, "email": NEW}
    answer = "__typename ... on Problem { message }"
    for contact in (ANA, "thief@example.com"):
        sent = await app.mutate("requestSignInCode", {"contact": contact}, "challenge")
        input = {"contact": contact, "code": app.code_sender.codes[contact], **sent}
        assert (await app.mutate("signIn", input, answer))["__typename"] == "NotEnrolled"
    assert (await app.mutate("undoContactChange", link, answer))["__typename"] == "LinkExpired"
    to, notice = app.code_sender.notices[-1]
    assert (to.value, notice.changed_contact.value, notice.undo_token) == ("thief@example.com", NEW, None)
    query = "{ auditTrail { actor actionKind subject reason } }"
    trail = (await app.do(query, token=olga))["auditTrail"]
    shared = {"subject": "email", "reason": "the mailbox is gone"}
    assert {"actor": "olga", "actionKind": "CONTACT_REPLACED", **shared} in trail
    assert {"actor": "maria", "actionKind": "CONTACT_PROPOSED", **shared} in trail
    approve = "mutation($i: ApproveContactInput!) { approveContact(input: $i) { __typename } }"
    assert (await app.error(approve, {"i": proposal}, token=olga))["code"] == "NOT_FOUND"


async def test_nobody_replaces_a_contact_alone_unproven_or_for_themselves(app: RunningApp) -> None:
    maria, rui = await app.hire("maria", "MANAGER"), await app.hire("rui")
    eva = await app.hire("eva", "MANAGER", email=ANA)
    twin, double = [await app.hire(name, "MANAGER", phone="+351912345678") for name in ("twin", "double")]
    app.clock.advance(hours=25)
    fresh = await app.hire("fresh", "MANAGER")
    member = await app.enrol_member()
    number = await number_of(app, member)
    for till, reason in ((rui, "ROLE"), (eva, "OWN_MEMBERSHIP")):
        assert await propose(app, till, number) == {"__typename": "NotAllowed", "reason": reason}
    asked = await propose(app, maria, number)
    wrong = f"{(int(app.code_sender.codes[NEW]) + 1) % 10**6:06}"
    refused = await propose(app, maria, number, code=wrong, challenge=asked["challenge"])
    assert refused == {"__typename": "SignInRefused", "refusal": "WRONG_CODE"}
    proposal = await proposed(app, maria, number)
    refusals = ((rui, "ROLE"), (eva, "OWN_MEMBERSHIP"), (maria, "FOUR_EYES"), (fresh, "FOUR_EYES"))
    for till, reason in refusals:
        answer = await app.mutate("approveContact", proposal, APPROVE, token=till)
        assert answer == {"__typename": "NotAllowed", "reason": reason}
    of_one_person = await app.mutate(
        "approveContact", await proposed(app, twin, number), APPROVE, token=double
    )
    assert of_one_person == {"__typename": "NotAllowed", "reason": "FOUR_EYES"}
    assert (await app.do("{ me { email } }", token=member))["me"]["email"] == ANA
    app.clock.advance(days=1)
    olga = await app.hire("olga", "OPERATOR")
    approve = "mutation($i: ApproveContactInput!) { approveContact(input: $i) { __typename } }"
    assert (await app.error(approve, {"i": proposal}, token=olga))["code"] == "NOT_FOUND"


async def test_a_contact_that_somebody_has_is_not_given_to_another(app: RunningApp) -> None:
    maria, olga = await app.hire("maria", "MANAGER"), await app.hire("olga", "OPERATOR")
    app.clock.advance(hours=25)
    number = await number_of(app, await app.enrol_member())
    proposal = await proposed(app, maria, number)
    other = await app.enrol_member(NEW)
    answer = await app.mutate("approveContact", proposal, APPROVE, token=olga)
    assert answer["__typename"] == "ContactTaken"
    assert (await app.do("{ me { email } }", token=other))["me"]["email"] == NEW
