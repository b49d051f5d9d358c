"""A service that registers itself: `registered_service.py UDP|TCP <registry's host> <registry's port>`; SIGTERM closes it."""
import signal
import sys

import rpyc
from ready import serve
from rpyc.utils.registry import TCPRegistryClient, UDPRegistryClient


class GreeterService(rpyc.Service):
    ALIASES = ["greeter", "welcome"]

    def exposed_greet(self, name):
        return "Hello, " + name


def stop(_number, _frame):
    # The server closes, and so unregisters, at this exception.
    raise KeyboardInterrupt()


signal.signal(signal.SIGTERM, stop)
mode, host, port = sys.argv[1:]
registrar = {"UDP": UDPRegistryClient, "TCP": TCPRegistryClient}[mode](host, port=int(port))
serve(GreeterService, registrar=registrar, auto_register=True)
