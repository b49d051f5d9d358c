"""What a run prints, on its way to the editor, as it is printed.

While a run is going on, `sys.stdout`, `sys.stderr` and `sys.stdin` are stand-ins that look at the thread that writes: threads of a
run go to that run's queue, all others to the original objects, so that what other clients of the same server print
is untouched. A process has one pair of stand-ins, whichever helper put it there. Loaded after static_lookup.py and
render.py, into the same namespace.
"""

import collections
import io
import os
import sys
import threading
import time

try:
    from threading import get_ident
except ImportError:
    from thread import get_ident

HELPER_FILE = '<rpyc-explorer>'
FLUSH_SECONDS = 0.05
BURST_LIMIT = 65536
QUEUE_LIMIT = 1000000
# Changes between the streams in one burst.
PIECE_LIMIT = 1000
# Of a line that is not ended: what `input()` asks.
LAST_LINE_LIMIT = 500

# Under this name in the module `threading`, while runs are going on: the `Redirection` of this process.
_PLACE = '__rpyc_explorer_output__'
# By this attribute a stand-in is known, also one that another helper made.
_STAND_IN = 'rpyc_explorer_original'


class OutputQueue(object):
    """A bounded queue of printed text, sent in bursts from a thread of its own. The oldest text is dropped first.

    :param send: called with `(((stream, text), ...), dropped)`, at most every 50 ms, where `dropped` is the number of
        characters that were lost before these; must not wait for the peer's answer, since that answer may be
        read by another thread of the connection only when the run is over.
    """

    def __init__(self, send):
        self.send = send
        # Reentrant, since a finaliser that prints may run while a print of the same thread holds it.
        self.lock = threading.RLock()
        self.sending = threading.Lock()
        self.pieces = collections.deque()
        self.size = 0
        self.dropped = 0
        self.closed = False
        self.wake = threading.Event()
        self.done = threading.Event()
        # The way to stop the run that prints here, while it goes on, and what it reads.
        self.stop = None
        self.input = None
        # Weak references to the connections that a child of `os.fork` must not hold.
        self.connections = ()
        self.last_line = u''
        self.thread = threading.Thread(target=self._pump, name='rpyc-explorer-output')
        self.thread.daemon = True
        self.thread.start()

    def write(self, stream, text):
        """Takes text in; False when nobody listens any more."""
        with self.lock:
            if self.closed:
                return False
            if text:
                self.pieces.append((stream, text))
                self.size += len(text)
                self._note_last_line(text)
                while self.size > QUEUE_LIMIT:
                    self._drop_oldest()
        if text and not self.wake.is_set():
            self.wake.set()
        return True

    def close(self):
        """Sends what is left and ends the thread."""
        self.done.set()
        self.wake.set()
        while self._flush():
            pass
        with self.lock:
            self.closed = True
        # It refers back to this queue: without this, what it asks would be held until the collector comes by.
        self.input = None
        self.thread.join(1)

    def hurry(self):
        """Sends what is printed before something else is asked."""
        self._flush()

    def _note_last_line(self, text):
        end = text.rfind(u'\n')
        before = u'' if end >= 0 else self.last_line
        self.last_line = (before + text[max(end + 1, len(text) - LAST_LINE_LIMIT):])[-LAST_LINE_LIMIT:]

    def _drop_oldest(self):
        stream, text = self.pieces.popleft()
        excess = self.size - QUEUE_LIMIT
        if len(text) > excess:
            self.pieces.appendleft((stream, text[excess:]))
        lost = min(excess, len(text))
        self.dropped += lost
        self.size -= lost

    def _pump(self):
        while not self.done.is_set():
            try:
                self.wake.wait()
                self.wake.clear()
                # The first text after a pause leaves at once; what follows waits for its turn.
                if not self.done.is_set() and self._flush():
                    self.wake.set()
                self.done.wait(FLUSH_SECONDS)
            except (NameError, TypeError, RuntimeError):
                # The run has taken away what the standard library needs, and it is put back at the end.
                time.sleep(FLUSH_SECONDS)

    def _flush(self):
        """Sends one burst; whether there is more."""
        with self.sending:
            pieces, dropped = self._take()
            if pieces:
                try:
                    self.send(pieces, dropped)
                except (NameError, TypeError, RuntimeError):
                    # The run has taken away what RPyC needs, and it is put back at the end.
                    self._keep(pieces, dropped)
                except Exception:
                    self._give_up()
            with self.lock:
                return bool(self.pieces)

    def _keep(self, pieces, dropped):
        with self.lock:
            if self.done.is_set():
                self._give_up()
                return
            self.pieces.extendleft(reversed(pieces))
            self.size += sum([len(text) for _, text in pieces])
            self.dropped += dropped

    def _give_up(self):
        # The connection is gone: the run goes on and its output has no reader.
        with self.lock:
            self.closed = True
            self.pieces.clear()
            self.size = 0

    def _take(self):
        with self.lock:
            burst, size = [], 0
            while self.pieces and size < BURST_LIMIT:
                stream, text = self.pieces[0]
                if len(burst) == PIECE_LIMIT and burst[-1][0] != stream:
                    break
                self.pieces.popleft()
                if len(text) > BURST_LIMIT - size:
                    self.pieces.appendleft((stream, text[BURST_LIMIT - size:]))
                    text = text[:BURST_LIMIT - size]
                size += len(text)
                if burst and burst[-1][0] == stream:
                    burst[-1][1].append(text)
                else:
                    burst.append((stream, [text]))
            self.size -= size
            dropped, self.dropped = self.dropped, 0
        texts = [(stream, u''.join(parts)) for stream, parts in burst]
        return tuple([(stream, clean(text, len(text))) for stream, text in texts]), dropped


