"""Pages of one sentence or a few links, in the shop's brand and without a script."""

from html import escape

from starlette.responses import Response

from api.http.branded.page_files import icon_address
from api.texts import language
from domain.model.programme import Programme


def plain_page(
    programme: Programme | None,
    locale: str,
    title: str,
    body: str,
    *,
    policy: str,
    cache: str,
    status: int = 200,
) -> Response:
    """Return a page. `title` is text, `body` is HTML, `policy` its content security policy."""
    icon = (icon_address(programme) if programme is not None else None) or "/shared/selo.svg"
    head = (
        f'<meta charset="utf-8"><title>{escape(title)}</title><meta name="robots" content="noindex">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<link rel="icon" href="{escape(icon)}">'
        '<link rel="stylesheet" href="/shared/tokens.css"><link rel="stylesheet" href="/shared/base.css">'
        '<link rel="stylesheet" href="/phone/brand.css">'
    )
    brand = ' data-brand=""' if programme is not None and programme.programme.brand is not None else ""
    html = (
        f'<!doctype html><html lang="{language(locale)}"{brand}><head>{head}</head><body>'
        f'<main class="note stack"><h1>{escape(title)}</h1>{body}</main></body></html>'
    )
    headers = {"content-security-policy": policy, "cache-control": cache}
    return Response(html, status, headers, "text/html; charset=utf-8")
