"""A brand's two colours as the pages' colour tokens, by day and by night: what is written with them can be
read.
"""

from collections.abc import Mapping

from api.pictures.icon_drawing import initial
from domain.model.colours import WHITE, mixed, readable, text_on
from domain.model.programme.header import BrandSpec

# Grounds without a colour of their own: the brand's is the only one on the page.
LIGHT = {
    "paper": "#f6f6f7",
    "paper-deep": "#e8e8eb",
    "card": "#ffffff",
    "card-2": "#f3f3f5",
    "line": "#dcdce1",
    "line-strong": "#7a7a85",
    "ink": "#1b1b1f",
    "ink-2": "#55555f",
}
DARK = {
    "paper": "#131316",
    "paper-deep": "#0b0b0d",
    "card": "#1e1e22",
    "card-2": "#28282d",
    "line": "#3b3b42",
    "line-strong": "#9090a0",
    "ink": "#f3f3f5",
    "ink-2": "#b7b7c0",
}


def brand_css(brand: BrandSpec | None) -> str:
    """Return the style sheet of a brand; an empty one where there is none, or it names no colour."""
    if brand is None:
        return ""
    colour = brand.colour or LIGHT["ink"]
    accent = brand.accent or brand.colour or LIGHT["ink-2"]
    # What is held up to a cashier, and the button that matters most, have the brand's own colour.
    own = {"brand": colour, "on-brand": text_on(colour), "held": colour, "on-held": text_on(colour)}
    light = _rule({**LIGHT, **own, **_written(colour, accent, LIGHT)})
    dark = _rule({**DARK, **_written(colour, accent, DARK)})
    return f":root {{{light}}}\n@media (prefers-color-scheme: dark) {{ :root {{{dark}}} }}\n"


def _written(colour: str, accent: str, grounds: Mapping[str, str]) -> dict[str, str]:
    # Each is written on the page, its cards and its tints: the ground that is the nearest to the text counts.
    ground = grounds["paper-deep"] if grounds is LIGHT else grounds["card-2"]
    card, seal = grounds["card"], readable(colour, ground)
    tint, gold_tint = mixed(card, colour, 0.12), mixed(card, accent, 0.14)
    return {
        "seal": seal,
        "seal-deep": readable(colour, tint),
        "on-seal": text_on(seal),
        "seal-tint": tint,
        "post": seal,
        "post-tint": mixed(card, colour, 0.08),
        "focus": seal,
        "gold": readable(accent, gold_tint),
        "gold-tint": gold_tint,
        "gold-line": _visible(accent, card),
    }


def _visible(colour: str, card: str) -> str:
    """Return a colour that can be told from a card: halfway to one that can be read on it."""
    return mixed(colour, readable(colour, card), 0.7)


def _rule(tokens: Mapping[str, str]) -> str:
    return "".join(f"--{name}:{value};" for name, value in tokens.items())


def icon_svg(brand: BrandSpec, name: str) -> str:
    """Return an icon for a brand that has none: its first letter or digit on its colour."""
    colour = brand.colour or LIGHT["ink"]
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 512 512">'
        f'<rect width="512" height="512" rx="96" fill="{colour}"/>'
        f'<text x="256" y="352" font-family="system-ui, sans-serif" font-size="280" font-weight="700"'
        f' text-anchor="middle" fill="{text_on(colour) if colour else WHITE}">{initial(name)}</text></svg>'
    )