class Writer(object):
    """Stands in for `sys.stdout` or `sys.stderr` while a run is going on.

    One that is kept for longer (by a handler of `logging`) goes on to serve later runs.
    """

    def __init__(self, stream, original):
        self._stream = stream
        self._state = threading.local()
        self.rpyc_explorer_original = original

    @property
    def softspace(self):
        # Python 2 keeps here that `print` owes a space, which is not for the next thread to pay.
        return getattr(self._state, 'softspace', 0)

    @softspace.setter
    def softspace(self, value):
        self._state.softspace = value

    def write(self, text):
        queue = _queue_of_thread()
        if queue is None:
            return self._write_original(text)
        if PY2 and derives(text, str):
            text = str.decode(text, 'utf-8', 'replace')
        elif not derives(text, TEXT):
            raise TypeError('write() argument must be str, not %s' % type_name(text))
        if not queue.write(self._stream, TEXT.__getitem__(text, slice(None))):
            return self._write_original(text)
        return len(text)

    def _write_original(self, text):
        # A process without a console has None in this place, and prints nowhere.
        original = self.rpyc_explorer_original
        return len(text) if original is None else original.write(text)

    def writelines(self, lines):
        for line in lines:
            self.write(line)

    def close(self):
        # It is not the run's to close: others print there, too, and so do later runs.
        if _queue_of_thread() is None and self.rpyc_explorer_original is not None:
            self.rpyc_explorer_original.close()

    def detach(self):
        if _queue_of_thread() is not None:
            raise io.UnsupportedOperation('detach')
        return self.rpyc_explorer_original.detach()

    def flush(self):
        # A run's text leaves by itself within 50 ms.
        original = self.rpyc_explorer_original
        if original is not None and _queue_of_thread() is None:
            original.flush()

    def isatty(self):
        original = self.rpyc_explorer_original
        return original is not None and _queue_of_thread() is None and original.isatty()

    @property
    def buffer(self):
        if _queue_of_thread() is None:
            return self.rpyc_explorer_original.buffer
        return ByteWriter(self)

    def __getattr__(self, name):
        return getattr(self.rpyc_explorer_original, name)


class ByteWriter(object):
    """`sys.stdout.buffer` for a run: bytes are taken as UTF-8 text."""

    def __init__(self, writer):
        self.raw = self
        self._writer = writer

    def write(self, data):
        data = bytes(data)
        self._writer.write(data.decode('utf-8', 'replace'))
        return len(data)

    def flush(self):
        self._writer.flush()


