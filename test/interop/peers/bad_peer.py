"""Servers that misbehave once a client has spoken: `bad_peer.py KIND`. Kinds are the functions below."""
import socket
import struct
import sys
import threading
import zlib

from ready import ready

ROOT = b"\x12\x08\x0e\x03m.K\x51\x52"  # ("m.K", 1, 2)


def frame(payload, compressed=0):
    return struct.pack("!LB", len(payload), compressed) + payload + b"\n"


def reply(body):
    """An old-envelope reply to request 0."""
    return frame(b"\x12\x52\x50" + body)


def hang(client):
    wait(client)


def drop(client):
    pass


def garbage(client):
    client.sendall(bytes(range(1, 255)) * 10)
    wait(client)


def http(client):
    client.sendall(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")


def ssh(client):
    client.sendall(b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n")
    wait(client)


def huge_length(client):
    client.sendall(b"\xff\xff\xff\xff\x00")
    wait(client)


def bomb(client):
    client.sendall(frame(squeezed, 1))
    wait(client)


def bad_zlib(client):
    client.sendall(frame(b"no zlib stream at all", 1))
    wait(client)


def half_frame(client):
    client.sendall(struct.pack("!LB", 1000, 0) + b"\x12\x52")


def deep(client):
    client.sendall(reply(b"\x11\x51" + b"\x10" * 100000 + b"\x00"))
    wait(client)


def long_integer(client):
    digits = b"7" * 10_000_000
    client.sendall(reply(b"\x11\x51\x17" + struct.pack("!L", len(digits)) + digits))
    wait(client)


def bad_label(client):
    client.sendall(reply(b"\x11\x59\x00"))
    wait(client)


def no_label(client):
    client.sendall(reply(b"\x51"))
    wait(client)


def unknown_message(client):
    client.sendall(frame(b"\x12\x59\x50\x11\x51\x00"))
    wait(client)


def flood(client):
    """Answers, then asks for our root for ever and never reads what we say."""
    client.sendall(reply(b"\x11\x54" + ROOT))
    request = frame(b"\x12\x51\x50\x11\x53\x11\x51\x02")
    try:
        while True:
            client.sendall(request * 1000)
    except OSError:
        pass


def references(client):
    """Answers the second request with more objects than anybody may be made to hold."""
    client.sendall(reply(b"\x11\x54" + ROOT))
    client.recv(4096)
    items = [b"\x11\x54\x12\x08\x0e\x03m.K\x51\x16\x07%07d" % (1000000 + n) for n in range(20000)]
    body = b"\x11\x52\x15" + struct.pack("!L", len(items)) + b"".join(items)
    client.sendall(frame(b"\x12\x52\x51" + body))
    wait(client)


def wait(client):
    while client.recv(4096):
        pass


def serve(client, behave):
    with client:
        try:
            client.recv(4096)
            behave(client)
        except OSError:
            pass


behaviour = globals()[sys.argv[1]]
if behaviour is bomb:
    press = zlib.compressobj(9)
    squeezed = b"".join(press.compress(bytes(1 << 20)) for _ in range(1024)) + press.flush()
listener = socket.socket()
listener.bind(("127.0.0.1", 0))
listener.listen()
ready(port=listener.getsockname()[1])
while True:
    threading.Thread(target=serve, args=(listener.accept()[0], behaviour), daemon=True).start()
