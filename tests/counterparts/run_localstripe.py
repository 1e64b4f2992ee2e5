"""localstripe as a process of its own, on loopback: its own command would listen on every address.

Prints its URL once it listens.
"""

import socket

from aiohttp import web
from localstripe.server import app

listener = socket.create_server(("127.0.0.1", 0))
print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
web.run_app(app, sock=listener, print=None, access_log=None)
