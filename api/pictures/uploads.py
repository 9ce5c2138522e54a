"""A file that an operator sent as a picture, drawn anew: what is stored and shown holds no byte of the file.

So nothing that hides in or behind a picture is ever served: scripts, other formats, places where it was
taken. A file that is no PNG, JPEG or WebP by its content is refused, whatever it is called; so is one whose
head promises more pixels than a screen needs, before any of them is decoded.
"""

from __future__ import annotations

import base64
import binascii
from io import BytesIO
from typing import Final

from api.pictures.drawing import BadPicture, draw, expect_picture
from domain.services.publishing.pictures import DrawnUpload

MOST_SENT: Final = 180_000  # bytes; as text in a request of at most 256 KB
MOST_PIXELS: Final = 12_000_000
LONGEST_SIDE: Final = 1024


def decode_upload(text: str) -> bytes:
    """Return the file in a text as base64 writes it. Raises BadPicture."""
    if len(text) > MOST_SENT * 4 // 3 + 4:
        raise BadPicture(f"has more than {MOST_SENT} bytes")
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise BadPicture("is no base64") from None


def draw_upload(payload: bytes) -> DrawnUpload:
    """Return a picture drawn anew, at most 1,024 pixels wide. Raises BadPicture."""
    from PIL import Image  # 4 MB: only a process that draws loads it

    expect_picture(payload)
    with Image.open(BytesIO(payload), formats=("PNG", "JPEG", "WEBP")) as head:
        if head.width * head.height > MOST_PIXELS or min(head.size) < 1:
            raise BadPicture(f"has more than {MOST_PIXELS} pixels")
    body, media_type = draw(payload, LONGEST_SIDE)
    with Image.open(BytesIO(body)) as drawn:
        return DrawnUpload(body, media_type, drawn.width, drawn.height)
