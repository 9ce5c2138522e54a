"""Pages: only our own files, each with its policy; no path leads elsewhere; GraphiQL loads from this host
alone.
"""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import sync_playwright
from starlette.applications import Starlette
from starlette.routing import Route

from api.http.graphql import GraphQLEndpoint
from api.http.headers import PAGE_POLICY, OuterMiddleware
from api.http.pages import WEB, explorer_page, page_routes
from tests.http.small_server import SmallServer, serve_app


def app(web: Path = WEB) -> OuterMiddleware:
    small = SmallServer()
    endpoint = GraphQLEndpoint(small.engine(), small.callers(), small.context, explorer=explorer_page(web))
    return OuterMiddleware(Starlette(routes=[Route("/graphql", endpoint), *page_routes(web)]))


@pytest.fixture
def web(tmp_path: Path) -> Path:
    for name, text in {
        "till/index.html": "<!doctype html><title>till</title>" + " " * 2_000,
        "till/app.js": "let a = 1;",
        "till/screens/scan.js": "let b = 2;",
        "till/notes.md": "not served",
        "vendor/lib-1.2.3.js": "x" * 5_000,
        "graphiql/index.html": "<title>explorer</title>",
        "secret.txt": "secret",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


@pytest.fixture
async def client(web: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app(web)), base_url="http://selo") as made:
        yield made


async def test_a_page_and_its_parts_are_served_under_the_policy(client: httpx.AsyncClient) -> None:
    for path, kind in (
        ("/till/", "text/html"),
        ("/till/app.js", "text/javascript"),
        ("/till/screens/scan.js", "text/javascript"),
    ):
        answer = await client.get(path)
        assert (answer.status_code, answer.headers["content-type"]) == (200, f"{kind}; charset=utf-8")
        assert answer.headers["content-security-policy"] == PAGE_POLICY
        assert answer.headers["permissions-policy"].startswith("camera=(self)")
        assert answer.headers["cache-control"] == "no-cache"
    assert "unsafe-inline" not in PAGE_POLICY
    assert "'unsafe-eval'" not in PAGE_POLICY


@pytest.mark.parametrize("query", ["", "?store=lisboa&c=ABCD-EFGH"])
async def test_a_page_without_its_slash_is_sent_there_with_what_its_link_says(
    client: httpx.AsyncClient, query: str
) -> None:
    answer = await client.get(f"/till{query}")
    assert (answer.status_code, answer.headers["location"]) == (308, f"/till/{query}")


@pytest.mark.parametrize(
    "path",
    [
        "/till/notes.md",
        "/till/nothing.js",
        "/till/../secret.txt",
        "/till/%2e%2e/secret.txt",
        "/till/..%2fsecret.txt",
        "/till//app.js/",
        "/phone/",
        "/till/%00",
        "/till/screens",
        "/secret.txt",
        "/web/secret.txt",
        "/vendor/",
        "/till/app.js%00.html",
    ],
)
async def test_whatever_is_not_in_the_list_is_404(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.get(path)).status_code == 404


async def test_only_reading_is_allowed(client: httpx.AsyncClient) -> None:
    assert (await client.post("/till/")).status_code == 405
    head = await client.head("/till/")
    assert (head.status_code, head.content) == (200, b"")


async def test_a_file_is_sent_once_and_packed(client: httpx.AsyncClient, web: Path) -> None:
    first = await client.get("/till/")
    assert (first.headers["content-encoding"], first.headers["vary"]) == ("gzip", "Accept-Encoding")
    plain = await client.get("/till/", headers={"accept-encoding": "identity"})
    assert ("content-encoding" in plain.headers, plain.text) == (False, first.text)
    again = await client.get("/till/", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    (web / "till/index.html").write_text("<title>new</title>")
    changed = await client.get("/till/", headers={"if-none-match": first.headers["etag"]})
    assert (changed.status_code, changed.text) == (200, "<title>new</title>")


async def test_a_name_with_a_version_is_kept_for_good(client: httpx.AsyncClient) -> None:
    assert (await client.get("/vendor/lib-1.2.3.js")).headers[
        "cache-control"
    ] == "public, max-age=31536000, immutable"


async def test_a_browser_gets_the_explorer_and_a_client_does_not(client: httpx.AsyncClient) -> None:
    page = await client.get("/graphql", headers={"accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
    assert (page.status_code, page.text) == (200, "<title>explorer</title>")
    assert "unsafe" not in page.headers["content-security-policy"]
    assert (await client.get("/graphql", headers={"accept": "*/*"})).status_code == 400
    query = await client.get("/graphql?query={hello}", headers={"accept": "text/html,*/*;q=0.8"})
    assert query.json() == {"data": {"hello": "hello world"}}


@pytest.fixture
def graphiql() -> Iterator[str]:
    with serve_app(app()) as port:
        yield f"http://127.0.0.1:{port}"


def test_graphiql_asks_and_shows_under_its_policy_from_this_host_alone(graphiql: str) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = browser.new_page()
        said: list[str] = []
        requested_hosts: set[str] = set()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: requested_hosts.add(request.url.split("/")[2]))
        page.goto(f"{graphiql}/graphql")
        page.locator(".graphiql-query-editor .CodeMirror").click()
        page.keyboard.press("Control+A")
        page.keyboard.type("{ hello ")
        page.keyboard.press("Escape")
        page.locator(".graphiql-execute-button").click()
        page.locator(".result-window", has_text="hello world").wait_for()
        page.locator('button[aria-label="Show Documentation Explorer"]').click()
        page.get_by_text("Root Types").wait_for()
        browser.close()
    assert (said, requested_hosts) == ([], {graphiql.split("/")[2]})


async def test_the_pictures_that_a_programme_names_are_served_from_their_folder_alone(tmp_path: Path) -> None:
    (tmp_path / "coin.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    (tmp_path.parent / "secret.svg").write_text("<svg/>")
    app = Starlette(routes=page_routes(media=tmp_path))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://selo") as client:
        picture = await client.get("/media/coin.svg")
        assert (picture.status_code, picture.headers["content-type"]) == (200, "image/svg+xml")
        assert (await client.get("/media/../secret.svg")).status_code == 404
        assert (await client.get("/media/%2e%2e/secret.svg")).status_code == 404
