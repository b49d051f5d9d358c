"""What is known of well-known classes: how to read what their instances hold, and what to say of them in a row.

Only what is loaded on the peer already is looked at; nothing is imported for it. Classes that a user may have derived
are taken only where they are exactly the ones that are meant, since whatever they override would run. Loaded after
render.py, into the same namespace.
"""

import threading

# A page of an array is one slice of it.
_PLAIN_DTYPES = 'biufcSU'
_DATE_DTYPES = 'mM'
_THREAD = threading.Thread
# Classes that were found, with the module that held them.
_SEEN = {}


class ArrayReader(object):
    """Reads a numpy array along its first axis, as `Container` reads a list. What is cut out is a view, not a copy."""

    kind = 'list'
    # Attributes stand behind the items.
    exact = False
    ordered = True

    def __init__(self, obj):
        self.obj = obj
        self.length = obj.shape[0] if obj.ndim else 0

    def part(self, start, count):
        """As `Container.part`."""
        end = min(start + count, self.length)
        if start >= end:
            return []
        if self.obj.ndim > 1:
            return [self.obj[position] for position in range(start, end)]
        cut = self.obj[start:end]
        if cut.dtype.kind in _DATE_DTYPES:
            return cut.astype('U').tolist()
        # Objects come as they are, numbers and texts as Python's own.
        return cut.tolist()


class SeriesReader(object):
    """Reads a pandas Series as pairs of label and value."""

    kind = 'dict'
    exact = False
    ordered = True

    def __init__(self, obj):
        self.obj = obj
        self.length = len(obj)

    def part(self, start, count):
        """As `Container.part`."""
        end = min(start + count, self.length)
        if start >= end:
            return []
        cut = self.obj.iloc[start:end]
        return list(zip(cut.index.tolist(), _as_plain(cut)))


class FrameReader(object):
    """Reads a pandas DataFrame as pairs of name and column."""

    kind = 'dict'
    exact = False
    ordered = True

    def __init__(self, obj):
        self.obj = obj
        self.length = obj.shape[1]

    def part(self, start, count):
        """As `Container.part`."""
        names = self.obj.columns.tolist()
        end = min(start + count, self.length)
        return [(names[position], self.obj.iloc[:, position]) for position in range(start, end)]


class MembersReader(object):
    """Reads the members of an enumeration as pairs of name and member."""

    kind = 'dict'
    exact = False
    ordered = True

    def __init__(self, obj, members):
        self.obj = obj
        self.members = members
        self.length = dict.__len__(members)

    def part(self, start, count):
        """As `Container.part`."""
        return list(itertools.islice(dict_pairs(self.members), start, start + max(count, 0)))


def reader_of(obj):
    """A reader for the items of an array, a table, a column or an enumeration, or None."""
    cls = type(obj)
    if cls is _loaded('numpy', 'ndarray'):
        return ArrayReader(obj)
    if cls is _loaded('pandas', 'Series') and _is_known_dtype(obj.dtype):
        return SeriesReader(obj)
    if cls is _loaded('pandas', 'DataFrame') and all([_is_known_dtype(dtype) for dtype in obj.dtypes.tolist()]):
        return FrameReader(obj)
    members = _members(obj)
    return None if members is None else MembersReader(obj, members)


def known_kind(obj):
    """The kind of an instance of a well-known class, or None."""
    cls = type(obj)
    if cls is _loaded('numpy', 'ndarray') or cls is _loaded('pandas', 'Series'):
        return u'array'
    if cls is _loaded('pandas', 'DataFrame'):
        return u'table'
    if among(cls, PAUSABLE):
        return u'generator'
    if is_frame(obj):
        return u'frame'
    if cls is memoryview:
        return u'bytes'
    if derives(obj, _THREAD):
        return u'thread'
    if among(cls, _file_classes()):
        return u'file'
    if cls is _loaded('socket', 'socket'):
        return u'socket'
    if _is_member(obj):
        return u'enum'
    return None if field_names(obj) is None else u'struct'


