"""Pages of other origins: closed by default, open to those that a setting names."""

import httpx
import pytest

from api.app import create_app
from api.settings import Settings
from domain.store.connect import Database

PREFLIGHT = {"Origin": "https://shop.example", "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}


async def preflight(database: Database, origins: list[str]) -> httpx.Response:
    app = create_app(Settings(cors_origins=origins), database)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://selo") as client:
        return await client.options("/health", headers=PREFLIGHT)


@pytest.mark.parametrize("origins", [[], ["https://other.example"]])
async def test_another_origin_is_refused(database: Database, origins: list[str]) -> None:
    assert "access-control-allow-origin" not in (await preflight(database, origins)).headers


async def test_a_named_origin_may_call_without_cookies(database: Database) -> None:
    answer = await preflight(database, ["https://shop.example"])
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, "https://shop.example")
    assert "access-control-allow-credentials" not in answer.headers
