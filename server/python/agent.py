"""What the editor holds on a classic peer: the one object behind its tree and its runs.

Everything that it answers is plain data by value. Objects of the peer stay here, in a table by number, so that
nothing of theirs is asked for when an answer is sent. Loaded last, into the same namespace as the other files; made
by `create_agent`, which is called in the expression that sends these files.
"""

import sys
import weakref

_SERVER_KINDS = {
    'ThreadedServer': u'threaded',
    'ThreadPoolServer': u'pool',
    'ForkingServer': u'forking',
    'OneShotServer': u'oneshot',
}

# Under this name in the module `threading`, while one connection waits for another of the same editor.
_MEETING = '__rpyc_explorer_meeting__'


class Agent(ShowingAgent):
    """Answers for one connection. Held by one reference, and gone with it."""

    def __init__(self, namespace, service):
        self.service = service
        self.kept = Kept()
        self.offered = None
        self.connections = []
        # What waits for another thread, by the name of the run.
        self.tasks = {}
        self.use_namespace(namespace)

    def use_namespace(self, namespace):
        """Shows and runs in this dict from now on."""
        self.namespace = namespace
        self.runner = Runner(namespace, self.kept)
        self.runner.connections = self.connections

    # ---- objects ----------------------------------------------------------------------------------------------

    def page(self, released, base, steps, offset, limit, needle, group=None):
        """One page of the parts of the object that `steps` lead to from `base`.

        :param released: numbers of the table that are not needed any more.
        :param base: a number of the table, or the name of a root.
        :param group: as for `page` of listing.py.
        :returns: `('ok', number of the object, total, more, note, rows)`, or `(status, message)` of `Stopped`.
        """
        self.release(released)

        def answer():
            obj = self._walk(base, steps)
            return (self._keep(base, steps, obj),) + page(obj, offset, limit, needle, group)
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
        """Evaluates an attribute: `('ok', number of the value, row)`. Runs code of the object.

        :returns: also `('broken', error)` with the error of `Runner.run`.
        """
        def answer():
            step = steps[-1]
            done, value = self.runner.attempt(lambda: self._evaluate(base, steps))
            if not done:
                raise Failed(value)
            return self._keep(None, (), value), row(step, step_name(step), value, True)
        try:
            return _answered(answer)
        except Failed:
            return u'broken', sys.exc_info()[1].error

    def text(self, base, steps, limit):
        """`('ok', text, cut)`: the value as Python writes it, at most `limit` characters. May run its `__repr__`."""
        return _answered(lambda: render(self._evaluate(base, steps), limit, ask=True))

    def json(self, base, steps, limit):
        """`('ok', JSON, cut)` of a value. Evaluates nothing."""
        return _answered(lambda: json_document(self._walk(base, steps), limit))

    def pretty(self, base, steps, limit):
        """`('ok', text, cut)`: the value in lines that are good to compare. Evaluates nothing."""
        return _answered(lambda: pretty_document(self._walk(base, steps), limit))

    def source(self, base, steps):
        """`('ok', file, line, text, cut)` of the code of an object. Evaluates nothing."""
        return _answered(lambda: source_of(self._definition(base, steps)))

    def import_line(self, base, steps):
        """`('ok', statement)` that imports a module, class or function. Evaluates nothing."""
        return _answered(lambda: (import_line(self._walk(base, steps)),))

    def watch(self, ways, evaluate=True):
        """What lies at the end of each `(base, steps)`: `('ok', answers)`, each `('ok', row)` or `(status, message)`.

        Holds nothing.

        :param evaluate: whether the properties on a way are evaluated.
        """
        def answer(base, steps):
            return _answered(lambda: (watched_row(self._base(base), steps, evaluate),))
        return u'ok', tuple([answer(base, steps) for base, steps in ways])

    def release(self, numbers):
        """Forgets objects of the table."""
        self.kept.release(numbers)

    # ---- what a text may go on with ---------------------------------------------------------------------------

    def suggest(self, what, path, prefix, place=None):
        """`('ok', more, ((name, kind, type name), ...))`: see `suggest` of completing.py. Evaluates nothing.

        :param place: as for `console`.
        """
        return _answered(lambda: suggest(self._runner(place).namespace, what, path, prefix))

    def explain(self, path):
        """As `describe`, for the object at the end of a path of names. Evaluates nothing."""
        return _answered(lambda: explain(self.namespace, path))

    def call_tip(self, path):
        """`('ok', name, parameters, what it gives, documentation)` of a function. Evaluates nothing."""
        return _answered(lambda: call_tip(self.namespace, path))

    # ---- changes and calls ------------------------------------------------------------------------------------

    def change(self, base, steps, source):
        """Gives an attribute, an item or a name another value: the one of a Python expression, or an error.

        :returns: `('ok', (text before, text now, number that undoes it or 0, the row anew), None)`, or
            `('ok', None, error)` with the error of `Runner.run`.
        """
        def answer():
            place = self._place(base, steps)
            return self._changed(change(self.runner, place, source), base, steps)
        return _answered(answer)

    def delete(self, base, steps):
        """Takes an attribute, an item or a name away; as `change`, with None for the row."""
        return _answered(lambda: self._changed(remove(self.runner, self._place(base, steps)), None, None))

    def undo(self, number):
        """Puts back what a change took away: `('ok', None)`, or `('ok', error)`. Good once."""
        def answer():
            restore = self.kept.undos.get(number)
            if restore is None:
                raise Stopped('undone', u'Nothing is kept to put back')
            done, error = self.runner.attempt(restore)
            if done:
                self.kept.release((number,))
            return (None if done else error,)
        return _answered(answer)

    def signature(self, base, steps):
        """`('ok', text, parameters or None)` of something that can be called."""
        return _answered(lambda: call_signature(self._walk(base, steps)))

    def call(self, base, steps, source, what, emit, run_id=u'', ask=None):
        """Calls an object.

        :param source: what stands between the brackets of the call.
        :param what: what its result is called.
        :param emit: as for `run`, as are `run_id` and `ask`.
        :returns: `('ok', name of the result, row, None)`, `('ok', '', None, None)` where it gave None, or
            `('ok', '', None, error)`.
        """
        def answer():
            done, value = call(self.runner, self._walk(base, steps), source, emit, run_id, ask)
            if not done:
                return u'', None, value
            if value is None:
                return u'', None, None
            name = self.kept.keep_result(clean(what, KEY_LIMIT), value)
            return name, row((u'a', name), name, value, False, DELETABLE), None
        return _answered(answer)

    def take(self, base, steps, count, what, emit, run_id=u'', ask=None):
        """Takes the next items of an iterator and keeps them as a result.

        :param what: what the iterator is called.
        :param emit: as for `run`, as are `run_id` and `ask`.
        :returns: `('ok', row of the result or None, number of items, ending, error or None)`, see `take`.
        """
        def answer():
            items, ending, error = take(self.runner, self._walk(base, steps), count, emit, run_id, ask)
            if not items:
                return None, 0, ending, error
            name = self.kept.keep_result(taking_text(what, items, ending, error), items)
            return row((u'a', name), name, items, False, DELETABLE), len(items), ending, error
        return _answered(answer)

    def _changed(self, outcome, base, steps):
        done, value = outcome
        if not done:
            return None, value
        before, now, restore = value
        try:
            found = None if steps is None else row_of(self._walk(base, steps[:-1]), steps[-1])
        except Stopped:
            found = None
        return (before, now, self.kept.keep_undo(restore), found), None

    def _place(self, base, steps):
        # Sent by our own process: there is one step at least.
        obj, mapping = self._walk(base, steps[:-1]), None
        if len(steps) == 1 and type(obj) is Names:
            mapping = {u'namespace': self.namespace, u'results': self.kept.results}.get(base)
            if mapping is None:
                raise Stopped('fixed', u'%s cannot be changed here' % step_name(steps[-1]))
        return Place(obj, steps[-1], mapping)

    def _definition(self, base, steps):
        # The code of a property is that of its function, and needs no value.
        try:
            return self._walk(base, steps)
        except Stopped:
            if sys.exc_info()[1].status != 'unread':
                raise
        return Attributes(self._walk(base, steps[:-1])).lookup(steps[-1][1])[1]

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
        if base == u'threads':
            threads, places = live_threads()
            return Names('threads', threads, places)
        if base == u'service':
            return self.service
        if base == u'results':
            return Names('results', self.kept.results)
        if base not in self.kept.table:
            raise Stopped('stale', u'The object was released')
        return self.kept.table[base]

    def _keep(self, base, steps, obj):
        if not steps and base is not None:
            return base if among(type(base), INTEGERS) else 0
        return self.kept.keep(obj)

    # ---- runs -------------------------------------------------------------------------------------------------

    def interrupt(self, run_id):
        """`('ok', whether the run of another connection was going on, where it was or None)`."""
        return _answered(lambda: interrupt(run_id))

    def signal(self, pid):
        """Interrupts the run in a process that the same server has forked: `('ok', whether it could)`."""
        return _answered(lambda: (send_signal(pid),))

    # ---- other threads than the connection's own -----------------------------------------------------------------

    def begin(self, thread, host, expression, run_id, tell, method, args):
        """Does what another method does, in the thread that `way_to` of hosting.py leads to, and does not wait for it.

        :param tell: a function of the peer, called with `('begun', None)` and then with `('ended', answer)`, or with
            `('raised', error)`.
        :returns: `('ok', 'here', answer)` where this is that thread; `('ok', 'away', what the program is called)`; or
            `(status, message)` where there is no such thread.
        """
        def work():
            self.tasks.pop(run_id, None)
            return getattr(self, method)(*args)
        if thread == u'main' and is_main_thread():
            return u'ok', u'here', work()
        try:
            post, title = way_to(thread, host, expression, self.namespace)
            self.tasks[run_id] = task = Task(work, tell)
            post(task)
        except Stopped:
            stopped = sys.exc_info()[1]
            return TEXT(stopped.status), stopped.message
        except Exception:
            self.tasks.pop(run_id, None)
            return u'failed', u'%s: %s' % (_full_name(sys.exc_info()[0]), _message(sys.exc_info()[1]))
        return u'ok', u'away', title

    def take_back(self, run_id):
        """Keeps what was begun and still waits for its thread from running: `('ok', whether it did wait)`."""
        task = self.tasks.pop(run_id, None)
        return u'ok', task is not None and task.take()

    # ---- a debug console --------------------------------------------------------------------------------------

    def console(self, source, file_name, emit, run_id, ask, limit, place=None, editor=None):
        """Runs what was typed, and keeps its value: as `run`, with `(number, row, text)` in the place of a value's text.

        :param place: `(number of a snapshot, thread, frame)` whose names are used, as of the methods below.
        """
        try:
            runner = self._runner(place)
        except Stopped:
            return _answered(lambda: self._runner(place))
        lend(self.namespace, editor)
        return runner.run(source, file_name, 0, emit, run_id, ask, lambda value: self._keep_shown(value, limit))

    def evaluate(self, source, emit, run_id, place=None):
        """Evaluates one expression: `('ok', (number, row, text), None)`, or `('ok', None, error)`."""
        def answer():
            runner = self._runner(place)
            work = lambda: self._keep_shown(runner.evaluate(source), 0)
            done, value = runner.attempt(work, emit, run_id, keep=False)
            return (value, None) if done else (None, value)
        return _answered(answer)

    def text_of(self, source, emit, run_id, limit, place=None):
        """The text of an expression's value: `('ok', text, None)`, or `('ok', '', error)`. Runs its `__repr__`."""
        def answer():
            runner = self._runner(place)
            work = lambda: render(runner.evaluate(source), limit, ask=True)[0]
            done, value = runner.attempt(work, emit, run_id, keep=False)
            return (value, None) if done else (u'', value)
        return _answered(answer)

    def look(self, steps, place=None):
        """`('ok', number, row, text)` of the object at the end of a path of names. Evaluates nothing."""
        return _answered(lambda: self._keep_shown(follow(scopes_of(self._runner(place).namespace), steps), 0))

    def drop_failures(self, numbers):
        """Forgets errors that are kept."""
        for number in numbers:
            self.kept.failures.pop(number, None)

    def snapshot(self, kind, failure=0):
        """`('ok', number, threads)` of an error that is kept or of all threads, as `Snapshot.described` tells them.

        :param failure: its number; 0 for the last one.
        """
        def answer():
            found = stacks_snapshot() if kind == u'stacks' else failure_snapshot(self.kept.failure(failure))
            return self.kept.keep(found), found.described()
        return _answered(answer)

    def frames(self, number, thread, start, count):
        """`('ok', frames)` of a thread of a snapshot: see `Snapshot.frames`."""
        return _answered(lambda: (self._snapshot_of((number,)).frames(thread, start, count),))

    def file_states(self, names):
        """`('ok', states)` of files: see `file_states` of snapshots.py."""
        return _answered(lambda: (file_states(names, self.kept.lines),))

    def frame_names(self, place):
        """`('ok', number, number)` under which the local and the global names of a frame can be looked at."""
        def answer():
            local, known = self._snapshot_of(place).names(*place[1:])
            return self.kept.keep(Names('locals', local)), self.kept.keep(Names('globals', known))
        return _answered(answer)

    def file_text(self, name):
        """`('ok', path, line, text, cut)` of a source file, or of what was run under its name."""
        def answer():
            text = run_text(name, self.kept.lines)
            return _text_of(name) if text is None else (name, 1, text[:SOURCE_LIMIT], len(text) > SOURCE_LIMIT)
        return _answered(answer)

    def _snapshot_of(self, place):
        found = self.kept.table.get(place[0])
        # The other connection that uses the table has a class of its own by this name.
        if class_name(type(found)) != class_name(Snapshot):
            raise Stopped('stale', u'The frames were released')
        return found

    def _runner(self, place):
        return self.runner if place is None else self._snapshot_of(place).runner(place[1], place[2], self.kept)

    def _keep_shown(self, value, limit):
        # The text first: it may run the object's own code, and fail.
        text, cut = render(value, limit, ask=True) if limit else (u'', False)
        shown = console_row(value)
        return self.kept.keep(value) if cut or shown[5] & EXPANDABLE else 0, shown, text

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
        """Uses what the agent that offered itself shows and keeps; False when it is not in this process."""
        reference = _withdraw(token)
        other = None if reference is None else reference()
        if other is None:
            return False
        other.connections[:] = [held for held in other.connections if held() is not None] + self.connections
        self.connections = other.connections
        self.service, self.kept = other.service, other.kept
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


