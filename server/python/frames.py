"""Where code is on its way: frames, tracebacks, generators and coroutines, told without running any of it.

Loaded after kinds.py, into the same namespace.
"""

_FRAMES = (types.FrameType, types.TracebackType)
_PAUSABLE = tuple([
    (cls, prefix) for cls, prefix in (
        (types.GeneratorType, 'gi_'),
        (getattr(types, 'CoroutineType', None), 'cr_'),
        (getattr(types, 'AsyncGeneratorType', None), 'ag_'),
    ) if cls is not None
])
PAUSABLE = tuple([cls for cls, _ in _PAUSABLE])
# From 3.13 on, the locals of a function come as a view of their frame.
_LOCALS_VIEW = type((lambda: sys._getframe().f_locals)())
# Entries of a traceback that are shown: a recursion without end has no more.
TRACEBACK_ENTRIES = 10000


def is_frame(obj):
    """Whether an object is a frame, or the entry of a traceback that leads to one."""
    return among(type(obj), _FRAMES)


def code_and_line(obj):
    """The code of a frame, or of an entry of a traceback, and the line at which it is, or was when it raised."""
    frame = obj.tb_frame if type(obj) is types.TracebackType else obj
    line = obj.tb_lineno if type(obj) is types.TracebackType else obj.f_lineno
    return frame.f_code, line or frame.f_code.co_firstlineno


def frame_text(obj):
    """`function, file.py:12`"""
    return place_text(*code_and_line(obj))


def place_text(code, line):
    """`function, file.py:12`"""
    path = clean(code.co_filename, 1000).replace(u'\\', u'/').rsplit(u'/', 1)[-1]
    return u'%s, %s:%d' % (clean(code.co_name, 60), clean(path, 60), line)


def locals_of(obj):
    """`(name, value)` of the local variables of a frame, in the order in which its code names them.

    Up to Python 3.12 a frame keeps what it hands out, until it is asked again or ends.
    """
    frame = obj.tb_frame if type(obj) is types.TracebackType else obj
    code, mapping = frame.f_code, frame.f_locals
    # The body of a class can have a mapping of the user's.
    if not derives(mapping, dict) and type(mapping) is not _LOCALS_VIEW:
        return []
    found = named_pairs(mapping)
    places = {}
    for name in code.co_varnames + code.co_cellvars + code.co_freevars:
        places.setdefault(name, len(places))
    names = sorted(found, key=lambda name: (places.get(name, len(places)), name_order(name)))
    return [(name, found[name]) for name in names]


def traceback_of(exception):
    """The entries of the traceback of an exception, the innermost last."""
    # Python 2 keeps it elsewhere.
    entry = None if PY2 else BaseException.__dict__['__traceback__'].__get__(exception)
    entries = []
    while entry is not None and len(entries) < TRACEBACK_ENTRIES:
        entries.append(entry)
        entry = entry.tb_next
    return tuple(entries)


def code_of_pausable(obj):
    """The code of a generator or coroutine."""
    return getattr(obj, _prefix(obj) + 'code')


def _prefix(obj):
    return [prefix for cls, prefix in _PAUSABLE if type(obj) is cls][0]


def pausable_text(obj):
    """`name, suspended at line 12`: what is known of a generator or coroutine."""
    prefix = _prefix(obj)
    code, frame = getattr(obj, prefix + 'code'), getattr(obj, prefix + 'frame')
    name = clean(code.co_name, NAME_LIMIT)
    if frame is None:
        # Nothing tells whether it came to its end or was closed.
        return u'%s, ended' % name
    suspended = getattr(obj, prefix + 'suspended', None)
    if getattr(obj, prefix + 'running'):
        where = u'running at line %d'
    elif suspended if suspended is not None else frame.f_lasti >= 0:
        where = u'suspended at line %d'
    else:
        where = u'not started, from line %d'
    return u'%s, %s' % (name, where % (frame.f_lineno or code.co_firstlineno))
