"""A strict service that tells what its connection holds for the client: names, numbers and counts."""
import rpyc
from ready import serve


class TableService(rpyc.Service):
    exposed_items = [[1], [2], [3]]
    exposed_text = "text " * 2000

    def on_connect(self, conn):
        self._conn = conn

    def exposed_table(self):
        # A reference that was sent once counts as 0 there.
        table = self._conn._local_objects._dict
        return tuple(sorted((str(k[1]), str(k[2]), k[0], slot[1] + 1) for k, slot in table.items()))


serve(TableService)
