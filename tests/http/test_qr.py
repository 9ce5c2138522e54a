"""QR pictures: the right version, the border, and a small SVG of one path that equals the PNG."""

from __future__ import annotations

import re
from base64 import b64decode
from io import BytesIO
from xml.etree import ElementTree

import pytest
from PIL import Image

from api import qr

VOUCHER = "V0123456789ABCDEFGHJ"
CARD = "1AAECAwQFBgePHCfTa8oSpw"


@pytest.mark.parametrize(("payload", "side"), [(VOUCHER, 21), (CARD, 25)])
def test_a_voucher_is_version_1_and_a_card_version_2_with_a_border_of_4(payload: str, side: int) -> None:
    rows = qr.matrix(payload)
    assert (len(rows), {len(row) for row in rows}) == (side + 8, {side + 8})
    assert not any(any(rows[y]) for y in (*range(4), *range(side + 4, side + 8)))
    assert not any(row[x] for row in rows for x in (*range(4), *range(side + 4, side + 8)))


def test_the_correction_level_is_m() -> None:
    rows = qr.matrix(CARD)
    # The two bits of the level stand, masked by 10, at the left end of the format information in row 8: M is
    # 00.
    assert [rows[12][4 + x] for x in (0, 1)] == [True, False]


@pytest.mark.parametrize("payload", [VOUCHER, CARD])
def test_the_svg_paints_exactly_the_dark_modules_in_one_small_path(payload: str) -> None:
    text = qr.svg(payload, 320)
    assert len(text) < 2500
    root = ElementTree.fromstring(text)
    assert (root.get("width"), root.get("height"), root.get("shape-rendering")) == (
        "320",
        "320",
        "crispEdges",
    )
    steps = re.findall(r"M(\d+) (\d+)h(\d+)v1h-(\d+)z", root[1].get("d", ""))
    painted = {
        (int(x) + i, int(y)) for x, y, length, back in steps for i in range(int(length)) if length == back
    }
    assert painted == {
        (x, y) for y, row in enumerate(qr.matrix(payload)) for x, dark in enumerate(row) if dark
    }
    assert root[0].get("fill") == "#fff"


@pytest.mark.parametrize("size", [64, 100, 256, 1024])
def test_the_png_has_the_size_asked_for_and_whole_pixels_a_module(size: int) -> None:
    url = qr.png_data_url(VOUCHER, size)
    assert url.startswith("data:image/png;base64,")
    with Image.open(BytesIO(b64decode(url.split(",")[1]))) as picture:
        picture.load()
    rows = qr.matrix(VOUCHER)
    scale = size // len(rows)
    offset = (size - scale * len(rows)) // 2
    assert picture.size == (size, size)
    modules = [
        [picture.getpixel((offset + x * scale + scale // 2, offset + y * scale)) == 0 for x in range(29)]
        for y in range(29)
    ]
    assert modules == [list(row) for row in rows]


@pytest.mark.parametrize("size", [-1, 0, 63, 2049])
def test_a_size_that_helps_nobody_is_refused(size: int) -> None:
    with pytest.raises(qr.BadSize, match=f"size must be 64 to 2048 pixels, not {size}"):
        qr.svg(VOUCHER, size)
    with pytest.raises(qr.BadSize):
        qr.png(VOUCHER, size)