class Redirection(object):
    """The stand-ins and who writes where. Shared by all runs of the process; there only while one is going on."""

    def __init__(self):
        self.lock = threading.RLock()
        self.queues = {}
        self.users = 0

    def enter(self, queue):
        """Sends this thread's output to `queue`; False when the last run has just taken everything down."""
        with self.lock:
            if vars(threading).get(_PLACE) is not self:
                return False
            if not self.users:
                self._install()
            self.users += 1
            self.queues[get_ident()] = queue
            return True

    def leave(self, queue, previous):
        """Ends what `enter` began. Threads of the run that still print do so to the original objects."""
        with self.lock:
            for ident in [ident for ident, owner in list(self.queues.items()) if owner is queue]:
                del self.queues[ident]
            if previous is not None:
                self.queues[get_ident()] = previous
            self.users -= 1
            if not self.users:
                # The place is given up last, so that nobody else installs anything before all is restored.
                try:
                    self._restore()
                finally:
                    vars(threading).pop(_PLACE, None)

    def _install(self):
        sys.stdout = Writer(u'stdout', _original_of(getattr(sys, 'stdout', None)))
        sys.stderr = Writer(u'stderr', _original_of(getattr(sys, 'stderr', None)))
        sys.stdin = Reader(_original_of(getattr(sys, 'stdin', None)))
        self.placed = sys.stdout, sys.stderr, sys.stdin
        self.getpass = getpass_module()
        self.placed_getpass = getattr(self.getpass, 'getpass', None)
        if self.placed_getpass is not None:
            self.getpass.getpass = hidden_reader(_original_of(self.placed_getpass))
        self.original_start = threading.Thread.__dict__['start']
        self.start = self._thread_start()
        threading.Thread.start = self.start
        self.forks = {}
        for name in ('fork', 'forkpty'):
            if hasattr(os, name):
                original = getattr(os, name)
                self.forks[name] = self._fork(original), original
                setattr(os, name, self.forks[name][0])

    def _restore(self):
        # What the user has put in place since stays, unless it is a stand-in; what is deleted comes back.
        for name, placed in zip(('stdout', 'stderr', 'stdin'), self.placed):
            setattr(sys, name, _original_of(getattr(sys, name, placed)))
        for name, (fork, original) in self.forks.items():
            if vars(os).get(name) is fork:
                setattr(os, name, original)
        if self.placed_getpass is not None:
            self.getpass.getpass = _original_of(getattr(self.getpass, 'getpass', self.placed_getpass))
        if threading.Thread.__dict__['start'] is self.start:
            threading.Thread.start = self.original_start

    def _fork(self, original):
        def fork():
            queue = self.queues.get(get_ident())
            result = original()
            # `forkpty` gives the number and a file.
            if queue is not None and (result[0] if type(result) is tuple else result) == 0:
                # The child prints where the program does, and what waits to be sent is its parent's. Another thread may
                # have held the lock.
                self.lock = threading.RLock()
                self.queues = {}
                leave_connection(queue.connections)
            return result
        return fork

    def _thread_start(redirection):
        def start(self, *args, **kwargs):
            queue = redirection.queues.get(get_ident())
            if queue is None:
                return redirection.original_start(self, *args, **kwargs)
            name = redirection._follow(self, queue)
            try:
                return redirection.original_start(self, *args, **kwargs)
            except BaseException:
                self.__dict__.pop(name, None)
                raise
        return start

    def _follow(self, thread, queue):
        """Has the thread print where this one does; the name of what stands in the thread's way until it runs."""
        # The method around `run`, so that the report of an exception that ends the thread is caught as well.
        for name in ('_bootstrap_inner', '_Thread__bootstrap_inner', 'run'):
            if hasattr(thread, name):
                break
        original = getattr(thread, name)

        def followed():
            thread.__dict__.pop(name, None)
            ident = get_ident()
            self.queues[ident] = queue
            try:
                original()
            finally:
                self.queues.pop(ident, None)
        thread.__dict__[name] = followed
        return name


def _queue_of_thread():
    redirection = vars(threading).get(_PLACE)
    return None if redirection is None else redirection.queues.get(get_ident())


def _original_of(stream):
    """What a stand-in stands for; any other object as it is. A stand-in is made for what is none: there is an end."""
    while True:
        attributes = instance_dict(stream)
        if attributes is None or _STAND_IN not in attributes:
            return stream
        stream = attributes[_STAND_IN]


def redirect(queue):
    """Sends this thread's output to `queue` until the returned function is called."""
    while True:
        # Atomic, whichever helpers install at once. One that was taken down since has left the place.
        redirection = vars(threading).setdefault(_PLACE, Redirection())
        previous = redirection.queues.get(get_ident())
        if redirection.enter(queue):
            return lambda: redirection.leave(queue, previous)
