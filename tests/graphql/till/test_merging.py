"""Two memberships of one person, over the wire: merged at the till, and what led to the closed one."""

from tests.graphql.till.test_scanning import card, phone, scan
from tests.running_app import Json, RunningApp

BOB = "bob@example.com"
MERGED = (
    "__typename ... on MembersMerged { closedNumber customer { number wallets { code available } } }"
    " ... on MergeRefused { mergeReason message } ... on NotAllowed { reason }"
)
UNDONE = (
    "__typename ... on MergeUndone { reopened { number status wallets { code available } }"
    " customer { number wallets { code available } } } ... on MergeRefused { mergeReason } ... on NotAllowed { reason }"
)
REFUNDED = "__typename ... on PurchaseRefunded { wallets { code available } }"


async def number_of(app: RunningApp, token: str) -> str:
    number: str = (await app.do("{ me { number } }", token=token))["me"]["number"]
    return number


async def buy(app: RunningApp, till: str, member: str, receipt: str, total: int = 10_000) -> Json:
    input = {
        "member": member,
        "externalId": receipt,
        "currency": "EUR",
        "total": total,
        "idempotencyKey": receipt,
    }
    answer = "__typename ... on PurchaseRecorded { customer { number } }"
    return await app.mutate("recordPurchase", input, answer, token=till)


async def merge(app: RunningApp, till: str, closing: str, into: str, key: str = "m") -> Json:
    input = {"closing": closing, "into": into, "reason": "the same person", "idempotencyKey": key}
    return await app.mutate("mergeMembers", input, MERGED, token=till)


async def undo(app: RunningApp, till: str, member: str, key: str = "u") -> Json:
    input = {"member": member, "reason": "a mistake", "idempotencyKey": key}
    return await app.mutate("undoMerge", input, UNDONE, token=till)


def points(customer: Json) -> int:
    return next(int(wallet["available"]) for wallet in customer["wallets"] if wallet["code"] == "points")


async def test_number_card_contact_and_receipts_of_the_closed_membership_lead_to_the_other(
    app: RunningApp,
) -> None:
    ana, bob = await app.enrol_member(), await app.enrol_member(BOB)
    maria, olga = await app.hire("maria", "MANAGER"), await app.hire("olga", "OPERATOR")
    old, number = await number_of(app, ana), await number_of(app, bob)
    device = await phone(app, ana)
    visit = (await scan(app, maria, old, key="visit"))["visit"]
    for who, receipt in ((old, "A-1"), (number, "B-1")):
        assert (await buy(app, maria, who, receipt))["__typename"] == "PurchaseRecorded"
    before = [
        points((await app.do("{ me { wallets { code available } } }", token=token))["me"])
        for token in (ana, bob)
    ]
    merged = await merge(app, maria, old, number)
    assert (merged["closedNumber"], merged["customer"]["number"]) == (old, number)
    assert points(merged["customer"]) == sum(before)
    assert await merge(app, maria, old, number) == merged

    assert (await app.error("{ me { id } }", token=ana))["code"] == "UNAUTHENTICATED"
    assert (await scan(app, maria, old, key="old"))["customer"]["number"] == number
    assert (await scan(app, maria, card(app, device), key="card"))["customer"]["number"] == number
    again = await app.sign_in_again("ana@example.com")
    assert await number_of(app, again) == number
    for member, receipt in ((old, "A-2"), (visit, "A-3")):
        assert (await buy(app, maria, member, receipt))["customer"]["number"] == number
    for receipt in ("A-1", "A-2"):
        refund = {"externalId": receipt, "reason": "broken", "idempotencyKey": f"r{receipt}"}
        refunded = await app.mutate("refundPurchase", refund, REFUNDED, token=maria)
        assert refunded["__typename"] == "PurchaseRefunded"
        me = (await app.do("{ me { wallets { code available } } }", token=bob))["me"]
        assert points(refunded) == points(me)
    trail = (await app.do("{ auditTrail { actor actionKind subject reason } }", token=olga))["auditTrail"]
    act = {"actor": "maria", "actionKind": "MEMBERS_MERGED", "subject": old, "reason": "the same person"}
    assert act in trail


