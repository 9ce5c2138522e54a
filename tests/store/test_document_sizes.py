"""The operators' table of what documents weigh is that of a real shop: the newest archive of one."""

import re
from collections import defaultdict
from pathlib import Path

import bson

from tests.command_log import GROWING
from tests.stored_folders import ARCHIVES, read_archive

ROOT = Path(__file__).parents[2]
ROW = re.compile(r"^\| `(\w+)` \| (\d+) \|", re.MULTILINE)
TOLERANCE = 0.25
NOT_OF_A_LONG_LIFE = {"sign_in_codes", "card_steps"}


def test_the_table_says_what_documents_of_each_collection_weigh() -> None:
    text = (ROOT / "scripts" / "OPERATIONS.md").read_text(encoding="utf-8")
    table = {name: int(size) for name, size in ROW.findall(text.partition("### What a document weighs")[2])}
    sizes: dict[str, list[int]] = defaultdict(list)
    for name, document in read_archive(ARCHIVES[-1]):
        sizes[name].append(len(bson.encode(document)))
    wrong = {
        name: (said, sum(sizes[name]) // len(sizes[name]))
        for name, said in table.items()
        if not sizes[name] or abs(sum(sizes[name]) / len(sizes[name]) / said - 1) > TOLERANCE
    }
    assert wrong == {}
    assert table.keys() >= GROWING - NOT_OF_A_LONG_LIFE
