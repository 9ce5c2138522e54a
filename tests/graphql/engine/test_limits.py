"""The limits of a document: depth, cost, aliases and counts, in exact figures, with a formula where variables
decide.
"""

import pytest
from graphql import GraphQLSchema, build_schema, parse

from api.errors import TooCostly
from api.graphql.engine.limits import DocumentLimits, OperationPlan, weigh

SCHEMA: GraphQLSchema = build_schema("""
    type Query { a: String me: Member members: [Member!]! nodes(ids: [ID!]!): [Member]!
        voucher: Voucher vouchers(ids: [ID!]!): [Voucher!]! actions(first: Int = 50): [Lot!]! }
    type Mutation { spend(key: String): Member }
    type Member { id: ID! tags: [String!]! friends: [Member!]! history(first: Int = 20, after: String): EntryConnection! }
    type EntryConnection { edges: [EntryEdge!]! pageInfo: PageInfo! }
    type EntryEdge { cursor: String! node: Entry! }
    type Entry { id: ID! lots: [Lot!]! }
    type Lot { id: ID! }
    type Voucher { qr(format: QrFormat = SVG, size: Int = 256): QrImage }
    type QrImage { data: String! }
    enum QrFormat { SVG PNG }
    type PageInfo { hasNextPage: Boolean! }
    """)
LIMITS = DocumentLimits()


def plans(text: str) -> tuple[OperationPlan, ...]:
    return weigh(parse(text, no_location=True), SCHEMA, LIMITS)


def plan(text: str) -> OperationPlan:
    (only,) = plans(text)
    return only


def cost(text: str, **variables: object) -> int:
    only = plan(text)
    return only.weight.cost.value({**only.defaults, **variables})


def refused(text: str, **variables: object) -> tuple[str, int, int]:
    def judge() -> None:
        for each in plans(text):
            each.check(variables, LIMITS)

    with pytest.raises(TooCostly) as caught:
        judge()
    return caught.value.limit, caught.value.maximum, caught.value.value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{ a }", 1),
        ("{ a me { id tags } }", 1 + 1 + 2),
        ("{ members { id } }", 1 + 5 * 1),
        ("{ members { friends { id } } }", 1 + 5 * (1 + 5)),
        ("{ me { history { edges { node { id } } } } }", 1 + (1 + 20 * (1 + 1 + 1))),
        (
            (
                "{ me { history(first: 3) { edges { cursor node { id lots { id } } } pageInfo { hasNextPage }"
                " } } }"
            ),
            1 + (1 + 3 * (1 + 1 + 1 + 1 + 6 + 2)),
        ),
        ('{ nodes(ids: ["1"]) { id } }', 1 + 5),
        ('{ nodes(ids: ["1" "2" "3" "4" "5" "6" "7"]) { id } }', 1 + 7),
        ("{ actions { id } }", 1 + 50 * 1),
        ("{ actions(first: 7) { id } }", 1 + 7 * 1),
        ("{ voucher { qr { data } } }", 1 + (1 + 1 + 50)),
        ("{ voucher { qr(size: 2048) { data } } }", 1 + (1 + 1 + 50)),
        ("{ voucher { qr(format: PNG) { data } } }", 1 + (1 + 1 + 50 + 6)),
        ("{ voucher { qr(format: PNG, size: null) { data } } }", 1 + (1 + 1 + 50 + 6)),
        ("{ voucher { qr(format: PNG, size: 2048) { data } } }", 1 + (1 + 1 + 50 + 419)),
        ("{ voucher { qr(format: PNG, size: 9999999) { data } } }", 1 + (1 + 1 + 50 + 419)),
        ("{ ...f ...f } fragment f on Query { me { id } }", 4),
        ("{ ... on Query { ... { a } } }", 1),
        ("{ __schema { types { name } } a }", 1),
        ("{ unknown { of { anything } } }", 3),
        ("mutation { spend { id } }", 2),
    ],
)
def test_cost_is_counted_as_the_design_says(text: str, expected: int) -> None:
    assert cost(text) == expected


