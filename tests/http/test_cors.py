"""Cross-origin requests: refused by default, allowed for the origins of a setting. No answer redirects to
another host.
"""

from pathlib import Path

import httpx
import pytest

from api.app import create_app
from api.process import open_process
from api.settings import Settings
from domain.store.connect import Database

PREFLIGHT = {
    "Origin": "https://shop.example",
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "authorization",
}


async def preflight(database: Database, data_folder: Path, origins: list[str]) -> httpx.Response:
    async with (
        open_process(Settings(data=data_folder, cors_origins=origins), database) as process,
        httpx.AsyncClient(
            transport=httpx.ASGITransport(create_app(process)), base_url="http://selo"
        ) as client,
    ):
        return await client.options("/health", headers=PREFLIGHT)


@pytest.mark.parametrize("origins", [[], ["https://other.example"]])
async def test_another_origin_is_refused(database: Database, tmp_path: Path, origins: list[str]) -> None:
    assert "access-control-allow-origin" not in (await preflight(database, tmp_path, origins)).headers


async def test_a_named_origin_may_call_without_cookies(database: Database, tmp_path: Path) -> None:
    answer = await preflight(database, tmp_path, ["https://shop.example"])
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (
        200,
        "https://shop.example",
    )
    assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize(
    "path", ["/graphql/", "/health/", "/ready/", "/.well-known/jwks.json/", "/unsubscribe/"]
)
async def test_a_slash_too_many_leads_nowhere_least_of_all_to_the_host_that_was_claimed(
    database: Database, tmp_path: Path, path: str
) -> None:
    async with (
        open_process(Settings(data=tmp_path), database) as process,
        httpx.AsyncClient(
            transport=httpx.ASGITransport(create_app(process)), base_url="http://evil.example"
        ) as client,
    ):
        answers = [await client.get(path), await client.post(path, json={"query": "{ __typename }"})]
    assert [(answer.status_code, answer.headers.get("location")) for answer in answers] == [(404, None)] * 2
