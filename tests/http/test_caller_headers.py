"""What an answer says to its caller: what they may still ask, and to sign in; and what pages of other origins
may send and read.
"""

from pathlib import Path

import httpx
import pytest

from api import RELEASE
from api.app import create_app
from api.graphql.schema import schema_text
from api.process import open_process
from api.settings import Settings
from domain.store.connect import Database
from tests.command_log import CommandLog
from tests.running_app import ROOT, Json, RunningApp, open_running_app


async def asked(app: RunningApp, query: str, token: str | None = None) -> httpx.Response:
    headers = {} if token is None else {"authorization": f"Bearer {token}"}
    return await app.client.post("/graphql", json={"query": query}, headers=headers)


async def test_each_answer_says_what_its_caller_may_still_ask(
    database: Database, command_log: CommandLog, tmp_path: Path
) -> None:
    limits: Json = {"member_points_per_minute": 30, "staff_requests_per_minute": 20}
    async with open_running_app(database, command_log, tmp_path, **limits) as app:
        ana, till = await app.enrol_member(), await app.hire("rui")
        answers = [await asked(app, "{ me { number } }", ana) for _ in range(2)]
        answers.append(
            await asked(
                app,
                'mutation { setConsent(input: {purpose: "x", granted: true, wordingVersion: 1}) { __typename } }',
                ana,
            )
        )
        at_till = await asked(app, "{ staff { name } }", till)
        public = await app.client.get("/graphql", params={"query": "{ programme { code } }"})
    assert [answer.headers["ratelimit-policy"] for answer in answers] == ['"member";q=30;w=60'] * 3
    assert [answer.headers["ratelimit"].partition(";t=")[0] for answer in answers] == [
        '"member";r=29',
        '"member";r=28',
        '"member";r=23',
    ]
    assert at_till.headers["ratelimit-policy"] == '"till";q=20;w=60'
    assert "max-age" in public.headers["cache-control"]
    assert "ratelimit" not in public.headers


async def test_over_the_rate_nothing_is_left_and_retry_after_says_when(
    database: Database, command_log: CommandLog, tmp_path: Path
) -> None:
    async with open_running_app(database, command_log, tmp_path, member_points_per_minute=1) as app:
        ana = await app.enrol_member()
        await asked(app, "{ me { number } }", ana)
        answer = await asked(app, "{ me { number } }", ana)
    assert answer.json()["errors"][0]["extensions"]["code"] == "RATE_LIMITED"
    assert answer.headers["ratelimit"].startswith('"member";r=0;t=')
    assert 1 <= int(answer.headers["retry-after"]) <= 60


async def test_who_is_not_signed_in_is_told_how_and_a_refused_token_is_told_as_such(
    database: Database, command_log: CommandLog, tmp_path: Path
) -> None:
    async with open_running_app(database, command_log, tmp_path) as app:
        await expect_challenges(app)


async def expect_challenges(app: RunningApp) -> None:
    """Ask without a token, with a refused one, and with a good one."""
    without, junk = await asked(app, "{ me { number } }"), await asked(app, "{ me { number } }", "junk")
    assert without.headers["www-authenticate"] == 'Bearer realm="selo"'
    assert junk.headers["www-authenticate"].startswith('Bearer realm="selo", error="invalid_token"')
    assert [answer.status_code for answer in (without, junk)] == [200, 200]
    ana = await app.enrol_member()
    assert "www-authenticate" not in (await asked(app, "{ me { number } }", ana)).headers


@pytest.mark.parametrize("origin", ["https://shop.example", "capacitor://localhost"])
async def test_a_page_or_an_ionic_app_of_a_named_origin_sends_its_headers_and_reads_ours(
    database: Database, tmp_path: Path, origin: str
) -> None:
    settings = Settings(data=tmp_path, cors_origins=[origin], cors_headers=["X-App-Version"])
    async with (
        open_process(settings, database) as process,
        httpx.AsyncClient(
            transport=httpx.ASGITransport(create_app(process)), base_url="http://selo"
        ) as client,
    ):
        wanted = {"Origin": origin, "Access-Control-Request-Method": "POST"}
        allowed, refused = [
            await client.options("/graphql", headers={**wanted, "Access-Control-Request-Headers": name})
            for name in ("authorization, content-type, x-app-version", "x-other")
        ]
        answer = await client.post("/graphql", json={"query": "{ __typename }"}, headers={"Origin": origin})
    assert (allowed.status_code, refused.status_code) == (200, 400)
    assert answer.headers["access-control-allow-origin"] == origin
    exposed = {name.strip() for name in answer.headers["access-control-expose-headers"].split(",")}
    assert {"Date", "RateLimit", "Retry-After", "WWW-Authenticate", "X-Request-Id"} <= exposed


async def test_the_schema_is_served_as_this_release_has_it_unless_introspection_is_off(
    database: Database, command_log: CommandLog, tmp_path: Path
) -> None:
    async with open_running_app(database, command_log, tmp_path, is_new=True) as app:
        answer = await app.client.get("/schema.graphql")
        again = await app.client.get("/schema.graphql", headers={"if-none-match": answer.headers["etag"]})
        health = (await app.client.get("/health")).json()
    assert answer.text == f"# Selo {RELEASE}\n{schema_text()}"
    assert (answer.headers["selo-release"], health["version"]) == (RELEASE, RELEASE)
    assert (again.status_code, again.content) == (304, b"")
    async with open_running_app(database, command_log, tmp_path, is_new=False, introspection=False) as app:
        assert (await app.client.get("/schema.graphql")).status_code == 404


async def test_pictures_may_be_shown_by_other_origins_and_pages_may_not(
    database: Database, command_log: CommandLog, tmp_path: Path
) -> None:
    (tmp_path / "coin.svg").write_text("<svg/>", encoding="utf-8")
    async with open_running_app(database, command_log, tmp_path, media=tmp_path) as app:
        policies = [
            (await app.client.get(path)).headers["cross-origin-resource-policy"]
            for path in ("/media/coin.svg", "/till/", "/health")
        ]
    assert policies == ["cross-origin", "same-origin", "same-origin"]


def test_the_release_is_that_of_the_package() -> None:
    assert f'version = "{RELEASE}"' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert f"## [{RELEASE}]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
