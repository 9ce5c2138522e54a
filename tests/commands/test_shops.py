"""`selo source` and `selo intake`: a file is checked, tried and published, and what failed is tried again."""

import json
import os
import secrets
import time
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import httpx
import pytest
from pymongo import MongoClient

from api.commands.shops.refused import WHY
from domain.model.intake.refusals import CallRefusal
from tests import servers
from tests.servers import ROOT, SHARED_KEYS, quick_folder, serve_selo

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


def test_what_is_refused_at_the_door_is_counted_with_its_remedy(folder: Path) -> None:
    data = ("--data", str(folder))
    nothing = selo(folder, "intake", "refused", *data)
    assert nothing == "Nothing was refused at the door in the last 7 days.\n"
    assert json.loads(selo(folder, "intake", "refused", "--json", *data)) == []
    selo(folder, "store", "add", "online", "--name", "Online", *data)
    selo(folder, "source", "publish", str(folder / "sources.yaml"), *data)
    settings = {**os.environ, "SELO_SOURCE_SECRETS": json.dumps({"SHOP_SECRET": "s" * 32})}
    with serve_selo(folder, environment=settings) as served, httpx.Client(base_url=served.url) as client:
        signed = {"x-shopify-hmac-sha256": "bm9ib2R5", "x-shopify-topic": "orders/paid"}
        codes = [client.post("/webhooks/shop", json={}, headers=signed).status_code for _ in range(2)]
        codes.append(client.post("/webhooks/nobody", json={}).status_code)
        codes.append(client.post("/events", json=[], headers={"authorization": "Bearer sk_x_y"}).status_code)
        assert all(code in (401, 404) for code in codes), codes
        give_up_at = time.monotonic() + 60
        rows: list[dict[str, object]] = []
        while len(rows) < 3 and time.monotonic() < give_up_at:
            rows = json.loads(selo(folder, "intake", "refused", "--json", *data))
    counted = {(row["source"], row["refusal"]): row["count"] for row in rows}
    expected = {("shop", "BAD_SIGNATURE"): 2, (None, "UNKNOWN_SOURCE"): 1, (None, "UNKNOWN_KEY"): 1}
    assert counted == expected
    line = selo(folder, "intake", "refused", "--source", "shop", "--days", "1", *data)
    cells = line.rstrip("\n").split("\t")
    assert [*cells[1:4], cells[6]] == ["shop", "2", "BAD_SIGNATURE", WHY["BAD_SIGNATURE"]]
    assert "(unknown)\t1\tUNKNOWN_SOURCE" in selo(folder, "intake", "refused", *data)
    assert "equal to 90" in selo(folder, "intake", "refused", "--days", "91", *data, code=2)


def test_every_reason_has_its_words() -> None:
    assert set(WHY) == set(get_args(CallRefusal))
