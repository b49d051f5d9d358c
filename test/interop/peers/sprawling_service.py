"""A service whose answers are larger than any reader wants them."""
import rpyc
from ready import serve


class Sequence(object):
    """Gives more than it is asked for, and tells a length that no list can have."""

    def __len__(self):
        return 10 ** 30

    def __getitem__(self, index):
        return tuple(range(1000))


# By its name it is taken for the real one.
Sequence.__name__ = "list"
Sequence.__module__ = "builtins"


class SprawlingService(rpyc.Service):
    exposed_sequence = Sequence()
    exposed_long = tuple(range(100000))

    def __dir__(self):
        # The others come first in the order of names.
        names = ["exposed_z%06d" % n for n in range(50000)]
        return ["exposed_sequence", "exposed_long"] + names


serve(SprawlingService())
