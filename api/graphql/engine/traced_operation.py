"""The span of an operation: its kind, first root field, name and outcome. Never its text or variables."""

from collections.abc import Awaitable

from api.graphql.engine.execution import GraphQLResponse
from domain.store import tracing


async def traced_operation(running: Awaitable[GraphQLResponse]) -> GraphQLResponse:
    """Return the answer of an operation that runs within a span. This process makes spans."""
    assert tracing.tracer is not None, "whoever calls has looked"
    with tracing.tracer.current("graphql") as span:
        answer = await running
        span.note(
            {
                "graphql.operation.type": answer.kind,
                "selo.root": answer.root,
                "selo.outcome": answer.outcome,
                **({} if answer.name is None else {"graphql.operation.name": answer.name}),
            }
        )
        return answer
