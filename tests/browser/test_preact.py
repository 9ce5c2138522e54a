"""Preact with htm as the pages use it: what came from elsewhere is text, and no address runs as code."""

from playwright.sync_api import Page

DRAW = """async () => {
  const { html, render } = await import("/shared/preact.js");
  const box = document.createElement("div");
  const name = "<img src=x onerror=alert(1)>";
  render(html`<p>${name}</p>
    <a href=${"javascript:alert(1)"}>one</a><a href="/phone/">two</a><a href=${" JAVASCRIPT:1"}>three</a>
    <img src=${"data:image/svg+xml,<svg/>"} /><img src=${"data:image/png;base64,AA=="} />
    <b dangerouslySetInnerHTML=${{ __html: "<i>four</i>" }} />`, box);
  return box.innerHTML;
}"""


def test_what_is_drawn_is_text_and_no_address_runs_as_code(page: Page, pages_url: str) -> None:
    page.goto(f"{pages_url}/phone/")
    assert page.evaluate(DRAW) == (
        "<p>&lt;img src=x onerror=alert(1)&gt;</p>"
        '<a>one</a><a href="/phone/">two</a><a>three</a>'
        '<img><img src="data:image/png;base64,AA=="><b></b>'
    )
