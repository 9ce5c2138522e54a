"""What CONTRIBUTING.md says is true: every file and folder that it names exists, with the name that it mentions.
Beside it: no page says a thing twice, and what a page links to is there.
"""

import re
from collections import Counter

import pytest

from tests.servers import ROOT

PAGE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
PATH = r"`((?:api|domain|tests|scripts)/[\w./-]+|[A-Z]+\.md|schema\.graphql)`"


def test_every_path_is_there() -> None:
    paths = set(re.findall(PATH, PAGE))
    assert len(paths) > 20
    assert sorted(path for path in paths if not (ROOT / path).exists()) == []


def test_every_name_stands_in_the_file_that_it_is_said_to_be_in() -> None:
    named = re.findall(PATH + r": (?:the enum )?`(\w+)`", PAGE)
    assert len(named) == 6
    assert [
        (path, name) for path, name in named if name not in (ROOT / path).read_text(encoding="utf-8")
    ] == []


@pytest.mark.parametrize("page", ["CHANGELOG.md", "domain/DECISIONS.md"])
def test_nothing_stands_twice(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    counts = Counter(line for line in text.splitlines() if line.startswith(("- ", "#")))
    assert [line for line, times in counts.items() if times > 1] == []


@pytest.mark.parametrize(
    "page", ["README.md", "api/README.md", "scripts/OPERATIONS.md", "domain/model/programme/README.md"]
)
def test_every_link_within_the_project_leads_to_a_file_and_its_heading(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    for target in re.findall(r"\]\((?!https?:)([^)\s]+)\)", text):
        path, _, heading = target.partition("#")
        linked = (ROOT / page).parent / path if path else ROOT / page
        assert linked.exists(), target
        assert not heading or heading in _anchors(linked.read_text(encoding="utf-8")), target


def _anchors(text: str) -> set[str]:
    """The headings of a page as links name them."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
