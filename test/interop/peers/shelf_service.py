"""A service under the default policy with all sorts of members, for a reader that must not touch what it may not."""
import rpyc
from ready import serve

touched = []


class ShelfService(rpyc.Service):
    """Keeps things."""

    exposed_version = (1, 2)
    exposed_label = "shelf"
    exposed_things = [{"name": n} for n in range(250)]
    public = "not exposed"
    _secret = "secret"

    @property
    def exposed_costly(self):
        """Costs much."""
        touched.append("costly")
        return 42

    def exposed_add(self, left, right=0):
        """Adds two numbers.

        Slowly.
        """
        return left + right

    def exposed_touched(self):
        return tuple(touched)

    def hidden(self):
        """Nobody gets here."""


serve(ShelfService())
