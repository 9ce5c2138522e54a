"""`viewer`: what a screen asks that shows what is public beside the member, signed in or not."""

from tests.running_app import RunningApp

SCREEN = "{ programme { code tiers { name } } viewer { id name } }"


async def test_signed_out_the_public_parts_stand(app: RunningApp) -> None:
    data = await app.do(SCREEN)
    assert (data["viewer"], data["programme"]["code"]) == (None, "numiscollect")
    assert [tier["name"] for tier in data["programme"]["tiers"]] == ["Bronze", "Prata", "Ouro"]
    lost = await app.ask("{ programme { code } me { name } }")
    assert (lost["data"], lost["errors"][0]["extensions"]) == (None, {"code": "UNAUTHENTICATED"})


async def test_a_member_sees_what_me_shows(app: RunningApp) -> None:
    token = await app.enrol_member()
    data = await app.do(
        "{ viewer { id name number pointHistory { edges { node { id amount } } } } }", token=token
    )
    assert data["viewer"]["name"] == "Ana Silva"
    assert (
        data["viewer"]
        == (
            await app.do(
                "{ me { id name number pointHistory { edges { node { id amount } } } } }", token=token
            )
        )["me"]
    )


async def test_it_costs_what_me_costs(app: RunningApp) -> None:
    token = await app.enrol_member()
    with app.command_log.counting() as counted:
        await app.do(
            "{ programme { name } viewer { name wallets { available } rewards { edges { node { id } } } } }",
            token=token,
        )
    assert [str(command) for command in counted.commands] == ["find(members)"]
    page = (
        "query($after: String) { viewer { id pointHistory(first: 20, after: $after) { edges { cursor } } } }"
    )
    cursor = (await app.do(page, token=token))["viewer"]["pointHistory"]["edges"][0]["cursor"]
    with app.command_log.counting() as counted:
        await app.do(page, {"after": cursor}, token=token)
    assert counted.names == []  # nothing stands before the first entry, and the member is not read


async def test_staff_are_no_viewer(app: RunningApp) -> None:
    till = await app.hire("rui")
    assert (await app.do(SCREEN, token=till))["viewer"] is None


async def test_a_token_that_is_not_accepted_is_an_error_beside_what_is_public(app: RunningApp) -> None:
    token = await app.enrol_member()
    await app.mutate("signOut", {"everywhere": True}, "sessions", token=token)
    answer = await app.ask(SCREEN, token=token)
    assert (answer["data"]["viewer"], answer["data"]["programme"]["code"]) == (None, "numiscollect")
    assert [(each["path"], each["extensions"]) for each in answer["errors"]] == [
        (["viewer"], {"code": "UNAUTHENTICATED"})
    ]


async def test_of_an_erased_membership_the_public_parts_stand(app: RunningApp) -> None:
    token = await app.enrol_member()
    await app.process.store["members"].update_many({"_id": {"$gt": ""}}, {"$set": {"status": "erased"}})
    answer = await app.ask(SCREEN, token=token, language="pl")
    assert (answer["data"]["viewer"], answer["data"]["programme"]["code"]) == (None, "numiscollect")
    assert [each["extensions"]["code"] for each in answer["errors"]] == ["UNAUTHENTICATED"]
