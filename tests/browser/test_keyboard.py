"""A sale at the till by keys alone: each field and button is reached in turn, can be seen where it has the focus, and
the focus is where the next key is meant.
"""

from __future__ import annotations

import secrets

from playwright.sync_api import Page, expect

from tests.browser.demo_server import DemoServer
from tests.browser.page_actions import look_up, sign_in_at_till

FOCUS = """() => {
  const own = document.activeElement;
  const box = own.getBoundingClientRect();
  const dock = document.querySelector(".dock");
  const isOver = !dock || dock.contains(own) || own.closest("dialog, #tabs, #bar");
  const style = getComputedStyle(own);
  return {
    name: `${own.tagName} ${own.name ?? ""} ${own.className} ${own.textContent.trim().slice(0, 30)}`,
    isWithin: box.bottom > 0 && box.top < innerHeight,
    isCovered: !isOver && box.top >= dock.getBoundingClientRect().top,
    isMarked: style.outlineStyle !== "none" || style.boxShadow !== "none",
  };
}"""


def walk(page: Page, selector: str, key: str = "Tab") -> int:
    """Press a key until what a selector means has the focus; whatever has it on the way can be seen. Return how
    often it was pressed.
    """
    for count in range(1, 40):
        page.keyboard.press(key)
        focus = page.evaluate(FOCUS)
        assert focus["isWithin"], focus
        assert not focus["isCovered"], focus
        assert focus["isMarked"], focus
        if page.evaluate("(selector) => document.activeElement.matches(selector)", selector):
            return count
    raise AssertionError(f"no {key} leads to {selector}")


def press(page: Page, key: str) -> None:
    """Press a key as people do: not as soon behind another as a scanner."""
    page.wait_for_timeout(150)
    page.keyboard.press(key)


def test_a_sale_and_its_undoing_go_by_keys_alone(page: Page, shop: DemoServer) -> None:
    sign_in_at_till(page, shop, shop.cashier())
    look_up(page, shop.members[133]["number"])
    expect(page.locator("[name=total]")).to_be_focused()
    page.keyboard.type("27,30", delay=120)
    expect(page.locator(".record .gained")).to_be_visible()
    assert walk(page, "[name=receipt]") == 1, "the keypad is for fingers"
    page.keyboard.type(f"K-{secrets.token_hex(4)}", delay=120)
    walk(page, "summary")
    press(page, "Enter")
    walk(page, "details .button.plain")
    press(page, "Space")
    page.keyboard.press("Shift+Tab")
    walk(page, "[name=sku]", "Shift+Tab")
    walk(page, ".line .button")
    press(page, "Enter")
    expect(page.locator(".line")).to_have_count(0)
    page.focus("[name=receipt]")
    walk(page, ".record")
    press(page, "Enter")
    expect(page.locator(".done.good")).to_be_visible()
    expect(page.locator(".done .button").first).to_be_focused()
    walk(page, ".done .undo")
    press(page, "Enter")
    expect(page.locator("dialog")).to_be_visible()
    assert page.evaluate("document.activeElement.closest('dialog') !== null")
    press(page, "Escape")
    expect(page.locator("dialog")).to_have_count(0)
    expect(page.locator(".done .undo")).to_be_focused()
    press(page, "Enter")
    expect(page.locator("dialog .due")).to_be_visible()
    walk(page, "dialog .primary")
    press(page, "Enter")
    expect(page.locator(".done.good h1")).to_have_text("Anulado")
    expect(page.locator(".done .button").first).to_be_focused()
    press(page, "Enter")
    page.wait_for_selector("#code")
