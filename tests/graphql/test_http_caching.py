"""Answers on their way: what may be stored and asked about by ETag, and what is compressed, on the wire."""

import gzip
import json
from collections.abc import Iterator

import httpx
import pytest
from graphql import GraphQLObjectType, get_named_type, is_abstract_type

from api.graphql.engine.disclosure import LIVE_FIELDS, SECRET_FIELDS
from api.graphql.schema import make_schema
from api.http.content_coding import is_known, takes_gzip
from tests.running_app import RunningApp

PROGRAMME = "{ programme { name version badges { id name description } rewards { id title description } } }"
VARY = "Accept, Accept-Encoding, Authorization, Accept-Language"


async def get(app: RunningApp, query: str = PROGRAMME, **headers: str) -> httpx.Response:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return await app.client.get("/graphql", params={"query": query}, headers=names)


async def raw_post(
    app: RunningApp, query: str, *, encoding: str, token: str | None = None
) -> tuple[bytes, httpx.Headers]:
    """Return the bytes of an answer as they came."""
    headers = {"accept-encoding": encoding, **({"authorization": f"Bearer {token}"} if token else {})}
    async with app.client.stream("POST", "/graphql", json={"query": query}, headers=headers) as answer:
        return b"".join([part async for part in answer.aiter_raw()]), answer.headers


async def test_the_programme_is_stored_and_asked_about_by_its_tag(app: RunningApp) -> None:
    first = await get(app, accept_language="pt")
    assert (first.status_code, first.headers["cache-control"]) == (200, "public, max-age=60")
    assert (first.headers["vary"], first.headers["etag"][:3]) == (VARY, 'W/"')
    etag = first.headers["etag"]
    for tags in (etag, f'"other", {etag}', etag.removeprefix("W/"), "*"):
        again = await get(app, accept_language="pt", if_none_match=tags)
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
        assert (again.headers["cache-control"], again.headers["vary"]) == ("public, max-age=60", VARY)
    other = await get(app, accept_language="en", if_none_match=etag)
    assert (other.status_code, other.headers["etag"] != etag) == (200, True)
    text = await app.process.programmes.read_text(1)
    await app.process.programmes.publish(text.replace("NumisCollect", "NumisClub"), now=app.clock())
    newer = await get(app, accept_language="pt", if_none_match=etag)
    assert (newer.status_code, newer.json()["data"]["programme"]["version"]) == (200, 2)


async def test_only_what_everybody_is_answered_is_stored(app: RunningApp) -> None:
    token = await app.enrol_member()
    bearer = f"Bearer {token}"
    signed = await get(app, authorization=bearer)
    assert (signed.headers["cache-control"], "etag" in signed.headers) == ("private, no-cache", True)
    assert (await get(app, authorization=bearer, if_none_match=signed.headers["etag"])).status_code == 304
    live = await get(app, "{ programme { rewards { id stock } } }")
    assert (live.headers["cache-control"], "etag" in live.headers) == ("public, no-cache", True)
    for query in (
        "{ viewer { id } }",
        "{ programme { name } viewer { id } }",
        "{ programme { name } me { id } }",
        '{ programme { name } nodes(ids: ["junk"]) { id } }',
        "{ nope }",
        "{ __typename }",
    ):
        answer = await get(app, query)
        assert (answer.headers["cache-control"], "etag" in answer.headers) == ("no-store", False), query
    posted = await app.client.post("/graphql", json={"query": PROGRAMME})
    assert (posted.headers["cache-control"], "etag" in posted.headers) == ("no-store", False)


async def test_long_answers_are_compressed_for_who_takes_it(app: RunningApp) -> None:
    packed, headers = await raw_post(app, PROGRAMME, encoding="br;q=1.0, gzip;q=0.8, *;q=0")
    assert (headers["content-encoding"], int(headers["content-length"])) == ("gzip", len(packed))
    plain, headers = await raw_post(app, PROGRAMME, encoding="gzip;q=0, identity")
    assert ("content-encoding" in headers, headers["vary"]) == (False, VARY)
    assert gzip.decompress(packed) == plain
    assert len(packed) < len(plain) * 0.6
    short, headers = await raw_post(app, "{ programme { name } }", encoding="gzip")
    assert ("content-encoding" in headers, json.loads(short)["data"]["programme"]["name"]) == (
        False,
        "Clube NumisCollect",
    )


