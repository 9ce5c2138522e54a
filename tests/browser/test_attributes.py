"""What a programme asks beyond the profile: each kind of value on the phone, and what staff set at the till."""

from __future__ import annotations

from playwright.sync_api import Browser, Page, expect

from tests.browser.accessibility import findings_in_both_schemes
from tests.browser.club_server import ClubServer, join
from tests.browser.page_actions import look_up, runs_over, sign_in_at_till
from tests.small_runtime import NUMISCOLLECT

ATTRIBUTES = """attributes:
  - {name: metal, title: {pt: Metal preferido, en: Favourite metal, pl: Ulubiony metal}, kind: choice, choices: [{code: gold, title: {pt: Ouro, en: Gold, pl: Złoto}}, {code: silver, title: {pt: Prata, en: Silver, pl: Srebro}}]}
  - {name: fairs, title: {pt: Vai a feiras, en: Goes to fairs, pl: Bywa na targach}, kind: bool}
  - {name: since, title: {pt: Coleciona desde, en: Collects since, pl: Zbiera od}, kind: date}
  - {name: coins, title: {pt: Moedas na coleção, en: Coins in the collection, pl: Monety w zbiorze}, kind: int}
  - {name: theme, title: {pt: Tema, en: Theme, pl: Temat}, kind: string}
  - {name: advisor, title: {pt: Conselheiro, en: Advisor, pl: Doradca}, kind: string, by: staff}
  - {name: met, title: {pt: Conhecido desde, en: Known since, pl: Znany od}, kind: date, by: staff}
  - {name: insured, title: {pt: Valor seguro, en: Insured value, pl: Wartość ubezpieczona}, kind: int, by: staff}
"""
PROGRAMME = NUMISCOLLECT.read_text(encoding="utf-8").replace("rules:\n", f"{ATTRIBUTES}rules:\n", 1)
MINE = "{ me { number attributes { name value } } }"


def test_a_member_sets_each_kind_and_staff_theirs(phone: Page, club: ClubServer, browser: Browser) -> None:
    email = f"a{id(phone)}@example.com"
    token = join(phone, club, email=email)
    phone.get_by_role("button", name="Os meus dados", exact=True).click()
    form = phone.locator("section.card", has=phone.get_by_role("heading", name="Sobre mim"))
    form.get_by_label("Metal preferido").select_option(label="Prata")
    form.get_by_label("Vai a feiras").select_option(label="sim")
    form.get_by_label("Coleciona desde").fill("2001-05-17")
    form.get_by_label("Moedas na coleção").fill("120")
    form.get_by_label("Tema").fill("Navegadores")
    assert not runs_over(phone)
    assert findings_in_both_schemes(phone) == []
    form.get_by_role("button", name="Guardar").click()
    expect(phone.locator("#toasts")).to_contain_text("Guardado")
    mine = club.do(MINE, token=token)["me"]
    till = browser.new_context(viewport={"width": 360, "height": 740}, locale="pt-PT").new_page()
    sign_in_at_till(till, club, club.cashier)
    look_up(till, mine["number"])
    till.get_by_text("O que sabemos").click()
    till.get_by_label("Conselheiro").fill("Rui")
    till.get_by_label("Conhecido desde").fill("2019-10-07")
    till.get_by_label("Valor seguro").fill("12500")
    assert not runs_over(till)
    till.locator("details.known").get_by_role("button", name="Guardar").click()
    expect(till.locator("#toasts")).to_contain_text("Guardado")
    till.context.close()
    values = {one["name"]: one["value"] for one in club.do(MINE, token=token)["me"]["attributes"]}
    assert values == {
        "metal": "silver",
        "fairs": "true",
        "since": "2001-05-17",
        "coins": "120",
        "theme": "Navegadores",
        "advisor": "Rui",
        "met": "2019-10-07",
        "insured": "12500",
    }
    phone.reload()
    phone.get_by_role("button", name="Os meus dados", exact=True).click()
    expect(form.locator(".why")).to_have_text(["Rui", "7 de outubro de 2019", "12\N{NO-BREAK SPACE}500"])
    expect(form.get_by_label("Tema")).to_have_value("Navegadores")
