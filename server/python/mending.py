"""What a run may break for everybody in its process, and how it is put back or kept to itself.

Loaded after typing_in.py, into the same namespace.
"""

import os
import sys
import threading
import traceback
import types

_BUILTINS = sys.modules['__builtin__' if PY2 else 'builtins']
_NAMES = vars(_BUILTINS)
# By this name it is known that it can be called, whatever becomes of the other.
_callable = callable
# Without these neither RPyC nor this helper answers any more.
_MODULES = [(_name, sys.modules[_name]) for _name in list(sys.modules)
            if _name in ('sys', 'os', 'threading', 'traceback', 'linecache', _BUILTINS.__name__)
            or _name == 'rpyc' or _name.startswith('rpyc.')]


class Guard(object):
    """Knows how the process is when a run begins, and puts back what nothing goes on without."""

    def __init__(self, runner, queue):
        self.runner, self.queue = runner, queue
        self.names = dict(_NAMES)
        # Else Python puts those of the helper there.
        self.own = runner.namespace.setdefault('__builtins__', _NAMES)

    def mend(self):
        """Puts it back and says so in what the run prints. May be called again."""
        found = []
        if self.runner.limit_was_low:
            self.runner.limit_was_low = False
            found.append(u'the recursion limit')
        for name, value in self.names.items():
            now = _NAMES.get(name, MISSING)
            if (now is MISSING and name != '_') or (_callable(value) and not _callable(now)):
                _NAMES[name] = value
                found.append(u'builtins.' + TEXT(name))
        for name, module in _MODULES:
            if not isinstance(sys.modules.get(name), types.ModuleType):
                sys.modules[name] = module
                found.append(u'sys.modules[%r]' % str(name))
        if self.runner.namespace.get('__builtins__') is not self.own:
            self.runner.namespace['__builtins__'] = self.own
            found.append(u'__builtins__')
        if found:
            shown = u', '.join(sorted(found)[:10]) + (u', ' + ELLIPSIS if len(found) > 10 else u'')
            self.queue.write(u'stderr', u'Put back, since nothing runs here without it: %s\n' % shown)


class Process(object):
    """The process in which something begins. Of what `os.fork` makes in it, only this one answers."""

    def __init__(self):
        self.pid = os.getpid()

    def end_child(self, failure):
        """Ends this process where it is another one, as a program ends.

        :param failure: `sys.exc_info()` of what the code ended with, or None.
        """
        if os.getpid() == self.pid:
            return
        code = 0
        try:
            if failure is not None and failure[0] is not None:
                code = 1
                if issubclass(failure[0], SystemExit):
                    code = failure[1].code
                    code = 0 if code is None else code if type(code) is int else 1
                else:
                    traceback.print_exception(*failure)
            sys.stdout.flush()
            sys.stderr.flush()
        except Exception:
            pass
        finally:
            os._exit(code & 0xff)


def leave_connection(connections):
    """In a child of `os.fork`: lets go of these connections, which stay its parent's.

    :param connections: weak references to them.
    """
    null = os.open(os.devnull, os.O_RDWR)
    try:
        for reference in connections:
            stream = getattr(getattr(reference(), '_channel', None), 'stream', None)
            for name in ('sock', 'incoming', 'outgoing'):
                try:
                    # Another file takes the number's place, so that whoever closes it later closes no third one.
                    os.dup2(null, getattr(stream, name).fileno())
                except Exception:
                    pass
    finally:
        os.close(null)
