"""How many database commands a request costs, exactly."""

from tests.doors import Doors

HOME = """{ me { id number name balance { available pending debt } tier { current { name } next { name } toNext qualifying until fraction }
  badges { level progress target badge { name description } }
  pointHistory(first: 20) { edges { cursor node { id title amount entryKind occurredAt balanceAfter } } pageInfo { hasNextPage endCursor } }
  rewards(first: 20) { edges { node { rewardState missing locks { reason message } reward { title cost { wallet amount }
    stock } } } } } }"""
PAGE = """query Page($after: String) { me { id pointHistory(first: 20, after: $after) {
  edges { node { id title amount balanceAfter } } pageInfo { hasNextPage endCursor } } } }"""
RECORD = """mutation Record($input: PurchaseInput!) { recordPurchase(input: $input) { ... on PurchaseRecorded {
  purchase { id total store { name } } customer { name wallets { available pending } tier { current { name } } }
  entries { title amount } explanation { rule title reason amount } unlocked { reward { title } } earnedBadges { level }
  tierChange { to } } } }"""


async def number_of(doors: Doors, token: str) -> str:
    number: str = (await doors.do("{ me { number } }", token=token))["me"]["number"]
    return number


async def buy(doors: Doors, till: str, member: str, at: int) -> None:
    given = {
        "member": member,
        "externalId": f"R{at}",
        "currency": "EUR",
        "total": 2_000,
        "idempotencyKey": f"key {at}",
    }
    await doors.do(RECORD, {"input": given}, token=till)


async def test_home_is_one_command_with_stock_too(doors: Doors) -> None:
    token = await doors.member()
    await doors.process.house.stock.poll()  # as the application does each second beside its requests
    with doors.wire.counting() as counted:
        await doors.do(HOME, token=token)
    assert [str(command) for command in counted.commands] == ["find(members)"]


async def test_where_live_activity_goes_on_costs_one_command_and_none_beside_the_inbox(doors: Doors) -> None:
    token = await doors.member()
    with doors.wire.counting() as counted:
        await doors.do("{ me { name activityCursor } }", token=token)
    assert [str(command) for command in counted.commands] == ["find(members)", "find(mailboxes)"]
    with doors.wire.counting() as counted:
        await doors.do(
            "{ me { name activityCursor messages { unread edges { node { title } } } } }", token=token
        )
    assert [str(command) for command in counted.commands] == [
        "find(members)",
        "find(mailboxes)",
    ], "an inbox that never had a letter is not read"


async def test_a_later_page_of_the_history_is_one_command(doors: Doors) -> None:
    token, till = await doors.member(), await doors.hire("rui")
    number = await number_of(doors, token)
    for at in range(25):
        await buy(doors, till, number, at)
    first = (await doors.do(PAGE, token=token))["me"]["pointHistory"]
    assert [len(first["edges"]), first["pageInfo"]["hasNextPage"]] == [20, True]
    with doors.wire.counting() as counted:
        second = (await doors.do(PAGE, {"after": first["pageInfo"]["endCursor"]}, token=token))["me"][
            "pointHistory"
        ]
    assert [str(command) for command in counted.commands] == ["find(journal)"]
    assert [len(second["edges"]), second["pageInfo"]["hasNextPage"]] == [6, False]
    assert second["edges"][-1]["node"]["title"] == "Boas-vindas"
    assert second["edges"][-1]["node"]["balanceAfter"] == 100


async def test_recording_a_purchase_is_three_commands(doors: Doors) -> None:
    token, till = await doors.member(), await doors.hire("rui")
    number = await number_of(doors, token)
    customer = (
        await doors.do("query($n: String!) { findCustomer(contact: $n) { id } }", {"n": number}, token=till)
    )["findCustomer"]["id"]
    await buy(doors, till, customer, 1)
    with doors.wire.counting() as counted:
        await buy(doors, till, customer, 2)
    assert counted.names == ["find", "bulkWrite", "commitTransaction"]


async def test_reasons_of_a_whole_page_are_read_in_one_command(doors: Doors) -> None:
    token, till = await doors.member(), await doors.hire("rui")
    number = await number_of(doors, token)
    for at in range(5):
        await buy(doors, till, number, at)
    query = (
        "{ me { pointHistory { edges { node { amount explanation { rule title applied amount reason } } }"
        " } } }"
    )
    with doors.wire.counting() as counted:
        await doors.do(query, token=token)
    assert [str(command) for command in counted.commands] == ["find(members)", "find(journal)"]


async def test_purchases_and_vouchers_of_a_whole_page_are_read_together(doors: Doors) -> None:
    token, till = await doors.member(), await doors.hire("rui")
    number = await number_of(doors, token)
    for at in range(5):
        await buy(doors, till, number, at)
    query = "{ me { pointHistory { edges { node { purchase { externalId refunded } voucher { id } } } } } }"
    await doors.do(query, token=token)
    with doors.wire.counting() as counted:
        await doors.do(query, token=token)
    assert [str(command) for command in counted.commands] == [
        "find(members)",
        "find(journal)",
        "find(receipts)",
        "find(journal)",
    ]


async def test_the_programme_costs_nothing(doors: Doors) -> None:
    query = (
        "{ programme { name earning { title } tiers { name benefits } badges { name } rewards { title cost {"
        " amount } } } }"
    )
    with doors.wire.counting() as counted:
        await doors.do(query)
    assert counted.names == []
