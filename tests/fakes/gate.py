"""A way to a server that a test can close, or cut in the middle of an answer."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from socketserver import BaseRequestHandler, ThreadingTCPServer

_CHUNK = 65_536


class Gate:
    """Passes bytes on both ways. Shut, it ends every new connection at once.

    `cut(word, length)`: once a client has said `word`, only so many bytes of the answer come through;
    `hush(word)`: none does from then on, and the line stays open.
    """

    def __init__(self, host: str, port: int) -> None:
        self.target = (host, port)
        self.port = 0
        self._is_shut = False
        self._word = b""
        self._length = 0
        self._hushed = b""

    def shut(self) -> None:
        self._is_shut = True

    def open(self) -> None:
        self._is_shut = False

    def cut(self, word: bytes, length: int) -> None:
        self._word, self._length = word, length

    def hush(self, word: bytes) -> None:
        self._hushed = word

    def pass_on(self, client: socket.socket) -> None:
        if self._is_shut:
            return
        with socket.create_connection(self.target) as server:
            left: list[int] = []
            silent = threading.Event()
            back = threading.Thread(target=self._answer, args=(server, client, left, silent))
            back.start()
            while chunk := _received(client):
                if self._word and self._word in chunk:
                    self._word = b""
                    left.append(self._length)
                if self._hushed and self._hushed in chunk:
                    silent.set()
                server.sendall(chunk)
            _end(server)
            back.join()

    @staticmethod
    def _answer(
        server: socket.socket, client: socket.socket, left: list[int], silent: threading.Event
    ) -> None:
        while chunk := _received(server):
            if silent.is_set():
                continue
            passing = chunk[: left[0]] if left else chunk
            with suppress(OSError):
                client.sendall(passing)
            if left:
                left[0] -= len(passing)
                if left[0] == 0:
                    break
        _end(client)


def _received(connection: socket.socket) -> bytes:
    try:
        return connection.recv(_CHUNK)
    except OSError:
        return b""


def _end(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


class _Passage(BaseRequestHandler):
    def handle(self) -> None:
        assert isinstance(self.server, _Listener)
        self.server.gate.pass_on(self.request)


class _Listener(ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, gate: Gate) -> None:
        self.gate = gate
        super().__init__(("127.0.0.1", 0), _Passage)


@contextmanager
def gate_to(host: str, port: int) -> Iterator[Gate]:
    gate = Gate(host, port)
    with _Listener(gate) as listener:
        gate.port = listener.server_address[1]
        thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield gate
        finally:
            listener.shutdown()
            thread.join()
