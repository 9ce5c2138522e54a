"""The spans of messages: each under the trace of what promised it, and carried on to other systems."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from domain.services.messages.outgoing_messages import OutgoingMessage
from domain.services.senders import SendResult, WebhookMessage
from domain.store import tracing


async def send_traced(
    sender: Any, batch: Sequence[OutgoingMessage], *, now: datetime
) -> Sequence[SendResult]:
    """Send a batch, with a span for each message where this process makes any; return the results."""
    tracer = tracing.tracer
    if tracer is None:
        return list(await sender.send([message.message for message in batch], now=now))
    spans = [tracer.start("send", kind="producer", parent=message.job.row.trace) for message in batch]
    messages = [
        replace(message.message, trace=span.traceparent)
        if isinstance(message.message, WebhookMessage)
        else message.message
        for message, span in zip(batch, spans, strict=True)
    ]
    results: Sequence[SendResult] = ()
    try:
        results = list(await sender.send(messages, now=now))
    finally:
        for index, (message, span) in enumerate(zip(batch, spans, strict=True)):
            status = results[index].status if index < len(results) else "fault"
            span.note({"selo.channel": message.delivery.channel, "selo.code": message.job.row.code})
            span.note({"selo.status": status, "selo.outbox_kind": message.job.row.kind})
            span.end(error=None if status == "sent" else status)
    return results
