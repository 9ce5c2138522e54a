"""The HTML part of an e-mail, in the brand of the programme: its name on its colour, the text, a button, and
where members get help at the foot.

Nothing in it is loaded from anywhere: no picture, script, font or style sheet, so opening an e-mail tells
nobody. It follows the reader's choice of light or dark. What members or marketers wrote is escaped.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from html import escape
from typing import Final

from api.texts import say
from domain.model.colours import readable, text_on
from domain.model.programme import Programme, safe_address
from domain.model.values import dataclass
from domain.services.senders import MailMessage

LIGHT_CARD: Final = "#ffffff"
DARK_CARD: Final = "#1e1e22"
INK: Final = "#1b1b1f"

# A mailbox that knows no style sheet shows the light colours, which stand at each element.
_DARK: Final = (
    ".page{background:#131316!important;color:#f3f3f5!important}.card{background:"
    + DARK_CARD
    + "!important}.foot{color:#b7b7c0!important}"
)
_FONT: Final = (
    "font-family:system-ui,-apple-system,'Segoe UI',Roboto,sans-serif;font-size:16px;line-height:1.5"
)


@dataclass(frozen=True, slots=True)
class Letterhead:
    """Whose e-mail it is, in one language. `help_addresses` are links with their words."""

    name: str
    colour: str
    help_addresses: tuple[tuple[str, str], ...] = ()


class Letterheads:
    """The letterhead of the programme that is published; None before one is."""

    def __init__(self) -> None:
        self.read_programme: Callable[[], Programme | None] = lambda: None

    def for_locale(self, locale: str) -> Letterhead | None:
        """Return the letterhead in a language."""
        programme = self.read_programme()
        if programme is None:
            return None
        header = programme.programme
        brand = header.brand
        if brand is None:
            return Letterhead(header.name.for_locale(locale), INK)
        return Letterhead(
            (brand.name or header.name).for_locale(locale), brand.colour or INK, _help_addresses(programme)
        )


def _help_addresses(programme: Programme) -> tuple[tuple[str, str], ...]:
    brand = programme.programme.brand
    support = None if brand is None else brand.support
    if support is None:
        return ()
    page = safe_address(support.url, "page")
    return tuple(
        (address, words)
        for address, words in (
            (f"mailto:{support.email}", support.email),
            (f"tel:{support.phone}".replace(" ", ""), support.phone),
            (page, page),
        )
        if address is not None and words is not None
    )


def html_of(message: MailMessage, letterhead: Letterhead | None) -> str:
    """Return the HTML part: letterhead, paragraphs, button and foot."""
    colour = letterhead.colour if letterhead is not None else INK
    head = (
        ""
        if letterhead is None
        else f'<p style="margin:0;padding:16px 24px;background:{colour};color:{text_on(colour)};'
        f'font-weight:700;font-size:18px">{escape(letterhead.name)}</p>'
    )
    body = "".join(f'<p style="margin:0 0 16px">{part}</p>' for part in _paragraphs(message))
    if message.link is not None:
        body += (
            f'<p style="margin:0 0 16px"><a href="{escape(message.link)}" style="display:inline-block;'
            f"padding:12px 24px;border-radius:9px;background:{colour};color:{text_on(colour)};"
            f'text-decoration:none;font-weight:700">{escape(say("mail.open", message.locale))}</a></p>'
        )
    title = f"<title>{escape(one_line(message.subject))}</title>"
    dark = f"{_DARK}.card a:not([style]),.foot a{{color:{readable(colour, DARK_CARD)}!important}}"
    light = readable(colour, LIGHT_CARD)
    return (
        f'<!doctype html><html lang="{escape(message.locale)}"><head><meta charset="utf-8">{title}'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme"'
        ' content="light dark"><meta name="supported-color-schemes" content="light dark"><style>:root{'
        f"color-scheme:light dark}}@media(prefers-color-scheme:dark){{{dark}}}</style></head>"
        f'<body class="page" style="margin:0;background:#f6f6f7;color:{INK};{_FONT}"><div style="max-width:'
        f'36em;margin:0 auto;padding:16px"><div class="card" style="background:{LIGHT_CARD};border-radius:'
        f'14px;overflow:hidden">{head}<div style="padding:24px 24px 8px">{body}</div></div>'
        f"{_foot(message, letterhead, light)}</div></body></html>"
    )


def _paragraphs(message: MailMessage) -> list[str]:
    parts = [escape(part).replace("\n", "<br>") for part in re.split(r"\n{2,}", message.text.strip())]
    if message.code is None:
        return parts
    code = escape(message.code)
    shown = f'<strong style="font-size:24px;letter-spacing:2px">{code}</strong>'
    return [re.sub(rf"(?<!\d){re.escape(code)}(?!\d)", shown, part, count=1) for part in parts]


def _foot(message: MailMessage, letterhead: Letterhead | None, colour: str) -> str:
    links = list(letterhead.help_addresses) if letterhead is not None else []
    if message.unsubscribe is not None:
        links.append((message.unsubscribe, say("mail.unsubscribe", message.locale)))
    if not links:
        return ""
    shown = " · ".join(
        f'<a href="{escape(address)}" style="color:{colour}">{escape(words)}</a>' for address, words in links
    )
    return f'<p class="foot" style="margin:16px 24px;font-size:13px;color:#55555f">{shown}</p>'


def one_line(text: str) -> str:
    """Return a text for a header: control characters and line ends become spaces, at most 200 characters."""
    return " ".join(
        "".join(" " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c for c in text).split()
    )[:200]
