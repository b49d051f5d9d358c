"""The services of the tutorial: `tutorial_server.py <name> [UDP|TCP <port of a registry>]`."""
import os
import sys
import time
from threading import Thread

import rpyc
from ready import serve
from rpyc.utils.helpers import classpartial, restricted


class MyService(rpyc.Service):
    def on_connect(self, conn):
        pass

    def on_disconnect(self, conn):
        pass

    def exposed_get_answer(self):
        return 42

    exposed_the_real_answer_though = 43

    def get_question(self):
        return "what is the airspeed velocity of an unladen swallow?"


class SomeOtherService(rpyc.Service):
    ALIASES = ["floop", "bloop"]


class CounterService(rpyc.Service):
    def __init__(self, start=0, step=1):
        self.value = start
        self.step = step

    def exposed_next(self):
        self.value += self.step
        return self.value


class FileMonitorService(rpyc.Service):
    class exposed_FileMonitor(object):
        def __init__(self, filename, callback, interval=1):
            self.filename = filename
            self.interval = interval
            self.last_stat = os.stat(filename)
            self.callback = rpyc.async_(callback)
            self.active = True
            self.thread = Thread(target=self.work)
            self.thread.daemon = True
            self.thread.start()

        def exposed_stop(self):
            self.active = False
            self.thread.join()

        def work(self):
            while self.active:
                stat = os.stat(self.filename)
                if self.last_stat != stat:
                    self.callback(tuple(self.last_stat), tuple(stat))
                self.last_stat = stat
                time.sleep(self.interval)


class CalculatorService(rpyc.Service):
    def exposed_add(self, a, b):
        return a + b

    def exposed_sub(self, a, b):
        return a - b

    def exposed_mul(self, a, b):
        return a * b

    def exposed_div(self, a, b):
        return a / b

    def foo(self):
        print("foo")


class ClassesService(rpyc.Service):
    ALIASES = ["foo", "bar", "spam"]

    class exposed_MyClass(object):
        def __init__(self, a, b):
            self.a = a
            self.b = b

        def exposed_foo(self):
            return self.a + self.b


class DecoupledService(rpyc.Service):
    def on_connect(self, conn):
        self._conn = conn

    def exposed_bar(self):
        return self._conn.root.foo() + "bar"


class CallbackService(rpyc.Service):
    def exposed_bar(self, func):
        return func() + "bar"


class MyWrapper(object):
    def __init__(self, obj):
        self.foo = obj.foo
        self.bar = obj.bar


class Everything(object):
    foo, bar, spam = "foo", "bar", "spam"


class ProtectedAttrs(object):
    def __init__(self):
        self._secret = 18

    def _rpyc_getattr(self, name):
        if name.startswith("__"):
            raise AttributeError("cannot accept private/special names")
        return getattr(self, name)


class SecureService(rpyc.Service):
    def exposed_open(self, filename):
        return restricted(open(filename, "r"), ["read", "close"], [])

    def exposed_wrapped(self):
        return restricted(MyWrapper(Everything()), ["foo", "bar"])

    def exposed_protected(self):
        return ProtectedAttrs()


def main(name, mode=None, port=None):
    services = {
        "my": MyService,
        "other": SomeOtherService,
        "shared": CounterService(),
        "partial": classpartial(CounterService, 10, step=5),
        "monitor": FileMonitorService,
        "calculator": CalculatorService,
        "classes": ClassesService,
        "decoupled": DecoupledService,
        "callback": CallbackService,
        "secure": SecureService,
    }
    if name == "public":
        serve(MyService, protocol_config={"allow_public_attrs": True})
    elif mode is not None:
        from rpyc.utils.registry import TCPRegistryClient, UDPRegistryClient
        registrar = {"UDP": UDPRegistryClient, "TCP": TCPRegistryClient}[mode]("127.0.0.1", port=int(port))
        serve(services[name], registrar=registrar, auto_register=True)
    else:
        serve(services[name])


main(*sys.argv[1:])
