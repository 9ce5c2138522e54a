"""What a screen needs of the programme: units, brand, links, switches, plans, invitations, stores, terms."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from domain.store.connect import Database
from tests.command_log import CommandLog
from tests.running_app import Json, RunningApp, open_running_app

CLUB = """
programme:
  code: club
  name: {en: Club, pt: Clube, pl: Klub}
  currency: EUR
  timezone: Europe/Lisbon
  locales: [en, pt, pl]
  terms: {version: "2026-01", url: "https://club.example/terms"}
  brand:
    name: {en: The Club, pt: O Clube}
    logo: /media/logo.svg
    colour: "#1f3a93"
    support: {url: "https://club.example/help", email: help@club.example}
  links: {privacy: "https://club.example/privacy"}
  minimum_app_version: "2.4.0"
  flags: {new_home: true, old_card: false}
wallets:
  - {code: points, name: {en: Points, pt: Pontos, pl: Punkty}, pay: {units: 100, worth: 500}}
  - {code: credit, kind: money, name: {en: Credit, pt: Saldo, pl: Saldo}}
  - {code: stars, name: Stars}
  - {code: shadow, name: Shadow, hidden: true}
rules: [{code: one, title: One, on: purchase.completed, do: [{award: {wallet: points, amount: 1, per: 100, of: purchase.total}}]}]
tiers:
  counts:
    gains: {wallet: points, title: Gains}
    visits: {on: purchase.completed, title: Visits}
  window: calendar_year
  ladder: [{code: basic, name: Basic, from: 0}, {code: gold, name: Gold, from: {gains: 500, visits: 9}}]
rewards:
  - {code: mug, title: Mug, cost: {wallet: points, amount: 50}, limit: {times: 2, per: month}, voucher: {valid: {days: 30}, stores: [lisboa]}}
  - {code: cap, title: Cap, cost: {wallet: stars, amount: 5}}
badges: [{code: friend, name: Friend, on: purchase.completed}]
referral:
  qualifies: {on: purchase.completed}
  friend: [{award: {wallet: points, fixed: 50}}, {message: hello}, {award: {wallet: shadow, fixed: 1}}]
  referrer: [{award: {wallet: credit, fixed: 500}}, {voucher: mug}, {badge: friend}]
  limit: {times: 3, per: year}
  wait: {days: 10}
plans: [{code: plus, name: Plus, price: 4900, period: {months: 12}, trial: {days: 30}, multiplier: 1.5}, {code: bare, name: Bare}]
messages: [{code: hello, title: Hello, body: Hello}]
stores:
  - code: lisboa
    address: {en: "1 Augusta Street", pt: "Rua Augusta 1"}
    phone: "+351 21 000 0000"
    position: {latitude: 38.7101, longitude: -9.1372}
    hours: {sat: ["10:00-13:00", "15:00-24:00"], mon: "09:30-19:00"}
