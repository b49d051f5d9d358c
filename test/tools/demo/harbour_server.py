"""A real classic RPyC server around a live harbour, for `npm start`.

Usage: python harbour_server.py PORT
Listens on the loopback only, prints one JSON line when it is ready, and ends when its standard input ends or it is told to.
"""

import json
import os
import signal
import sys
import threading

import rpyc
from rpyc.core.service import SlaveService
from rpyc.utils.server import ThreadedServer

from harbour import Harbour

HARBOUR = Harbour()


class HarbourService(SlaveService):
    """The classic service, with the harbour in every connection's namespace from the start."""

    def on_connect(self, conn):
        super().on_connect(conn)
        self.namespace["harbour"] = HARBOUR


def wait_for_the_end():
    """Return on a signal, or when the program that holds the other end of standard input is gone."""
    over = threading.Event()

    def read_to_the_end():
        # Not through `sys.stdin`: a thread inside its buffer stops the interpreter from ending.
        while os.read(0, 4096):
            pass
        over.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: over.set())
    threading.Thread(target=read_to_the_end, daemon=True).start()
    over.wait()


def main():
    server = ThreadedServer(HarbourService, hostname="127.0.0.1", port=int(sys.argv[1]))
    HARBOUR.start()
    threading.Thread(target=server.start, daemon=True).start()
    ready = {"port": server.port, "pid": os.getpid(), "rpyc": rpyc.__version__}
    print(json.dumps(ready), flush=True)
    wait_for_the_end()
    HARBOUR.stop()
    # Clients' threads would each tell of a closed socket on the way out.
    os._exit(0)


if __name__ == "__main__":
    main()
