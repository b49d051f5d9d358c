"""A strict service that calls functions of its client: `root.call(name, *args)`, and as it is connected to."""
import rpyc
from ready import serve


class CallingService(rpyc.Service):
    def on_connect(self, conn):
        self.conn = conn

    def exposed_call(self, name, *args):
        return getattr(self.conn.root, name)(*args)

    def exposed_refusal(self, name):
        try:
            getattr(self.conn.root, name)
        except Exception as error:
            return "%s: %s" % (type(error).__name__.split(".")[-1], str(error).split("\n")[0])
        return "allowed"

    def exposed_later(self, name, *args):
        """Calls by the way, while others are answered."""
        call = rpyc.async_(getattr(self.conn.root, name))
        self.settled = []
        pending = call(*args)
        pending.set_expiry(None)
        pending.add_callback(self.settled.append)
        self.pending = pending

    def exposed_result(self):
        """The answer, once it is there: asking whether it is would wait for the next message."""
        return self.settled[0].value if self.settled else False

    def exposed_flood(self, count):
        call = rpyc.async_(self.conn.root.stdout_write)
        for number in range(count):
            call("%d\n" % number)


serve(CallingService)
