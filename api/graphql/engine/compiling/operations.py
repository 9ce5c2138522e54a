"""The executor that completes the values of root fields by compiled functions, and what is kept of a
document.
"""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from dataclasses import field
from typing import Any, cast

from graphql import ExecutionResult, GraphQLError, GraphQLOutputType, GraphQLResolveInfo
from graphql.execution.collect_fields import FieldDetailsList
from graphql.language import DirectiveNode, DocumentNode, Visitor, visit
from graphql.pyutils import Path
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.schema.schema_converter import GraphQLCoreConverter

from api.errors import TooCostly
from api.graphql.engine.compiling.runs import Run
from api.graphql.engine.compiling.selections import Compiler, NotCompiled, variables_of
from api.graphql.engine.compiling.source import Complete
from domain.model.values import dataclass

# Each combination of what its directives come to is another selection. No honest document has more; of one
# that has, the oldest is compiled again.
MAX_SELECTIONS = 16


@dataclass(slots=True)
class Tally:
    """How many root fields of a process went which way."""

    compiled: int = 0
    given_up: int = 0
    not_compiled: int = 0


@dataclass(slots=True)
class CompiledDocument:
    """What is kept of a document: for each outcome of its directives, what completes its root fields."""

    conditions: tuple[str, ...]
    selections: dict[tuple[object, ...], dict[tuple[str, str | None], Complete | None]] = field(
        default_factory=dict
    )

    @classmethod
    def of(cls, document: DocumentNode) -> CompiledDocument:
        """Return a document of which nothing is compiled yet: that happens as it is first run."""
        finder = _DirectiveFinder()
        visit(document, finder)
        return cls(tuple(sorted(variables_of(*finder.directives))))

    def roots(self, variables: Mapping[str, object]) -> dict[tuple[str, str | None], Complete | None]:
        """Return the root fields that were compiled for what these variables make of the directives."""
        outcome = tuple(variables.get(name) for name in self.conditions)
        roots = self.selections.get(outcome)
        if roots is None:
            if len(self.selections) >= MAX_SELECTIONS:
                del self.selections[next(iter(self.selections))]
            roots = self.selections[outcome] = {}
        return roots


class _DirectiveFinder(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.directives: list[DirectiveNode] = []

    def enter_directive(self, node: DirectiveNode, *_: object) -> None:
        self.directives.append(node)


class CompilingExecutor(StrawberryGraphQLCoreExecutionContext):
    """The library's executor, which completes the value of a root field by a compiled function.

    It counts the values of an answer and raises TooCostly where there are too many: how long a list without
    pages is, such as the lines of a receipt, nobody knows before. `compiled` is None where the library alone
    shall answer.
    """

    def __init__(
        self,
        *args: Any,
        converter: GraphQLCoreConverter,
        values_at_most: int,
        tally: Tally,
        compiled: CompiledDocument | None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.converter, self.values_at_most, self.tally = converter, values_at_most, tally
        self.values = 0
        self.too_costly: TooCostly | None = None
        self._roots = None if compiled is None else compiled.roots(self.variable_values.coerced)
        self._given_up: set[str | int] = set()

    def build_per_event_executor(self, payload: object) -> CompilingExecutor:
        """Return an executor for one event of a subscription, which counts and gives up by itself."""
        executor = cast(CompilingExecutor, super().build_per_event_executor(payload))
        executor.values, executor.too_costly, executor._given_up = 0, None, set()
        return executor

    def build_response(self, data: dict[str, Any] | None) -> Any:
        """Return the answer; one with too many values is lost as a whole, whichever way it was answered."""
        if self.too_costly is not None:
            return ExecutionResult(
                None, [GraphQLError(self.too_costly.message, original_error=self.too_costly)]
            )
        return super().build_response(data)

    def execute_fields(
        self, parent_type: Any, source_value: object, path: Path | None, grouped: Any, position: Any
    ) -> Any:
        self.count_values(len(grouped))
        return super().execute_fields(parent_type, source_value, path, grouped, position)

    def complete_value(
        self,
        return_type: GraphQLOutputType,
        field_details_list: FieldDetailsList,
        info: GraphQLResolveInfo[Any],
        path: Path,
        result: object,
        position_context: Any,
    ) -> Any:
        if path.prev is None and self._roots is not None and path.key not in self._given_up:
            complete = self._root(self._roots, return_type, field_details_list, path)
            if complete is not None:
                arguments = return_type, field_details_list, info, path, result, position_context
                return self._complete(complete, arguments)
        return super().complete_value(return_type, field_details_list, info, path, result, position_context)

    def _root(
        self,
        roots: dict[tuple[str, str | None], Complete | None],
        return_type: GraphQLOutputType,
        details: FieldDetailsList,
        path: Path,
    ) -> Complete | None:
        operation = self.operation.name
        key = str(path.key), operation.value if operation else None
        if key not in roots:
            try:
                roots[key] = Compiler(self).compile(return_type, details)
            except (NotCompiled, GraphQLError):  # of a fault, such as null for a directive, the library tells
                roots[key] = None
        if roots[key] is None:
            self.tally.not_compiled += 1
        return roots[key]

    def _complete(self, complete: Complete, arguments: tuple[Any, ...]) -> Any:
        """Complete the value of a root field the compiled way, else the library's, from the beginning."""
        run, result = Run(self), arguments[4]
        try:
            value = complete(result, run)
        except Exception:  # noqa: BLE001 - the library comes to it again, and says what it is
            run.give_up()
            return self._by_library(run, arguments)
        if run.later:
            return self._settled(run, value, arguments)
        self.tally.compiled += 1
        return value

    async def _settled(self, run: Run, value: object, arguments: tuple[Any, ...]) -> object:
        try:
            await run.settle()
        except Exception:  # noqa: BLE001 - as above
            completed = self._by_library(run, arguments)
            return await cast(Awaitable[object], completed) if self.is_awaitable(completed) else completed
        self.tally.compiled += 1
        return value

    def _by_library(self, run: Run, arguments: tuple[Any, ...]) -> Any:
        if self.too_costly is not None:
            raise self.too_costly
        self.values -= run.values
        self.tally.given_up += 1
        self._given_up.add(arguments[3].key)
        return super().complete_value(*arguments)

    def count_values(self, count: int) -> None:
        """Count values before they are read. Raises TooCostly where the answer has too many."""
        self.values += count
        if self.values > self.values_at_most:
            self.too_costly = TooCostly(limit="values", maximum=self.values_at_most, value=self.values)
            raise self.too_costly
