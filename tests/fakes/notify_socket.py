"""systemd's side of NOTIFY_SOCKET, for tests."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def listening(address: str) -> Iterator[socket.socket]:
    """A bound socket; `@name` is an abstract one."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as server:
        server.bind("\0" + address[1:] if address.startswith("@") else address)
        server.settimeout(5)
        yield server


def heard(server: socket.socket) -> list[str]:
    """The lines of the next datagram; TimeoutError when none comes."""
    return server.recv(4096).decode().split("\n")
