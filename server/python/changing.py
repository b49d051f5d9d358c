"""Changes parts of objects and calls objects, because the user asked for it.

Other than everywhere else in these files, code of the objects runs here: `setattr`, `del` and calls are the ordinary
ones. Loaded after runner.py, into the same namespace.
"""

import collections

TABLE_LIMIT = 20000
SHOWN_LIMIT = 120
UNDO_LIMIT = 100
RESULT_COUNT = 50
FAILURE_COUNT = 10
DEFAULT_LIMIT = 200

_KINDS_OF_PARAMETERS = (u'positional', u'any', u'values', u'named', u'mapping')
_ANY, _VALUES, _NAMED, _MAPPING = 1, 2, 3, 4


class Place(object):
    """Where a value stands: an attribute, an item, a name of the namespace."""

    def __init__(self, obj, step, mapping):
        """
        :param mapping: what a root of the tree stands for, and None for every other object.
        :raises Stopped: where nothing is there.
        """
        self.obj = obj if mapping is None else mapping
        self.kind = step[0] if mapping is None else u'k'
        if self.kind == u'a':
            self.key = attribute_name(obj, step[1])
            self.status, self.old, self.own = _found(obj, self.key)
        elif mapping is not None:
            self.key = step[1]
            if self.key not in obj.found:
                raise Stopped('gone', u'%s is not there any more' % step_name(step))
            self.status, self.old, self.own = FOUND, obj.found[self.key], True
        elif step[0] == u'k':
            container = container_of(obj)
            if container is None:
                raise Stopped('gone', u'%s is no longer a container' % step_name(step))
            self.key, self.old = entry_of(container, step)
            self.status, self.own = FOUND, True
        else:
            self.key, self.old = step[1], part(obj, step)
            self.status, self.own = FOUND, True

    def read(self):
        """The value that is there: the attribute's code has to run where nothing else tells it."""
        if self.status == UNREAD:
            self.old = getattr(self.obj, self.key)
            self.status = FOUND

    def put(self, value):
        if self.kind == u'a':
            setattr(self.obj, self.key, value)
        else:
            self.obj[self.key] = value

    def drop(self):
        if self.kind == u'a':
            delattr(self.obj, self.key)
        else:
            del self.obj[self.key]

    def put_back(self):
        """What undoes `put`."""
        if self.own:
            self.put(self.old)
        else:
            self.drop()

    def insert_back(self):
        """What undoes `drop`."""
        if self.kind != u'i':
            self.put(self.old)
        elif derives(self.obj, list):
            self.obj.insert(self.key, self.old)
        else:
            self.obj.rotate(-self.key)
            self.obj.appendleft(self.old)
            self.obj.rotate(self.key)


def _found(obj, name):
    """`(status, value, whether it stands in the object itself)` of an attribute."""
    attributes = Attributes(obj)
    status, value = attributes.lookup(name)
    if status is MISSING:
        raise Stopped('gone', u'%s is not there any more' % clean(name, NAME_LIMIT))
    if status is UNREAD:
        return UNREAD, None, True
    above = attributes.meta if attributes.of_class else attributes.inherited
    entry = above.get(name, MISSING)
    if entry is not MISSING and _is_data_descriptor(entry):
        return FOUND, value, True
    if attributes.of_class and name in attributes.own:
        # As it stands there: a function, and not what binding it gives.
        return FOUND, attributes.own[name], True
    return FOUND, value, name in attributes.own


def change(runner, place, source):
    """Puts the value of an expression in a place: `(ok, (text before, text now, undo) or error)`."""
    def work():
        value = runner.evaluate(source)
        undo = _undo(place, place.put_back)
        before = _shown(place)
        place.put(value)
        return before, render(value, SHOWN_LIMIT)[0], undo
    return runner.attempt(work)


def remove(runner, place):
    """Takes the value out of a place: as `change`."""
    def work():
        undo = _undo(place, place.insert_back)
        before = _shown(place)
        place.drop()
        return before, u'', undo
    return runner.attempt(work)


def _undo(place, restore):
    try:
        place.read()
    except Exception:
        # Can be written and not be read: then nothing can put it back.
        return None
    return restore


def _shown(place):
    return u'' if place.status == UNREAD else render(place.old, SHOWN_LIMIT)[0]


# ---- calls ----------------------------------------------------------------------------------------------------------


def call(runner, function, source, emit, run_id, ask=None):
    """Calls an object with arguments that are written as in a call: `(ok, value or error)`."""
    def work():
        values, named = runner.arguments(source)
        return function(*values, **named)
    return runner.attempt(work, emit, run_id, ask)


def call_signature(obj):
    """`(text, parameters)` of something that can be called; None for the parameters where they are not known.

    A parameter is `(name, kind, has a default, text of the default, whether the text is a literal)`.
    """
    parameters = _parameters(obj)
    return _signature(obj) or u'(%s)' % ELLIPSIS, parameters


