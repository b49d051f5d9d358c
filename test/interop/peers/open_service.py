"""The service of the tutorial's third part, with more under it, and a log of all that it refuses.

`open_service.py [configuration...]`: `public` and `all` allow attributes of that sort, `prefix` exposes names that begin with
`shown_`.
"""
from __future__ import unicode_literals

import collections
import gc
import logging
import sys

import rpyc
from ready import serve
from rpyc.utils.helpers import restricted

logging.basicConfig(level=logging.DEBUG, stream=sys.stderr)


class Question(object):
    """Asks."""

    exposed_words = 6
    public = "in reach of who may read public names"
    _private = "in reach of who may read everything"

    def exposed_ask(self, loudly=False):
        """exposed_ask(loudly=False) -> str

        Asks the question.
        """
        return "what?"

    def whisper(self):
        return "psst"


class Box(object):
    one, two = 1, 2


taken = []


def count():
    for number in range(3):
        taken.append(number)
        yield number


class MyService(rpyc.Service):
    exposed_the_real_answer_though = 43
    exposed_question = Question()
    exposed_box = restricted(Box(), ["one"])
    exposed_numbers = dict((n, n * n) for n in range(250))
    exposed_mixed = {"a": 1, ("b", 2): [3], None: {"c": 4}}
    exposed_ordered = collections.OrderedDict([("first", 1), ("second", 2)])
    exposed_letters = set("abc")
    exposed_frozen = frozenset([1, 2])
    exposed_frozen_objects = frozenset([Box()])
    exposed_boxes = frozenset([Box() for _ in range(150)])
    exposed_queue = collections.deque(range(150))
    exposed_row = [1, "two", [3]]
    exposed_pair = (1, [2])
    shown_answer = 44

    def exposed_get_answer(self):
        """Gives the answer.

        Always the same.
        """
        return 42

    def get_question(self):
        return "what is the airspeed velocity of an unladen swallow?"

    def _count(self):
        return "private"

    def exposed_generator(self):
        return count()

    def exposed_lent(self):
        """How many references all clients hold."""
        tables = [o for o in gc.get_objects() if type(o).__name__ == "RefCountingColl"]
        return sum(len(table._dict) for table in tables)

    def exposed_taken(self):
        return tuple(taken)


modes = sys.argv[1:]
config = {"logger": logging.getLogger("refusals")}
config["allow_public_attrs"] = "public" in modes
config["allow_all_attrs"] = "all" in modes
if "prefix" in modes:
    config["exposed_prefix"] = "shown_"
serve(MyService, protocol_config=config)
