"""The sources file: which shops and systems may report, how they sign, and how their bodies are read.

It is checked as the programme file is: every fault with its line, its path and what would be right.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import field
from typing import Final, Literal, Protocol, cast

from domain.model.intake.bodies import parse_body
from domain.model.intake.instants import InstantUnreadable, zone_of
from domain.model.intake.mapped import LinesTerms, MappedTerms, map_body, parse_form
from domain.model.intake.order_state import MappedBody
from domain.model.intake.shop_terms import CategoriesMalformed, Counting, ShopTerms, read_categories
from domain.model.intake.shopify import map_shopify
from domain.model.intake.signatures import SHOPIFY, WOOCOMMERCE, Encoding, Scheme, VerifyTerms
from domain.model.intake.source_keys import KeyReader
from domain.model.intake.woocommerce import map_woocommerce
from domain.model.programme.faults import ProgrammeFault, ProgrammeInvalid, nearest
from domain.model.programme.parsing import parse_yaml
from domain.model.values import dataclass

SourceKind = Literal["shopify", "woocommerce", "mapped"]
KINDS: Final = ("shopify", "woocommerce", "mapped")
SCHEMES: Final = ("hmac-body", "hmac-url-body", "hmac-body-plus-field", "standard-webhooks", "token")
COMMON_KEYS: Final = ("code", "kind", "store", "secrets", "count", "categories")
MAPPED_KEYS: Final = ("verify", "body", "identity", "kind_of", "zone", "member", "fields", "lines", "data")
MEMBER_KEYS: Final = ("customer", "email", "phone", "number")
FIELD_KEYS: Final = ("externalId", "total", "at", "currency", "updatedAt", "refundId", "number")
LINE_KEYS: Final = ("sku", "category", "quantity", "amount", "name")
MOST_SECRETS: Final = 2
NO_CODES: Final = frozenset({"till", "app", "time", "selo"})  # sources that receipts of our own have


class Reporter(Protocol):
    """Who reports: as which source, for which store."""

    @property
    def code(self) -> str:
        """Return the source that its receipts are of."""

    @property
    def store(self) -> str:
        """Return the store whose receipts they are."""


@dataclass(frozen=True, slots=True)
class Source:
    """A shop or a system that may report. `secrets` are names in the settings, `categories` of its CSV."""

    code: str
    kind: SourceKind
    store: str
    secrets: tuple[str, ...]
    verify: VerifyTerms
    count: Counting = "shown"
    categories: Mapping[str, str] = field(default_factory=dict)
    mapping: MappedTerms | None = None

    def terms(self, currency: str) -> ShopTerms:
        """Return how it counts, in a programme of a currency."""
        return ShopTerms(currency, self.count, self.categories)

    def parse(self, raw: bytes) -> object:
        """Return the JSON in a body. Raises BodyMalformed."""
        return parse_body(raw) if self.mapping is None else parse_form(raw, self.mapping)

    def map(self, body: object, *, currency: str, topic: str | None = None) -> MappedBody:
        """Return what a body comes to. Raises BodyIncomplete, MoneyUnreadable, InstantUnreadable."""
        terms = self.terms(currency)
        if self.mapping is not None:
            return map_body(body, self.mapping, terms)
        read = map_shopify if self.kind == "shopify" else map_woocommerce
        return read(body, terms, topic=topic)


def category_files(text: str) -> tuple[str, ...]:
    """Return the names of the CSV files that a sources file names. Raises ProgrammeInvalid."""
    rows = parse_yaml(text).values.get("sources")
    names = [row.get("categories") for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    return tuple(dict.fromkeys(name for name in names if isinstance(name, str)))


def load_sources(text: str, files: Mapping[str, str]) -> tuple[Source, ...]:
    """Load a sources file; `files` are the CSV files that it names, by name. Raises ProgrammeInvalid with
    every fault.
    """
    parsed = parse_yaml(text)
    reader = KeyReader(parsed, ())
    reader.only_keys(parsed.values, ("sources",))
    rows = parsed.values.get("sources")
    sources = list[Source]()
    if not isinstance(rows, list) or not rows:
        reader.fault(
            (), "sources is missing", "write sources: and a list: - {code: shop, kind: shopify, ...}"
        )
    else:
        for index, row in enumerate(rows):
            source = _read_source(KeyReader(parsed, ("sources", index), reader.faults), row, files)
            if source is not None and any(source.code == other.code for other in sources):
                reader.fault(
                    ("sources", index, "code"), f"{source.code} is written twice", "give each its own code"
                )
            sources += [source] if source is not None else []
    faults: list[ProgrammeFault] = [*parsed.faults, *reader.faults]
    if faults:
        raise ProgrammeInvalid(tuple(sorted(dict.fromkeys(faults), key=lambda fault: fault.line)))
    return tuple(sources)


def check_stores(
    text: str, sources: Sequence[Source], *, stores: Collection[str], reported_for: Mapping[str, str]
) -> None:
    """Check a sources file's stores: `stores` are those that there are, `reported_for` says for which store
    each code has reported so far. Raises ProgrammeInvalid with every fault.
    """
    reader = KeyReader(parse_yaml(text), ())
    for index, source in enumerate(sources):
        path = ("sources", index, "store")
        if (before := reported_for.get(source.code, source.store)) != source.store:
            message = (
                f"{source.code} reports for {before}: with another store each of its orders would count again"
            )
            reader.fault(path, message, f"write store: {before}; another shop takes another code")
        elif source.store not in stores:
            near = nearest(source.store, stores)
            remedy = f"did you mean {near}? Else add" if near else "add"
            reader.fault(
                path,
                f"there is no store {source.store}",
                f"{remedy} it: selo store add {source.store} --name NAME",
            )
    if reader.faults:
        raise ProgrammeInvalid(tuple(reader.faults))


def _read_source(reader: KeyReader, row: object, files: Mapping[str, str]) -> Source | None:
    if not isinstance(row, dict):
        reader.fault(
            (),
            "a source is no map",
            "write - {code: shop, kind: shopify, store: online, secrets: [SHOP_SECRET]}",
        )
        return None
    kind = reader.choice(row, "kind", KINDS)
    reader.only_keys(row, COMMON_KEYS + (MAPPED_KEYS if kind == "mapped" else ()))
    code = reader.code(row, "code", "shop")
    if code in NO_CODES:
        reader.fault(
            ("code",), f"{code} is the name of a source of Selo's own", "write another, such as shop"
        )
    store = reader.code(row, "store", "online")
    secrets = reader.names(row, "secrets", most=MOST_SECRETS, example="[SHOP_SECRET]")
    count = reader.choice(row, "count", ("shown", "net"), default="shown")
    categories = _read_categories(reader, row, files)
    verify = {"shopify": SHOPIFY, "woocommerce": WOOCOMMERCE}.get(kind or "")
    mapping = None
    if kind == "mapped":
        verify, mapping = _read_verify(reader.within(row, "verify")), _read_mapping(reader, row)
    if kind is None or code is None or store is None or verify is None:
        return None
    return Source(
        code, cast(SourceKind, kind), store, secrets, verify, cast(Counting, count), categories, mapping
    )


def _read_categories(
    reader: KeyReader, row: Mapping[str, object], files: Mapping[str, str]
) -> Mapping[str, str]:
    name = row.get("categories")
    if name is None:
        return {}
    if not isinstance(name, str) or name not in files:
        reader.fault(("categories",), "there is no such file", "write the name of a CSV beside this file")
        return {}
    try:
        return read_categories(files[name])
    except CategoriesMalformed as fault:
        message, _, remedy = str(fault).partition(" -> ")
        reader.fault(("categories",), f"{name}, {message}", remedy or "write two columns: SKU,CATEGORY")
        return {}


def _read_verify(reader: KeyReader) -> VerifyTerms | None:
    row = reader.row
    if row is None:
        reader.fault(
            (),
            "verify is missing",
            "write verify: {scheme: hmac-body, header: X-Signature, encoding: base64}",
        )
        return None
    reader.only_keys(row, ("scheme", "header", "encoding", "field", "url"))
    scheme = reader.choice(row, "scheme", SCHEMES)
    encoding = reader.choice(row, "encoding", ("base64", "hex"), default="base64")
    header, field_name, url = (reader.text(row, name) for name in ("header", "field", "url"))
    if scheme not in (None, "standard-webhooks") and header is None:
        reader.fault(("header",), "header is missing", "write the name of the header: X-Signature")
    if scheme == "hmac-body-plus-field" and field_name is None:
        reader.fault(("field",), "field is missing", "write which field of the body is signed too: timestamp")
    if scheme is None:
        return None
    return VerifyTerms(
        cast(Scheme, scheme), (header or "").lower(), cast(Encoding, encoding), field_name, url
    )


def _read_mapping(reader: KeyReader, row: Mapping[str, object]) -> MappedTerms:
    body = reader.within(row, "body")
    form, at = "json", ""
    if body.row is not None:
        body.only_keys(body.row, ("form", "at"))
        form = body.choice(body.row, "form", ("json", "field"), default="json") or "json"
        at = body.text(body.row, "at") or ""
        if form == "field" and not at:
            body.fault(("at",), "at is missing", "write the name of the form's field: payload")
    zone = reader.text(row, "zone") or "UTC"
    try:
        zone_of(zone)
    except InstantUnreadable:
        reader.fault(("zone",), f"{zone} is no time zone", "write an IANA name: Europe/Lisbon")
    lines_reader, lines = reader.within(row, "lines"), None
    if lines_reader.row is not None:
        lines_reader.only_keys(lines_reader.row, ("of", "each"))
        of = lines_reader.expression(lines_reader.row, "of", "body.items", roots=("body",))
        each = lines_reader.expressions("each", LINE_KEYS, roots=("line", "body"), needed=("amount",))
        lines = LinesTerms(of or "[]", each)
    return MappedTerms(
        identity=reader.expression(row, "identity", "string(body.id)", roots=("body",)) or "",
        kind_of=reader.expression(row, "kind_of", '"purchase"', roots=("body",)) or "",
        form=cast(Literal["json", "field"], form),
        at=at,
        zone=zone,
        member=reader.expressions("member", MEMBER_KEYS, roots=("body",)),
        fields=reader.expressions("fields", FIELD_KEYS, roots=("body",)),
        lines=lines,
        event_fields=reader.expressions("data", None, roots=("body",)),
    )
