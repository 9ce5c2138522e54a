"""The lives of a batch of the demo's people, as lines of an events file: the same for the same seed.

A purchase is tried every few days and kept as often as the season, the day of the week and campaigns have it:
so what a campaign plants is exactly how much more often its members buy.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from domain.model.event_names import CONSENTED, ENROLLED, PURCHASED, REFUNDED, SURVEY_ANSWERED
from domain.model.ledger.events import Json
from domain.services.demo_catalogue import ATTENDED, SHARED, DemoCatalogue
from domain.services.demo_history.seasons import SILENT_STORE, VISIT_RATES, WEEKDAYS, Shopping
from domain.services.demo_people import (
    DemoPerson,
    at_shopping_hour,
    demo_line,
    joining_lines,
    part_lines,
    purchase_data,
    redemption_lines,
)

Line = dict[str, Json]

CART: Final = "cart.abandoned"
STORES: Final = (("lisboa", 5), ("porto", 3), (SILENT_STORE, 2))
# The best month, the best day, the best campaign, the best variant.
MOST_RATE: Final = 1.6 * 1.7 * 1.5 * max(VISIT_RATES.values())
RETURNED, SURVEYED, REDEEMS, LEAVES_CART = 0.06, 0.18, 0.13, 0.07
# Scores that people give, 0 to 10, and how often: most recommend it, some do not.
SCORES: Final = ((10, 30), (9, 24), (8, 16), (7, 10), (6, 7), (5, 5), (3, 4), (1, 2), (0, 2))


def life_lines(
    people: Sequence[DemoPerson], catalogue: DemoCatalogue, shopping: Shopping, *, seed: int
) -> list[Line]:
    """Return every line of some people's two years, in order, as `simulate` reads them."""
    rng = random.Random(seed)  # noqa: S311 - believable, not secret
    lines = list[Line]()
    for person in people:
        life = list(_life(person, catalogue, shopping, rng))
        if person.part is not None:
            joining = [line for line in life if line["name"] in (ENROLLED, CONSENTED)]
            life = [*joining, *part_lines(person, person.part, catalogue, shopping.until)]
        lines += life
    return sorted(lines, key=lambda line: str(line["at"]))


def _life(
    person: DemoPerson, catalogue: DemoCatalogue, shopping: Shopping, rng: random.Random
) -> Iterator[Line]:
    yield from joining_lines(person, catalogue)
    ends_at = min(shopping.until, person.joined_at + timedelta(days=person.active_days))
    favourite_store = rng.choices([code for code, _ in STORES], [weight for _, weight in STORES])[0]
    tried_at, number = person.joined_at, 0
    while True:
        gap = rng.expovariate(MOST_RATE / person.days_between_purchases)
        tried_at += timedelta(days=gap)
        at = at_shopping_hour(tried_at, rng)
        if at >= ends_at:
            return
        rate = shopping.rate(person.id, at) * WEEKDAYS[at.weekday()]
        if rng.random() >= rate / MOST_RATE or at <= person.joined_at:
            continue
        store = favourite_store if rng.random() < 0.85 else "lisboa"
        if shopping.is_silent(store, at):
            continue
        number += 1
        yield from _purchase_lines(person, catalogue, shopping.until, rng, at, store, number)


def _purchase_lines(
    person: DemoPerson,
    catalogue: DemoCatalogue,
    until: datetime,
    rng: random.Random,
    at: datetime,
    store: str,
    number: int,
) -> Iterator[Line]:
    """Return a purchase and what follows it: a return, an answer, a report, a reward, a cart left."""
    receipt = f"{store[0].upper()}-{person.id[:8]}-{number:04d}"
    bought = {**purchase_data(receipt, person, catalogue, rng), "store": store}
    yield demo_line(at, person, PURCHASED, "till", bought)
    chance = rng.random()
    if chance < RETURNED and at + timedelta(days=3) < until:
        back: Line = {"externalId": receipt, "store": store}
        if chance < RETURNED / 2:
            back["lines"] = [{"line": 1, "quantity": 1}]
        yield demo_line(at + timedelta(days=3), person, REFUNDED, "till", back)
    reports: tuple[tuple[str, float, float, str, Line], ...] = (
        (SURVEY_ANSWERED, SURVEYED, 4.0, "app", _answer(rng)),
        (ATTENDED, 0.04, 1.3, "crm", {"event": "feira-de-moedas"}),
        (SHARED, 0.06, 0.2, "app", {"network": "instagram"}),
        (CART, LEAVES_CART, 6.0, "webshop", {}),
    )
    for name, share, days, source, event_data in reports:
        reported_at = at + timedelta(days=days)
        if rng.random() < share and reported_at < until:
            yield demo_line(reported_at, person, name, source, event_data)
    redeemed_at = at + timedelta(days=20)
    if rng.random() < REDEEMS and redeemed_at < until:
        yield from redemption_lines(person, catalogue, redeemed_at, rng, until)


def _answer(rng: random.Random) -> Line:
    score = rng.choices([score for score, _ in SCORES], [weight for _, weight in SCORES])[0]
    return {"survey": "satisfaction", "score": score}
