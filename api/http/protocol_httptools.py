"""The timed protocol over httptools, which has no measure of its own. Imported only where the platform has
httptools.
"""

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from api.http.protocol import Timed


class TimedHttpToolsProtocol(Timed, HttpToolsProtocol):  # type: ignore[misc]
    """Heads and URLs are counted as the parser tells of them, and what it has not told of as it comes."""

    def begin(self) -> None:
        super().begin()
        self._over: int | None = None
        self._unfinished = False
        self._head_bytes = 0

    def data_received(self, data: bytes) -> None:
        self.bytes_arrive()
        heads = self._heads
        super().data_received(data)
        if self._unfinished and heads == self._heads and not self.transport.is_closing():
            # All of these bytes belong to a head that is still not whole; the parser keeps what it has not
            # told us of.
            self._head_bytes += len(data)
            if self._head_bytes > self.limits.head_bytes:
                self.refuse(431)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._unfinished = True
        self._head_bytes = self._fields = 0

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        if len(self.url) > self.limits.url_bytes:
            self._over = 414
            raise ValueError("url")

    def on_header(self, name: bytes, value: bytes) -> None:
        super().on_header(name, value)
        self._fields += len(name) + len(value) + 4
        if self._fields > self.limits.head_bytes:
            self._over = 431
            raise ValueError("head")

    def on_headers_complete(self) -> None:
        self._unfinished = False
        self.head_is_whole()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self.body_is_whole()
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        self.refuse(self._over or 400)
