"""Ports of 127.0.0.1."""

import random
import socket

LOOPBACK = "127.0.0.1"
# Below the range from which the system takes ports for outgoing connections (32768 on Linux, 49152
# elsewhere), so that none is taken between our look and the server's start.
LOWEST, HIGHEST = 20_000, 32_000


def fault(port: int) -> str | None:
    """Why no server may bind to `port` now; `None` when one may."""
    with socket.socket() as probe:
        # As servers do: a connection of a server that has just ended does not block its port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            return error.strerror
    return None


def free_ports(count: int, without: int | None = None) -> list[int]:
    """`count` ports that are free, chosen at random: test runs side by side rarely meet."""
    shuffled = random.sample(range(LOWEST, HIGHEST), HIGHEST - LOWEST)
    free = (port for port in shuffled if port != without and fault(port) is None)
    return [next(free) for _ in range(count)]
