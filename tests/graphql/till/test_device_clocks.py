"""The clock of a till may be wrong: up to two minutes ahead counts as now, more is refused with a remedy."""

from base64 import urlsafe_b64decode

import pytest

from domain.model.people import codes
from tests.running_app import Json, RunningApp

PURCHASE: Json = {"externalId": "A", "currency": "EUR", "total": 10_000, "idempotencyKey": "p"}
RECORD = "mutation($i: PurchaseInput!) { recordPurchase(input: $i) { __typename } }"
NOW = "2026-03-02T10:00:00.000Z"
TWO_MINUTES_AHEAD, FURTHER_AHEAD = "2026-03-02T10:02:00.000Z", "2026-03-02T10:02:00.001Z"


async def number_of(app: RunningApp, token: str) -> str:
    number: str = (await app.do("{ me { number } }", token=token))["me"]["number"]
    return number


@pytest.mark.parametrize("occurred_at", ["2026-03-02T10:00:01.000Z", TWO_MINUTES_AHEAD])
async def test_a_purchase_of_a_till_that_is_a_little_fast_counts_as_made_now(
    app: RunningApp, occurred_at: str
) -> None:
    token = await app.enrol_member()
    number, till = await number_of(app, token), await app.hire("rui")
    input = {"member": number, **PURCHASE, "occurredAt": occurred_at}
    answer = "... on PurchaseRecorded { purchase { occurredAt } }"
    quote = "query($i: QuoteInput!) { quotePurchase(input: $i) { totals { amount } } }"
    quoted = {"member": number, "currency": "EUR", "total": 10_000, "occurredAt": occurred_at}
    assert (await app.do(quote, {"i": quoted}, token=till))["quotePurchase"]["totals"]
    recorded = await app.mutate("recordPurchase", input, answer, token=till)
    assert recorded == {"purchase": {"occurredAt": NOW}}
    # The answer was lost: the same request, sent again when its instant is past, is the same purchase.
    app.clock.advance(minutes=10)
    assert await app.mutate("recordPurchase", input, answer, token=till) == recorded
    history = "{ me { pointHistory(first: 10) { edges { node { amount occurredAt } } } } }"
    entries = (await app.do(history, token=token))["me"]["pointHistory"]["edges"]
    assert {entry["node"]["occurredAt"] for entry in entries} == {NOW}


async def test_an_instant_further_ahead_is_refused_with_its_remedy(app: RunningApp) -> None:
    number, till = await number_of(app, await app.enrol_member()), await app.hire("rui")
    before = await app.count("journal")
    input = {"member": number, **PURCHASE, "occurredAt": FURTHER_AHEAD}
    [error] = (await app.ask(RECORD, {"i": input}, token=till))["errors"]
    assert error["extensions"] == {"code": "BAD_INPUT", "field": "occurredAt"}
    assert error["message"] == (
        "This is more than 2 minutes ahead of this server's clock, which says 2026-03-02T10:00:00Z. Set the"
        " clock of the device, or leave the field out for what happens now."
    )
    assert await app.count("journal") == before


async def test_a_scan_and_an_event_of_a_fast_clock_count_as_of_now_too(app: RunningApp) -> None:
    token, manager = await app.enrol_member(), await app.hire("eva", role="MANAGER")
    number = await number_of(app, token)
    device = {"installationId": "phone-1", "platform": "IOS"}
    secret = (await app.mutate("registerDevice", device, "cardSecret", token=token))["cardSecret"]
    raw = urlsafe_b64decode(secret + "==")
    code = codes.make_card(raw[:8], secret=raw[8:], step=codes.step_at(app.clock()))
    scan: Json = {"code": code, "idempotencyKey": "s"}
    event: Json = {"member": number, "name": "social.shared", "externalId": "e", "idempotencyKey": "e"}
    scanning = "mutation($i: ScanInput!) { scan(input: $i) { __typename } }"
    telling = "mutation($i: RecordEventInput!) { recordEvent(input: $i) { __typename } }"
    for query, input in ((scanning, scan), (telling, event)):
        refused = await app.error(query, {"i": {**input, "occurredAt": FURTHER_AHEAD}}, token=manager)
        assert refused == {"code": "BAD_INPUT", "field": "occurredAt"}
    visit = await app.mutate(
        "scan",
        {**scan, "occurredAt": TWO_MINUTES_AHEAD},
        "... on CustomerScan { visitExpiresAt }",
        token=manager,
    )
    assert visit == {"visitExpiresAt": "2026-03-02T10:05:00.000Z"}
    told = await app.mutate(
        "recordEvent", {**event, "occurredAt": TWO_MINUTES_AHEAD}, "__typename", token=manager
    )
    assert told == {"__typename": "EventRecorded"}
