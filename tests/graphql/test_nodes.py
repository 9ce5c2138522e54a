"""Things fetched again by their global id: by whoever they belong to, and by nobody else."""

from api.graphql.engine.ids import encode_id
from tests.doors import Doors, Json

NODE = (
    "query($id: ID!) { node(id: $id) { __typename id ... on PointEntry { amount explanation { amount } } ..."
    " on Purchase { externalId } } }"
)


async def things(doors: Doors, token: str, till: str) -> Json:
    me = (await doors.do("{ me { id number } }", token=token))["me"]
    given = {
        "member": me["number"],
        "externalId": "A",
        "currency": "EUR",
        "total": 10_000,
        "idempotencyKey": "k",
    }
    answer = "... on PurchaseRecorded { purchase { id } customer { id } entries { id } }"
    done = await doors.mutate("recordPurchase", given, answer, token=till)
    staff = (await doors.do("{ staff { id } }", token=till))["staff"]["id"]
    return {
        "Member": me["id"],
        "Purchase": done["purchase"]["id"],
        "Customer": done["customer"]["id"],
        "PointEntry": done["entries"][0]["id"],
        "Staff": staff,
        "Reward": encode_id("Reward", "discount-5"),
    }


async def test_each_kind_for_those_who_may(doors: Doors) -> None:
    token, till = await doors.member(), await doors.hire("rui")
    other, away = await doors.member("eva@example.com"), await doors.hire("eva", store="porto")
    ids = await things(doors, token, till)
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
                found = (await doors.do(NODE, {"id": id}, token=caller))["node"]
                assert (found["__typename"], found["id"]) == (kind, id)
            else:
                assert (await doors.error(NODE, {"id": id}, token=caller))["code"] == "NOT_FOUND", kind


async def test_several_at_once_with_null_for_what_is_not_there(doors: Doors) -> None:
    token, till = await doors.member(), await doors.hire("rui")
    ids = await things(doors, token, till)
    asked = [
        ids["Reward"],
        ids["Customer"],
        ids["PointEntry"],
        encode_id("PointEntry", "nobody:1"),
        encode_id("Reward", "none"),
    ]
    found = (
        await doors.do("query($ids: [ID!]!) { nodes(ids: $ids) { __typename } }", {"ids": asked}, token=token)
    )["nodes"]
    assert found == [{"__typename": "Reward"}, None, {"__typename": "PointEntry"}, None, None]


async def test_junk_is_bad_input(doors: Doors) -> None:
    for junk in ("", "x", "!!!!", encode_id("Nothing", "1"), encode_id("Tier", "ouro"), "A" * 400):
        assert await doors.error(NODE, {"id": junk}) == {"code": "BAD_INPUT", "field": "id"}
