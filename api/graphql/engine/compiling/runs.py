"""One run of a compiled operation: what it counts, what it waits for, and the `info` of its resolvers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import date
from enum import Enum
from typing import TYPE_CHECKING, Any, cast

import strawberry
from graphql.pyutils import gather_with_cancel

from api.graphql.engine.permissions import caller_kind
from api.graphql.engine.permitted.caller_kinds import CallerKinds
from domain.model.values import dataclass

if TYPE_CHECKING:
    from api.graphql.engine.compiling.operations import CompilingExecutor
    from api.graphql.engine.compiling.selections import ResolvedField


AnyInfo = strawberry.Info[Any, Any]
UNCHANGING = (str, int, float, date, Enum, type(None))


class NotPlain(Exception):
    """A value that the compiled way does not answer: the library has to."""


def are_unchanging(arguments: Mapping[str, object]) -> bool:
    """Tell whether all objects may be given the same arguments."""
    return all(isinstance(value, UNCHANGING) for value in arguments.values())


@dataclass(slots=True)
class Later:
    """A value that is waited for, and what completes it."""

    awaitable: Awaitable[Any]
    complete: Callable[[Any, Run], object]


class _PartialInfo:
    """What the library would tell a resolver, as far as it is the same for every object of one run.

    What it cannot say, such as the path of one object, raises AttributeError: then the library runs the
    field.
    """

    def __init__(self, field: ResolvedField, executor: CompilingExecutor) -> None:
        self.field_name, self.field_nodes = field.name, field.nodes
        self.return_type, self.parent_type = field.graphql_field.type, field.owner
        self.schema, self.fragments = executor.schema, executor.fragment_definitions
        self.root_value, self.operation = executor.root_value, executor.operation
        self.variable_values, self.context = executor.variable_values.coerced, executor.context_value
        self.is_awaitable, self.operation_extensions = executor.is_awaitable, executor.operation_extensions


class Run:
    """The values of one root field, while they are completed."""

    __slots__ = ("_arguments", "_infos", "count", "executor", "later", "values")

    def __init__(self, executor: CompilingExecutor) -> None:
        self.executor, self.values = executor, 0
        self.count = self._count_values
        # Where each value that is waited for belongs.
        self.later: list[tuple[dict[str, object], str, Later]] = []
        self._infos: dict[ResolvedField, AnyInfo] = {}
        self._arguments: dict[ResolvedField, dict[str, object]] = {}

    def _count_values(self, count: int) -> None:
        executor = self.executor
        self.values += count
        executor.values += count
        if executor.values > executor.values_at_most:
            raise NotPlain  # the library says which value was the first too many

    def may_see(self, viewers: CallerKinds) -> bool:
        """Tell whether the caller is of a kind that may see a guarded field."""
        return caller_kind(self.executor.context_value.caller) in viewers

    def info(self, field: ResolvedField) -> AnyInfo:
        """Return the `info` of a field."""
        known = self._infos.get(field)
        if known is None:
            make = self.executor.converter.config.info_class
            known = self._infos[field] = make(
                _raw_info=cast(Any, _PartialInfo(field, self.executor)), _field=field.definition
            )
        return known

    def arguments(self, field: ResolvedField) -> dict[str, object]:
        """Return what a field's variables come to, the same for every object."""
        known = self._arguments.get(field)
        if known is None:
            known = field.read_arguments(self.executor)
            if are_unchanging(known):
                self._arguments[field] = known
        return known

    async def settle(self) -> None:
        """Wait for all that is waited for, and for what comes of it; what is independent at the same time."""
        later, self.later = self.later, []
        if len(later) == 1:
            await self._settle(*later[0])
        else:
            await gather_with_cancel(*(self._settle(*each) for each in later))

    async def _settle(self, answer: dict[str, object], name: str, later: Later) -> None:
        value = await later.awaitable
        part = self.branch()
        try:
            answer[name] = later.complete(value, part)
        except BaseException:
            part.give_up()
            raise
        if part.later:
            await part.settle()

    def branch(self) -> Run:
        """Return a run of the same operation that waits for its own."""
        part = Run.__new__(Run)
        part.executor, part.count, part.later = self.executor, self.count, []
        part._infos, part._arguments = self._infos, self._arguments
        return part

    def give_up(self) -> None:
        """Drop what was begun and is not awaited."""
        for _, _, later in self.later:
            close = getattr(later.awaitable, "close", None)
            if close is not None:
                close()