@pytest.mark.parametrize(
    ("variables", "rows"),
    [
        ({}, 20),
        ({"n": 7}, 7),
        ({"n": None}, 20),
        ({"n": 100}, 100),
        ({"n": 101}, 100),
        ({"n": 0}, 100),
        ({"n": -5}, 100),
        ({"n": "7"}, 100),
        ({"n": True}, 100),
    ],
)
def test_a_page_given_by_a_variable_is_counted_anew_each_time(
    variables: dict[str, object], rows: int
) -> None:
    text = (
        "query ($n: Int) { me { ...h } } fragment h on Member { history(first: $n) { edges { node { id }"
        " } } }"
    )
    assert cost(text, **variables) == 2 + rows * 3


def test_a_variables_default_counts_where_it_is_left_out() -> None:
    assert cost("query ($n: Int = 4) { me { history(first: $n) { edges { cursor } } } }") == 2 + 4 * 2


@pytest.mark.parametrize(
    ("ids", "times"), [(["1"], 5), ([str(n) for n in range(80)], 80), ("1", 5), (None, 5)]
)
def test_a_list_of_ids_given_by_a_variable_counts_its_length(ids: object, times: int) -> None:
    assert cost("query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=ids) == 1 + times


@pytest.mark.parametrize(
    ("variables", "drawing"),
    [
        ({}, 50 + 419),
        ({"format": "SVG"}, 50),
        ({"format": None}, 50),
        ({"size": 256}, 50 + 6),
        ({"size": None}, 50 + 6),
        ({"size": 2049}, 50 + 419),
        ({"size": "256"}, 50 + 419),
        ({"format": "JPEG", "size": 256}, 50 + 6),
    ],
)
def test_a_picture_given_by_variables_costs_by_its_pixels(variables: dict[str, object], drawing: int) -> None:
    text = """query ($format: QrFormat = PNG, $size: Int = 2048) {
        voucher { qr(format: $format, size: $size) { data } } }"""
    assert cost(text, **variables) == 1 + (1 + 1 + drawing)


@pytest.mark.parametrize(
    ("text", "variables", "pictures"),
    [
        ('{ vouchers(ids: ["1"]) { a: qr { data } b: qr { data } } }', {}, None),
        ("query ($ids: [ID!]!) { vouchers(ids: $ids) { ...v } } %s", {"ids": ["1"] * 20}, None),
        ("query ($ids: [ID!]!) { vouchers(ids: $ids) { ...v } } %s", {"ids": ["1"] * 21}, 21),
        ("{ voucher { ...v } vouchers(ids: [%s]) { ...v } } %%s" % ('"1" ' * 20), {}, 21),
    ],
)
def test_at_most_20_pictures_are_drawn(text: str, variables: dict[str, object], pictures: int | None) -> None:
    text = text.replace("%s", "fragment v on Voucher { qr(format: PNG, size: 2048) { data } }")
    if pictures is None:
        plan(text).check(variables, LIMITS)
    else:
        assert refused(text, **variables) == ("pictures", 20, pictures)


def test_a_number_of_5000_digits_costs_a_full_page_and_is_not_read() -> None:
    assert cost("{ me { history(first: %s) { edges { cursor } } } }" % ("9" * 5000)) == 2 + 100 * 2


def test_depth_counts_fields_within_fields() -> None:
    text = "{ me { history { edges { node { lots { id } } } } } }"
    assert plan(text).weight.depth == 6
    assert plan("{ __schema { types { fields { type { name } } } } }").weight.depth == 0
    assert plan("{ ...f } fragment f on Query { me { ... on Member { id } } }").weight.depth == 2


def test_depth_10_runs_and_depth_11_names_limit_and_value() -> None:
    nests = "{ me { history(first: 1) { edges { node { " + "x { " * 5 + " y " + " }" * 5 + " } } } } }"
    assert plan(nests).weight.depth == 10
    plan(nests).check({}, LIMITS)
    assert refused(nests.replace(" y ", " y { z } ")) == ("depth", 10, 11)


def test_cost_at_the_limit_runs_and_one_more_is_refused() -> None:
    at = "{ me { history(first: 99) { edges { node { " + " ".join(f"f{n}" for n in range(98)) + " } } } } a }"
    value = cost(at)
    assert value == 1 + 1 + 99 * 100 + 1
    filled = at.replace(" a }", " " + " ".join(f"b{n}" for n in range(10_000 - value + 1)) + " }")
    assert cost(filled) == 10_000
    plan(filled).check({}, LIMITS)
    assert refused(filled.replace(" b0 ", " b0 c ")) == ("cost", 10_000, 10_001)


@pytest.mark.parametrize(
    ("within", "over", "refusal"),
    [
        (
            "{" + " ".join(f"k{n}: a" for n in range(15)) + "}",
            "{" + " ".join(f"k{n}: a" for n in range(16)) + "}",
            ("aliases", 15, 16),
        ),
        (
            "{ ...f x: me { ...g } } fragment f on Query { b: a } fragment g on Member { "
            + " ".join(f"k{n}: id" for n in range(13))
            + "}",
            "{ ...f x: me { ...g ...g } } fragment f on Query { b: a } fragment g on Member { "
            + " ".join(f"k{n}: id" for n in range(7))
            + "}",
            ("aliases", 15, 16),
        ),
        (
            "{ a " + "@skip(if: false) " * 50 + "}",
            "{ a " + "@skip(if: false) " * 51 + "}",
            ("directives", 50, 51),
        ),
        (
            "{ a } fragment f on Query { a " + "@skip(if: false) " * 50 + "}",
            "{ a } fragment f on Query @x { a " + "@skip(if: false) " * 50 + "}",
            ("directives", 50, 51),
        ),
        (
            "{ a }" + " ".join(f"fragment f{n} on Query {{ a }}" for n in range(50)),
            "{ a }" + " ".join(f"fragment f{n} on Query {{ a }}" for n in range(51)),
            ("fragments", 50, 51),
        ),
        (
            "query (" + " ".join(f"$v{n}: Int" for n in range(50)) + ") { a }",
            "query (" + " ".join(f"$v{n}: Int" for n in range(51)) + ") { a }",
            ("variables", 50, 51),
        ),
        (
            " ".join(f"query q{n} {{ a }}" for n in range(5)),
            " ".join(f"query q{n} {{ a }}" for n in range(6)),
            ("operations", 5, 6),
        ),
        (
            "{ __schema { types { name } } }",
            "{ __schema { types { name } } ...f } fragment f on Query { __schema { types { name } } }",
            ("introspections", 1, 2),
        ),
        ("{" + "a " * 50 + "}", "{" + "a " * 51 + "}", ("repeats", 50, 51)),
    ],
)
def test_each_count_holds_at_its_limit_and_not_beyond(
    within: str, over: str, refusal: tuple[str, int, int]
) -> None:
    for each in plans(within):
        each.check({}, LIMITS)
    assert refused(over) == refusal


def test_only_the_operation_that_runs_is_judged_for_depth_and_cost() -> None:
    dear, cheap = plans(
        "query dear { members { friends { friends { friends { friends { friends { friends { id } } } } } } }"
        " } query cheap { a }"
    )
    cheap.check({}, LIMITS)
    with pytest.raises(TooCostly):
        dear.check({}, LIMITS)


def test_fragments_that_spread_each_other_twice_take_one_step_each() -> None:
    spread = " ".join(f"fragment f{n} on Query {{ ...f{n + 1} ...f{n + 1} }}" for n in range(49))
    assert cost(f"{{ ...f0 }} {spread} fragment f49 on Query {{ a }}") == 2**49


def test_a_formula_behind_fragments_is_valued_once_each() -> None:
    spread = " ".join(f"fragment f{n} on Member {{ ...f{n + 1} ...f{n + 1} }}" for n in range(48))
    text = (
        f"query ($n: Int) {{ me {{ ...f0 }} }} {spread} fragment f48 on Member {{ history(first: $n) {{ edges"
        " { cursor } } }"
    )
    assert cost(text, n=10) == 1 + 2**48 * (1 + 10 * 2)


def test_rings_and_unknown_fragments_end() -> None:
    assert cost("{ ...a } fragment a on Query { a ...b } fragment b on Query { ...a ...nowhere }") == 1


def test_roots_name_each_field_as_often_as_it_runs() -> None:
    text = "mutation { spend x: spend ...f ...f } fragment f on Mutation { spend y: spend __typename }"
    assert plan(text).roots == ("__typename", "spend", "spend", "spend")
