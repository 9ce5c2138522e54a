"""A person goes on while something is still under way: a late result takes neither the focus, nor the screen, nor a
key from what they do by then.

Each test delays the result, a read of the device's database or an answer of the server, until the person has gone
on.
"""

from __future__ import annotations

import secrets

from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.demo_server import DemoServer
from tests.browser.page_actions import enter_purchase, look_up, sign_in_at_till, sign_in_on_phone

SCAN, REFUND, SHIFT = 0, 1, 2
TILL, PHONE = "/till/till.js", "/phone/phone.js"

# `window.letRead()` lets the reads of the till's own database go on, and ends when whoever waited for them has.
HOLD_READS = """async () => {
  const { database } = await import("/till/till.js");
  const db = await database;
  const all = db.all.bind(db);
  let open;
  const gate = new Promise((resolve) => { open = resolve; });
  db.all = async (store) => { await gate; return all(store); };
  window.letRead = async () => {
    open();
    await gate;
    await all("queue");
    await new Promise((resolve) => setTimeout(resolve));
  };
}"""


def receipt() -> str:
    return f"M-{secrets.token_hex(5)}"


def tab(page: Page, index: int) -> None:
    page.click(f"#tabs button >> nth={index}")


# `window.letAnswer()` lets the first answer to a question that holds a text through, and ends when whoever
# waited for it has it.
HOLD_ANSWER = """async ([text, module, method]) => {
  const { session } = await import(module);
  const ask = session[method].bind(session);
  let open;
  const gate = new Promise((resolve) => { open = resolve; });
  let held = null;
  session[method] = async (document, variables) => {
    const first = held === null && (document + JSON.stringify(variables)).includes(text);
    const answer = ask(document, variables);
    if (first) {
      held = answer;
      await gate;
    }
    return answer;
  };
  window.letAnswer = async () => {
    await held;
    open();
    await new Promise((resolve) => setTimeout(resolve));
  };
}"""


def test_enter_in_the_code_field_counts_when_the_bar_is_drawn_late(page: Page, shop: DemoServer) -> None:
    sign_in_at_till(page, shop, shop.cashier())
    page.evaluate(HOLD_READS)
    tab(page, SCAN)
    page.click("#code")
    page.keyboard.type(shop.members[40]["number"])
    page.evaluate("letRead()")
    page.keyboard.press("Enter")
    expect(page.locator(".face .code")).to_have_text(shop.members[40]["number"])


def test_what_is_typed_into_a_purchase_stays_in_its_field_when_the_bar_is_drawn_late(
    page: Page, shop: DemoServer
) -> None:
    sign_in_at_till(page, shop, shop.cashier())
    page.evaluate(HOLD_READS)
    look_up(page, shop.members[41]["number"])
    page.fill("[name=total]", "20")
    page.click("[name=receipt]")
    page.keyboard.type("M-1")
    page.evaluate("letRead()")
    page.keyboard.type("23")
    expect(page.locator("[name=receipt]")).to_have_value("M-123")
    expect(page.locator("[name=total]")).to_have_value("20")


def test_a_customer_found_late_does_not_take_the_screen_that_was_opened_meanwhile(
    page: Page, shop: DemoServer
) -> None:
    sign_in_at_till(page, shop, shop.cashier())
    page.evaluate(HOLD_ANSWER, ["findCustomer", TILL, "ask"])
    look_up(page, shop.members[42]["number"])
    expect(page.locator(".looking")).to_be_visible()
    tab(page, REFUND)
    page.fill("[name=receipt]", "M-1")
    page.evaluate("letAnswer()")
    expect(page.locator("[name=receipt]")).to_have_value("M-1")
    expect(page.locator(".face")).to_have_count(0)


def test_a_number_typed_while_another_is_looked_for_takes_its_place(page: Page, shop: DemoServer) -> None:
    first, second = shop.members[43]["number"], shop.members[44]["number"]
    sign_in_at_till(page, shop, shop.cashier())
    page.evaluate(HOLD_ANSWER, [first, TILL, "ask"])
    look_up(page, first)
    expect(page.locator(".looking")).to_contain_text(first)
    look_up(page, second)
    expect(page.locator(".face .code")).to_have_text(second)
    page.fill("[name=receipt]", "M-1")
    page.evaluate("letAnswer()")
    expect(page.locator(".face .code")).to_have_text(second)
    expect(page.locator("[name=receipt]")).to_have_value("M-1")


def test_a_purchase_recorded_late_is_told_in_passing_and_leaves_the_next_customer_alone(
    page: Page, shop: DemoServer
) -> None:
    sign_in_at_till(page, shop, shop.cashier())
    look_up(page, shop.members[45]["number"])
    enter_purchase(page, total="20", receipt=receipt())
    name = page.inner_text(".face h1")
    page.evaluate(HOLD_ANSWER, ["recordPurchase", TILL, "ask"])
    page.click("form.card .primary")
    expect(page.locator("form.card .primary[aria-busy=true]")).to_be_visible()
    tab(page, SCAN)
    page.fill("#code", "1234")
    page.evaluate("letAnswer()")
    expect(page.locator(".toast")).to_have_text(f"Registada · {name}")
    expect(page.locator("#code")).to_have_value("1234")
    expect(page.locator("#bar .state")).to_have_attribute("data-waiting", "0")


