"""Pictures made smaller: PNG stays PNG, everything else becomes WebP; never larger than they are.

A file says how large its picture is before anything is decoded. One of more than 25 million pixels is
refused, because a few KB of it would fill the memory of a server, and of every phone.
"""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from PIL.Image import Image

WIDTHS: Final = (64, 128, 256, 512, 1024)
MAX_PIXELS: Final = 25_000_000
MAX_BYTES: Final = 20_000_000
QUALITY: Final = 82
FORMATS: Final = ("PNG", "JPEG", "WEBP")
# Part of each name: raise it where the same file is to be drawn otherwise, because names are cached for good.
DRAWING_VERSION: Final = b"1"


class BadWidth(ValueError):
    """A width of less than a pixel, or more than is drawn."""

    def __init__(self, width: int) -> None:
        super().__init__(f"width must be 1 to {WIDTHS[-1]} pixels, not {width}")


class BadPicture(ValueError):
    """No picture, a broken one, or one too large to be shown."""


def drawn_width(width: int) -> int:
    """Return the next of WIDTHS, in pixels, which is what is drawn. Raises BadWidth."""
    if width < 1 or width > WIDTHS[-1]:
        raise BadWidth(width)
    return next(each for each in WIDTHS if each >= width)


def expect_picture(payload: bytes) -> None:
    """Raise BadPicture where a file's head is not that of a picture that can be drawn."""
    _open(payload)


def draw(payload: bytes, width: int) -> tuple[bytes, str]:
    """Return a picture at most `width` pixels wide, and its media type. Raises BadPicture."""
    from PIL import Image, ImageOps  # 4 MB: only a process that draws loads it

    picture = _open(payload)
    form = "PNG" if picture.format == "PNG" else "WEBP"
    target = BytesIO()
    try:
        if picture.width > width:
            picture.draft("RGB", (width, max(1, picture.height * width // picture.width)))
        upright = ImageOps.exif_transpose(picture)
        coloured = upright.convert("RGBA" if upright.has_transparency_data else "RGB")
        if coloured.width > width:
            height = max(1, round(coloured.height * width / coloured.width))
            coloured = coloured.resize((width, height), Image.Resampling.LANCZOS)
        if form == "PNG":
            coloured.save(target, "PNG", optimize=True)
        else:
            coloured.save(target, "WEBP", quality=QUALITY)
    except (OSError, SyntaxError, ValueError) as fault:
        raise BadPicture(f"cannot be drawn: {fault}") from None
    return target.getvalue(), f"image/{form.lower()}"


def _open(payload: bytes) -> Image:
    """Return a picture whose head alone was read. Raises BadPicture."""
    from PIL import Image  # as in `draw`

    if len(payload) > MAX_BYTES:
        raise BadPicture(f"has more than {MAX_BYTES} bytes")
    bombs = (Image.DecompressionBombError, Image.DecompressionBombWarning)
    try:
        picture = Image.open(BytesIO(payload), formats=FORMATS)
    except bombs:
        raise BadPicture(f"has more than {MAX_PIXELS} pixels") from None
    except (OSError, SyntaxError, ValueError):
        raise BadPicture("is no PNG, JPEG or WebP") from None
    if picture.width * picture.height > MAX_PIXELS:
        raise BadPicture(f"has more than {MAX_PIXELS} pixels")
    return picture
