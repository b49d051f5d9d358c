"""A service with values to change: under the default policy, or with `open` one that lets clients set and delete."""
import sys

import rpyc
from ready import serve


class Gauge(object):
    def __init__(self, inner=None):
        self.exposed_level = 1
        self.exposed_inner = inner

    @property
    def exposed_picky(self):
        return 0

    @exposed_picky.setter
    def exposed_picky(self, value):
        raise ValueError("not %r" % (value,))


class SettableService(rpyc.Service):
    exposed_label = "bench"

    def __init__(self):
        super(SettableService, self).__init__()
        self.exposed_items = [1, 2, 3]
        self.exposed_gauge = Gauge(Gauge())

    def exposed_join(self, *parts, **named):
        return "|".join([str(part) for part in parts] + ["%s=%s" % pair for pair in sorted(named.items())])

    def exposed_make(self):
        return [10, 20]

    def exposed_nothing(self):
        return None

    def exposed_fail(self):
        raise KeyError("lost")

    def hidden(self):
        pass


POLICY = {"allow_setattr": True, "allow_delattr": True} if sys.argv[-1] == "open" else {}
serve(SettableService(), protocol_config=POLICY)
