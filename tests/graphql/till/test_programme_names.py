"""Names that the programme file gives: events in a member's history, and segments beside a member for staff."""

from tests.running_app import Json, RunningApp

EVENTS = "{ me { pointHistory(first: 20) { edges { node { title event } } } } }"


async def customer(app: RunningApp, token: str, till: str) -> Json:
    number = (await app.do("{ me { number } }", token=token))["me"]["number"]
    query = f'{{ findCustomer(contact: "{number}") {{ id segments {{ code name }} }} }}'
    found: Json = (await app.do(query, token=till, language="pl"))["findCustomer"]
    return found


async def test_an_entry_is_told_with_the_title_of_its_event(app: RunningApp) -> None:
    token, till = await app.enrol_member(), await app.hire("mia", "MANAGER")
    member = (await customer(app, token, till))["id"]
    event: Json = {"member": member, "name": "social.shared", "externalId": "E", "idempotencyKey": "event"}
    await app.mutate("recordEvent", event, "__typename", token=till)
    purchase: Json = {
        "member": member,
        "externalId": "A",
        "currency": "EUR",
        "total": 1000,
        "idempotencyKey": "p",
    }
    await app.mutate("recordPurchase", purchase, "__typename", token=till)
    history = (await app.do(EVENTS, token=token))["me"]["pointHistory"]["edges"]
    titles = [edge["node"]["event"] for edge in history]
    assert titles.count("Partilhou nas redes") == 1
    assert set(titles) == {"Partilhou nas redes", None}


async def test_staff_see_the_segments_that_a_member_is_in_by_name(app: RunningApp) -> None:
    token, till = await app.enrol_member(), await app.hire("rui")
    before = await customer(app, token, till)
    assert before["segments"] == []
    purchase: Json = {
        "member": before["id"], "externalId": "A", "currency": "EUR", "total": 200_000, "idempotencyKey": "p",
    }  # fmt: skip
    await app.mutate("recordPurchase", purchase, "__typename", token=till)
    assert (await customer(app, token, till))["segments"] == [
        {"code": "big-spenders", "name": "Najwięksi klienci"}
    ]
