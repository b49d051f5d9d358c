"""A service to fail with, which logs what goes wrong: `failing_service.py '{"config": …, "key": …, "cert": …}'`."""
import json
import logging
import os
import sys
import time

import rpyc
from ready import serve
from rpyc.utils.authenticators import SSLAuthenticator
from rpyc.utils.classic import obtain


class Gauge:
    exposed_unit = "mm"
    level = 3


class FailingService(rpyc.Service):
    def visible(self):
        return "never"

    def exposed_wait(self, seconds):
        time.sleep(seconds)

    def exposed_measure(self):
        return self._read()

    def _read(self):
        return {}["no such sensor"]

    def exposed_gauge(self):
        return Gauge()

    def exposed_call(self, function):
        return function()

    def exposed_look(self, thing):
        return thing.secret

    def exposed_copy(self, thing):
        return obtain(thing)

    def exposed_leave(self):
        os._exit(3)


options = json.loads(sys.argv[1] if len(sys.argv) > 1 else "{}")
logging.basicConfig(level=logging.DEBUG)
authenticator = SSLAuthenticator(options["key"], options["cert"]) if "key" in options else None
serve(FailingService, authenticator=authenticator, protocol_config=options.get("config", {}))
