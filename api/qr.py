"""QR codes as pictures: correction level M, a border of 4, black on white; an SVG of one path, or a PNG as a
data: URL.

The length of the text decides how well a code scans, the correction level hardly does. So there is no logo,
and the size is the only setting.

A PNG of 2048 pixels takes 50 ms, and the modules of a new code 10 ms. `draw` runs either beside the event
loop: in one thread, so that pictures never take more than one core, and whoever else uses threads does not
wait.
"""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from io import BytesIO
from itertools import groupby

BORDER = 4
SMALLEST, LARGEST = 64, 2048
LIGHT = "#fff"

_DRAWING = ThreadPoolExecutor(max_workers=1, thread_name_prefix="qr")


class BadSize(ValueError):
    """A size below what a camera can read, or above what anybody needs."""

    def __init__(self, size: int) -> None:
        super().__init__(f"size must be {SMALLEST} to {LARGEST} pixels, not {size}")
        self.size = size


async def draw(picture: Callable[[str, int], str], payload: str, size: int) -> str:
    """Return `svg` or `png_data_url` of a code, drawn beside the event loop. Raises BadSize before it waits.

    A caller that no longer waits is not drawn for, unless its picture is begun.
    """
    _check_size(size)
    return await asyncio.get_running_loop().run_in_executor(_DRAWING, picture, payload, size)


def svg(payload: str, size: int = 256) -> str:
    """Return the code as SVG text, `size` pixels square. Each run of dark modules is one step of a single
    path.
    """
    _check_size(size)
    rows = matrix(payload)
    side = len(rows)
    steps = "".join(
        f"M{x} {y}h{length}v1h-{length}z" for y, row in enumerate(rows) for x, length in _dark_runs(row)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{size}" height="{size}" viewBox="0 0 {side} {side}"'
        f' shape-rendering="crispEdges"><path fill="{LIGHT}" d="M0 0h{side}v{side}H0z"/><path'
        f' d="{steps}"/></svg>'
    )


def png_data_url(payload: str, size: int = 256) -> str:
    """Return the code as a data: URL of a PNG, `size` pixels square.

    A module is a whole number of pixels; the rest widens the border.
    """
    return "data:image/png;base64," + b64encode(png(payload, size)).decode()


def png(payload: str, size: int = 256) -> bytes:
    """Return the code as a PNG of one bit a pixel. A size below one pixel a module is scaled up to one."""
    _check_size(size)
    from PIL import Image  # as in `matrix`

    rows = matrix(payload)
    side = len(rows)
    small = Image.new("1", (side, side), 1)
    small.putdata([0 if dark else 1 for row in rows for dark in row])
    scale = max(1, size // side)
    edge = max(size, side)
    picture = Image.new("1", (edge, edge), 1)
    offset = (edge - side * scale) // 2
    picture.paste(small.resize((side * scale, side * scale), Image.Resampling.NEAREST), (offset, offset))
    target = BytesIO()
    picture.save(target, "PNG", optimize=True)
    return target.getvalue()


@lru_cache(maxsize=256)
def matrix(payload: str) -> tuple[tuple[bool, ...], ...]:
    """Return the modules of a payload and its border, True where dark, in the smallest version that fits."""
    # It loads Pillow, 4 MB together: only a process that draws codes loads them.
    from qrcode import constants
    from qrcode.main import QRCode

    code = QRCode(version=None, error_correction=constants.ERROR_CORRECT_M, box_size=1, border=BORDER)
    code.add_data(payload, optimize=0)
    code.make(fit=True)
    return tuple(tuple(bool(dark) for dark in row) for row in code.get_matrix())


def _dark_runs(row: tuple[bool, ...]) -> list[tuple[int, int]]:
    runs, column = [], 0
    for dark, group in groupby(row):
        length = sum(1 for _ in group)
        if dark:
            runs.append((column, length))
        column += length
    return runs


def _check_size(size: int) -> None:
    if not SMALLEST <= size <= LARGEST:
        raise BadSize(size)
