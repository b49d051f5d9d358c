"""What a run reads from `sys.stdin`, as `input()` does: lines that the user types in the editor.

Loaded after interrupting.py, into the same namespace. The stand-in is there as long as those of output.py are; who is
no thread of a run reads what the program's own `sys.stdin` gives.
"""

import io
import sys
import threading

# Characters of a prompt.
PROMPT_LIMIT = 500


class Input(object):
    """The lines that the user of one run types.

    :param ask: called with `(prompt, own)`, where `own` tells whether the run's first thread waits, and with True behind
        them where what is typed is not to be seen; gives a line without its end, None at the end of the input, or False where the run is to be interrupted. May give an
        `AsyncResult`, and then takes as long as it takes.
    """

    def __init__(self, ask, queue, stop):
        self.ask = ask
        self.queue = queue
        self.stop = stop
        # Whether the connection has a thread beside those of the run, which reads the answers.
        self.is_read = get_ident() in _AWAY
        # One thread at a time: of several that wait on one connection, one may miss its answer.
        self.lock = threading.Lock()
        self.rest = u''

    def line(self):
        """The next line with its end; empty at the end of the input, after which the user may be asked again."""
        with self.lock:
            if self.rest:
                line, self.rest = self.rest, u''
                return line
            answer = self._asked(self.queue.last_line)
        if answer is None:
            return u''
        line = TEXT(answer) + u'\n'
        self.queue.write(u'stdout', line)
        return line

    def hidden(self, prompt):
        """A line, without its end, that is shown nowhere; None at the end of the input."""
        with self.lock:
            self.queue.write(u'stdout', prompt)
            answer = self._asked(prompt, True)
        self.queue.write(u'stdout', u'\n')
        return None if answer is None else TEXT(answer)

    def _asked(self, prompt, *hidden):
        own = get_ident() == self.stop.thread
        if not (own or self.is_read) and _keeps_answers():
            raise RuntimeError(
                'With rpyc 5 only the first thread of a run can read what is typed: call input() there, '
                'or have rpyc 6 on the server')
        self.queue.hurry()
        answer = self.ask(prompt, own, *hidden)
        if hasattr(type(answer), 'wait'):
            answer = awaited(answer) if self.is_read else answer.value
        if answer is False:
            raise Interrupted()
        return answer


class Reader(object):
    """Stands in for `sys.stdin` while a run is going on."""

    encoding = 'utf-8'
    errors = 'replace'
    newlines = None

    def __init__(self, original):
        self.rpyc_explorer_original = original

    def readline(self, size=-1):
        source = _input_of_thread()
        if source is None:
            original = self.rpyc_explorer_original
            return '' if original is None else original.readline(size)
        return self._native(_first(source, source.line(), size))

    def read(self, size=-1):
        source = _input_of_thread()
        if source is None:
            original = self.rpyc_explorer_original
            return '' if original is None else original.read(size)
        parts, missing = [], size
        while size is None or size < 0 or missing > 0:
            part = _first(source, source.line(), missing)
            if not part:
                break
            parts.append(part)
            missing -= len(part)
        return self._native(u''.join(parts))

    def readlines(self, hint=-1):
        return list(self)

    def __iter__(self):
        return self

    def __next__(self):
        line = self.readline()
        if not line:
            raise StopIteration
        return line

    next = __next__

    def close(self):
        if _input_of_thread() is None and self.rpyc_explorer_original is not None:
            self.rpyc_explorer_original.close()

    def isatty(self):
        original = self.rpyc_explorer_original
        return original is not None and _input_of_thread() is None and original.isatty()

    def fileno(self):
        # With the number of a terminal `input()` would read there, past this object.
        if _input_of_thread() is not None or self.rpyc_explorer_original is None:
            raise io.UnsupportedOperation('fileno')
        return self.rpyc_explorer_original.fileno()

    @property
    def buffer(self):
        if _input_of_thread() is None:
            return self.rpyc_explorer_original.buffer
        return ByteReader(self)

    def __getattr__(self, name):
        return getattr(self.rpyc_explorer_original, name)

    @staticmethod
    def _native(text):
        return text.encode('utf-8') if PY2 else text


class ByteReader(object):
    """`sys.stdin.buffer` for a run: text as UTF-8."""

    def __init__(self, reader):
        self.raw = self
        self._reader = reader

    def readline(self, size=-1):
        return self._reader.readline(size).encode('utf-8')

    def read(self, size=-1):
        return self._reader.read(size).encode('utf-8')

    def __iter__(self):
        return iter(self.readline, b'')


def hidden_reader(original):
    """Stands in for `getpass.getpass` while a run is going on: that would read from the terminal of the server."""
    def getpass(prompt='Password: ', stream=None, **named):
        source = _input_of_thread()
        if source is None:
            return original(prompt, stream, **named)
        typed = source.hidden(clean(prompt, PROMPT_LIMIT) if among(type(prompt), STRINGS) else u'')
        if typed is None:
            raise EOFError('the input was ended')
        return Reader._native(typed)
    getpass.__doc__ = original.__doc__
    getpass.rpyc_explorer_original = original
    return getpass


def getpass_module():
    """The module whose `getpass` is replaced; None where there is none."""
    try:
        import getpass
        return getpass
    except Exception:
        return None


def _keeps_answers():
    # There the thread that serves a request reads what arrives, and reads nothing until it has served.
    return _rpyc_version().startswith(u'5.')


def _first(source, line, size):
    """At most `size` characters of a line; the others are for the next who reads."""
    if size is None or size < 0:
        return line
    source.rest = line[size:]
    return line[:size]


def _input_of_thread():
    # The queue may be that of another helper, of another release.
    return getattr(_queue_of_thread(), 'input', None)
