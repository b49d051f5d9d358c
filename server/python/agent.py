"""What the editor holds on a classic peer: the one object behind its tree and its runs.

Everything that it answers is plain data by value. Objects of the peer stay here, in a table by number, so that
nothing of theirs is asked for when an answer is sent. Loaded last, into the same namespace as the other files; made
by `create_agent`, which is called in the expression that sends these files.
"""

import sys
import weakref

TABLE_LIMIT = 20000

_SERVER_KINDS = {
    'ThreadedServer': u'threaded',
    'ThreadPoolServer': u'pool',
    'ForkingServer': u'forking',
    'OneShotServer': u'oneshot',
}

# Under this name in the module `threading`, while one connection waits for another of the same editor.
_MEETING = '__rpyc_explorer_meeting__'


class Agent(object):
    """Answers for one connection. Held by one reference, and gone with it."""

    def __init__(self, namespace, service):
        self.service = service
        self.table = {}
        self.last_id = 0
        self.offered = None
        self.use_namespace(namespace)

    def use_namespace(self, namespace):
        """Shows and runs in this dict from now on."""
        self.namespace = namespace
        self.runner = Runner(namespace)

    # ---- objects ----------------------------------------------------------------------------------------------

    def page(self, released, base, steps, offset, limit, needle):
        """One page of the parts of the object that `steps` lead to from `base`.

        :param released: numbers of the table that are not needed any more.
        :param base: a number of the table, or the name of a root.
        :returns: `('ok', number of the object, total, more, note, rows)`, or `(status, message)` of `Stopped`.
        """
        self.release(released)

        def answer():
            obj = self._walk(base, steps)
            return (self._keep(base, steps, obj),) + page(obj, offset, limit, needle)
        return _answered(answer)

    def resolve(self, base, steps):
        """The rows along a path, `('ok', rows)`, one for each step. Evaluates nothing."""
        def answer():
            obj, rows = self._base(base), []
            for position, step in enumerate(steps):
                rows.append(row_of(obj, step))
                if position + 1 < len(steps):
                    obj = part(obj, step)
            return (tuple(rows),)
        return _answered(answer)

    def describe(self, base, steps):
        """`('ok', type name, signature, documentation, value, length)` of an object, read or not."""
        def answer():
            if not steps:
                obj = self._base(base)
                return (u'', u'', u'', u'', len(obj.names())) if type(obj) is Names else describe(obj)
            return describe_part(self._walk(base, steps[:-1]), steps[-1])
        return _answered(answer)

    def read(self, base, steps):
        """Evaluates an attribute: `('ok', number of the value, row)`. Runs code of the object."""
        def answer():
            step = steps[-1]
            value = self._evaluate(base, steps)
            return self._keep(None, (), value), row(step, step_name(step), value, True)
        return _answered(answer)

    def text(self, base, steps, limit):
        """`('ok', text, cut)`: the value as Python writes it, at most `limit` characters. May run its `__repr__`."""
        return _answered(lambda: render(self._evaluate(base, steps), limit, ask=True))

    def release(self, numbers):
        """Forgets objects of the table."""
        for number in numbers:
            self.table.pop(number, None)

    def _walk(self, base, steps):
        obj = self._base(base)
        for step in steps:
            obj = part(obj, step)
        return obj

    def _evaluate(self, base, steps):
        if not steps or steps[-1][0] != u'a':
            return self._walk(base, steps)
        parent = self._walk(base, steps[:-1])
        try:
            return part(parent, steps[-1])
        except Stopped:
            if sys.exc_info()[1].status != 'unread':
                raise
        return getattr(parent, steps[-1][1])

    def _base(self, base):
        if base == u'namespace':
            return Names('namespace', self.namespace)
        if base == u'modules':
            return Names('modules', sys.modules)
        if base == u'builtins':
            return Names('builtins', vars(sys.modules['__builtin__' if PY2 else 'builtins']))
        if base == u'service':
            return self.service
        if base not in self.table:
            raise Stopped('stale', u'The object was released')
        return self.table[base]

    def _keep(self, base, steps, obj):
        if not steps and base is not None:
            return base if among(type(base), INTEGERS) else 0
        if len(self.table) >= TABLE_LIMIT:
            raise Stopped('limit', u'Too many objects are held')
        self.last_id += 1
        self.table[self.last_id] = obj
        return self.last_id

    # ---- runs -------------------------------------------------------------------------------------------------

    def run(self, source, file_name, line_offset, emit):
        """See `Runner.run`."""
        return self.runner.run(source, file_name, line_offset, emit)

    # ---- two connections of one editor ------------------------------------------------------------------------

    def offer(self, token):
        """Lets the agent of another connection to this process find this one, under a secret word, once.

        The table in which it is found holds it weakly, and goes when its last entry goes.
        """
        threading = sys.modules['threading']
        table = vars(threading).setdefault(_MEETING, {})
        table[token] = weakref.ref(self, lambda _: _withdraw(token))
        self.offered = token

    def withdraw(self):
        """Takes an offer back that nobody took."""
        if self.offered is not None:
            _withdraw(self.offered)
            self.offered = None

    def join(self, token):
        """Uses the namespace of the agent that offered itself; False when it is not in this process."""
        reference = _withdraw(token)
        other = None if reference is None else reference()
        if other is None:
            return False
        self.use_namespace(other.namespace)
        return True


def _withdraw(token):
    names = vars(sys.modules['threading'])
    table = names.get(_MEETING)
    if table is None:
        return None
    reference = table.pop(token, None)
    if not table:
        names.pop(_MEETING, None)
    return reference


def _answered(answer):
    # A refusal is an answer, not an exception: the server has nothing to log.
    try:
        return (u'ok',) + tuple(answer())
    except Stopped:
        stopped = sys.exc_info()[1]
        return TEXT(stopped.status), stopped.message


def create_agent(namespace):
    """The agent for the connection whose namespace this is, and `(Python version, pid, server kind, rpyc version)`."""
    import os
    service, kind = None, u'unknown'
    frame = sys._getframe(1)
    while frame is not None:
        owner = frame.f_locals.get('self')
        if owner is not None and service is None and Attributes(owner).lookup('namespace')[1] is namespace:
            service = owner
        if frame.f_code.co_name == '_serve_stdio':
            kind = u'stdio'
        for base in mro(type(owner)):
            kind = _SERVER_KINDS.get(class_name(base).rsplit('.', 1)[-1], kind)
        frame = frame.f_back
    version = u'.'.join([TEXT(number) for number in sys.version_info[:3]])
    return Agent(namespace, service), (version, os.getpid(), kind, _rpyc_version())


def _rpyc_version():
    module = sys.modules.get('rpyc')
    found = named_pairs(instance_dict(module) or {}).get('__version__') if module is not None else None
    if type(found) is tuple:
        # Before 5.0.
        found = '.'.join([str(number) for number in found])
    return clean(found, 100) if among(type(found), STRINGS) else u''
