"""A program that serves one client on its main thread, beside its own work: `host_program.py gdb|poller`.

`gdb` listens on a Unix socket and serves for 0.1 s of every 0.2 s, as one does from a debugger's prompt; `poller` listens
on a port and serves what has come every 25 ms, as one does from a timer of a 3-D program. Ends with its client.
"""
import json
import os
import shutil
import socket
import sys
import tempfile
import time

from rpyc.core.channel import Channel
from rpyc.core.service import SlaveService
from rpyc.core.stream import SocketStream


def serve_for(conn, seconds):
    end = time.time() + seconds
    while time.time() < end:
        conn.serve(max(0, end - time.time()))


def accept(kind):
    """The one client, and the folder of the socket that it came by."""
    folder = tempfile.mkdtemp() if kind == 'gdb' else None
    try:
        listener = socket.socket(socket.AF_INET if folder is None else socket.AF_UNIX)
        path = None if folder is None else os.path.join(folder, 'gdb.sock')
        listener.bind(('127.0.0.1', 0) if path is None else path)
        listener.listen(1)
        port = 0 if path is not None else listener.getsockname()[1]
        print(json.dumps({'port': port, 'path': path}), flush=True)
        return listener.accept()[0]
    finally:
        if folder is not None:
            shutil.rmtree(folder)


def main(kind):
    conn = SlaveService()._connect(Channel(SocketStream(accept(kind))), {})
    try:
        while not conn.closed:
            if kind == 'gdb':
                serve_for(conn, 0.1)
                time.sleep(0.1)
            else:
                # `poll_all(0)` would serve one message a tick.
                while conn.poll(0):
                    pass
                time.sleep(0.025)
    except EOFError:
        pass


if __name__ == '__main__':
    main(sys.argv[1])
