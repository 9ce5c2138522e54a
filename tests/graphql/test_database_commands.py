"""How many database commands each request costs, exactly."""

from tests.graphql.page_operations import page_operations
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

# Signing in reads once what it has given the member of what was parked for the contact, orders of shops too.
SESSION = [
    "bulkWrite(sign_in_codes, known_devices, parked_events, intake_orders, intake_deliveries, figures_due)",
    "commitTransaction(1)",
    "find(parked_events)",
    "find(members)",
]
JOINING = [
    "find(requests)",
    "find(sign_in_codes)",
    *("find(contacts)", "find(contacts)", "find(stock)", "find(staff)"),
    *SESSION,
]
# A sign-in of a member guards, in the write that it makes anyway, that their membership is not being deleted.
GUARDED = [
    "bulkWrite(members, sign_in_codes, known_devices, parked_events, intake_orders, intake_deliveries)",
    *SESSION[1:],
]
SIGNING_IN = ["find(sign_in_codes)", "update(sign_in_codes)", "find(contacts)", *GUARDED]


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


async def test_the_phone_pages_home_reads_the_purchases_of_its_history_together(app: RunningApp) -> None:
    """As many commands for one purchase as for a page of them."""
    token, till = await app.enrol_member(), await app.hire("rui")
    number = await number_of(app, token)
    [home] = [text for _, text in page_operations() if text.startswith("query PhoneHome")]
    await app.process.runtime.stock.poll()
    await app.do(home, token=token)
    rows = ["find(members)", "find(mailboxes)", "find(journal)"]
    for bought in (0, 1, 20):
        for at in range(bought):
            await buy(app, till, number, at)
        with app.command_log.counting() as counted:
            await app.do(home, token=token)
        purchases = ["find(receipts)", "find(journal)"] if bought else []
        assert [str(command) for command in counted.commands] == rows + purchases, bought


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


async def test_joining_with_a_proof_and_signing_in_read_once_what_waits_for_the_contact(
    app: RunningApp,
) -> None:
    bea = "bea@example.com"
    sent = await app.mutate("requestSignInCode", {"contact": bea}, "challenge")
    code = {"contact": bea, "code": app.code_sender.codes[bea], **sent}
    proof = (await app.mutate("signIn", code, "... on NotEnrolled { contactProof }"))["contactProof"]
    input = {
        "name": "Bea",
        "email": bea,
        "termsVersion": "2026-01",
        "contactProof": proof,
        "idempotencyKey": "k",
    }
    with app.command_log.counting() as counted:
        await app.mutate("enrol", input, "... on SignedIn { accessToken member { name } }")
    assert [str(command) for command in counted.commands] == JOINING
    sent = await app.mutate("requestSignInCode", {"contact": bea}, "challenge")
    code = {"contact": bea, "code": app.code_sender.codes[bea], **sent}
    with app.command_log.counting() as counted:
        await app.mutate("signIn", code, "... on SignedIn { accessToken member { name } }")
    assert [str(command) for command in counted.commands] == SIGNING_IN


async def test_correcting_a_purchase_reads_three_times_and_commits_once(app: RunningApp) -> None:
    """The receipt; then, together, the member with the rows, and for a cashier who recorded it."""
    token, till = await app.enrol_member(), await app.hire("rui")
    boss = await app.hire("marta", "MANAGER")
    await buy(app, till, await number_of(app, token), 1)
    for staff, key, reads in ((boss, "a", 3), (till, "b", 4)):
        input = {"externalId": "R1", "total": 2_000 + 1_000 * reads, "idempotencyKey": key}
        with app.command_log.counting() as counted:
            done = await app.mutate("correctPurchase", input, "__typename", token=staff)
        assert done == {"__typename": "PurchaseCorrected"}
        assert counted.names == ["find"] * reads + ["bulkWrite", "commitTransaction"]


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


async def test_reasons_of_purchases_read_no_row_twice_and_a_whole_list_in_one_command(
    app: RunningApp,
) -> None:
    token, till = await app.enrol_member(), await app.hire("rui")
    number = await number_of(app, token)
    for at in range(3):
        await buy(app, till, number, at)
    purchase, purchases = (
        ["find(receipts)", "find(journal)"],
        ["find(members)", "find(journal)", "find(receipts)"],
    )
    for query, caller, commands in (
        ('{ purchase(externalId: "R1") { explanation { rule } entries { amount } } }', till, purchase),
        ("{ me { purchases { edges { node { total } } } } }", token, purchases),
        (
            "{ me { purchases { edges { node { explanation { rule } entries { amount } } } } } }",
            token,
            [*purchases, "find(journal)"],
        ),
    ):
        with app.command_log.counting() as counted:
            await app.do(query, token=caller)
        assert [str(command) for command in counted.commands] == commands, query
