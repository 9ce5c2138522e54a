"""The timed protocol over httptools, which limits no sizes itself. Imported only where the platform has
httptools.
"""

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from api.http.protocol import TimedConnection, has_valid_host


class TimedHttpToolsProtocol(TimedConnection, HttpToolsProtocol):  # type: ignore[misc]
    """Counts heads and URLs as the parser reports them, and unreported bytes as they arrive."""

    def start_timers(self) -> None:
        super().start_timers()
        self._refusal_status: int | None = None
        self._is_head_unfinished = False
        self._head_bytes = 0

    def data_received(self, received: bytes) -> None:
        self.bytes_received()
        head_count = self._head_count
        super().data_received(received)
        if self._is_head_unfinished and head_count == self._head_count and not self.transport.is_closing():
            # All of these bytes belong to an unfinished head; the parser holds back what it has not reported.
            self._head_bytes += len(received)
            if self._head_bytes > self.limits.head_bytes:
                self.refuse(431)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._is_head_unfinished = True
        self._head_bytes = self._field_bytes = 0

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        if len(self.url) > self.limits.url_bytes:
            self._refusal_status = 414
            raise ValueError("url")

    def on_header(self, name: bytes, value: bytes) -> None:
        super().on_header(name, value)
        self._field_bytes += len(name) + len(value) + 4
        if self._field_bytes > self.limits.head_bytes:
            self._refusal_status = 431
            raise ValueError("head")

    def on_headers_complete(self) -> None:
        self._is_head_unfinished = False
        if not has_valid_host(self.headers, version=self.parser.get_http_version()):
            raise ValueError("host")
        self.head_completed()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self.body_completed()
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        self.refuse(self._refusal_status or 400)
