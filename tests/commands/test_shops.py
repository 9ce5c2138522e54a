"""`selo source` and `selo intake`: a file is checked, tried and published, and what failed is tried again."""

import json
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from pymongo import MongoClient

from tests import servers
from tests.servers import ROOT, SHARED_KEYS, quick_folder

SAMPLES = ROOT / "tests/model/intake/samples"
SOURCES = "sources:\n  - {code: shop, kind: shopify, store: online, secrets: [SHOP_SECRET]}\n"


@pytest.fixture
def folder(database_uri: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    name = f"test-{secrets.token_hex(8)}"
    for variable, value in {**SHARED_KEYS, "MONGODB_URI": database_uri, "SELO_DATABASE": name}.items():
        monkeypatch.setenv(variable, value)
    with quick_folder() as made, MongoClient[dict[str, object]](database_uri) as client:
        (made / "sources.yaml").write_text(SOURCES)
        yield made
        client.drop_database(name)


def selo(folder: Path, *words: str, code: int = 0) -> str:
    done = servers.selo(*words, environment=os.environ)
    assert done.returncode == code, done.stderr
    return done.stdout + done.stderr


def test_a_file_is_checked_tried_published_and_listed(folder: Path) -> None:
    file, body = str(folder / "sources.yaml"), SAMPLES / "shopify/order_partially_refunded_shopify_docs.json"
    selo(folder, "store", "add", "online", "--name", "Online", "--data", str(folder))
    assert selo(folder, "source", "check", file).startswith("The sources file is sound:\n  shop ")
    figures = json.loads(selo(folder, "source", "try", file, "shop", str(body)))
    expected = json.loads((SAMPLES / "expected.json").read_text())[
        "shopify/order_partially_refunded_shopify_docs"
    ]
    assert {key: figures[key] for key in expected} == expected
    published = selo(folder, "source", "publish", file, "--data", str(folder))
    assert published == (
        "Sources version 1 is published.\n"
        "Not in this shell's SELO_SOURCE_SECRETS: SHOP_SECRET. The server needs them in its own.\n"
    )
    assert "Sources version 1:\n  shop " in selo(folder, "source", "list", "--data", str(folder))
    listed = selo(folder, "intake", "list", "--data", str(folder))
    assert listed == "0 pending  0 applied  0 ignored  0 parked  0 failed\n"
    assert selo(folder, "intake", "retry", "--data", str(folder)) == "Tried again: 0\n"
    assert "There is no delivery x" in selo(folder, "intake", "show", "x", "--data", str(folder), code=1)


def test_a_faulty_file_is_refused_with_line_and_remedy(folder: Path) -> None:
    (folder / "sources.yaml").write_text(SOURCES.replace("shopify", "shopfy"))
    said = selo(folder, "source", "check", str(folder / "sources.yaml"), code=1)
    assert "line 2: sources[0].kind: kind is none of these -> did you mean shopify?" in said


def test_a_store_that_is_not_there_is_refused_by_check_and_publish(folder: Path) -> None:
    file = str(folder / "sources.yaml")
    fault = "line 2: sources[0].store: there is no store online -> add it: selo store add online --name NAME"
    for words in (("check", file), ("publish", file)):
        assert fault in selo(folder, "source", *words, "--data", str(folder), code=1)
    assert "No sources are published yet" in selo(folder, "source", "list", "--data", str(folder))


def test_a_file_is_checked_where_there_is_no_database(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MONGODB_URI")
    monkeypatch.setenv("SELO_DATA", str(folder / "none"))
    said = selo(folder, "source", "check", str(folder / "sources.yaml"))
    assert said.endswith("Its stores were not looked at: there is no database here yet.\n")
    assert not (folder / "none").exists()


def test_a_catalogue_is_tried_brought_and_listed(folder: Path) -> None:
    where = ("--data", str(folder))
    selo(folder, "programme", "publish", "scripts/demo/programmes/numiscollect.yaml", *where)
    file = folder / "products.csv"
    file.write_text(
        "sku,title,title_en,categories,price\nau-1,Ducado,Ducat,gold-coins,310\nbk-1,Livro,,,9.90\n"
    )
    tried = selo(folder, "catalogue", "import", str(file), *where)
    assert tried == (
        "2 new, 0 changed, 0 sold no more, 0 as they were\nNothing was written: repeat it with --apply.\n"
    )
    assert selo(folder, "catalogue", "list", *where) == ""
    assert selo(folder, "catalogue", "import", str(file), "--apply", *where).startswith("2 new, 0 changed")
    file.write_text("sku,title,title_en,categories,price\nau-1,Ducado,Ducat,gold-coins,320\n")
    changed = selo(folder, "catalogue", "import", str(file), "--complete", "--apply", *where)
    assert changed == "0 new, 1 changed, 1 sold no more, 0 as they were\n"
    assert selo(folder, "catalogue", "list", *where) == (
        "au-1  file  32000  gold-coins  Ducado\nbk-1  file  990  -  Livro  (not available)\n"
    )
    file.write_text("sku,title\nau-1,\n")
    assert "line 2, title: it is missing" in selo(folder, "catalogue", "import", str(file), *where, code=1)