class Failed(Exception):
    """Code of the user's has raised."""

    def __init__(self, error):
        self.error = error


def _answered(answer):
    # A refusal is an answer, not an exception: the server has nothing to log.
    try:
        return (u'ok',) + tuple(answer())
    except Stopped:
        stopped = sys.exc_info()[1]
        return TEXT(stopped.status), stopped.message
    except KeyboardInterrupt:
        # Code of an object raised it. RPyC ends the connection where it meets the very class.
        raise Interrupted(*sys.exc_info()[1].args)


def create_agent(namespace):
    """The agent for the connection whose namespace this is, `(Python version, pid, server kind, rpyc version, whether a
    signal stops its runs)`, and what ends with the connection and lets go of what the agent has kept."""
    import os
    service, kind, connection = None, u'unknown', None
    frame = sys._getframe(1)
    while frame is not None:
        owner = frame.f_locals.get('self')
        if owner is not None and service is None and Attributes(owner).lookup('namespace')[1] is namespace:
            service = owner
        if frame.f_code.co_name == '_serve_stdio':
            kind = u'stdio'
        for base in mro(type(owner)):
            connection = owner if class_name(base) == 'rpyc.core.protocol.Connection' else connection
            kind = _SERVER_KINDS.get(class_name(base).rsplit('.', 1)[-1], kind)
        frame = frame.f_back
    version = u'.'.join([TEXT(number) for number in sys.version_info[:3]])
    # Elsewhere another thread can stop a run, and the signal is left to the program.
    signals = kind == u'forking' and listen_for_signal()
    agent = Agent(namespace, service)
    agent.connections.extend([] if connection is None else [weakref.ref(connection)])
    return agent, (version, os.getpid(), kind, _rpyc_version(), signals), Holder(agent.kept)
