"""What schemathesis is told of this schema: how its scalars are written, and what no answer may be.

An answer is a failure where HTTP says 5xx or an error says INTERNAL; refusals (BAD_INPUT, NOT_FOUND,
RATE_LIMITED ...) are answers.
"""

import schemathesis
from graphql import parse_value
from hypothesis import strategies as st
from schemathesis.graphql import nodes

TIMES = (
    "2026-03-01T10:00:00.000Z",
    "2024-02-29T23:59:59.999Z",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59.999Z",
    "yesterday",
    "",
)
DAYS = ("2026-03-01", "1980-02-29", "0001-01-01", "9999-12-31", "2026-02-30", "")

schemathesis.graphql.scalar("DateTime", st.sampled_from(TIMES).map(nodes.String))
schemathesis.graphql.scalar("LocalDate", st.sampled_from(DAYS).map(nodes.String))
schemathesis.graphql.scalar("Long", st.integers(-(2**64), 2**64).map(nodes.Int))
schemathesis.graphql.scalar(
    "WalletCode", st.sampled_from(("points", "cashback", "none", "")).map(nodes.String)
)
schemathesis.graphql.scalar(
    "JSON", st.sampled_from(("{}", '{network: "x"}', "{total: -1}", "7", "[]")).map(parse_value)
)


@schemathesis.check
def nothing_internal(_ctx, response, _case):
    """Fail where the server was at a loss."""
    body = response.json()
    codes = [error.get("extensions", {}).get("code") for error in body.get("errors", [])]
    assert response.status_code < 500, f"HTTP {response.status_code}"
    assert all(codes), f"an error without a code: {body['errors']}"
    assert "INTERNAL" not in codes, body["errors"]