def test_a_purchase_refused_late_is_told_in_passing_and_waits_to_be_mended(
    page: Page, shop: DemoServer
) -> None:
    sign_in_at_till(page, shop, shop.cashier())
    number = receipt()
    for member in (shop.members[46], shop.members[47]):
        look_up(page, member["number"])
        enter_purchase(page, total="20", receipt=number)
        if member is shop.members[46]:
            page.click("form.card .primary")
            page.click(".done .button")
    page.evaluate(HOLD_ANSWER, ["recordPurchase", TILL, "ask"])
    page.click("form.card .primary")
    expect(page.locator("form.card .primary[aria-busy=true]")).to_be_visible()
    tab(page, SCAN)
    page.fill("#code", "1234")
    page.evaluate("letAnswer()")
    expect(page.locator(".toast.bad")).to_be_visible()
    expect(page.locator("#code")).to_have_value("1234")
    expect(page.locator("#bar .state")).to_have_attribute("data-refused", "1")


def test_the_camera_is_off_when_its_screen_is_left_while_an_earlier_one_was_still_being_drawn(
    page: Page, shop: DemoServer
) -> None:
    sign_in_at_till(page, shop, shop.cashier())
    page.evaluate(HOLD_READS)
    tab(page, SHIFT)
    tab(page, SCAN)
    page.click(".lens > .button")
    expect(page.locator(".finder")).to_be_visible()
    camera = page.evaluate_handle("document.querySelector('video').srcObject.getVideoTracks()[0]")
    page.evaluate("letRead()")
    tab(page, REFUND)
    expect(page.locator("form.row")).to_be_visible()
    assert camera.evaluate("(track) => track.readyState") == "ended"


def test_a_button_that_is_pressed_while_its_screen_is_drawn_again_still_counts(
    page: Page, shop: DemoServer
) -> None:
    sign_in_on_phone(page, shop, shop.members[51])
    page.wait_for_load_state("networkidle")
    page.hover(".tier")
    page.mouse.down()
    page.evaluate("import('/phone/phone.js').then(({ readHome }) => readHome())")
    page.mouse.up()
    expect(page.locator("dialog .rung").first).to_be_visible()


def test_a_reward_redeemed_after_its_sheet_was_closed_is_told_in_passing(
    page: Page, context: BrowserContext, shop: DemoServer
) -> None:
    till = context.new_page()
    sign_in_at_till(till, shop, shop.of_role("manager"))
    look_up(till, shop.members[53]["number"])
    till.locator(".managing .button").first.click()
    till.fill("dialog [name=amount]", "+600")
    till.fill("dialog [name=reason]", "para esta prova")
    till.click("dialog .primary")
    till.wait_for_selector(".done")
    sign_in_on_phone(page, shop, shop.members[53])
    page.click("#tabs button >> nth=1")
    page.click(".tile:not(.locked) >> nth=0")
    title = page.inner_text("dialog h2")
    page.evaluate(HOLD_ANSWER, ["redeemReward", PHONE, "ask"])
    page.click("dialog .primary")
    page.click("dialog .primary")
    expect(page.locator("dialog .primary[aria-busy=true]")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_have_count(0)
    page.evaluate("letAnswer()")
    expect(page.locator(".toast")).to_have_text(f"{title} está nos seus vales")
    expect(page.locator(".held")).to_have_count(0)
    expect(page.locator(".ticket strong", has_text=title).first).to_be_visible()


def test_a_screen_is_let_sleep_that_was_to_be_kept_awake_for_a_card_already_put_down(
    page: Page, shop: DemoServer
) -> None:
    sign_in_on_phone(page, shop, shop.members[54])
    page.evaluate("""() => {
      const gate = new Promise((resolve) => { window.letLock = resolve; });
      const lock = { release: () => { window.slept = true; } };
      navigator.wakeLock.request = () => gate.then(() => lock);
    }""")
    page.click("#tabs button >> nth=2")
    page.click("dialog.member .close")
    expect(page.locator("dialog")).to_have_count(0)
    page.evaluate("letLock()")
    page.wait_for_function("() => window.slept")


def test_one_socket_is_opened_however_often_the_network_comes_back_meanwhile(
    page: Page, shop: DemoServer
) -> None:
    page.goto(f"{shop.url}/phone/")
    opened = page.evaluate("""async () => {
      const { session } = await import("/phone/phone.js");
      const { Live } = await import("/phone/live.js");
      let opened = 0;
      window.WebSocket = class extends EventTarget { static OPEN = 1; constructor() { super(); opened += 1; } };
      session.token = async () => "any";
      const nothing = () => {};
      new Live({ happened: nothing, resync: nothing, socketOpen: nothing, pace: () => 30_000 });
      dispatchEvent(new Event("online"));
      dispatchEvent(new Event("online"));
      await new Promise((resolve) => setTimeout(resolve));
      return opened;
    }""")
    assert opened == 1
