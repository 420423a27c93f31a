"""The studio served on this machine's loopback address, and nowhere else."""

import socket
import sys
import webbrowser

import uvicorn

from bot.errors import SettingsError, explain_cause
from bot.workbench.studio.server import Studio

HOST = "127.0.0.1"


def bind_loopback(port: int) -> socket.socket:
    """A socket that only this machine reaches; port 0 takes a free one. Raises SettingsError."""
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        if sys.platform != "win32":  # there it would let another program take the port over
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((HOST, port))
        bound.listen()  # whoever reads the address, however fast, finds a door
    except OSError as error:
        bound.close()
        raise SettingsError(f"cannot use port {port}: {explain_cause(error)}; give another --port") from error
    return bound


def make_server(studio: Studio, port: int) -> uvicorn.Server:
    """The server: no proxies, no sockets of the web, no log of requests, and nobody waits long when it ends."""
    config = uvicorn.Config(
        studio.make_app(port),
        interface="asgi3",
        lifespan="off",
        ws="none",
        proxy_headers=False,
        server_header=False,
        access_log=False,
        log_level="warning",
        limit_concurrency=64,
        timeout_graceful_shutdown=1,
    )
    return uvicorn.Server(config)


def serve(studio: Studio, bound: socket.socket, *, opens_browser: bool) -> None:
    """Serve until somebody presses Ctrl-C, which ends in KeyboardInterrupt."""
    port = bound.getsockname()[1]
    studio.session.start()
    if opens_browser:
        webbrowser.open(f"http://{HOST}:{port}{studio.entrance}")
    try:
        make_server(studio, port).run(sockets=[bound])
    finally:
        studio.session.close()
