"""Traces at a collector over real HTTP: a purchase from its request to the webhook that it caused, and no person."""

import json

import httpx

from tests.browser.club_server import serve_club
from tests.commands.test_erasure import join
from tests.servers import ROOT, quick_folder, serve_selo
from tests.small_runtime import NUMISCOLLECT
from tests.trace_collector import HANGS_AFTER_SECONDS, Collector, collecting

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
PURCHASE = """mutation SellIt($i: PurchaseInput!) {
  recordPurchase(input: $i) { __typename ... on PurchaseRecorded { entries { amount } } }
}"""
KEY = "key-of-the-sale-1"
# What a trace must not hold, beside the tokens and the number of who bought.
PERSONAL = ("Ana", "ana@", "receipt-1", "4990", "PurchaseInput", KEY, "127.0.0.1")


def environment(collector: Collector) -> dict[str, str]:
    hook = {"url": f"{collector.url}/hook", "secret": "s" * 32, "events": ["purchase.completed"]}
    return {
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
        "OTEL_BSP_SCHEDULE_DELAY": "50",
        "SELO_WEBHOOKS": json.dumps({"erp": hook}),
    }


def test_a_purchase_is_one_trace_from_its_request_to_the_webhook_without_a_person_in_it() -> None:
    with collecting() as collector, serve_club(NUMISCOLLECT.read_text(), environment(collector)) as club:
        number, member_token = join(club)
        cashier = club.cashier_token()
        purchase = {
            "member": number,
            "externalId": "receipt-1",
            "currency": "EUR",
            "total": 4990,
            "idempotencyKey": KEY,
        }
        answer = httpx.post(
            f"{club.url}/graphql",
            json={"query": PURCHASE, "variables": {"i": purchase}},
            headers={
                "authorization": f"Bearer {cashier}",
                "traceparent": f"00-{TRACE}-{PARENT}-01",
                "x-request-id": "request-of-the-till",
                "baggage": "customer=Ana",
            },
        )
        assert answer.json()["data"]["recordPurchase"]["__typename"] == "PurchaseRecorded", answer.text
        assert answer.headers["x-request-id"] == "request-of-the-till"
        told = collector.hooks.get(timeout=HANGS_AFTER_SECONDS)
        collector.wait_for("turn")
        spans = collector.wait_for("send", "POST /graphql", trace=TRACE)
        everything = b"".join(collector.bodies)
    by_name = {span.name: span for span in spans if span.notes.get("selo.channel", "webhook") == "webhook"}
    request, operation, sent = by_name["POST /graphql"], by_name["graphql"], by_name["send"]
    assert (request.parent, request.service) == (PARENT, "selo")
    assert request.notes == {
        "http.request.method": "POST",
        "http.route": "/graphql",
        "url.scheme": "http",
        "http.response.status_code": "200",
        "selo.request_id": "request-of-the-till",
    }
    assert operation.parent == request.id
    assert operation.notes == {
        "graphql.operation.type": "mutation",
        "graphql.operation.name": "SellIt",
        "selo.root": "recordPurchase",
        "selo.outcome": "OK",
    }
    commands = [span for span in spans if span.parent == operation.id and span.name.startswith("mongodb")]
    assert {"mongodb bulkWrite", "mongodb commitTransaction"} < {span.name for span in commands}
    assert {span.notes["db.system.name"] for span in commands} == {"mongodb"}
    assert sent.parent == operation.id
    assert (sent.notes["selo.channel"], sent.notes["selo.status"]) == ("webhook", "sent")
    assert told["traceparent"] == f"00-{TRACE}-{sent.id}-01"
    for personal in (number, member_token, cashier, *PERSONAL):
        assert personal.encode() not in everything, personal


def test_a_faulty_traceparent_is_none_and_a_collector_that_is_away_disturbs_nobody() -> None:
    with quick_folder() as folder, collecting() as collector:
        with serve_selo(folder / "one", environment=environment(collector)) as served:
            httpx.get(f"{served.url}/health", headers={"traceparent": "00-nonsense-01", "x-request-id": "!"})
            [health] = [span for span in collector.wait_for("GET /health") if span.name == "GET /health"]
            assert served.stop() == 0
        assert (health.parent, health.notes["http.response.status_code"]) == ("", "200")
        assert len(health.notes["selo.request_id"]) == 16
        away = {**environment(collector), "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}
        with serve_selo(folder / "two", environment=away) as served:
            assert httpx.get(f"{served.url}/health").status_code == 200
            assert served.stop() == 0


def test_what_traces_need_is_locked_as_the_tests_have_it() -> None:
    lock = (ROOT / "requirements-traces.lock").read_text(encoding="utf-8")
    everything = (ROOT / "requirements-dev.lock").read_text(encoding="utf-8")
    blocks = lock.replace("\nopentelemetry", "\n\0opentelemetry").split("\0")
    assert len(blocks) == 7
    assert all(block in everything and "--hash=sha256:" in block for block in blocks)
