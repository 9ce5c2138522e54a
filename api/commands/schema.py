"""`selo schema`: the GraphQL schema as the code has it."""

import sys

from api.graphql.schema import schema_text


def schema() -> None:
    """Print the schema; `schema.graphql` is this, kept."""
    sys.stdout.write(schema_text())
