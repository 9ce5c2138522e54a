"""The map in `domain/__init__.py` names files that exist."""

import re
from pathlib import Path

import domain

ROOT = Path(__file__).parents[2]
PATH = re.compile(r"^ {4}((?:api|domain)/\S+)", re.MULTILINE)


def test_every_path_of_the_map_exists() -> None:
    paths = PATH.findall(domain.__doc__ or "")
    assert len(paths) > 40
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_the_map_names_the_files_of_a_purchase_from_the_till_to_the_push() -> None:
    paths = PATH.findall(domain.__doc__ or "")
    rooms = [
        "api/web/",
        "api/graphql/",
        "domain/services/ledger/purchases.py",
        "domain/model/ledger/decide.py",
    ]
    rooms += ["domain/store/commit.py", "api/worker.py", "api/senders/firebase.py"]
    places = [next(place for place, path in enumerate(paths) if path.startswith(room)) for room in rooms]
    assert places == sorted(places)
