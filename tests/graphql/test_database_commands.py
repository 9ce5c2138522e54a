"""How many database commands each request costs, exactly."""

from tests.running_app import RunningApp

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


async def number_of(app: RunningApp, token: str) -> str:
    number: str = (await app.do("{ me { number } }", token=token))["me"]["number"]
    return number


async def buy(app: RunningApp, till: str, member: str, at: int) -> None:
    purchase = {
        "member": member,
        "externalId": f"R{at}",
        "currency": "EUR",
        "total": 2_000,
        "idempotencyKey": f"key {at}",
    }
    await app.do(RECORD, {"input": purchase}, token=till)


async def test_home_is_one_command_with_stock_too(app: RunningApp) -> None:
    token = await app.enrol_member()
    await app.process.runtime.stock.poll()  # as the application does each second beside its requests
    with app.command_log.counting() as counted:
        await app.do(HOME, token=token)
    assert [str(command) for command in counted.commands] == ["find(members)"]


async def test_where_live_activity_goes_on_costs_one_command_and_none_beside_the_inbox(
    app: RunningApp,
) -> None:
    token = await app.enrol_member()
    with app.command_log.counting() as counted:
        await app.do("{ me { name activityCursor } }", token=token)
    assert [str(command) for command in counted.commands] == ["find(members)", "find(mailboxes)"]
    with app.command_log.counting() as counted:
        await app.do(
            "{ me { name activityCursor messages { unread edges { node { title } } } } }", token=token
        )
    assert [str(command) for command in counted.commands] == [
        "find(members)",
        "find(mailboxes)",
    ], "an inbox that never had a letter is not read"


async def test_a_later_page_of_the_history_is_one_command(app: RunningApp) -> None:
    token, till = await app.enrol_member(), await app.hire("rui")
    number = await number_of(app, token)
    for at in range(25):
        await buy(app, till, number, at)
    first = (await app.do(PAGE, token=token))["me"]["pointHistory"]
    assert [len(first["edges"]), first["pageInfo"]["hasNextPage"]] == [20, True]
    with app.command_log.counting() as counted:
        second = (await app.do(PAGE, {"after": first["pageInfo"]["endCursor"]}, token=token))["me"][
            "pointHistory"
        ]
    assert [str(command) for command in counted.commands] == ["find(journal)"]
    assert [len(second["edges"]), second["pageInfo"]["hasNextPage"]] == [6, False]
    assert second["edges"][-1]["node"]["title"] == "Boas-vindas"
    assert second["edges"][-1]["node"]["balanceAfter"] == 100


async def test_recording_a_purchase_is_three_commands(app: RunningApp) -> None:
    token, till = await app.enrol_member(), await app.hire("rui")
    number = await number_of(app, token)
    customer = (
        await app.do("query($n: String!) { findCustomer(contact: $n) { id } }", {"n": number}, token=till)
    )["findCustomer"]["id"]
    await buy(app, till, customer, 1)
    with app.command_log.counting() as counted:
        await buy(app, till, customer, 2)
    assert counted.names == ["find", "bulkWrite", "commitTransaction"]


async def test_reasons_of_a_whole_page_are_read_in_one_command(app: RunningApp) -> None:
    token, till = await app.enrol_member(), await app.hire("rui")
    number = await number_of(app, token)
    for at in range(5):
        await buy(app, till, number, at)
    query = (
        "{ me { pointHistory { edges { node { amount explanation { rule title applied amount reason } } }"
        " } } }"
    )
    with app.command_log.counting() as counted:
        await app.do(query, token=token)
    assert [str(command) for command in counted.commands] == ["find(members)", "find(journal)"]


async def test_purchases_and_vouchers_of_a_whole_page_are_read_together(app: RunningApp) -> None:
    token, till = await app.enrol_member(), await app.hire("rui")
    number = await number_of(app, token)
    for at in range(5):
        await buy(app, till, number, at)
    query = "{ me { pointHistory { edges { node { purchase { externalId refunded } voucher { id } } } } } }"
    await app.do(query, token=token)
    with app.command_log.counting() as counted:
        await app.do(query, token=token)
    assert [str(command) for command in counted.commands] == [
        "find(members)",
        "find(journal)",
        "find(receipts)",
        "find(journal)",
    ]


async def test_the_programme_costs_nothing(app: RunningApp) -> None:
    query = (
        "{ programme { name earning { title } tiers { name benefits } badges { name } rewards { title cost {"
        " amount } } } }"
    )
    with app.command_log.counting() as counted:
        await app.do(query)
    assert counted.names == []