"""
UNIT = "unit { code name kind currency worth { units amount currency } }"
POINTS = {
    "code": "points",
    "name": "Pontos",
    "kind": "POINTS",
    "currency": None,
    "worth": {"units": 100, "amount": 500, "currency": "EUR"},
}
CREDIT = {
    "code": "credit",
    "name": "Saldo",
    "kind": "MONEY",
    "currency": "EUR",
    "worth": {"units": 1, "amount": 1, "currency": "EUR"},
}
STARS = {"code": "stars", "name": "Stars", "kind": "POINTS", "currency": None, "worth": None}


@pytest.fixture
async def club(database: Database, command_log: CommandLog, tmp_path: Path) -> AsyncIterator[RunningApp]:
    file = tmp_path / "club.yaml"
    file.write_text(CLUB, encoding="utf-8")
    async with open_running_app(database, command_log, tmp_path, programme=file) as running:
        yield running


async def test_the_programme_says_its_units_brand_links_and_switches_without_a_command(
    club: RunningApp,
) -> None:
    query = """{ programme { wallets { code name kind currency worth { units amount currency } }
      brand { name logo icon colour accent cardArt support { url phone email } } links { privacy terms support }
      minimumAppVersion flags { name on } } }"""
    with club.command_log.counting() as counted:
        programme = (await club.do(query, language="pt"))["programme"]
    assert counted.names == []
    assert programme == {
        "wallets": [POINTS, CREDIT, STARS],
        "brand": {
            "name": "O Clube",
            "logo": "/media/logo.svg",
            "icon": None,
            "colour": "#1f3a93",
            "accent": None,
            "cardArt": None,
            "support": {"url": "https://club.example/help", "phone": None, "email": "help@club.example"},
        },
        "links": {
            "privacy": "https://club.example/privacy",
            "terms": "https://club.example/terms",
            "support": "https://club.example/help",
        },
        "minimumAppVersion": "2.4.0",
        "flags": [{"name": "new_home", "on": True}, {"name": "old_card", "on": False}],
    }


async def test_a_programme_that_says_nothing_of_them_has_none(app: RunningApp) -> None:
    query = """{ programme { brand { name } links { privacy terms support } minimumAppVersion flags { name }
      stores { code address phone position { latitude } hours { opens } } } }"""
    programme = (await app.do(query))["programme"]
    nothing: Json = {"address": None, "phone": None, "position": None, "hours": []}
    assert programme == {
        "brand": None,
        "links": {"privacy": None, "terms": "https://numiscollect.example/termos", "support": None},
        "minimumAppVersion": None,
        "flags": [],
        "stores": [{"code": code, **nothing} for code in ("lisboa", "porto")],
    }


async def test_plans_rewards_and_invitations_say_how_long_how_often_and_what_for(club: RunningApp) -> None:
    query = f"""{{ programme {{
      plans {{ code period {{ count unit }} trial {{ count unit }} multiplier }}
      rewards {{ code voucherValid {{ count unit }} limit {{ times per }} cost {{ amount {UNIT} }} }}
      referral {{ friend {{ amount {UNIT} }} limit {{ times per }} wait {{ count unit }}
        referrer {{ amount unit {{ code }} reward {{ code }} badge {{ code }} tier {{ code }} }} }} }} }}"""
    programme = (await club.do(query, language="pt"))["programme"]
    no_gift = {"amount": None, "unit": None, "reward": None, "badge": None, "tier": None}
    assert programme == {
        "plans": [
            {
                "code": "plus",
                "period": {"count": 12, "unit": "MONTHS"},
                "trial": {"count": 30, "unit": "DAYS"},
                "multiplier": 1.5,
            },
            {"code": "bare", "period": None, "trial": None, "multiplier": 1.0},
        ],
        "rewards": [
            {
                "code": "mug",
                "voucherValid": {"count": 30, "unit": "DAYS"},
                "limit": {"times": 2, "per": "MONTH"},
                "cost": {"amount": 50, "unit": POINTS},
            },
            {"code": "cap", "voucherValid": None, "limit": None, "cost": {"amount": 5, "unit": STARS}},
        ],
        "referral": {
            "friend": [{"amount": 50, "unit": POINTS}],
            "referrer": [
                {**no_gift, "amount": 500, "unit": {"code": "credit"}},
                {**no_gift, "reward": {"code": "mug"}},
                {**no_gift, "badge": {"code": "friend"}},
            ],
            "limit": {"times": 3, "per": "YEAR"},
            "wait": {"count": 10, "unit": "DAYS"},
        },
    }


async def test_a_store_has_address_phone_place_and_hours(club: RunningApp) -> None:
    query = """{ programme { stores { code address phone position { latitude longitude }
      hours { weekday opens closes } } } }"""
    lisboa, porto = (await club.do(query, language="pt"))["programme"]["stores"]
    assert lisboa == {
        "code": "lisboa",
        "address": "Rua Augusta 1",
        "phone": "+351 21 000 0000",
        "position": {"latitude": 38.7101, "longitude": -9.1372},
        "hours": [
            {"weekday": "MON", "opens": "09:30", "closes": "19:00"},
            {"weekday": "SAT", "opens": "10:00", "closes": "13:00"},
            {"weekday": "SAT", "opens": "15:00", "closes": "24:00"},
        ],
    }
    assert porto == {"code": "porto", "address": None, "phone": None, "position": None, "hours": []}


async def test_stores_stand_by_their_distance_from_a_place_that_is_named(club: RunningApp) -> None:
    query = "query($near: PlaceInput) { programme { stores(near: $near) { code distance } } }"
    rossio = {"near": {"latitude": 38.7139, "longitude": -9.1394}}
    nearest = (await club.do(query, rossio))["programme"]["stores"]
    assert nearest == [{"code": "lisboa", "distance": 464}, {"code": "porto", "distance": None}]
    unsorted = (await club.do(query))["programme"]["stores"]
    assert [each["distance"] for each in unsorted] == [None, None]
    fault = await club.error(query, {"near": {"latitude": 91.0, "longitude": 0.0}})
    assert fault == {"code": "BAD_INPUT", "field": "near.latitude"}


async def test_behind_every_amount_stands_its_wallet(club: RunningApp) -> None:
    token, till = await club.enrol_member(locale="pt"), await club.hire("rui")
    number = (await club.do("{ me { number } }", token=token))["me"]["number"]
    purchase = {"member": number, "externalId": "R1", "currency": "EUR", "total": 9_000}
    shown = f"... on PurchaseRecorded {{ entries {{ amount {UNIT} }} explanation {{ amount {UNIT} }} }}"
    recorded = await club.mutate("recordPurchase", {**purchase, "idempotencyKey": "k"}, shown, token=till)
    theirs = {**POINTS, "name": "Points"}
    assert recorded["entries"] == recorded["explanation"] == [{"amount": 90, "unit": theirs}]
    query = f"{{ me {{ quote(total: 7300) {{ entries {{ amount {UNIT} }} totals {{ amount {UNIT} }} }} }} }}"
    quote = (await club.do(query, token=token))["me"]["quote"]
    assert quote == {key: [{"amount": 73, "unit": POINTS}] for key in ("entries", "totals")}
    history = f"{{ me {{ pointHistory {{ edges {{ node {{ amount {UNIT} }} }} }} }} }}"
    with club.command_log.counting() as counted:
        edges = (await club.do(history, token=token))["me"]["pointHistory"]["edges"]
    assert [edge["node"] for edge in edges] == [{"amount": 90, "unit": POINTS}]
    assert [str(command) for command in counted.commands] == ["find(members)"]


async def test_behind_what_a_tier_takes_and_what_was_corrected_stands_its_wallet(club: RunningApp) -> None:
    token, manager = await club.enrol_member(locale="pt"), await club.hire("mia", "MANAGER")
    query = f"""{{ me {{ tier {{ next {{ threshold {UNIT} thresholds {{ threshold currency {UNIT} }} }}
      counts {{ toNext {UNIT} }} }} number }} }}"""
    with club.command_log.counting() as counted:
        me = (await club.do(query, token=token))["me"]
    assert [str(command) for command in counted.commands] == ["find(members)"]
    visits = {"threshold": 9, "currency": None, "unit": None}
    assert me["tier"] == {
        "next": {
            "threshold": 500,
            "unit": POINTS,
            "thresholds": [{"threshold": 500, "currency": None, "unit": POINTS}, visits],
        },
        "counts": [{"toNext": 500, "unit": POINTS}, {"toNext": 9, "unit": None}],
    }
    find = f'{{ findCustomer(contact: "{me["number"]}") {{ id }} }}'
    member = (await club.do(find, token=manager))["findCustomer"]["id"]
    corrected = {"member": member, "wallet": "credit", "amount": 125, "reason": "tried"}
    await club.mutate(
        "adjustBalance",
        {**corrected, "idempotencyKey": "a"},
        "... on BalanceAdjusted { __typename }",
        token=manager,
    )
    trail = f"{{ auditTrail {{ actionKind amount wallet currency {UNIT} after {{ amount {UNIT} }} }} }}"
    (act,) = [
        each
        for each in (await club.do(trail, token=manager, language="pt"))["auditTrail"]
        if each["actionKind"] == "ADJUSTMENT"
    ]
    assert act == {
        "actionKind": "ADJUSTMENT",
        "amount": 125,
        "wallet": "credit",
        "currency": "EUR",
        "unit": CREDIT,
        "after": [{"amount": 125, "unit": CREDIT}],
    }
