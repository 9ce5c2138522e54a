"""Films for Chromium's fake camera: JPEGs one after another, each a picture of a code as a phone shows it."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

from PIL import Image, ImageEnhance, ImageFilter

from api import qr

FRAME = (1280, 720)
FRAMES = 45
TABLE = (92, 78, 66)


def picture_of(payload: str, size: int = 320) -> Image.Image:
    """Return a code as the server draws it."""
    with Image.open(BytesIO(qr.png(payload, size))) as picture:
        return picture.convert("RGB")


def stage_picture(
    picture: Image.Image,
    *,
    side: int = 300,
    blur: float = 0.6,
    degrees: float = 4,
    light: float = 0.9,
    frame: tuple[int, int] = FRAME,
) -> Image.Image:
    """Return one frame: the picture scaled to `side` pixels, turned, dimmed and out of focus by so much, on a
    table.
    """
    scaled = picture.convert("RGB").resize((side, side), Image.Resampling.LANCZOS)
    turned = scaled.rotate(degrees, Image.Resampling.BICUBIC, expand=True, fillcolor=TABLE)
    scene = Image.new("RGB", frame, TABLE)
    scene.paste(turned, ((frame[0] - turned.width) // 2, (frame[1] - turned.height) // 2))
    return ImageEnhance.Brightness(scene.filter(ImageFilter.GaussianBlur(blur))).enhance(light)


def write_film(path: Path, picture: Image.Image) -> None:
    """Write a film of a picture that a hand holds: it turns a little from frame to frame."""
    with path.open("wb") as film:
        for number in range(FRAMES):
            stage_picture(picture, degrees=3 + number % 5).save(film, "JPEG", quality=80)
