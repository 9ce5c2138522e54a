"""The brand's colours: whether people can read them where the pages write with them."""

from __future__ import annotations

from collections.abc import Iterator

from domain.model.colours import READABLE, WHITE, contrast, readable
from domain.model.fault_text import FaultText
from domain.model.programme.check.checked_file import CheckedFile
from domain.model.programme.faults import Finding


def check_brand(checked_file: CheckedFile) -> Iterator[Finding]:
    """Warn of colours that are hard to read on white: the pages write with a darker tone of them there."""
    brand = checked_file.programme.programme.brand
    if brand is None:
        return
    for key, colour in (("colour", brand.colour), ("accent", brand.accent)):
        if colour is None or (ratio := contrast(colour, WHITE)) >= READABLE:
            continue
        darker = readable(colour, WHITE)
        yield Finding(
            ("programme", "brand", key),
            FaultText(
                "{colour} is hard to read on white: its contrast is {ratio} to 1, and text takes"
                " {least} to 1",
                colour=colour,
                ratio=f"{ratio:.1f}",
                least=READABLE,
            ),
            FaultText(
                'write a darker tone, such as "{darker}", which the pages take where they write with it',
                darker=darker,
            ),
            is_warning=True,
        )
