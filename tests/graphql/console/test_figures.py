"""Figures over GraphQL: what an analyst reads of a day, and who may not."""

from __future__ import annotations

from domain.store.figures.lease import LeaseHolder
from tests.folding import fold_waiting
from tests.running_app import RunningApp

FIGURES = """query($f: LocalDate, $t: LocalDate, $s: String) { figures(from: $f, to: $t, store: $s) {
  firstDay lastDay store waitingSince
  values { code subject kind value numerator denominator before }
  days { day receipts revenue enrolments wallets { wallet awarded spent } }
  rules { rule fired members heldOut awarded { wallet amount } cost revenueUplift { difference low high } }
  rewards { reward issued redeemed } messages { message promised sent } surveys { survey scores { score count } }
  tiers { code members } segments { code members } plans { code members } tierMoves { previous next count } } }"""

STORES = """query { figures { ...Told } } fragment Told on Figures {
  ... on Figures { stores { store receipts revenue returned returnedShare lastReceiptOn } }
  values { code isByStore } }"""


async def test_an_analyst_reads_what_was_counted_and_service_does_not(app: RunningApp) -> None:
    member, carla = await app.enrol_member(), await app.hire("carla")
    number = (await app.do("{ me { number } }", token=member))["me"]["number"]
    buy = {"member": number, "externalId": "r1", "currency": "EUR", "total": 3_700, "idempotencyKey": "a"}
    await app.mutate("recordPurchase", buy, "__typename", token=carla)
    anna = await app.hire("anna", "ANALYST")
    waiting = (await app.do(FIGURES, {}, token=anna))["figures"]
    assert waiting["waitingSince"] is not None
    assert waiting["days"] == []
    await fold_waiting(app.process.runtime, LeaseHolder(app.clock), now=app.clock())
    counted = (await app.do(FIGURES, {}, token=anna))["figures"]
    assert counted["waitingSince"] is None
    [day] = counted["days"]
    assert (day["receipts"], day["revenue"], day["enrolments"]) == (1, 3_700, 1)
    values = {(each["code"], each["subject"]): each for each in counted["values"]}
    assert values["participation", None] == {
        "code": "participation",
        "subject": None,
        "kind": "RATE",
        "value": 1.0,
        "numerator": 1.0,
        "denominator": 1.0,
        "before": None,
    }
    assert sum(tier["members"] for tier in counted["tiers"]) == 1
    assert any(rule["fired"] == 1 and rule["members"] == 1 for rule in counted["rules"])
    told = (await app.do(STORES, {}, token=anna))["figures"]
    sold = {"store": "lisboa", "receipts": 1, "revenue": 3_700, "returned": 0, "returnedShare": 0.0}
    assert told["stores"] == [{**sold, "lastReceiptOn": day["day"]}]
    assert {each["code"] for each in told["values"] if each["isByStore"]} == {
        "receipts",
        "revenue",
        "average_ticket",
    }
    elsewhere = (await app.do(FIGURES, {"s": "porto"}, token=anna))["figures"]
    assert elsewhere["days"] == []
    sara = await app.hire("sara", "SERVICE")
    for token in (carla, sara, member):
        refused = await app.error(FIGURES, {}, token=token)
        assert refused["code"] == "FORBIDDEN"
    order = {"f": "2026-03-02", "t": "2026-03-01"}
    mistaken = await app.error(FIGURES, order, token=anna)
    assert (mistaken["code"], mistaken["field"]) == ("BAD_INPUT", "to")


async def test_lists_say_titles_in_the_callers_language_and_tiers_in_the_files_order(app: RunningApp) -> None:
    carla, anna = await app.hire("carla"), await app.hire("anna", "ANALYST")
    for name, total in (("ana", 900_000), ("eva", 3_700), ("rui", 200_000)):
        member = await app.enrol_member(f"{name}@example.com")
        number = (await app.do("{ me { number } }", token=member))["me"]["number"]
        buy = {"member": number, "externalId": name, "currency": "EUR", "total": total}
        await app.mutate("recordPurchase", {**buy, "idempotencyKey": name}, "__typename", token=carla)
    await fold_waiting(app.process.runtime, LeaseHolder(app.clock), now=app.clock())
    query = """{ figures { values { code subject subjectTitle } rules { rule title } rewards { reward title }
      messages { message title } surveys { survey title } tiers { code title members } segments { code title }
      tierMoves { previous previousTitle next nextTitle count } } }"""
    told = (await app.do(query, token=anna, language="pl"))["figures"]
    assert [(each["code"], each["title"]) for each in told["tiers"]] == [
        ("bronze", "Brąz"),
        ("prata", "Srebro"),
        ("ouro", "Złoto"),
    ], "gold stands above silver, whatever the alphabet says"
    assert [each["nextTitle"] for each in told["tierMoves"]] == ["Srebro", "Złoto"]
    titles = {each["rule"]: each["title"] for each in told["rules"]}
    assert titles["purchase"] == "1 punkt za każde euro"
    messages = {each["message"]: each["title"] for each in told["messages"]}
    assert messages["win-back"] == "Tęsknimy za Tobą"
    assert messages["welcome"] == "Witaj, …"
    assert messages["points-expiring"] == "Wygasa … punktu"
    assert all(each["title"] for part in ("rewards", "messages", "segments") for each in told[part])
    assert told["surveys"] == [{"survey": "satisfaction", "title": "Czy polecisz NumisCollect?"}]
    subjects = {each["subject"]: each["subjectTitle"] for each in told["values"] if each["subject"]}
    assert (subjects["points"], subjects["satisfaction"]) == ("NumisPunkty", "Czy polecisz NumisCollect?")
