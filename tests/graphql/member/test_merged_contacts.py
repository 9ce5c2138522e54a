"""Contacts that were replaced or taken away, of a membership that is merged into another one meanwhile."""

import pytest

from tests.graphql.member.test_contact_change import ANA, NEW, REMOVE, UNDO, change
from tests.graphql.till.test_merging import BOB, merge, number_of, undo
from tests.running_app import RunningApp

PHONE = "+351912345678"


async def give(app: RunningApp, token: str, contact: str) -> None:
    """Replace or add a contact right after a sign-in."""
    requested = await change(app, token, contact=contact)
    brought = {"challenge": requested["challenge"], "code": app.code_sender.codes[contact]}
    assert (await change(app, token, contact=contact, **brought))["__typename"] == "ContactChanged"


def newest_link(app: RunningApp) -> dict[str, str | None]:
    return {"token": app.code_sender.notices[-1][1].undo_token}


async def enter(app: RunningApp, contact: str) -> str:
    """Sign in by a contact; return the number of the membership."""
    return await number_of(app, await app.sign_in_again(contact))


@pytest.mark.parametrize("removal", [False, True])
async def test_a_held_contact_signs_in_to_the_membership_that_took_over(
    app: RunningApp, removal: bool
) -> None:
    ana, bob = await app.enrol_member(), await app.enrol_member(BOB)
    if removal:
        await give(app, ana, PHONE)
        assert (await app.mutate("removeContact", {"kind": "EMAIL"}, REMOVE, token=ana))[
            "__typename"
        ] == "ContactRemoved"
    else:
        await give(app, ana, NEW)
    link, old, number = newest_link(app), await number_of(app, ana), await number_of(app, bob)
    maria, olga = await app.hire("maria", "MANAGER"), await app.hire("olga", "OPERATOR")
    await merge(app, maria, old, number)
    app.clock.advance(days=1)
    session = await app.sign_in_again(ANA)
    assert await number_of(app, session) == number
    refused = await app.mutate("undoContactChange", link, UNDO)
    assert refused["__typename"] == "LinkExpired"
    assert await number_of(app, session) == number  # no session ended for it
    assert (await app.do("{ me { email } }", token=session))["me"]["email"] == BOB

    assert (await undo(app, olga, old))["__typename"] == "MergeUndone"
    assert await enter(app, ANA) == old
    assert (await app.mutate("undoContactChange", link, UNDO))["__typename"] == "ContactChangeUndone"
    assert await enter(app, ANA) == old
    app.clock.advance(days=8)
    assert await enter(app, ANA) == old  # theirs for good


async def test_what_was_held_moves_on_with_each_merge(app: RunningApp) -> None:
    ana, bob, eva = [await app.enrol_member(each) for each in (ANA, BOB, "eva@example.com")]
    await give(app, ana, NEW)
    first, second, third = [await number_of(app, each) for each in (ana, bob, eva)]
    maria = await app.hire("maria", "MANAGER")
    await merge(app, maria, first, second)
    await merge(app, maria, second, third, key="m2")
    assert [await enter(app, each) for each in (ANA, NEW)] == [third, third]