def _parameters(obj):
    if not PY2:
        found = _inspected(obj)
        if found is not None:
            return found
    function, bound = _function_behind(obj)
    return None if function is None else _of_code(function, bound)


def _inspected(obj):
    import inspect
    try:
        parameters = list(inspect.signature(obj).parameters.values())
    except Exception:
        return None
    found = []
    for parameter in parameters:
        default = MISSING if parameter.default is parameter.empty else parameter.default
        found.append(_described(parameter.name, int(parameter.kind), default))
    return tuple(found)


def _function_behind(obj):
    if type(obj) is types.MethodType:
        return _function_only(obj.__func__), obj.__self__ is not None
    if is_class(obj):
        return _function_only(Attributes(obj).inherited.get('__init__')), True
    if type(obj) is types.FunctionType:
        return obj, False
    return _function_only(special(obj, '__call__')), True


def _function_only(found):
    return found if type(found) is types.FunctionType else None


def _of_code(function, bound):
    code = function.__code__
    names, count = code.co_varnames, code.co_argcount
    defaults = () if function.__defaults__ is None else function.__defaults__
    found = []
    for position in range(count):
        default = position - (count - len(defaults))
        found.append(_described(names[position], _ANY, defaults[default] if default >= 0 else MISSING))
    after = count
    if code.co_flags & 0x04:
        found.append(_described(names[after], _VALUES, MISSING))
        after += 1
    if code.co_flags & 0x08:
        found.append(_described(names[after], _MAPPING, MISSING))
    return tuple(found[1:] if bound and count else found)


def _described(name, kind, default):
    if default is MISSING:
        return clean(name, NAME_LIMIT), _KINDS_OF_PARAMETERS[kind], False, u'', False
    text, cut = render(default, DEFAULT_LIMIT)
    return clean(name, NAME_LIMIT), _KINDS_OF_PARAMETERS[kind], True, text, is_literal(default) and not cut


# ---- what is kept for the user --------------------------------------------------------------------------------------


class Kept(object):
    """Objects that rows stand for and what undoes changes, by number; results of calls, by name.

    Two connections of one editor share it, though each has classes of its own.
    """

    def __init__(self):
        self.table = {}
        self.undos = collections.OrderedDict()
        self.results = {}
        # The last errors with their frames, as `sys.exc_info` tells them.
        self.failures = collections.OrderedDict()
        # What was run so far of each file, by line.
        self.lines = {}
        # One C call each, so that two threads never get the same number.
        self._numbers = itertools.count(1)
        self._result_numbers = itertools.count(1)

    def keep(self, obj):
        """Puts an object into the table; its number."""
        if len(self.table) >= TABLE_LIMIT:
            raise Stopped('limit', u'Too many objects are held')
        number = next(self._numbers)
        self.table[number] = obj
        return number

    def keep_undo(self, restore):
        """Keeps what undoes a change; its number, 0 where there is none. The oldest one goes when there are too many."""
        if restore is None:
            return 0
        number = next(self._numbers)
        self.undos[number] = restore
        for old in list(self.undos)[:-UNDO_LIMIT]:
            self.undos.pop(old, None)
        return number

    def release(self, numbers):
        """Forgets what has these numbers."""
        for number in numbers:
            self.table.pop(number, None)
            self.undos.pop(number, None)

    def keep_failure(self, exception):
        """Keeps an error with its frames; its number, 0 where it has none. The oldest one goes when there are too many."""
        cls, value, trace = exception
        try:
            trace = user_part(trace)
            if trace is None:
                return 0
            number = next(self._numbers)
            self.failures[number] = (cls, value, trace)
            for old in list(self.failures)[:-FAILURE_COUNT]:
                self.failures.pop(old, None)
            return number
        finally:
            del value, trace, exception

    def failure(self, number):
        """An error that is kept; without a number the last one.

        :raises Stopped: where there is none.
        """
        if not number and not self.failures:
            raise Stopped('gone', u'Nothing has failed on this connection whose frames are kept')
        found = self.failures.get(number or list(self.failures)[-1])
        if found is None:
            raise Stopped('gone', u'The frames of this error are not kept any more')
        return found

    def close(self):
        """The connection has ended: the frames of an error lead back to here, and would stay for a while."""
        for kept in (self.failures, self.table, self.undos, self.results, self.lines):
            kept.clear()

    def keep_result(self, what, value):
        """Puts the result of a call where the tree shows it; its name. The oldest one goes when there are too many."""
        name = u'#%d %s' % (next(self._result_numbers), what)
        self.results[name] = value
        for old in sorted(list(self.results), key=result_order)[RESULT_COUNT:]:
            self.results.pop(old, None)
        return name


class Holder(object):
    """Held by the editor beside the helper, and in no frame: what is kept goes with it."""

    def __init__(self, kept):
        self.kept = kept

    def __del__(self):
        self.kept.close()
