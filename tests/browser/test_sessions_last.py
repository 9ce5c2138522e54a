"""A session outlives lost answers and wrong clocks: nobody is signed out by either, and neither costs refreshes."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.browser.demo_server import DemoServer
from tests.browser.page_actions import look_up, sign_in_at_till, sign_in_on_phone

MINUTES_20 = 20 * 60_000

# The device's clock is `window.aheadMs` from the true time.
WRONG_CLOCK = """(() => {
  const Right = Date;
  window.aheadMs = %d;
  window.Date = class extends Right {
    constructor(...parts) { if (parts.length) super(...parts); else super(Right.now() + window.aheadMs); }
    static now() { return Right.now() + window.aheadMs; }
  };
})()"""

# The access token comes to its end: it was given longer ago than it lives.
TOKEN_ENDS = """(key) => {
  const kept = JSON.parse(localStorage.getItem(key));
  localStorage.setItem(key, JSON.stringify({ ...kept, givenAt: kept.givenAt - 3_600_000 }));
}"""


def sent_tokens(page: Page) -> list[str]:
    """Return the list that collects the refresh tokens that a page sends."""
    tokens: list[str] = []

    def note(text: str | None) -> None:
        if "refreshSession" in (text or ""):
            tokens.append(json.loads(text or "")["variables"]["input"]["refreshToken"])

    page.on("request", lambda request: note(request.post_data))
    return tokens


def lose_refreshes(page: Page, count: int) -> list[str]:
    """Let the server answer the next refreshes, and lose their answers; return what it answered."""
    lost: list[str] = []

    def lose(route: Route) -> None:
        if "refreshSession" in (route.request.post_data or "") and len(lost) < count:
            lost.append(route.fetch().text())
            route.abort("connectionreset")
        else:
            route.continue_()

    page.route("**/graphql", lose)
    return lost


@pytest.mark.parametrize("lost_count", [1, 2])
@pytest.mark.intercepts
def test_a_lost_answer_to_a_refresh_is_asked_for_again_with_the_same_token(
    page: Page, shop: DemoServer, lost_count: int
) -> None:
    sign_in_at_till(page, shop, shop.cashier())
    sent, lost = sent_tokens(page), lose_refreshes(page, lost_count)
    page.evaluate(TOKEN_ENDS, "selo-till")
    look_up(page, shop.members[63]["number"])
    expect(page.locator(".face .code")).to_have_text(shop.members[63]["number"])
    assert all("SessionRefreshed" in answer for answer in lost)
    assert len(sent) == lost_count + 1
    assert len(set(sent)) == 1


@pytest.mark.intercepts
def test_a_phone_that_gave_up_waiting_for_a_refresh_sends_the_same_token_again(
    page: Page, shop: DemoServer
) -> None:
    # The page gives an answer up when this test says so.
    page.add_init_script("""(() => {
      const waits = new Set();
      AbortSignal.timeout = () => { const wait = new AbortController(); waits.add(wait); return wait.signal; };
      window.giveUp = () => { for (const wait of waits) wait.abort(new DOMException("late", "TimeoutError")); };
    })()""")
    sign_in_on_phone(page, shop, shop.members[64])
    page.wait_for_load_state("networkidle")
    sent, held = sent_tokens(page), list[Route]()

    def hold_first(route: Route) -> None:
        if "refreshSession" in (route.request.post_data or "") and not held:
            held.append(route)  # before the answer is there: the page's next try is another request
            assert "SessionRefreshed" in route.fetch().text()
        else:
            route.continue_()

    page.route("**/graphql", hold_first)
    page.evaluate(TOKEN_ENDS, "selo-phone")
    with page.expect_response(lambda response: "PhoneHome" in (response.request.post_data or "")) as home:
        page.evaluate("() => { import('/phone/phone.js').then(({ readHome }) => readHome()); }")
        while not held:  # until then the page's second question would be held as well
            page.wait_for_timeout(20)
        page.evaluate("giveUp()")
    assert '"data":{"viewer":{"id"' in home.value.text()
    assert len(sent) == 2
    assert len(set(sent)) == 1
    expect(page.locator(".purse")).to_be_visible()
    expect(page.locator("[name=contact]")).to_have_count(0)


@pytest.mark.parametrize("ahead", [MINUTES_20, -MINUTES_20, 5 * 3_600_000])
def test_a_wrong_clock_costs_no_refresh(
    context: BrowserContext, page: Page, shop: DemoServer, ahead: int
) -> None:
    context.add_init_script(WRONG_CLOCK % ahead)
    sent = sent_tokens(page)
    sign_in_on_phone(page, shop, shop.members[65])
    for screen in (4, 1, 3, 0, 4, 1, 3, 0):
        page.click(f"#tabs button >> nth={screen}")
        page.evaluate("import('/phone/phone.js').then(({ readHome }) => readHome())")
    page.reload()
    page.wait_for_selector(".purse")
    page.wait_for_load_state("networkidle")
    assert sent == []


def test_a_clock_that_is_put_right_costs_one_refresh_at_most(
    context: BrowserContext, page: Page, shop: DemoServer
) -> None:
    context.add_init_script(WRONG_CLOCK % 0)
    sent = sent_tokens(page)
    sign_in_on_phone(page, shop, shop.members[66])
    read = "import('/phone/phone.js').then(({ readHome }) => readHome())"
    for ahead in (MINUTES_20, -MINUTES_20, 0):
        page.evaluate(f"() => {{ window.aheadMs = {ahead}; }}")
        for _ in range(3):
            page.evaluate(read)
    assert len(sent) <= 1
    expect(page.locator("#bar .net .chip")).to_have_count(0)


def test_the_end_of_a_token_is_seen_by_a_slow_clock_before_it_is_sent(
    context: BrowserContext, page: Page, shop: DemoServer
) -> None:
    context.add_init_script(WRONG_CLOCK % -MINUTES_20)
    sign_in_on_phone(page, shop, shop.members[67])
    page.wait_for_load_state("networkidle")
    sent = sent_tokens(page)
    answers: list[str] = []
    page.on(
        "response", lambda response: answers.append(response.text() if "/graphql" in response.url else "")
    )
    # A quarter of an hour goes by.
    page.evaluate("() => { window.aheadMs += 16 * 60_000; }")
    page.evaluate("import('/phone/phone.js').then(({ readHome }) => readHome())")
    assert len(sent) == 1
    assert not any("UNAUTHENTICATED" in answer for answer in answers)


@pytest.mark.intercepts
def test_who_signs_out_while_the_session_is_renewed_stays_signed_out(page: Page, shop: DemoServer) -> None:
    sign_in_at_till(page, shop, shop.cashier())
    held: list[Route] = []

    def hold(route: Route) -> None:
        if "refreshSession" in (route.request.post_data or ""):
            held.append(route)
        else:
            route.continue_()

    page.route("**/graphql", hold)
    page.evaluate(TOKEN_ENDS, "selo-till")
    look_up(page, shop.members[63]["number"])
    expect(page.locator(".looking")).to_be_visible()
    page.evaluate("import('/till/till.js').then(({ session }) => session.end())")
    expect(page.locator("[name=username]")).to_be_visible()
    with page.expect_response("**/graphql"):
        held[0].continue_()
    assert page.evaluate("localStorage.getItem('selo-till')") is None
    expect(page.locator("[name=username]")).to_be_visible()