def summary(obj):
    """A few words that say more of an object than its class does, or None. Runs no code of the user's."""
    cls = type(obj)
    if cls is _loaded('numpy', 'ndarray'):
        return _array_text(obj)
    if cls is _loaded('pandas', 'DataFrame'):
        return u'%d rows \xd7 %d columns' % obj.shape
    if cls is _loaded('pandas', 'Series') or derives(obj, _loaded('pandas', 'Index') or _Nothing):
        return u'%d \xd7 %s' % (len(obj), clean(str(obj.dtype), 40)) if _is_known_dtype(obj.dtype) else None
    if among(cls, PAUSABLE):
        return pausable_text(obj)
    if is_frame(obj):
        return frame_text(obj)
    if cls is memoryview:
        return memory_text(obj)
    if derives(obj, _THREAD):
        return _thread_text(obj)
    if among(cls, _file_classes()):
        return _file_text(obj)
    if cls is _loaded('socket', 'socket'):
        return _socket_text(obj)
    return _member_text(obj) if _is_member(obj) else value_text(obj)


def field_names(obj):
    """The names of what an object was declared to hold, in that order; None where its class declares nothing.

    Of dataclasses, named tuples, and the models of attrs and pydantic.
    """
    if is_class(obj) or _is_built_in(class_of(obj)):
        return None
    for base in mro(class_of(obj)):
        if _is_built_in(base):
            continue
        entries = named_pairs(class_dict(base))
        for name in ('__dataclass_fields__', '__pydantic_fields__', '__fields__', 'model_fields'):
            fields = entries.get(name)
            if derives(fields, dict) and (name != '__fields__' or '__fields_set__' in entries or _is_model(base)):
                return [key for key, _ in dict_pairs(fields) if among(type(key), STRINGS)]
        fields = entries.get('__attrs_attrs__')
        if derives(fields, tuple):
            names = [Attributes(field).lookup('name')[1] for field in tuple.__iter__(fields)]
            return [name for name in names if among(type(name), STRINGS)]
        fields = entries.get('_fields')
        if type(fields) is tuple and derives(obj, tuple):
            return [name for name in fields if among(type(name), STRINGS)]
    return None


def fields_of(obj):
    """`(name, value)` of the declared fields that are stored in the object; None as `field_names`."""
    names = field_names(obj)
    if names is None:
        return None
    if derives(obj, tuple):
        return list(zip(names, tuple.__iter__(obj)))
    attributes = Attributes(obj)
    found = [(name, attributes.lookup(name)) for name in names]
    return [(name, value) for name, (status, value) in found if status is FOUND]


class _Nothing(object):
    """Nothing derives from it."""


def _loaded(module, name):
    """A class of a module that is loaded here, or None."""
    found = sys.modules.get(module)
    if type(found) is not types.ModuleType:
        return None
    known = _SEEN.get((module, name))
    if known is None or known[0] is not found:
        known = found, named_pairs(instance_dict(found) or {}).get(name)
        if known[1] is None:
            # The module may still be on its way in.
            return None
        _SEEN[module, name] = known
    return known[1]


def _is_model(cls):
    model = _loaded('pydantic', 'BaseModel')
    return model is not None and among(model, mro(cls))


def _is_known_dtype(dtype):
    """A user can bring data types of his own to pandas: those would run."""
    module = class_name(type(dtype)).split('.', 1)[0]
    return module in ('numpy', 'pandas')


def _as_plain(series):
    if series.dtype.kind in _DATE_DTYPES:
        return series.astype(str).tolist()
    return series.tolist()


def _members(obj):
    enum = _loaded('enum', 'Enum')
    if enum is None or not is_class(obj) or obj is enum or not among(enum, mro(obj)):
        return None
    members = class_entry(obj, '_member_map_')
    return members if derives(members, dict) else None


def _is_member(obj):
    enum = _loaded('enum', 'Enum')
    return enum is not None and derives(obj, enum)


def _member_text(obj):
    stored = named_pairs(instance_dict(obj) or {})
    name, value = stored.get('_name_'), stored.get('_value_')
    cls = clean(class_name(type(obj)), NAME_LIMIT).rsplit(u'.', 1)[-1]
    return u'%s.%s = %s' % (cls, clean(name, NAME_LIMIT) if among(type(name), STRINGS) else u'?', render(value, 60)[0])


