"""Objects fetched by their global id: by their owner, and by nobody else."""

from api.graphql.engine.ids import encode_id
from tests.running_app import Json, RunningApp

NODE = (
    "query($id: ID!) { node(id: $id) { __typename id ... on PointEntry { amount explanation { amount } } ..."
    " on Purchase { externalId } } }"
)


async def global_ids(app: RunningApp, token: str, till: str) -> Json:
    me = (await app.do("{ me { id number } }", token=token))["me"]
    purchase = {
        "member": me["number"],
        "externalId": "A",
        "currency": "EUR",
        "total": 10_000,
        "idempotencyKey": "k",
    }
    answer = "... on PurchaseRecorded { purchase { id } customer { id } entries { id } }"
    done = await app.mutate("recordPurchase", purchase, answer, token=till)
    staff = (await app.do("{ staff { id } }", token=till))["staff"]["id"]
    return {
        "Member": me["id"],
        "Purchase": done["purchase"]["id"],
        "Customer": done["customer"]["id"],
        "PointEntry": done["entries"][0]["id"],
        "Staff": staff,
        "Reward": encode_id("Reward", "discount-5"),
    }


async def test_each_kind_for_those_who_may(app: RunningApp) -> None:
    token, till = await app.enrol_member(), await app.hire("rui")
    other, away = await app.enrol_member("eva@example.com"), await app.hire("eva", store="porto")
    ids = await global_ids(app, token, till)
    may: dict[str, list[str | None]] = {
        "Member": [token],
        "Purchase": [token, till],
        "Customer": [till, away],
        "PointEntry": [token],
        "Staff": [till],
        "Reward": [token, till, other, away, None],
    }
    for kind, id in ids.items():
        for caller in (token, till, other, away, None):
            if caller in may[kind]:
                node = (await app.do(NODE, {"id": id}, token=caller))["node"]
                assert (node["__typename"], node["id"]) == (kind, id)
            else:
                assert (await app.error(NODE, {"id": id}, token=caller))["code"] == "NOT_FOUND", kind


async def test_several_at_once_with_null_for_what_is_not_there(app: RunningApp) -> None:
    token, till = await app.enrol_member(), await app.hire("rui")
    ids = await global_ids(app, token, till)
    wanted_ids = [
        ids["Reward"],
        ids["Customer"],
        ids["PointEntry"],
        encode_id("PointEntry", "nobody:1"),
        encode_id("Reward", "none"),
    ]
    nodes = (
        await app.do(
            "query($ids: [ID!]!) { nodes(ids: $ids) { __typename } }", {"ids": wanted_ids}, token=token
        )
    )["nodes"]
    assert nodes == [{"__typename": "Reward"}, None, {"__typename": "PointEntry"}, None, None]


async def test_junk_is_bad_input(app: RunningApp) -> None:
    for junk in ("", "x", "!!!!", encode_id("Nothing", "1"), encode_id("Tier", "ouro"), "A" * 400):
        assert await app.error(NODE, {"id": junk}) == {"code": "BAD_INPUT", "field": "id"}


async def test_junk_among_many_is_an_error_at_its_place_alone(app: RunningApp) -> None:
    token = await app.enrol_member()
    ids = [
        encode_id("Reward", "discount-5"),
        "junk",
        encode_id("Message", "nobody:1"),
        encode_id("Tier", "ouro"),
    ]
    answer = await app.ask(
        "query($ids: [ID!]!) { nodes(ids: $ids) { __typename } programme { code } }",
        {"ids": [*ids, ids[0]]},
        token=token,
    )
    reward = {"__typename": "Reward"}
    assert answer["data"] == {
        "nodes": [reward, None, None, None, reward],
        "programme": {"code": "numiscollect"},
    }
    assert [(each["path"], each["extensions"]) for each in answer["errors"]] == [
        (["nodes", 1], {"code": "BAD_INPUT", "field": "ids"}),
        (["nodes", 3], {"code": "BAD_INPUT", "field": "ids"}),
    ]
