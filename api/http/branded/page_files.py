"""The pages as the programme's own: its name and icon, what the programme gives, and the words that the
reader's device will want, so that all of it comes with the first answers. Of the phone, the till and the page
behind a notice:

    index.html              with name, icon, hints and, on the phone, the first text to be painted
    manifest.webmanifest    the app that a device installs
    brand.css               the brand's colours: all pages take the phone's
    icon.svg                the brand's icon, where the file names none: as well
"""

import re
from html import escape
from pathlib import Path

import orjson

from api.graphql.engine.audience import preferred_locale
from api.http.branded.tokens import LIGHT, brand_css, icon_svg
from api.http.pages import MadeFile
from api.process import Process
from api.texts import language, say
from domain.model.event_names import BIRTHDAY
from domain.model.programme import Programme, safe_address
from domain.store.ledger.programmes import NothingPublished


def made_page_files(process: Process, page: str, web: Path) -> MadeFile:
    """Return what makes the files above of a page of the folder `web`; the page's own are served before a
    programme is published.
    """
    template = web / page / "index.html"

    def made(name: str, accept_language: str | None) -> str | None:
        try:
            programme = process.programmes.current().programme
        except NothingPublished:
            return None
        locale = preferred_locale(accept_language, programme)
        match name:
            case "index.html":
                hints = _hints(process, programme, locale)
                return _page(template.read_text("utf-8"), programme, page, locale, hints)
            case "brand.css":
                return brand_css(programme.programme.brand)
            case "manifest.webmanifest":
                return _manifest(programme, page, locale)
            case "icon.svg":
                brand = programme.programme.brand
                return None if brand is None else icon_svg(brand, shown_name(programme, locale))
        return None

    return made


def shown_name(programme: Programme, locale: str) -> str:
    """Return what the programme is called to people: by its brand where it has one."""
    brand = programme.programme.brand
    name = brand.name if brand is not None and brand.name is not None else programme.programme.name
    return name.for_locale(locale)


def icon_address(programme: Programme) -> str | None:
    """Return where the brand's icon is; None where there is no brand."""
    brand = programme.programme.brand
    if brand is None:
        return None
    return safe_address(brand.icon, "picture") or "/phone/icon.svg"


def has_drawn_icons(programme: Programme) -> bool:
    """Tell whether `/icons/` shows the brand's icon: not a picture that cannot be drawn here."""
    brand = programme.programme.brand
    address = None if brand is None else safe_address(brand.icon, "picture")
    return address is None or (address.startswith("/") and not address.endswith(".svg"))


def _hints(process: Process, programme: Programme, locale: str) -> dict[str, str]:
    """Return what the page is told with itself, so that it promises nothing that the programme does not
    give.
    """
    hints = {"name": shown_name(programme, locale)}
    icon = icon_address(programme)
    if icon is not None:
        hints |= {"brand": "", "icon": icon}
    if process.senders.mail is None and process.senders.sms is None:
        hints["codes"] = "console" if process.settings.demo else "none"
    if not any(BIRTHDAY in rule.on for rule in programme.rules):
        hints["birthday"] = "plain"
    if not programme.messages:
        hints["inbox"] = "none"
    if process.settings.demo:
        hints["clock"] = "demo"
    return hints


def _page(text: str, programme: Programme, page: str, locale: str, hints: dict[str, str]) -> str:
    tongue, name = language(locale), escape(shown_name(programme, locale))
    attributes = "".join(f' data-{key}="{escape(value)}"' for key, value in hints.items())
    text = text.replace('<html lang="en">', f'<html lang="{tongue}"{attributes}>')
    text = re.sub("<title>[^<]*</title>", lambda _: f"<title>{name}</title>", text)
    text = text.replace('<h1 class="opening">Selo</h1>', f'<h1 class="opening">{name}</h1>')
    words = f'<link rel="modulepreload" href="/{page}/words/{tongue}.js">'
    text = text.replace("<!-- words -->", words)
    icon = icon_address(programme)
    if icon is not None:
        drawn = "/icons/180.png" if has_drawn_icons(programme) else icon
        links = f'<link rel="icon" href="{escape(icon)}">\n'
        links += f'<link rel="apple-touch-icon" href="{escape(drawn)}">\n'
        begin, end = text.index('<link rel="icon"'), text.index('<link rel="stylesheet"')
        text = f"{text[:begin]}{links}{text[end:]}"
        text = text.replace("#f5eee1", "#f6f6f7").replace("#191310", "#131316")
    return text


def _manifest(programme: Programme, page: str, locale: str) -> str | None:
    icon = icon_address(programme)
    if icon is None:
        return None
    name = shown_name(programme, locale)
    title = name if page == "phone" else f"{say('page.till', locale)} · {name}"
    icons: list[dict[str, str]] = [{"src": icon, "sizes": "any"}]
    if has_drawn_icons(programme):
        drawn = {"type": "image/png", "sizes": "512x512"}
        icons += [
            {**drawn, "src": "/icons/192.png", "sizes": "192x192"},
            {**drawn, "src": "/icons/512.png"},
            {**drawn, "src": "/icons/maskable.png", "purpose": "maskable"},
        ]
    manifest = {
        "name": title,
        "short_name": title,
        "id": f"/{page}/",
        "start_url": f"/{page}/",
        "scope": f"/{page}/",
        "display": "standalone",
        "orientation": "any",
        "background_color": LIGHT["paper"],
        "theme_color": LIGHT["paper"],
        "icons": icons,
    }
    return orjson.dumps(manifest).decode()
