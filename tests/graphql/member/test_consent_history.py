"""Consents over the wire: their history for the member and for managers; birthdays that managers correct."""

from tests.running_app import RunningApp

SET = "consents { purpose granted channels history { granted wording wordingVersion source channels } }"
HISTORY = "consents { purpose history { granted at source } }"
CORRECT = "__typename ... on BirthdayCorrected { customer { number } } ... on NotAllowed { reason }"


async def answer(app: RunningApp, token: str, *, granted: bool) -> None:
    await app.mutate(
        "setConsent", {"purpose": "marketing", "granted": granted, "wordingVersion": 1}, SET, token=token
    )


async def test_a_member_and_managers_read_every_answer_and_cashiers_none(app: RunningApp) -> None:
    token = await app.enrol_member()
    for granted in (True, False):
        await answer(app, token, granted=granted)
    me = (await app.do(f"{{ me {{ number {HISTORY} }} }}", token=token))["me"]
    expected = [
        {"granted": granted, "at": "2026-03-02T10:00:00.000Z", "source": "app"} for granted in (False, True)
    ]
    assert me["consents"][0] == {"purpose": "marketing", "history": expected}
    assert me["consents"][1] == {"purpose": "profiling", "history": []}
    find = f'{{ findCustomer(contact: "{me["number"]}") {{ {HISTORY} }} }}'
    manager, cashier = await app.hire("maria", "MANAGER"), await app.hire("carla", "CASHIER")
    assert (await app.do(find, token=manager))["findCustomer"]["consents"] == me["consents"]
    assert (await app.do(find, token=cashier))["findCustomer"]["consents"] is None


async def test_the_answer_of_setting_one_has_the_one_before(app: RunningApp) -> None:
    token = await app.enrol_member()
    await answer(app, token, granted=True)
    set_again = await app.mutate(
        "setConsent", {"purpose": "marketing", "granted": False, "wordingVersion": 1}, SET, token=token
    )
    wording = {"wording": "Aceito receber novidades e ofertas.", "wordingVersion": 1, "source": "app"}
    assert set_again["consents"][0] == {
        "purpose": "marketing",
        "granted": False,
        "channels": [],
        "history": [{"granted": granted, **wording, "channels": []} for granted in (False, True)],
    }


async def test_a_channel_that_is_not_asked_for_is_refused(app: RunningApp) -> None:
    token = await app.enrol_member()
    input = {"purpose": "marketing", "granted": True, "wordingVersion": 1, "channels": ["SMS"]}
    query = "mutation($i: SetConsentInput!) { setConsent(input: $i) { consents { granted } } }"
    assert await app.error(query, {"i": input}, token=token) == {"code": "BAD_INPUT", "field": "channels"}
    assert (await app.do("{ me { consents { granted } } }", token=token))["me"]["consents"][0] == {
        "granted": False
    }


async def test_managers_correct_a_birthday_and_it_stands_in_the_trail(app: RunningApp) -> None:
    token = await app.enrol_member(birthday="1990-02-28")
    number = (await app.do("{ me { number } }", token=token))["me"]["number"]
    input = {"member": number, "birthday": "1990-03-28", "reason": "read in the passport"}
    cashier, manager = await app.hire("carla", "CASHIER"), await app.hire("maria", "MANAGER")
    refused = await app.mutate("correctBirthday", input, CORRECT, token=cashier)
    assert refused == {"__typename": "NotAllowed", "reason": "ROLE"}
    assert (await app.do("{ me { birthday } }", token=token))["me"]["birthday"] == "1990-02-28"
    corrected = await app.mutate("correctBirthday", input, CORRECT, token=manager)
    assert corrected == {"__typename": "BirthdayCorrected", "customer": {"number": number}}
    assert (await app.do("{ me { birthday } }", token=token))["me"]["birthday"] == "1990-03-28"
    query = "mutation($i: CorrectBirthdayInput!) { correctBirthday(input: $i) { __typename } }"
    for field, value in (("reason", ""), ("birthday", "1890-01-01")):
        error = await app.error(query, {"i": {**input, field: value}}, token=manager)
        assert error == {"code": "BAD_INPUT", "field": field}
