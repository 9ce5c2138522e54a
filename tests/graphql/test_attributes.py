"""Attributes over the API: each is set by whoever the programme says, seen where it belongs, and proven."""

from pathlib import Path

from domain.store.connect import Database
from tests.command_log import CommandLog
from tests.running_app import Json, RunningApp, open_running_app

PROGRAMME = """
programme: {code: known, name: Known, currency: EUR, timezone: Europe/Lisbon, locales: [en], terms: {version: "1", url: "https://known.example"}}
wallets: [{code: points, name: Points}]
attributes:
  - {name: size, title: Size, kind: choice, choices: [s, {code: m, title: Medium}]}
  - {name: vegan, title: Vegan, kind: bool}
  - {name: shoe, title: Shoe size, kind: int, by: staff}
  - {name: pet, title: Pet, kind: string, by: system}
rules:
  - {code: thanks, title: Thanks, on: member.attributes_changed, when: 'member.attributes.size == "m"', limit: {times: 1, per: ever}, do: [{award: {wallet: points, fixed: 25}}]}
"""
SHOWN = "attributes { name title attributeKind by value choices { code title } }"
SET = f"mutation($i: SetAttributesInput!) {{ setAttributes(input: $i) {{ member {{ balance {{ available }} {SHOWN} }} }} }}"
SET_CUSTOMER = f"mutation($i: SetCustomerAttributesInput!) {{ setCustomerAttributes(input: $i) {{ __typename ... on CustomerAttributesSet {{ customer {{ {SHOWN} }} }} }} }}"


def pairs(attributes: list[Json]) -> dict[str, str | None]:
    return {one["name"]: one["value"] for one in attributes}


def asked(**values: str | None) -> Json:
    return {"attributes": [{"name": name, "value": value} for name, value in values.items()]}


async def test_each_is_set_by_whom_the_programme_says(
    database: Database, command_log: CommandLog, tmp_path: Path
) -> None:
    path = tmp_path / "known.yaml"
    path.write_text(PROGRAMME, encoding="utf-8")
    async with open_running_app(database, command_log, tmp_path, programme=path) as app:
        token, till = await app.enrol_member(locale="en", termsVersion="1"), await app.hire("rui")
        boss = await app.hire("ana", "MANAGER")
        me = (await app.do(f"{{ me {{ number {SHOWN} }} }}", token=token))["me"]
        assert me["attributes"][0] == {
            "name": "size",
            "title": "Size",
            "attributeKind": "CHOICE",
            "by": "MEMBER",
            "value": None,
            "choices": [{"code": "s", "title": "s"}, {"code": "m", "title": "Medium"}],
        }
        member = (await app.do(SET, {"i": asked(size="m", vegan="false")}, token=token))["setAttributes"][
            "member"
        ]
        assert member["balance"] == {"available": 25}
        assert pairs(member["attributes"]) == {"size": "m", "vegan": "false", "shoe": None, "pet": None}
        staff = {"member": me["number"], **asked(shoe="41")}
        customer = (await app.do(SET_CUSTOMER, {"i": staff}, token=till))["setCustomerAttributes"]["customer"]
        assert pairs(customer["attributes"]) == {"shoe": "41"}
        again = (await app.do(SET, {"i": asked(vegan=None)}, token=token))["setAttributes"]["member"]
        assert pairs(again["attributes"]) == {"size": "m", "vegan": None, "shoe": "41", "pet": None}
        trail = (await app.do("{ auditTrail(first: 5) { actionKind subject } }", token=boss))["auditTrail"]
        assert {"actionKind": "ATTRIBUTES", "subject": "shoe"} in trail
        await refuses(app, token, till, me["number"])
        rows = [row async for row in app.process.runtime.store["journal"].find({"_id": {"$gt": ""}})]
        assert len(rows) >= 4
        assert [row for row in rows if "'m'" in str(row) or "'41'" in str(row)] == []


async def refuses(app: RunningApp, token: str, till: str, number: str) -> None:
    before = await app.do(f"{{ me {{ {SHOWN} }} }}", token=token)
    for values, field in (
        ({"shoe": "41"}, "attributes[0].name"),
        ({"vegan": "true", "size": "xl"}, "attributes[1].value"),
        ({"vegan": "perhaps"}, "attributes[0].value"),
        ({}, "attributes"),
    ):
        error = await app.error(SET, {"i": asked(**values)}, token=token)
        assert error["field"] == field
    error = await app.error(SET_CUSTOMER, {"i": {"member": number, **asked(size="s")}}, token=till)
    assert error["field"] == "attributes[0].name"
    assert await app.do(f"{{ me {{ {SHOWN} }} }}", token=token) == before
