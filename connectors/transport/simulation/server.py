"""The thin HTTP mount of the simulated platform on loopback; knows sockets, nothing of shops."""

import socket
import sys
from collections.abc import Callable, Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread

from connectors.transport.simulation.replies import Body
from syncd.ports.wire import Unanswered

Handle = Callable[[str, str, Mapping[str, str], bytes], tuple[int, Mapping[str, str], Body]]
LOOPBACK = "127.0.0.1"


class SandboxServer(ThreadingHTTPServer):
    """Serves one handler until it is closed; closing ends kept-alive connections too."""

    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, port: int, handle: Handle, stopping: Event) -> None:
        self.handle = handle
        self._stopping = stopping
        self._open: set[socket.socket] = set()
        self._lock = Lock()
        super().__init__((LOOPBACK, port), _Connection)
        self._thread = Thread(target=self.serve_forever, args=(0.05,), daemon=True, name="sandbox")

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://{LOOPBACK}:{self.server_address[1]}"

    def begin(self) -> None:
        """Serve in a thread of its own."""
        self._thread.start()

    def end(self) -> None:
        """Stop listening and cut every connection."""
        self._stopping.set()
        self.shutdown()
        self.server_close()
        with self._lock:
            for connection in self._open:
                cut(connection)
        self._thread.join()

    def opened(self, connection: socket.socket) -> None:
        """Remember a connection that must be cut at the end."""
        with self._lock:
            self._open.add(connection)

    def closed(self, connection: socket.socket) -> None:
        """Forget a connection that is done."""
        with self._lock:
            self._open.discard(connection)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is no news; anything else is a bug and is shown."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


def phrase(status: int) -> str:
    """The reason phrase; statuses that only one shop knows have a general one."""
    return HTTPStatus(status).phrase if status in set(HTTPStatus) else "Refused"


def cut(connection: socket.socket) -> None:
    """End a connection at once."""
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return


class _Connection(BaseHTTPRequestHandler):
    """One kept-alive connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: SandboxServer

    def setup(self) -> None:
        super().setup()
        self.server.opened(self.connection)

    def finish(self) -> None:
        self.server.closed(self.connection)
        super().finish()

    def log_message(self, *_args: object) -> None:
        """Write no access log."""

    def _serve(self) -> None:
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            self.send_error(HTTPStatus.LENGTH_REQUIRED)
            return
        length = self.headers.get("Content-Length", "0")
        body = self.rfile.read(int(length)) if length.isdecimal() else b""
        try:
            status, headers, answer = self.server.handle(
                self.command, self.path, dict(self.headers.items()), body
            )
        except Unanswered:
            self.close_connection = True
            cut(self.connection)
            return
        self._send(status, headers, answer)

    def _send(self, status: int, headers: Mapping[str, str], answer: Body) -> None:
        lines = [f"HTTP/1.1 {status} {phrase(status)}", *(f"{k}: {v}" for k, v in headers.items())]
        head = "\r\n".join([*lines, "", ""]).encode("latin-1")
        if isinstance(answer, bytes):
            self.wfile.write(head + answer)
            sent = len(answer)
        else:
            self.wfile.write(head)
            sent = sum(self.wfile.write(piece) for piece in answer)
        if headers.get("Content-Length") != str(sent):
            self.close_connection = True

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = _serve  # noqa: N815 - http.server looks for these names
