"""
Python's side of the benchmarks: takes one line of JSON for each task and answers with one, until its input ends.
`driver.py serve` is a stock ThreadedServer instead, `serve tls <key> <cert>` and `serve unix <path>` are others.
"""
import base64
import collections
import json
import resource
import sys
import threading
import time

import rpyc
from rpyc.core import brine
from rpyc.utils.authenticators import SSLAuthenticator
from rpyc.utils.server import ThreadedServer

connection = None
target = None
values = {}


def timed(count, work):
    samples = []
    clock = time.perf_counter_ns
    for _ in range(count):
        start = clock()
        work()
        samples.append((clock() - start) / 1000)
    return samples


def connect(task):
    global connection, target
    if task['kind'] == 'service':
        connection = rpyc.connect('127.0.0.1', task['port'])
        target = connection.root
    else:
        connection = rpyc.classic.connect('127.0.0.1', task['port'])
        connection.execute(task['source'])
        target = connection.eval('target')
    return []


def getattr_(task):
    return timed(task['count'], lambda: target.value)


def call(task):
    add = target.add
    return timed(task['count'], lambda: add(1, 2))


def add(task):
    return timed(task['count'], lambda: target.add(1, 2))


def in_flight(task):
    """Keeps so many calls open; a sample is the time for each call of one turn of the window."""
    width = task['width']
    add = rpyc.async_(target.add)
    window = collections.deque(add(1, 2) for _ in range(width))

    def turn():
        for _ in range(width):
            window.popleft().wait()
            window.append(add(1, 2))
    samples = [sample / width for sample in timed(task['count'], turn)]
    while window:
        window.popleft().wait()
    return samples


def upload(task):
    return timed(1, lambda: rpyc.classic.upload(connection, task['from'], task['to']))


def download(task):
    return timed(1, lambda: rpyc.classic.download(connection, task['from'], task['to']))


def brine_values(task):
    for name, text in task['values'].items():
        values[name] = brine.load(base64.b64decode(text))
    return []


def brine_dump(task):
    value = values[task['name']]
    return timed(task['count'], lambda: brine.dump(value))


def brine_load(task):
    data = brine.dump(values[task['name']])
    return timed(task['count'], lambda: brine.load(data))


TASKS = {
    'connect': connect, 'getattr': getattr_, 'call': call, 'add': add, 'inFlight': in_flight,
    'upload': upload, 'download': download,
    'brineValues': brine_values, 'brineDump': brine_dump, 'brineLoad': brine_load,
}


def cpu_seconds():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def work():
    for line in sys.stdin:
        task = json.loads(line)
        before = cpu_seconds()
        try:
            answer = {'samples': TASKS[task['task']](task), 'cpuSeconds': cpu_seconds() - before}
        except Exception as error:
            answer = {'error': '%s: %s' % (type(error).__name__, error)}
        print(json.dumps(answer), flush=True)


class BenchService(rpyc.Service):
    exposed_value = 7

    def exposed_add(self, left, right):
        return left + right


def serve(kind='tcp', *files):
    if kind == 'unix':
        options = {'socket_path': files[0]}
    elif kind == 'tls':
        options = {'hostname': '127.0.0.1', 'port': 0, 'authenticator': SSLAuthenticator(*files)}
    else:
        options = {'hostname': '127.0.0.1', 'port': 0}
    server = ThreadedServer(BenchService, **options)
    # The server ends with whoever started it.
    threading.Thread(target=server.start, daemon=True).start()
    while not server.active:
        time.sleep(0.01)
    print(json.dumps({'port': server.port or 0}), flush=True)
    sys.stdin.read()


if __name__ == '__main__':
    serve(*sys.argv[2:]) if sys.argv[1:2] == ['serve'] else work()
