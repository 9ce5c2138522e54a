"""What service does for a member by the pages alone: a note, tags, a reward, a file of corrections that two people make,
and somebody enrolled in one conversation.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.accessibility import findings
from tests.browser.demo_server import DemoServer
from tests.browser.page_actions import runs_over
from tests.browser.test_console import Open, act, desk, sign_in

__all__ = ["desk"]
# Members whom no other test of this server counts on.
PLACE, OTHER = 171, 172
PICTURES = os.environ.get("SELO_PICTURES")


def test_service_notes_tags_gives_and_enrols_and_a_file_takes_two_people(
    shop: DemoServer, desk: Open, tmp_path: Path
) -> None:
    number = shop.members[PLACE]["number"]
    sara = desk(width=768)
    sign_in(sara, shop, "sara")
    for text, words in (
        ("mar", "The first 20; others may fit too."),
        ("maria", "members fit. Ask for a contact"),
    ):
        sara.fill("[name=member]", text)
        sara.press("[name=member]", "Enter")
        expect(sara.locator("[aria-live]", has=sara.locator(".matches"))).to_contain_text(words)
    sara.fill("[name=member]", number)
    sara.press("[name=member]", "Enter")
    expect(sara.locator(".facts")).to_be_visible()
    look(sara, "member")
    sara.get_by_role("button", name="More", exact=True).click()
    act(sara, "Tags", "met at the fair", tags="fair vip")
    expect(sara.locator(".facts")).to_contain_text("#fair")
    sara.get_by_role("button", name="Give a reward").click()
    sara.fill("dialog [name=reason]", "waited an hour")
    look(sara, "giving")
    sara.click("dialog .primary")
    expect(sara.locator("#toasts")).to_contain_text("The voucher is theirs.")
    sara.get_by_role("button", name="Notes, devices").click()
    sara.fill("[name=note]", "Prefers to be rung after six")
    sara.get_by_role("button", name="Write the note").click()
    expect(sara.locator(".note-text")).to_have_text("Prefers to be rung after six")
    look(sara, "notes")
    sara.get_by_role("button", name="Trail").click()
    expect(sara.locator(".lists")).to_contain_text("Gave a reward")
    enrol(sara, shop)
    correct_by_file(sara, shop, desk, tmp_path)


def enrol(sara: Page, shop: DemoServer) -> None:
    """Enrol somebody who tells the code that was sent to them."""
    sara.get_by_role("button", name="Members").click()
    sara.get_by_role("button", name="Enrol", exact=True).click()
    sara.fill("dialog [name=name]", "Eva Melo")
    sara.fill("dialog [name=contact]", "eva.melo@example.com")
    sara.check("dialog [name=terms]")
    sara.focus("dialog [name=birthday]")
    sara.keyboard.type("24")  # a day without its month and year
    sara.click("dialog .primary")
    expect(sara.locator("dialog [name=birthday]")).to_be_focused()
    expect(sara.locator("dialog [name=code]")).to_have_count(0)
    sara.fill("dialog [name=birthday]", "1990-12-24")
    sara.click("dialog .primary")
    sara.fill("dialog [name=code]", shop.code_for("eva.melo@example.com"))
    look(sara, "enrolling")
    sara.click("dialog .primary")
    expect(sara.locator("h1")).to_have_text("Eva Melo")


def correct_by_file(sara: Page, shop: DemoServer, desk: Open, tmp_path: Path) -> None:
    """Try a file with a fault, mend it, ask for it, and have an operator make it."""
    numbers = [shop.members[place]["number"] for place in (PLACE, OTHER)]
    file = tmp_path / "corrections.csv"
    sara.get_by_role("button", name="Members").click()
    for rows, words in ((["0000000000;points;5"], "cannot be made"), ([], "All of it can be made: 14 added")):
        file.write_text("\n".join(["number;wallet;amount", *(f"{each};points;7" for each in numbers), *rows]))
        sara.get_by_role("button", name="Corrections of a file").click()
        sara.set_input_files("dialog [name=file]", file)
        sara.get_by_role("button", name="Try it, writing nothing").click()
        expect(sara.locator("dialog .notice").first).to_contain_text(words)
        look(sara, f"file-{len(rows)}")
        if rows:
            sara.keyboard.press("Escape")
    sara.fill("dialog [name=reason]", "the till was down")
    sara.get_by_role("button", name="Ask for approval").click()
    expect(sara.locator("#toasts")).to_contain_text("waits for approval")
    rita = desk()
    sign_in(rita, shop, "rita")
    rita.get_by_role("button", name=re.compile("^Approvals")).click()
    card = rita.locator(".proposal", has_text="the till was down")
    expect(card).to_be_visible()
    look(rita, "approvals")
    card.get_by_role("button", name="Approve", exact=True).click()
    expect(card).to_have_count(0)
    rita.get_by_role("button", name="Members").click()
    rita.fill("[name=member]", numbers[1])
    rita.press("[name=member]", "Enter")
    expect(rita.locator(".record summary").first).to_contain_text("+7")


ROWS = """async (texts) => {
  const { rowsOf } = await import("/console/screens/correction-rows.js");
  return texts.map((text) => rowsOf(text)?.map(({ number, wallet, amount }) => [number, wallet, amount]) ?? null);
}"""


def test_a_file_of_corrections_is_read_whole_or_not_at_all(page: Page, pages_url: str) -> None:
    page.goto(f"{pages_url}/phone/")
    row = ["1234567897", "points", -1500]
    sound = {
        "number;wallet;amount\r\n1234567897;points;-1500\r\n": [row],
        "\ufeff1234567897,points,\u22121500\n\n1234567897,points,-1500": [row, row],
        "1234567897\tpoints\t-1500\t\t": [row],
        '"1234567897";"points";"-1500"': [row],
        "1234567897;cash,back;+7": [["1234567897", "cash,back", 7]],
    }
    # A decimal comma, one of thousands, a point, a fourth cell, no cell, nothing.
    faulty = [
        "1234567897;cashback;12,50",
        '1234567897,points,"1,500"',
        "1234567897,cashback,12,50",
        "1234567897;cashback;12.50",
        "1234567897;points;7;8",
        "1234567897;points",
        "number;wallet;amount",
        "",
    ]
    assert page.evaluate(ROWS, [*sound, *faulty]) == [*sound.values(), *[None] * len(faulty)]


def look(page: Page, name: str) -> None:
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=True)
    assert (name, findings(page), runs_over(page)) == (name, [], False)
