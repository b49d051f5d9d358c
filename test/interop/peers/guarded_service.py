"""A service behind something else than plain TCP: `guarded_service.py <mode> [arguments]`.

`unix <path>` listens on a Unix socket; `magic` wants the bytes `Ma6ik` first; `password <word>` wants a frame with the
word and answers with a frame; `tls1 <key> <certificate>` speaks TLS 1.0 and nothing newer; `ipv6` listens on `::1`.
"""
import ssl
import sys

import rpyc
from ready import ready, serve
from rpyc.core.channel import Channel
from rpyc.core.stream import SocketStream
from rpyc.utils.authenticators import AuthenticationError, SSLAuthenticator
from rpyc.utils.server import ThreadedServer


class GuardedService(rpyc.Service):
    def on_connect(self, conn):
        self._conn = conn

    def exposed_credentials(self):
        return repr(self._conn._config["credentials"])

    def exposed_double(self, value):
        return 2 * value


def magic(sock):
    if sock.recv(5) != b"Ma6ik":
        raise AuthenticationError("wrong magic word")
    return sock, "magic"


def password(sock):
    channel = Channel(SocketStream(sock))
    if channel.recv() != sys.argv[2].encode():
        channel.send(b"denied")
        raise AuthenticationError("wrong password")
    channel.send(b"welcome")
    return sock, "password"


def old_tls():
    return SSLAuthenticator(
        sys.argv[2], sys.argv[3], ssl_version=ssl.PROTOCOL_TLSv1, ciphers="DEFAULT@SECLEVEL=0"
    )


mode = sys.argv[1]
if mode == "unix":
    server = ThreadedServer(GuardedService, socket_path=sys.argv[2])
    server.listener.listen(server.backlog)
    ready(port=0)
    server.start()
elif mode == "ipv6":
    serve(GuardedService, hostname="::1", ipv6=True)
elif mode == "tls1":
    serve(GuardedService, authenticator=old_tls())
else:
    serve(GuardedService, authenticator={"magic": magic, "password": password}[mode])
