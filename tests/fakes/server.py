"""A server for tests that many threads may reach at once."""

from http.server import ThreadingHTTPServer


class LoopbackServer(ThreadingHTTPServer):
    """With the usual queue of five, connections are lost and time out when the machine is busy."""

    request_queue_size = 128
