"""Stops a run from outside of its thread. Loaded after output.py, into the same namespace.

In a server with threads another connection raises an exception in the thread of the run. A forked server runs on the
main thread of its own process: there a sibling process sends a signal, whose handler raises the exception.
"""

import os
import signal
import sys
import threading


# What a run is stopped by. The user's code can catch it as a `KeyboardInterrupt`, and tracebacks call it so. A class of
# its own, since rpyc ends the connection where it meets `KeyboardInterrupt` itself.
Interrupted = type('KeyboardInterrupt', (KeyboardInterrupt,), {'__module__': 'exceptions' if PY2 else 'builtins'})
# What it is stopped by when that was not enough: neither `except KeyboardInterrupt` nor `except Exception` catches it.
Terminated = type('RunTerminated', (BaseException,), {'__module__': 'exceptions' if PY2 else 'builtins'})
STOPS = (Interrupted, Terminated)


class Stop(object):
    """The way to stop one run: open from its first line to its last. Made in the thread of the run."""

    def __init__(self, run_id):
        self.run_id = run_id
        self.thread = get_ident()
        # Reentrant, since the handler of a signal may run while its thread holds it.
        self.lock = threading.RLock()
        self.open = True
        self.asked = 0

    def interrupt(self):
        """Raises `next_exception` in the thread: False when the run has ended, None where this Python has no way to."""
        raise_in = _thread_call()
        with self.lock:
            if not self.open:
                return False
            if raise_in is None:
                return None
            raise_in(self.thread, self.next_exception())
            return True

    def next_exception(self):
        """A gentle one first."""
        self.asked += 1
        return STOPS[min(self.asked, len(STOPS)) - 1]

    def close(self):
        """Nothing is raised from now on, also not what was asked for before and has not arrived yet."""
        while True:
            try:
                with self.lock:
                    if self.open:
                        self.open = False
                        # What nobody asked for is not on its way, and a module that nobody needs is not loaded.
                        if self.asked:
                            _take_back(self.thread)
                return
            except STOPS:
                pass

    def place(self):
        """`(file, line, name)` of what the thread executes now, or None."""
        frame = sys._current_frames().get(self.thread)
        # In the helper's own frames the user is told where these were called.
        while frame is not None and frame.f_code.co_filename == HELPER_FILE:
            frame = frame.f_back
        if frame is None:
            return None
        code = frame.f_code
        return clean(code.co_filename, STEP_LIMIT), frame.f_lineno or 0, clean(code.co_name, NAME_LIMIT)


def interrupt(run_id):
    """Stops the run of this name in this process.

    :returns: `(whether it was going on, where it was or None)`
    :raises Stopped: where this Python has no way to do so.
    """
    stop = _stop_of(run_id)
    if stop is None:
        return False, None
    place = stop.place()
    going = stop.interrupt()
    if going is None:
        # Raised here: what the run's own helper raises, ours does not know.
        raise Stopped('uninterruptible', u'This Python cannot raise an exception in another thread')
    return going, place


def _stop_of(run_id):
    redirection = vars(threading).get(_PLACE)
    for queue in [] if redirection is None else list(redirection.queues.values()):
        # The queue may be that of another helper, of another release.
        stop = getattr(queue, 'stop', None)
        if stop is not None and stop.run_id == run_id:
            return stop
    return None


def _take_back(thread):
    raise_in = _thread_call()
    if raise_in is not None:
        raise_in(thread, None)


def _thread_call():
    try:
        import ctypes
        function = ctypes.pythonapi.PyThreadState_SetAsyncExc
    except (ImportError, AttributeError):
        # Pythons other than CPython, and those that were built without ctypes.
        return None
    number = ctypes.c_long if sys.version_info < (3, 7) else ctypes.c_ulong

    def call(thread, exception):
        function(number(thread), None if exception is None else ctypes.py_object(exception))
    return call


def listen_for_signal():
    """Makes the runs of this process stop at SIGUSR1, for as long as the process lives; whether it does.

    Only where the process serves on its main thread, and nobody else listens. The signal does nothing between runs.
    """
    number = getattr(signal, 'SIGUSR1', None)
    try:
        if number is None or signal.getsignal(number) is not signal.SIG_DFL:
            return False
        signal.signal(number, _handle_signal)
    except ValueError:
        # Not the main thread.
        return False
    return True


def _handle_signal(_number, _frame):
    queue = _queue_of_thread()
    stop = getattr(queue, 'stop', None)
    if stop is not None and stop.open:
        raise stop.next_exception()


def send_signal(pid):
    """Sends the signal that `listen_for_signal` listens for to a process that the same server has forked.

    :returns: False where there is no such process, or it is not a sibling of this one.
    """
    if pid == os.getpid() or _parent_of(pid) != os.getppid():
        return False
    try:
        os.kill(pid, signal.SIGUSR1)
    except OSError:
        return False
    return True


def _parent_of(pid):
    try:
        with open('/proc/%d/stat' % pid) as stat:
            # The name of the program stands in brackets, and may hold any character.
            return int(stat.read().rpartition(')')[2].split()[1])
    except (IOError, OSError):
        pass
    import subprocess
    try:
        process = subprocess.Popen(['ps', '-o', 'ppid=', '-p', str(pid)], stdout=subprocess.PIPE)
        return int(process.communicate()[0] or -1)
    except (OSError, ValueError):
        return -1
