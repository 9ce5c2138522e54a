"""A system that reports what a sale came to and no lines: its total earns as goods do, and goes by what it refunds."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from domain.store.connect import Database
from tests.command_log import CommandLog
from tests.http.intake.shop_story import SECRETS, ShopStory, open_story, signature

SOURCES = """
sources:
  - code: square
    kind: mapped
    store: online
    secrets: [SHOP_SECRET]
    verify: {scheme: hmac-body, header: X-Signature, encoding: base64}
    identity: body.id
    kind_of: body.kind
    member: {email: body.email}
    fields:
      externalId: body.sale
      refundId: body.id
      currency: '"EUR"'
      total: body.amount
      at: instant(body.at)
"""


@pytest.fixture
async def story(database: Database, command_log: CommandLog, tmp_path: Path) -> AsyncIterator[ShopStory]:
    async with open_story(database, command_log, tmp_path, sources=SOURCES) as opened:
        yield opened


async def report(story: ShopStory, kind: str, id: str, amount: int) -> None:
    body = {"id": id, "kind": kind, "sale": "S-1", "amount": amount, "email": "ana@example.com"}
    raw = json.dumps(body | {"at": "2026-03-02T09:00:00Z"}).encode()
    headers = {"X-Signature": signature(raw, SECRETS["SHOP_SECRET"]), "content-type": "application/json"}
    answer = await story.app.client.post("/webhooks/square", content=raw, headers=headers)
    assert answer.status_code == 200, answer.text
    await story.work()


async def test_a_total_without_lines_earns_and_goes_by_its_refunds(story: ShopStory) -> None:
    ana = await story.enrol()
    earned = []
    for kind, id, amount in (
        ("purchase", "p", 19_900),
        ("refund", "r1", 4_900),
        ("refund", "r1", 4_900),
        ("refund", "r2", 15_000),
    ):
        await report(story, kind, id, amount)
        earned.append(await story.points(ana))
    assert earned == [199, 150, 150, 0]
    assert {state for state, _ in await story.fates()} == {"applied"}
    await story.verify()