async def test_who_may_merge_and_undo(app: RunningApp) -> None:
    ana, bob = await app.enrol_member(), await app.enrol_member(BOB)
    rui, maria, olga = (
        await app.hire("rui"),
        await app.hire("maria", "MANAGER"),
        await app.hire("olga", "OPERATOR"),
    )
    eva = await app.hire("eva", "MANAGER", email=BOB)
    old, number = await number_of(app, ana), await number_of(app, bob)
    assert await merge(app, rui, old, number) == {"__typename": "NotAllowed", "reason": "ROLE"}
    assert await merge(app, eva, old, number) == {"__typename": "NotAllowed", "reason": "OWN_MEMBERSHIP"}
    assert (await merge(app, maria, old, old))["mergeReason"] == "SAME"
    before = points((await merge(app, maria, old, number))["customer"])
    assert await undo(app, maria, old) == {"__typename": "NotAllowed", "reason": "ROLE"}
    undone = await undo(app, olga, old)
    assert (undone["reopened"]["number"], undone["reopened"]["status"]) == (old, "ACTIVE")
    assert points(undone["reopened"]) + points(undone["customer"]) == before
    assert (await scan(app, maria, old, key="again"))["customer"]["number"] == old
    assert await number_of(app, await app.sign_in_again("ana@example.com")) == old
    assert (await undo(app, olga, number, key="v"))["mergeReason"] == "NOT_MERGED"


async def test_a_merged_membership_costs_no_more_commands(app: RunningApp) -> None:
    ana, bob = await app.enrol_member(), await app.enrol_member(BOB)
    maria = await app.hire("maria", "MANAGER")
    old, number = await number_of(app, ana), await number_of(app, bob)
    await merge(app, maria, old, number)
    visit = (await scan(app, maria, old, key="old"))["visit"]
    home = "{ me { number wallets { code available } pointHistory(first: 5) { edges { node { id } } } } }"
    await app.do(home, token=bob)
    with app.command_log.counting() as counted:
        await app.do(home, token=bob)
    assert [str(command) for command in counted.commands] == ["find(members)"]
    await buy(app, maria, visit, "warm")
    with app.command_log.counting() as counted:
        await buy(app, maria, visit, "A-9")
    assert counted.names == ["find", "bulkWrite", "commitTransaction"]


HISTORY = """query($first: Int, $after: String, $of: String) { me {
  pointHistory(first: $first, after: $after) { totalCount pageInfo { hasNextPage endCursor } edges { node { id entryKind amount } } }
} }"""
LISTS = """query($after: String) { me { purchases(first: 50, after: $after) { totalCount
  pageInfo { hasNextPage endCursor } edges { node { id externalId } } } } }"""


async def test_histories_go_on_with_those_of_the_closed_membership(app: RunningApp) -> None:
    ana, bob = await app.enrol_member(), await app.enrol_member(BOB)
    maria = await app.hire("maria", "MANAGER")
    old, number = await number_of(app, ana), await number_of(app, bob)
    for at in range(3):
        await buy(app, maria, old, f"A-{at}")
        await buy(app, maria, number, f"B-{at}")
    query = HISTORY.replace(", $of: String", "")
    counts = [
        (await app.do(query, {"first": 1}, token=token))["me"]["pointHistory"]["totalCount"]
        for token in (ana, bob)
    ]
    await merge(app, maria, old, number)
    told, after = list[Json](), None
    for _ in range(30):
        page = (await app.do(query, {"first": 2, "after": after}, token=bob))["me"]["pointHistory"]
        told += [edge["node"] for edge in page["edges"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    transfers = [entry["amount"] for entry in told if entry["entryKind"] == "TRANSFER"]
    assert len(told) == len({entry["id"] for entry in told}) == page["totalCount"]
    assert len(told) == sum(counts) + len(transfers)
    assert sum(transfers) == 0
    assert transfers != []
    for entry in (told[0], told[-1]):
        node = "query($id: ID!) { node(id: $id) { id ... on PointEntry { amount } } }"
        assert (await app.do(node, {"id": entry["id"]}, token=bob))["node"]["amount"] == entry["amount"]
    receipts, after = list[Json](), None
    for _ in range(2):
        purchases = (await app.do(LISTS, {"after": after}, token=bob))["me"]["purchases"]
        receipts += [edge["node"] for edge in purchases["edges"]]
        after = purchases["pageInfo"]["endCursor"]
    assert [one["externalId"] for one in receipts] == ["B-2", "B-1", "B-0", "A-2", "A-1", "A-0"]
    assert (purchases["totalCount"], purchases["pageInfo"]["hasNextPage"]) == (6, False)
    first = receipts[-1]["id"]
    fetched = await app.do("query($id: ID!) { node(id: $id) { id } }", {"id": first}, token=bob)
    assert fetched["node"]["id"] == first
