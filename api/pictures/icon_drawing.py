"""A brand's icon as a PNG, which is what phones put on their home screen: its own picture, or its first
letter, on its colour.
"""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Final
from unicodedata import normalize

from domain.model.colours import text_on

if TYPE_CHECKING:
    from PIL.Image import Image

SIZES: Final = (180, 192, 512)
# A phone may cut what is outside of the inner four fifths.
SAFE_SHARE: Final = 0.8
LETTER_SHARE: Final = 0.56
_UNFOLDED: Final = {"Ł": "L", "Ø": "O", "Đ": "D", "Æ": "A", "Œ": "O"}


def initial(name: str) -> str:
    """Return the first letter or digit of a name, in upper case; a dot where there is none."""
    return next((each for each in name if each.isalnum()), "•").upper()


def letter_icon(name: str, colour: str, size: int, *, is_maskable: bool) -> bytes:
    """Return the first letter of a name on a colour, `size` pixels square."""
    from PIL import Image, ImageDraw, ImageFont

    drawn = Image.new("RGB", (size, size), colour)
    letter = normalize("NFKD", _UNFOLDED.get(initial(name), initial(name)))[0]
    height = size * LETTER_SHARE * (SAFE_SHARE if is_maskable else 1)
    canvas, ink = ImageDraw.Draw(drawn), text_on(colour)
    if letter.isascii():
        # The library's own font has no bold: its strokes are made thicker.
        font, bold = ImageFont.load_default(height), height / 24
        middle = (size / 2, size / 2)
        left, top, right, bottom = canvas.textbbox(middle, letter, font=font, stroke_width=bold)
        at = (size - (left + right) / 2, size - (top + bottom) / 2)
        canvas.text(at, letter, fill=ink, font=font, stroke_width=bold, stroke_fill=ink)
    else:  # a letter that it does not have
        inset = (size - height / 2) / 2
        canvas.ellipse((inset, inset, size - inset, size - inset), fill=ink)
    return _png(drawn)


def picture_icon(payload: bytes, colour: str, size: int, *, is_maskable: bool) -> bytes:
    """Return a picture on a colour, `size` pixels square. `payload` is one that `drawing` accepted."""
    from PIL import Image, ImageOps

    ground = Image.new("RGBA", (size, size), colour)
    side = round(size * SAFE_SHARE) if is_maskable else size
    with Image.open(BytesIO(payload)) as opened:
        whole = ImageOps.contain(opened.convert("RGBA"), (side, side), Image.Resampling.LANCZOS)
    ground.alpha_composite(whole, ((size - whole.width) // 2, (size - whole.height) // 2))
    return _png(ground.convert("RGB"))


def _png(drawn: Image) -> bytes:
    target = BytesIO()
    drawn.save(target, "PNG", optimize=True)
    return target.getvalue()
