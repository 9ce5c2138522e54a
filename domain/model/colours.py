"""Colours as `#rrggbb`, and whether people can read one upon another: the contrast of WCAG 2.2, 1.4.3."""

from __future__ import annotations

from typing import Final

WHITE: Final = "#ffffff"
INK: Final = "#14110f"
READABLE: Final = 4.5
_STEPS: Final = 40


def contrast(colour: str, other: str) -> float:
    """Return the contrast of two colours, 1 to 21."""
    lighter, darker = sorted((_luminance(colour), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def mixed(colour: str, other: str, share: float) -> str:
    """Return a colour with a share, 0 to 1, of another in it."""
    pairs = zip(_channels(colour), _channels(other), strict=True)
    return "#" + "".join(f"{round(own + (added - own) * share):02x}" for own, added in pairs)


def text_on(ground: str) -> str:
    """Return white or ink, whichever is the easier to read on a ground."""
    return max((WHITE, INK), key=lambda text: contrast(text, ground))


def readable(colour: str, ground: str) -> str:
    """Return the colour nearest to a given one, darker or lighter, that can be read on a ground."""
    end = text_on(ground)
    steps = (mixed(colour, end, step / _STEPS) for step in range(_STEPS + 1))
    return next((each for each in steps if contrast(each, ground) >= READABLE), end)


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(channel / 255) for channel in _channels(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
