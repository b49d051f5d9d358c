"""A service under the default policy: `strict_service.py [quiet|bound]`; `quiet` tells neither traceback nor version."""
import sys
import time

import rpyc
from ready import serve


class Counter:
    def __init__(self):
        self.exposed_total = 0
        self.public = "out of reach"

    def exposed_add(self, amount=1):
        self.exposed_total += amount
        return self.exposed_total


class CalcService(rpyc.Service):
    """Adds."""

    ALIASES = ["calc", "adder"]
    exposed_version = (1, 2)
    _secret = "secret"

    def exposed_add(self, left, right=0):
        """Adds two numbers."""
        return left + right

    def exposed_apply(self, function, *args):
        return function(*args)

    def exposed_counter(self):
        return Counter()

    def exposed_fail(self):
        raise ValueError("as asked")

    def exposed_later(self, seconds):
        time.sleep(seconds)
        return "later"

    def exposed_items(self):
        return iter(["a", ("b", 2), [3]])

    def private(self):
        return "never"


mode = sys.argv[1] if len(sys.argv) > 1 else ""
config = {"include_local_traceback": mode != "quiet", "include_local_version": mode != "quiet"}
if mode == "bound":
    config["bind_threads"] = True
serve(CalcService, protocol_config=config)
