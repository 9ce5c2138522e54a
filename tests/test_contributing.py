"""What CONTRIBUTING.md says is true: every file and folder that it names exists, with the name that it mentions."""

import re

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
