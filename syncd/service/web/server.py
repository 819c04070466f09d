"""uvicorn in a thread of its own: it tells where it listens, and no request may take for ever to come."""

import asyncio
import logging
import socket
from threading import Event, Thread

import h11
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from syncd.domain.errors import UsageError

REQUEST_WITHIN = 10.0
"""Seconds from the first moment of a connection, or the first byte of a later request, to its last byte."""
MOST_CONNECTIONS = 400
MOST_HEADERS = 16 * 1024
STARTED_WITHIN = 10.0
STOPPED_WITHIN = 3
BACKLOG = 512


class _Prompt(H11Protocol):
    """uvicorn has no bound for a request that comes drop by drop; this is one."""

    within = REQUEST_WITHIN
    _late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # uvicorn's own signature
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        if self._late is None:
            self._wait()
        super().data_received(data)
        if self._is_whole():
            self._come()

    def connection_lost(self, exc: Exception | None) -> None:
        self._come()
        super().connection_lost(exc)

    def _is_whole(self) -> bool:
        """Whether a request has come to its end; the next one has not begun then."""
        return self.conn.their_state in {h11.DONE, h11.MUST_CLOSE, h11.CLOSED, h11.ERROR}

    def _wait(self) -> None:
        self._late = self.loop.call_later(self.within, self.transport.abort)

    def _come(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None


class _Server(uvicorn.Server):
    """Says when it serves."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.serving = Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.serving.set()


class WebServer:
    """Serves one application until it is stopped. Installs no signal handler."""

    def __init__(
        self, app: ASGIApp, host: str, port: int, request_within: float = REQUEST_WITHIN
    ) -> None:
        protocol = type("Prompt", (_Prompt,), {"within": request_within})
        config = uvicorn.Config(
            app, http=protocol, ws="none", lifespan="off", log_config=None, log_level="error",
            access_log=False, server_header=False, date_header=True, proxy_headers=True,
            forwarded_allow_ips="127.0.0.1,::1", limit_concurrency=MOST_CONNECTIONS,
            timeout_keep_alive=5, timeout_graceful_shutdown=STOPPED_WITHIN,
            h11_max_incomplete_event_size=MOST_HEADERS,
        )  # fmt: skip
        self._host = host
        self._port = port
        self._server = _Server(config)
        self._socket: socket.socket | None = None
        self._thread = Thread(target=self._serve, name="syncd-web", daemon=True)

    @property
    def url(self) -> str:
        """Where it listens, with the port it was given for port 0."""
        if self._socket is None:
            raise RuntimeError("the web server was not started")
        host, port = self._socket.getsockname()[:2]
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    @property
    def serves(self) -> bool:
        """Whether its thread is alive."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Listen and serve. UsageError when the address cannot be listened on."""
        self._socket = _listening(self._host, self._port)
        self._thread.start()
        if not self._server.serving.wait(STARTED_WITHIN):
            raise UsageError(f"the web server at {self.url} did not start; the log says why")

    def stop(self) -> None:
        """Finish the requests under way, for three seconds at most, and end the thread."""
        self._server.should_exit = True
        if self._thread.is_alive():
            self._thread.join()
        if self._socket is not None:
            self._socket.close()

    def _serve(self) -> None:
        # uvicorn sets these levels itself only for the root of its loggers
        logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
        sockets = [] if self._socket is None else [self._socket]
        self._server.run(sockets=sockets)


def _listening(host: str, port: int) -> socket.socket:
    bare = host.removeprefix("[").removesuffix("]")
    family = socket.AF_INET6 if ":" in bare else socket.AF_INET
    try:
        return socket.create_server((bare, port), family=family, backlog=BACKLOG)
    except OSError as error:
        raise UsageError(
            f"web.listen: {host}:{port} cannot be listened on ({error.strerror or error}): stop the "
            "process that has it, or choose another address"
        ) from error
