"""A sources file is checked with line numbers and remedies, and its mapped sources read any system's JSON."""

import json

import pytest

from domain.model.intake.sources import category_files, load_sources
from domain.model.intake.trial import try_body
from domain.model.programme.faults import ProgrammeInvalid

DESIGN = """sources:
  - {code: shop, kind: shopify, store: online, secrets: [SHOP_SECRET], count: shown, categories: categories.csv}
  - {code: woo, kind: woocommerce, store: online, secrets: [WOO_SECRET, WOO_SECRET_NEXT]}
  - code: till3
    kind: mapped
    store: porto
    secrets: [TILL_SECRET]
    verify: {scheme: hmac-body, header: X-Signature, encoding: hex}
    body: {form: json, at: data.order}
    identity: body.id
    kind_of: 'body.type == "sale" ? "purchase" : "ignore"'
    member: {email: body.customer.email}
    fields: {externalId: string(body.id), total: money(body.total), at: 'instant(body.closed_at, "Europe/Lisbon")'}
    lines: {of: body.items, each: {sku: line.code, category: line.group, quantity: line.qty, amount: money(line.net)}}
"""
SALE = {
    "id": 77, "type": "sale", "total": 19.99, "closed_at": "2026-07-01T12:00:00", "customer": {"email": "ana@example.com"},
    "items": [{"code": "A", "group": "coins", "qty": 2.0, "net": "19.50"}],
}  # fmt: skip


def posted(order: dict[str, object]) -> bytes:
    return json.dumps({"data": {"order": order}}).encode()


def faults(text: str, **files: str) -> list[str]:
    with pytest.raises(ProgrammeInvalid) as invalid:
        load_sources(text, files)
    return [str(fault) for fault in invalid.value.faults]


def test_the_file_of_the_design_is_sound() -> None:
    files = {"categories.csv": "sku,category\nMUG,kitchen\n"}
    sources = load_sources(DESIGN, files)
    assert [source.code for source in sources] == ["shop", "woo", "till3"]
    assert category_files(DESIGN) == ("categories.csv",)
    assert sources[0].categories == {"MUG": "kitchen"}
    assert sources[1].secrets == ("WOO_SECRET", "WOO_SECRET_NEXT")


def test_a_mapped_sale_has_its_lines_and_the_rest() -> None:
    till = load_sources(DESIGN, {"categories.csv": ""})[2]
    figures = try_body(till, posted(SALE), currency="EUR")
    assert (figures["externalId"], figures["total"], figures["occurredAt"]) == (
        "77",
        1999,
        "2026-07-01T11:00:00Z",
    )
    assert figures["lines"] == [
        {"sku": "A", "category": "coins", "quantity": 2, "amount": 1950},
        {"sku": "other", "category": "other", "quantity": 1, "amount": 49},
    ]


@pytest.mark.parametrize(
    ("changes", "becomes", "reason"),
    [
        ({"type": "quote"}, "ignored", "the mapping ignores it"),
        (
            {"total": "abc"},
            "failed",
            "fields.total: an amount is another text, not a number or a text such as 19.99",
        ),
        ({"closed_at": None}, "failed", "fields.at: an instant is missing"),
        ({"items": [{"code": "A", "qty": 1}]}, "failed", "lines.each.amount is missing in a line"),
        ({"items": [{"net": 1}] * 501}, "failed", "lines.of is no list of at most 500 lines"),
        ({"items": [1] * 2001}, "failed", "a list of the body has more than 2000 elements"),
    ],
)
def test_a_body_that_cannot_be_mapped_says_where_and_nothing_of_it(
    changes: dict[str, object], becomes: str, reason: str, capfd: pytest.CaptureFixture[str]
) -> None:
    till = load_sources(DESIGN, {"categories.csv": ""})[2]
    figures = try_body(till, posted({**SALE, **changes}), currency="EUR")
    assert (figures["becomes"], figures["reason"]) == (becomes, reason)
    assert capfd.readouterr() == ("", "")


def test_every_fault_has_its_line_and_a_remedy() -> None:
    text = """sources:
  - {code: Shop, kind: shopfy, store: online, secrets: [hunter2-hunter2]}
  - {code: till, kind: woocommerce, store: online, secrets: [A, B, C], zone: UTC}
  - code: m
    kind: mapped
    store: online
    secrets: [M]
    verify: {scheme: hmac-body, encoding: hexx}
    identity: order.id
    kind_of: 'body.type =='
    fields: {totl: money(body.total)}
    lines: {of: body.items, each: {sku: line.code}}
"""
    assert faults(text) == [
        "line 2: sources[0].kind: kind is none of these -> did you mean shopify?",
        "line 2: sources[0].code: code is no code -> write shop: small letters, digits, - and _",
        (
            "line 2: sources[0].secrets: secrets is no list of 1 to 2 names -> write [SHOP_SECRET]: names in"
            " SELO_SOURCE_SECRETS, no secrets"
        ),
        "line 3: sources[1].zone: zone is not known here -> write one of categories, code, count, kind, secrets, store",
        "line 3: sources[1].code: till is the name of a source of Selo's own -> write another, such as shop",
        (
            "line 3: sources[1].secrets: secrets is no list of 1 to 2 names -> write [SHOP_SECRET]: names in"
            " SELO_SOURCE_SECRETS, no secrets"
        ),
        "line 8: sources[2].verify.encoding: encoding is none of these -> did you mean hex?",
        "line 8: sources[2].verify.header: header is missing -> write the name of the header: X-Signature",
        "line 9: sources[2].identity: order is not known here -> write one of body",
        "line 10: sources[2].kind_of: " + faults(text)[9].partition("kind_of: ")[2],
        "line 11: sources[2].fields.totl: totl is not known here -> did you mean total?",
        "line 12: sources[2].lines.each.amount: amount is missing -> write amount: money(line.amount)",
    ]


def test_what_is_missing_altogether_is_said() -> None:
    assert faults("other: 1") == [
        "line 1: other: other is not known here -> write one of sources",
        "line 1: file: sources is missing -> write sources: and a list: - {code: shop, kind: shopify, ...}",
    ]
    twice = "sources:\n" + "  - {code: a, kind: shopify, store: s, secrets: [A]}\n" * 2
    assert faults(twice) == ["line 3: sources[1].code: a is written twice -> give each its own code"]


def test_a_faulty_csv_names_its_line() -> None:
    assert faults(DESIGN, **{"categories.csv": "MUG,kitchen\nMUG,coins\n"}) == [
        "line 2: sources[0].categories: categories.csv, line 2: MUG has two categories -> keep one of them"
    ]
    assert faults(DESIGN) == [
        "line 2: sources[0].categories: there is no such file -> write the name of a CSV beside this file"
    ]