def _array_text(obj):
    shape = u'\xd7'.join([TEXT(length) for length in obj.shape])
    if not obj.ndim:
        return u'%s %s' % (clean(str(obj.dtype), 40), render(obj.tolist(), 60)[0])
    return u'%s %s' % (shape, clean(str(obj.dtype), 40))


def live_threads():
    """The threads of this process by name, and where each of them is now: two dicts with the same keys.

    A thread that `threading` does not know is shown by its frame.
    """
    active = named_module('threading').get('_active')
    known = {}
    if type(active) is dict:
        known = dict([(key, value) for key, value in list(dict_pairs(active)) if among(type(key), INTEGERS)])
    found, places = {}, {}
    for ident, frame in sys._current_frames().items():
        thread = known.get(ident, frame)
        name = _thread_names(thread).get('_name') if derives(thread, _THREAD) else None
        name = clean(name, 100) if among(type(name), STRINGS) else u'Thread'
        if name in found or not derives(thread, _THREAD):
            name += u' %d' % ident
        found[name], places[name] = thread, _place_text(frame)
    return found, places


def named_module(name):
    """What a module that is loaded here defines, by name."""
    found = sys.modules.get(name)
    return named_pairs(instance_dict(found) or {}) if type(found) is types.ModuleType else {}


def _place_text(frame):
    """`function, file.py:12` of the innermost frame that is not ours."""
    inner = frame
    while inner is not None and inner.f_globals is globals():
        inner = inner.f_back
    return frame_text(inner or frame)


def _thread_names(obj):
    stored = named_pairs(instance_dict(obj) or {})
    # Python 2 puts the name of the class in front.
    return dict([(name.replace('_Thread__', '_'), value) for name, value in stored.items()])


def _thread_text(obj):
    names = _thread_names(obj)
    name, ident = names.get('_name'), names.get('_ident')
    parts = [clean(name, NAME_LIMIT) if among(type(name), STRINGS) else u'?']
    if names.get('_daemonic') is True:
        parts.append(u'daemon')
    if not among(type(ident), INTEGERS):
        parts.append(u'not started')
    elif ident not in sys._current_frames():
        parts.append(u'ended')
    return u', '.join(parts)


def _file_classes():
    io = sys.modules.get('io')
    if io is None:
        return ()
    found = [_loaded('io', name) for name in
             ('TextIOWrapper', 'BufferedReader', 'BufferedWriter', 'BufferedRandom', 'FileIO')]
    return tuple([cls for cls in found if cls is not None])


def _file_text(obj):
    # Each layer hands on what it is asked: one of the user's own would run.
    layer = obj
    for name in ('buffer', 'raw'):
        if type(layer) is _loaded('io', 'FileIO'):
            break
        try:
            layer = getattr(layer, name) if name == 'raw' or type(layer) is _loaded('io', 'TextIOWrapper') else layer
        except (AttributeError, ValueError):
            return u'closed' if name == 'raw' else None
        if layer is None:
            return u'closed'
    if type(layer) is not _loaded('io', 'FileIO'):
        return None
    name = layer.name
    text = clean(name, NAME_LIMIT) if among(type(name), STRINGS) else render(name, 60)[0]
    return u'%s, %s' % (text, u'closed' if layer.closed else _mode_text(obj, layer))


def _mode_text(obj, layer):
    mode = clean(layer.mode, 10)
    return mode.replace(u'b', u'') if type(obj) is _loaded('io', 'TextIOWrapper') else mode


def _socket_text(obj):
    if obj.fileno() < 0:
        return u'closed'
    ends = []
    for end in (obj.getsockname, obj.getpeername):
        try:
            ends.append(_address_text(end()))
        except (OSError, IOError):
            pass
    return (u' \u2192 ').join(ends)


def _address_text(address):
    if type(address) is tuple and len(address) >= 2:
        host = clean(address[0], NAME_LIMIT)
        return (u'[%s]:%d' if u':' in host else u'%s:%d') % (host, address[1])
    return render(address, 80)[0]
