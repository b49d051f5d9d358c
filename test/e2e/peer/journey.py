"""What the end-to-end tests look at on the peer: a module of one Python process that all its clients share."""

import os


class Gauge(object):
    """A gauge that counts how often it is read."""

    def __init__(self):
        self.unit = "m"
        self.reads = 0

    @property
    def level(self):
        """Water level above chart datum, in metres."""
        self.reads += 1
        return 2.5


def greet(name, polite=True):
    """Say hello to somebody."""
    return ("Good day, " if polite else "Hi ") + name


gauge = Gauge()
numbers = [n * 7919 % 1000 for n in range(100000)]
settings = {"host": "lab", "ports": (18812, 18821), "nested": {"deep": [1.5, None]}}
ticks = int(os.environ.get("JOURNEY_TICKS", "0"))
