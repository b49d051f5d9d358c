"""A program with a main loop in which a classic server is a guest: `guest_program.py blender|ida|gdb|maya|houdini|own|none`.

The server has threads of its own; the main thread does the program's work every 25 ms, and what others post to it by
the module of the program's name, as its documentation says. `program.pause()` keeps the main thread away from that.
"""
import collections
import sys
import threading
import time
import types

import ready
from rpyc.core.service import SlaveService

TICK = 0.025
posted = collections.deque()
program = types.ModuleType('program')
program.paused = threading.Event()
program.ticks = 0
program.pause, program.resume = program.paused.set, program.paused.clear
program.post = posted.append


def call(function):
    """As `post`, and waits until it was called."""
    done = threading.Event()
    posted.append(lambda: (function(), done.set()))
    done.wait()


program.call = call


def module(name, **members):
    made = types.ModuleType(name)
    vars(made).update(members)
    sys.modules[name] = made
    return made


def blender():
    """Timers: `None` ends one, a number calls it again after so many seconds."""
    timers = []

    def register(function, *, first_interval=0, persistent=False):
        if not callable(function):
            raise TypeError('expected a callable')
        timers.append((time.time() + first_interval, function))

    def tick():
        for entry in [entry for entry in timers if entry[0] <= time.time()]:
            timers.remove(entry)
            again = entry[1]()
            if again is not None:
                timers.append((time.time() + again, entry[1]))
    app = types.SimpleNamespace(timers=types.SimpleNamespace(register=register), background=False)
    module('bpy', app=app)
    return tick


def ida():
    """`execute_sync` waits until the main thread has called the function, which gives an integer."""
    def execute_sync(function, flags):
        assert flags == 2, flags
        if threading.current_thread() is threading.main_thread():
            return function()
        done, results = threading.Event(), []

        def call():
            results.append(function())
            done.set()
        posted.append(call)
        done.wait()
        if not isinstance(results[0], int):
            raise TypeError('not an integer')
        return results[0]
    module('ida_kernwin', MFF_WRITE=2, execute_sync=execute_sync,
           is_main_thread=lambda: threading.current_thread() is threading.main_thread())
    return call_posted


def call_posted():
    while posted:
        posted.popleft()()


def maya():
    module('maya')
    module('maya.utils', executeDeferred=lambda function, *args: posted.append(lambda: function(*args)))
    return call_posted


def houdini():
    module('hou')
    module('hdefereval', executeDeferred=lambda function, *args: posted.append(lambda: function(*args)))
    return call_posted


def gdb():
    module('gdb', post_event=posted.append)
    return call_posted


def main(kind):
    tick = globals()[kind]() if kind not in ('own', 'none') else call_posted
    sys.modules['program'] = program
    server = threading.Thread(target=ready.serve, args=(SlaveService,))
    server.daemon = True
    server.start()
    while True:
        program.ticks += 1
        if not program.paused.is_set():
            tick()
        time.sleep(TICK)


main(sys.argv[1])
