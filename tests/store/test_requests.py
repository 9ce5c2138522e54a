"""Idempotency keys: the same request in any spelling is the same, and scopes are separate."""

from datetime import UTC, date, datetime

from domain.store.requests import joined_hash, member_scope, request_key, store_scope


def test_the_order_of_fields_does_not_matter() -> None:
    a = request_key(scope="s", key="k", operation="o", request_input={"a": 1, "b": (1, date(2026, 1, 1))})
    b = request_key(scope="s", key="k", operation="o", request_input={"b": [1, "2026-01-01"], "a": 1})
    assert a == b


def test_another_operation_or_input_is_another_request_under_the_same_key() -> None:
    key = request_key(scope="s", key="k", operation="o", request_input={"a": 1})
    assert key.id == request_key(scope="s", key="k", operation="p", request_input={"a": 1}).id
    assert key.input_hash != request_key(scope="s", key="k", operation="p", request_input={"a": 1}).input_hash
    assert key.input_hash != request_key(scope="s", key="k", operation="o", request_input={"a": 2}).input_hash


def test_scopes_and_keys_do_not_run_together() -> None:
    assert joined_hash("ab", "c") != joined_hash("a", "bc")
    assert member_scope("x") != store_scope("x")


def test_instants_are_part_of_a_request() -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    assert request_key(scope="s", key="k", operation="o", request_input={"at": at}).input_hash
