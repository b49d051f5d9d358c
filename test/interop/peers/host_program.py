"""A program that serves one client on its main thread, beside its own work: `host_program.py gdb|poller`.

`gdb` serves for 0.1 s of every 0.2 s, as one does from a debugger's prompt; `poller` serves what has come every 25 ms,
as one does from a timer of a 3-D program. Ends with its client.
"""
import json
import socket
import sys
import time

from rpyc.core.channel import Channel
from rpyc.core.service import SlaveService
from rpyc.core.stream import SocketStream


def serve_for(conn, seconds):
    end = time.time() + seconds
    while time.time() < end:
        conn.serve(max(0, end - time.time()))


def main(kind):
    listener = socket.socket()
    listener.bind(('127.0.0.1', 0))
    listener.listen(1)
    print(json.dumps({'port': listener.getsockname()[1]}), flush=True)
    client, _ = listener.accept()
    conn = SlaveService()._connect(Channel(SocketStream(client)), {})
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


main(sys.argv[1])
