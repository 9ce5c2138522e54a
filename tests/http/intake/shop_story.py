"""A running server with two shops and a member, whose deliveries a test signs and posts over real HTTP."""

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import jwt

from domain.services.intake import publishing
from domain.services.intake.registry import SourceRegistry
from domain.services.intake.rounds import IntakeRound, run_round
from domain.services.ledger import queries
from domain.services.ledger.verification import verify
from domain.services.people import stores
from domain.store.connect import Database
from domain.store.intake import deliveries
from tests.command_log import CommandLog
from tests.running_app import RunningApp, open_running_app

SAMPLES = Path(__file__).parents[2] / "model" / "intake" / "samples"
PROGRAMME = """
programme: {code: club, name: Club, currency: CURRENCY, timezone: Europe/Lisbon, locales: [en], terms: {version: "2026-01", url: /terms},
  ineligible: [gift-card, shipping, tax, tip, fee, other]}
wallets: [{code: points, name: Points, debt: allow}]
rules:
  - {code: spend, title: Spend, on: purchase.completed, do: [{award: {wallet: points, amount: 1, per: 100, of: purchase.eligible}}]}
  - {code: review, title: Review, on: reviewed, do: [{award: {wallet: points, fixed: 7}}]}
events: [{name: reviewed, title: Reviewed, data: {stars: int}}]
"""
SOURCES = """
sources:
  - {code: shop, kind: shopify, store: online, secrets: [SHOP_SECRET, SHOP_NEXT]}
  - {code: shop2, kind: shopify, store: online, secrets: [SHOP_SECRET]}
  - {code: woo, kind: woocommerce, store: online, secrets: [WOO_SECRET]}
"""
SECRETS = {
    "SHOP_SECRET": "shop secret",
    "SHOP_NEXT": "the next secret of the shop",
    "WOO_SECRET": "woo secret",
}
NOW = datetime(2026, 3, 4, 10, tzinfo=UTC)


def sample(name: str) -> dict[str, Any]:
    (path,) = SAMPLES.glob(f"{name}.*")
    body: dict[str, Any] = json.loads(path.read_text())
    return body


def signature(raw: bytes, secret: str) -> str:
    return base64.b64encode(hmac.new(secret.encode(), raw, hashlib.sha256).digest()).decode()


@dataclass
class ShopStory:
    """The server, and what its shops send."""

    app: RunningApp
    registry: SourceRegistry
    count: int = 0

    async def post(
        self,
        body: object,
        *,
        source: str = "shop",
        topic: str = "orders/updated",
        secret: str | None = None,
        prefix: str = "X-",
    ) -> httpx.Response:
        """Post a body as the source's shop signs it."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.count += 1
        if source == "woo":
            sealed = signature(raw, secret or SECRETS["WOO_SECRET"])
            headers = {"X-WC-Webhook-Signature": sealed, "X-WC-Webhook-Topic": topic}
            headers["X-WC-Webhook-Delivery-ID"] = "the same for orders of one second"
        else:
            sealed = signature(raw, secret or SECRETS["SHOP_SECRET"])
            headers = {f"{prefix}Shopify-Hmac-Sha256": sealed, f"{prefix}Shopify-Topic": topic}
            headers[f"{prefix}Shopify-Event-Id"] = f"event-{self.count}"
        return await self.app.client.post(
            f"/webhooks/{source}", content=raw, headers={**headers, "content-type": "application/json"}
        )

    async def send(self, body: object, *, source: str = "shop", topic: str = "orders/updated") -> None:
        """Post a body that is taken."""
        answer = await self.post(body, source=source, topic=topic)
        assert answer.status_code == 200, answer.text

    async def work(self) -> IntakeRound:
        """Work off the log until nothing is due."""
        total = IntakeRound()
        while True:
            worked = await run_round(self.app.process.runtime, self.registry, now=self.app.clock())
            total = IntakeRound(
                total.claimed_count + worked.claimed_count, total.credited_count + worked.credited_count
            )
            if not worked.claimed_count and not worked.credited_count:
                return total

    async def fates(self) -> list[tuple[str, str]]:
        """What became of each delivery, in the order in which they came."""
        rows = self.app.process.store[deliveries.COLLECTION].find({"_id": {"$gt": ""}}, {"body": 0})
        ordered = sorted([row async for row in rows], key=lambda row: (row["arrived_at"], row["_id"]))
        return [(row["state"], row.get("reason", "")) for row in ordered]

    async def bought_at(self) -> list[str]:
        """The instants of all purchases in the journal."""
        rows = self.app.process.store["journal"].find({"_id": {"$gt": ""}})
        return [row["at"].isoformat() async for row in rows if row["event"]["name"] == "purchase.completed"]

    async def points(self, member: str) -> int:
        view = await queries.load_member_view(
            self.app.process.runtime, member_id=member, now=self.app.clock()
        )
        return view.member.wallets["points"].available if "points" in view.member.wallets else 0

    async def verify(self) -> None:
        assert [difference async for difference in verify(self.app.process.store)] == []

    async def enrol(self, email: str = "ana@example.com") -> str:
        """Enrol somebody with a proven e-mail address; return the member's id."""
        token = await self.app.enrol_member(email, locale="en")
        return str(jwt.decode(token, options={"verify_signature": False})["sub"])


@asynccontextmanager
async def open_story(
    database: Database,
    command_log: CommandLog,
    folder: Path,
    *,
    currency: str = "EUR",
    sources: str = SOURCES,
    **settings: Any,
) -> AsyncIterator[ShopStory]:
    """Serve a club with its shops until the block ends."""
    programme = folder / "club.yaml"
    programme.write_text(PROGRAMME.replace("CURRENCY", currency))
    secrets = json.dumps(SECRETS)
    async with open_running_app(
        database, command_log, folder / "data", programme=programme, source_secrets=secrets, **settings
    ) as app:
        app.clock.now = NOW
        await stores.add(app.process.store, code="online", name="Online", now=NOW)
        await publishing.publish(app.process.runtime, text=sources, files={}, now=NOW)
        yield ShopStory(app, SourceRegistry(app.process.store))
