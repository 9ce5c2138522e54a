"""An operation that is too dear by the sum of its selections is weighed as the executor merges them."""

import pytest
from graphql import parse

from api.errors import TooCostly
from api.graphql.engine.limits import DocumentLimits, OperationPlan, weigh
from api.graphql.engine.weighing import merging
from tests.graphql.engine.test_limits import SCHEMA

LIMITS = DocumentLimits()
HISTORY = "history(first: 100) { edges { node { %s } } }"


def plan(text: str) -> OperationPlan:
    (only,) = weigh(parse(text, no_location=True), SCHEMA, LIMITS)
    return only


def merged_cost(text: str, **variables: object) -> int:
    merged = plan(text).merging.merged(depth=LIMITS.depth)
    assert merged is not None, "few steps"
    return merged.cost.value(variables)


def parts(*selections: str, on: str = "Member") -> tuple[str, str]:
    """The spreads of fragments with these selections, and the fragments."""
    spreads = " ".join(f"...p{n}" for n in range(len(selections)))
    return spreads, " ".join(f"fragment p{n} on {on} {{ {each} }}" for n, each in enumerate(selections))


@pytest.mark.parametrize(
    ("text", "written_once"),
    [
        ("{ me { ...p ...p } } fragment p on Member { id }", "{ me { id } }"),
        ("{ me { id } me { id tags } ... { me { tags } } }", "{ me { id tags } }"),
        ("{ me { a: id b: id } me { a: id } }", "{ me { a: id b: id } }"),
        (
            "{ members { friends { id } friends { tags } } ...p } fragment p on Query { members { friends { id } } }",
            "{ members { friends { id tags } } }",
        ),
        ("{ voucher { qr { data } qr { data } } voucher { qr { data } } }", "{ voucher { qr { data } } }"),
        ("{ me { id __typename ... on Member { id } } __typename }", "{ me { id } }"),
        ("{ a ...nowhere }", "{ a }"),
    ],
)
def test_what_is_asked_in_one_place_costs_once(text: str, written_once: str) -> None:
    assert merged_cost(text) == plan(written_once).weight.cost.value({})
    assert plan(text).weight.cost.value({}) >= merged_cost(text)


def test_the_fields_of_two_types_cost_each() -> None:
    assert merged_cost("{ me { ... on Member { id } ... on Voucher { id } } }") == 1 + 2


def test_25_fragments_that_ask_the_same_page_cost_one_page() -> None:
    spreads, fragments = parts(*(HISTORY % f"f{n} id lots {{ id }}" for n in range(25)))
    text = f"{{ me {{ {spreads} }} }} {fragments}"
    assert plan(text).weight.cost.value({}) == 1 + 25 * (1 + 100 * (2 + 2 + 6))
    assert plan(text).check({}, LIMITS) == 1 + (1 + 100 * (2 + 25 + 1 + 6))


def test_a_page_that_a_variable_gives_is_merged_once_and_counted_anew() -> None:
    spreads, fragments = parts(*(HISTORY.replace("100", "$n") % f"f{n} id" for n in range(25)))
    page = plan(f"query ($n: Int) {{ me {{ {spreads} }} }} {fragments}")
    assert page.check({"n": 100}, LIMITS) == 1 + (1 + 100 * (2 + 26))
    assert page.check({"n": 99}, LIMITS) == 1 + 25 * (1 + 99 * (2 + 2))  # not too dear: the sum stands


def test_what_is_too_dear_when_merged_is_refused_with_the_merged_cost() -> None:
    spreads, fragments = parts(*(HISTORY % " ".join(f"f{n}{m}" for m in range(8)) for n in range(20)))
    with pytest.raises(TooCostly) as refused:
        plan(f"{{ me {{ {spreads} }} }} {fragments}").check({}, LIMITS)
    assert (refused.value.limit, refused.value.value) == ("cost", 1 + (1 + 100 * (2 + 160)))


def test_pictures_that_merge_are_drawn_once() -> None:
    spreads, fragments = parts(*["qr(format: PNG) { data }"] * 3, on="Voucher")
    ids = " ".join(['"1"'] * 20)
    plan(f"{{ vouchers(ids: [{ids}]) {{ {spreads} }} }} {fragments}").check({}, LIMITS)
    with pytest.raises(TooCostly) as refused:
        plan(f'{{ vouchers(ids: [{ids} "2"]) {{ {spreads} }} }} {fragments}').check({}, LIMITS)
    assert (refused.value.limit, refused.value.value) == ("pictures", 21)


def test_merging_that_would_grow_without_end_stops_and_the_sum_stands(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Each level merges another set of fragments under each of its keys.
    keys = 4
    fragments = " ".join(
        f"fragment p{n} on Member {{ "
        + " ".join(
            f"k{key}: friends {{ ...p{(n * 7 + key * 11 + 1) % 40} ...p{(n + key * 3) % 40} }}"
            for key in range(keys)
        )
        + " }"
        for n in range(40)
    )
    operation = plan(f"{{ me {{ ...p0 ...p1 }} }} {fragments}")
    assert operation.merging.merged(depth=LIMITS.depth) is None
    steps = operation.merging._steps
    assert steps == merging.MOST_STEPS + 1
    assert operation.merging.merged(depth=LIMITS.depth) is None
    assert operation.merging._steps == steps, "it is not tried again"


def test_a_ring_of_fragments_ends() -> None:
    ring = plan("{ me { ...p } } fragment p on Member { friends { ...p } }")
    assert ring.merging.merged(depth=LIMITS.depth) is None
