"""The execution of one operation: find its document, count it, check its cost, run it, render its errors.

    rates -> documents (parsed, weighed, validated; cached) -> plan -> rates of the operation
    -> limits with variables -> variables -> resolvers

A query is cancelled when its client disconnects or its time is over. It runs in the task of its request, and
whether its client has gone is asked only of one that takes long: most are answered before. A mutation is
never cancelled in the middle: it goes on in the drain, and a client that waited too long gets BUSY. The same
idempotency key then answers with its result.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable, Coroutine, Mapping
from contextlib import aclosing
from dataclasses import field
from typing import Any, TypeGuard, cast

import strawberry
from graphql import ExecutionResult, GraphQLError
from graphql.execution import create_source_event_stream, map_source_to_response_event
from strawberry.execution import optimized_is_awaitable

from api.drain import Drain
from api.errors import ApiError, BadInput, Busy, Json
from api.graphql.engine.compiling.operations import CompilingExecutor, Tally
from api.graphql.engine.disclosure import is_public
from api.graphql.engine.document_cache import (
    DocumentCache,
    InvalidDocument,
    PersistedQuery,
    PreparedDocument,
)
from api.graphql.engine.error_rendering import (
    MAX_ERRORS,
    render_error,
    render_field_errors,
    render_internal_error,
    render_request_errors,
)
from api.graphql.engine.limits import DocumentLimits, OperationPlan
from api.graphql.engine.permissions import ROOTS, AnyContext, with_permissions
from api.graphql.engine.permitted.caller_kinds import RootPermission
from api.rates import Rates
from domain.model.values import dataclass

# How long an operation runs before it is watched whether its client is still there.
WATCHED_AFTER_SECONDS = 0.05

# Returns once the client of a request has disconnected.
Disconnection = Callable[[], Awaitable[object]]


class ClientDisconnected(Exception):
    """No client waits for the answer any more."""


class MutationByGet(ApiError):
    code = "BAD_INPUT"
    status = 405

    def __init__(self) -> None:
        super().__init__("A GET request runs queries only. Send a mutation by POST.")


# ---------------------------------------------------------------- values


@dataclass(frozen=True, slots=True)
class GraphQLRequest:
    """A request of a client, checked for its shape. `persisted` is the hash of the document, sent with it or
    in its place; without both there is no request.
    """

    query: str | None
    variables: dict[str, object] = field(default_factory=dict)
    operation_name: str | None = None
    persisted: PersistedQuery | None = None


@dataclass(frozen=True, slots=True)
class GraphQLResponse:
    """An answer. `status` is for clients of application/graphql-response+json, which read the HTTP status.

    `may_be_compressed`: no secret is in it. `is_public`: everybody gets it who reads its language, so a copy
    may be used again; `is_live`: after asking whether it is still the same. `kind` and `root` say what
    ran, to be counted: the kind of operation and its first root field, none where it never ran. `name` is the
    operation's own, by its author.
    """

    body: Json
    status: int
    retry_after: int | None = None
    may_be_compressed: bool = False
    is_public: bool = False
    is_live: bool = False
    kind: str = "none"
    root: str = "none"
    name: str | None = None

    @property
    def outcome(self) -> str:
        """Return the code of the first error, else OK."""
        errors = self.body.get("errors")
        return str(errors[0]["extensions"]["code"]) if isinstance(errors, list) and errors else "OK"


def error_response(error: ApiError) -> GraphQLResponse:
    """Return the answer to a request that was refused before it ran."""
    return GraphQLResponse(
        {"errors": [render_error(error)]}, error.status, getattr(error, "retry_after", None)
    )


# ---------------------------------------------------------------- running


class Engine:
    """One schema with all checks that come before its resolvers."""

    def __init__(
        self,
        schema: strawberry.Schema,
        *,
        rates: Rates,
        drain: Drain,
        limits: DocumentLimits | None = None,
        introspection: bool = True,
        operation_seconds: float = 10,
        roots: Mapping[str, Mapping[str, RootPermission]] = ROOTS,
    ) -> None:
        self.schema = with_permissions(schema._schema, self._check_field_rate, roots=roots)
        self.limits = limits or DocumentLimits()
        self.documents = DocumentCache(self.schema, self.limits, introspection=introspection)
        self.rates, self.drain = rates, drain
        self._hide_suggestions = not introspection
        self._operation_seconds = operation_seconds
        self.tally, self.is_compiling = Tally(), True
        self._converter = schema.schema_converter

    def _check_field_rate(self, context: AnyContext, name: str) -> None:
        self.rates.count_field(name, context.address)

    async def run(
        self,
        request: GraphQLRequest,
        context: AnyContext,
        disconnection: Disconnection,
        *,
        by_get: bool = False,
    ) -> GraphQLResponse:
        """Return the answer to one query or mutation. Raises ClientDisconnected once the client has gone and
        no answer is left to give.
        """
        try:
            prepared, plan = self._prepare(request, context, by_get=by_get)
            executor = self._executor(prepared, plan, request, context)
            if isinstance(executor, list):
                return GraphQLResponse({"errors": render_request_errors(executor)}, 400)
            result = await self._result(executor, plan, disconnection)
        except ApiError as error:
            return error_response(error)
        except InvalidDocument as invalid_document:
            return GraphQLResponse({"errors": render_request_errors(invalid_document.faults)}, 400)
        except ClientDisconnected:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the client is told INTERNAL and no more
            return GraphQLResponse(
                {
                    "errors": [
                        render_internal_error(
                            error, request_id=context.request_id, operation=request.operation_name
                        )
                    ]
                },
                500,
            )
        is_query = plan.kind == "query"
        return GraphQLResponse(
            self._body(result, plan, context),
            200,
            may_be_compressed=is_query and not prepared.secret_fields,
            is_public=is_query and is_public(plan.roots) and not result.errors,
            is_live=bool(prepared.live_fields),
            kind=plan.kind,
            root=next(iter(plan.roots), "none"),
            name=plan.name,
        )

    async def subscribe(
        self, request: GraphQLRequest, context: AnyContext
    ) -> AsyncGenerator[Json, None] | GraphQLResponse:
        """Return the answers to one subscription as they come, or the single answer that refuses it."""
        try:
            prepared, plan = self._prepare(request, context, subscription=True)
            executor = self._executor(prepared, plan, request, context)
            if isinstance(executor, list):
                return GraphQLResponse({"errors": render_request_errors(executor)}, 400)
            source = create_source_event_stream(executor)
            stream = source if isinstance(source, ExecutionResult | AsyncIterable) else await source
        except ApiError as error:
            return error_response(error)
        except InvalidDocument as invalid_document:
            return GraphQLResponse({"errors": render_request_errors(invalid_document.faults)}, 400)
        if isinstance(stream, ExecutionResult):
            return GraphQLResponse(self._body(stream, plan, context), 200)
        return self._events(map_source_to_response_event(executor, stream), plan, context)

    async def _events(
        self, results: AsyncGenerator[ExecutionResult, None], plan: OperationPlan, context: AnyContext
    ) -> AsyncGenerator[Json, None]:
        async with aclosing(results):
            try:
                async for result in results:
                    yield self._body(result, plan, context)
            except ApiError as error:
                yield {"errors": [render_error(error)]}
            except Exception as error:  # noqa: BLE001 - as in run
                yield {
                    "errors": [
                        render_internal_error(error, request_id=context.request_id, operation=plan.name)
                    ]
                }

    def _prepare(
        self,
        request: GraphQLRequest,
        context: AnyContext,
        *,
        by_get: bool = False,
        subscription: bool = False,
    ) -> tuple[PreparedDocument, OperationPlan]:
        self.rates.count_request(context.caller, context.address)
        prepared = self.documents.find(request.query, request.persisted)
        plan = prepared.plan_for(request.operation_name)
        if (plan.kind == "subscription") is not subscription:
            raise BadInput("Subscriptions run over WebSocket, and nothing else does.")
        if by_get and plan.kind != "query":
            raise MutationByGet
        cost = plan.check(request.variables, self.limits)
        self.rates.count_operation(
            context.caller, context.address, mutation=plan.kind == "mutation", roots=plan.roots, cost=cost
        )
        return prepared, plan

    def _executor(
        self, prepared: PreparedDocument, plan: OperationPlan, request: GraphQLRequest, context: AnyContext
    ) -> CompilingExecutor | list[GraphQLError]:
        executor = CompilingExecutor.build(
            self.schema,
            prepared.document,
            context_value=context,
            raw_variable_values=request.variables,
            operation_name=plan.name,
            max_coercion_errors=MAX_ERRORS - 1,
            is_awaitable=cast("Callable[[object], TypeGuard[Awaitable[object]]]", optimized_is_awaitable),
            hide_suggestions=self._hide_suggestions,
            converter=self._converter,
            values_at_most=self.limits.values,
            tally=self.tally,
            compiled=prepared.compiled if self.is_compiling else None,
        )
        return cast(CompilingExecutor | list[GraphQLError], executor)

    async def _result(
        self, executor: CompilingExecutor, plan: OperationPlan, disconnection: Disconnection
    ) -> ExecutionResult:
        if plan.kind == "mutation":
            self.drain.check()
        execution = executor.execute_operation()
        if isinstance(execution, ExecutionResult):
            return execution
        running = cast("Coroutine[object, object, ExecutionResult]", execution)
        if plan.kind == "mutation":
            return await self._drained(self.drain.start(running), disconnection)
        return await self._watched(running, disconnection)

    async def _watched(
        self, execution: Coroutine[object, object, ExecutionResult], disconnection: Disconnection
    ) -> ExecutionResult:
        """Run a query here, and end it when its client has gone or its time is over."""
        task = asyncio.current_task()
        assert task is not None, "a request has a task"
        watch = _Watch(task, disconnection)
        beginning = asyncio.get_running_loop().call_later(WATCHED_AFTER_SECONDS, watch.begin)
        try:
            async with asyncio.timeout(self._operation_seconds):
                return await execution
        except TimeoutError:
            raise self._too_slow() from None
        except asyncio.CancelledError:
            if not watch.has_gone:
                raise
            task.uncancel()
            raise ClientDisconnected from None
        finally:
            beginning.cancel()
            watch.end()

    async def _drained(
        self, task: "asyncio.Future[ExecutionResult]", disconnection: Disconnection
    ) -> ExecutionResult:
        """Wait for a mutation, which goes on in any case."""
        first = min(WATCHED_AFTER_SECONDS, self._operation_seconds)
        done, _ = await asyncio.wait({task}, timeout=first)
        if not done:
            gone: asyncio.Future[Any] = asyncio.ensure_future(disconnection())
            try:
                done, _ = await asyncio.wait(
                    {task, gone},
                    timeout=self._operation_seconds - first,
                    return_when=asyncio.FIRST_COMPLETED,
                )
            finally:
                gone.cancel()
            if gone in done and task not in done:
                raise ClientDisconnected
        if task in done:
            return task.result()
        raise self._too_slow()

    def _too_slow(self) -> Busy:
        return Busy(f"This took longer than {self._operation_seconds:g} s. Try again.", retry_after=2)

    def _body(self, result: ExecutionResult, plan: OperationPlan, context: AnyContext) -> Json:
        if not result.errors:
            return {"data": result.data}
        return {
            "data": result.data,
            "errors": render_field_errors(result.errors, request_id=context.request_id, operation=plan.name),
        }


class _Watch:
    """Ends the task of a query once its client has gone."""

    def __init__(self, task: "asyncio.Task[Any]", disconnection: Disconnection) -> None:
        self.has_gone = False
        self._task, self._disconnection = task, disconnection
        self._watching: asyncio.Future[object] | None = None

    def begin(self) -> None:
        self._watching = asyncio.ensure_future(self._disconnection())
        self._watching.add_done_callback(self._end_task)

    def end(self) -> None:
        if self._watching is not None:
            self._watching.remove_done_callback(self._end_task)
            self._watching.cancel()

    def _end_task(self, gone: "asyncio.Future[object]") -> None:
        if not gone.cancelled() and gone.exception() is None:
            self.has_gone = True
            self._task.cancel()
