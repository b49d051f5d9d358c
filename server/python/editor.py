"""What the code of a connection may call of the editor: `rpyc_editor`. Loaded after runner.py, into the same namespace."""

import sys
import threading

# The name by which runs find it.
EDITOR = 'rpyc_editor'


class Editor(object):
    """Functions of the editor, such as `rpyc_editor.console('text')`. Each takes as long as the editor's user takes.

    :param call: a function of the editor's, called with a name, a tuple of arguments and one of pairs.
    :param names: what may be called.
    """

    def __init__(self, call, names):
        self._call = _asynchronous(call)
        self._names = tuple([str(name) for name in names])
        # One thread at a time: of several that wait on one connection, one may miss its answer.
        self._lock = threading.RLock()

    def __dir__(self):
        return list(self._names)

    def __repr__(self):
        return '<functions of the editor: %s>' % ', '.join(self._names)

    def __getattr__(self, name):
        if name not in self.__dict__.get('_names', ()):
            raise AttributeError("cannot access '%s'" % (name,))

        def function(*values, **named):
            with self._lock:
                pairs = tuple([(TEXT(key), named[key]) for key in sorted(named)])
                answer = self._call(TEXT(name), values, pairs)
                try:
                    # There is no time limit: that of the connection is for programs and not for people.
                    return answer.value if hasattr(type(answer), 'wait') else answer
                except (RuntimeError, TypeError, ValueError):
                    error = sys.exc_info()[1]
            # As Python's own, and not as the class that rpyc makes for it, with a traceback of the other side.
            raise [kind for kind in (RuntimeError, TypeError, ValueError) if isinstance(error, kind)][0](*error.args)

        function.__name__ = name
        return function


def lend(namespace, editor):
    """Lets the code of a namespace call the editor, where there is something to call.

    :param editor: what `Editor` is made with. It comes anew with each run: the connection of the run is the one on
        which it can be called.
    """
    if editor is not None:
        namespace[EDITOR] = Editor(*editor)