async def test_no_secret_is_compressed_beside_what_somebody_chose(app: RunningApp) -> None:
    token = await app.enrol_member()
    rows = "rewards(first: 50) { edges { node { id rewardState reward { id title description } } } }"
    _, headers = await raw_post(app, f"{{ viewer {{ name {rows} }} }}", encoding="gzip", token=token)
    assert headers["content-encoding"] == "gzip"
    for secret, fragment in (
        ("card { code }", ""),
        ("card { qr { data } }", ""),
        ("vouchers { edges { node { code } } }", ""),
        ("...F", "fragment F on Member { vouchers { edges { node { ... on Node { ...V } } } } }"),
    ):
        more = f"{fragment} fragment V on Voucher {{ qr {{ data }} }}" if fragment else ""
        query = f"{{ viewer {{ name {rows} {secret} }} }} {more}"
        payload, headers = await raw_post(app, query, encoding="gzip", token=token)
        assert json.loads(payload)["data"]["viewer"]["name"] == "Ana Silva"
        assert (len(payload) > 1_000, "content-encoding" in headers) == (True, False), secret
    padding = " ".join(f"f{n}: __typename" for n in range(15))
    mutation = (
        f'mutation {{ requestSignInCode(input: {{contact: "ana@example.com"}}) {{ expiresAt {padding} }} }}'
    )
    _, headers = await raw_post(app, mutation, encoding="gzip")
    assert "content-encoding" not in headers


def test_every_secret_that_a_query_reaches_is_named() -> None:
    schema = make_schema()._schema
    suspects = set()
    for type_name, field_name in _fields_of_queries(schema.query_type):
        if any(word in field_name.lower() for word in ("code", "qr", "token", "secret", "visit", "password")):
            suspects.add((type_name, field_name))
    # Codes of the programme file, whether a badge is secret or codes are taken, and the number that a friend is given.
    open_codes = {("Badge", "secret"), ("Programme", "takesCodes")} | {
        (owner, "code")
        for owner in (
            "Programme",
            "EarningRule",
            "Badge",
            "Reward",
            "Tier",
            "Plan",
            "Store",
            "Wallet",
            "ProgrammeWallet",
            "Referral",
            "MessageSurvey",
            "Survey",
            "NicknameBoard",
            "AttributeChoice",
            "CountProgress",
            "CustomerSegment",
            "FiscalPart",
            "TierThreshold",
            "Figure",
            "BacktestCount",
            "Standing",
            "Leaderboard",
            "Recommendation",
            "ProductCategory",
            "MessageFate",
            "ReportingSource",
            "Segment",
        )
    }
    assert suspects - open_codes == SECRET_FIELDS
    assert set(_fields_of_queries(schema.query_type)) >= LIVE_FIELDS


def _fields_of_queries(root: GraphQLObjectType | None) -> Iterator[tuple[str, str]]:
    schema = make_schema()._schema
    assert root is not None
    pending, visited = [root.name], set()
    while pending:
        name = pending.pop()
        if name in visited:
            continue
        visited.add(name)
        each = schema.type_map[name]
        if is_abstract_type(each):
            pending += [possible.name for possible in schema.get_possible_types(each)]
        elif isinstance(each, GraphQLObjectType):
            for field_name, field in each.fields.items():
                if each is not schema.query_type:
                    yield name, field_name
                pending.append(get_named_type(field.type).name)


@pytest.mark.parametrize(
    ("header", "is_taken"),
    [
        (None, False),
        ("", False),
        ("gzip", True),
        ("GZIP, br", True),
        ("br", False),
        ("gzip;q=0", False),
        ("gzip; q=0.000, *", False),
        ("*", True),
        ("*;q=0", False),
        ("identity;q=1, *;q=0", False),
        ("gzip;q=many", False),
        ("deflate, x-gzip;q=0.5", True),
    ],
)
def test_gzip_is_sent_to_who_takes_it(header: str | None, is_taken: bool) -> None:
    assert takes_gzip(header) is is_taken


def test_tags_are_compared_weakly() -> None:
    assert [is_known(tags, 'W/"a"') for tags in (None, '"b"', '"a"', 'W/"b", W/"a"', "*", "a")] == [
        False,
        False,
        True,
        True,
        True,
        False,
    ]
