"""The CEL engine, and the values that expressions are evaluated on."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from importlib.machinery import PathFinder
from importlib.util import find_spec, module_from_spec
from types import ModuleType
from typing import TYPE_CHECKING


def _engine() -> ModuleType:
    """Load the CEL extension alone. The package around it imports its command line, which costs every start
    30 MB and 0.4 s.
    """
    package = find_spec("cel")
    spec = (
        PathFinder.find_spec("cel.cel", package.submodule_search_locations) if package is not None else None
    )
    if spec is None or spec.loader is None:
        raise ImportError("the package common-expression-language is not installed", name="cel")
    if spec.name not in sys.modules:
        module = module_from_spec(spec)
        spec.loader.exec_module(module)
        sys.modules[spec.name] = module
    return sys.modules[spec.name]


if TYPE_CHECKING:
    import cel as cel
else:
    cel = _engine()


class Context:
    """The values that expressions may read. The engine's own copy of them costs tens of microseconds, and 20
    for each line of a purchase: it is made where the engine is first asked, once. Not for several threads.
    """

    __slots__ = ("_engine", "values")

    def __init__(self, variables: Mapping[str, object]) -> None:
        self.values = dict(variables)
        self._engine = _Engine()

    def replacing(self, name: str, value: object) -> Context:
        """Return this context with another value of one of its names. It shares the rest, which then need not
        be read again.
        """
        sibling = Context.__new__(Context)
        sibling.values, sibling._engine = {**self.values, name: value}, self._engine
        return sibling

    def ready(self) -> cel.Context:
        """Return the engine's context, with the values of this one."""
        return self._engine.holding(self.values)


class _Engine:
    """The engine's context that siblings share, with the values that it has now."""

    __slots__ = ("_context", "_values")

    def __init__(self) -> None:
        self._context: cel.Context | None = None
        self._values: Mapping[str, object] = {}

    def holding(self, values: Mapping[str, object]) -> cel.Context:
        if self._context is None:
            self._context = cel.Context(variables=dict(values))
        elif self._values is not values:
            for name, value in values.items():
                if self._values.get(name) is not value:
                    self._context.add_variable(name, value)
        self._values = values
        return self._context
