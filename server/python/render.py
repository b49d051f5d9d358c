"""Texts for values, bounded before they are built.

`render` writes the built-in types by itself, exact types only, so that a preview never runs code of the value.
For every other value it either shows a placeholder (`<module.Class at 0x...>`) or, when the user asked for the
full text, calls `repr`. Loaded after static_lookup.py, into the same namespace.
"""

import collections
import itertools
import types

NAME_LIMIT = 200
ELLIPSIS = u'\u2026'

_BUILTIN_METHODS_SHOWN = (type(str.join), type(object.__init__), type(dict.__dict__['fromkeys']), type(''.__str__))
_BUILTIN_CALLABLES = (types.BuiltinFunctionType,) + _BUILTIN_METHODS_SHOWN
_EXCEPTION_ARGS = BaseException.__dict__['args'].__get__
_EXCEPTION_REPR = BaseException.__dict__['__repr__']
_BIT_LENGTH_LIMIT = 8000


class Full(Exception):
    """The text has reached its limit."""


class BoundedText(object):
    """Collects pieces of text up to a number of characters."""

    def __init__(self, limit):
        self.left = limit
        self.pieces = []
        self.cut = False

    def write(self, text):
        if len(text) > self.left:
            self.pieces.append(text[:self.left])
            self.left = 0
            self.cut = True
            raise Full()
        self.left -= len(text)
        self.pieces.append(text)

    def text(self):
        whole = u''.join(self.pieces)
        return whole[:-1] + ELLIPSIS if self.cut and whole else whole


def clean(text, limit):
    """Exactly the text type, encodable, at most `limit` characters."""
    if PY2 and derives(text, str):
        text = str.decode(text, 'utf-8', 'replace')
    text = TEXT.__getitem__(text, slice(0, limit + 1))
    if len(text) > limit:
        text = text[:max(limit - 1, 0)] + ELLIPSIS
    if PY2:
        return text.encode('utf-16', 'replace').decode('utf-16', 'replace')
    return text.encode('utf-8', 'backslashreplace').decode('utf-8')


def render(obj, limit, ask=False):
    """The text of a value, and whether it had to be cut.

    :param limit: number of characters at most.
    :param ask: whether code of the value may run; exceptions that it raises are told in the text.
    """
    out = BoundedText(limit)
    try:
        _write(out, obj, 3 if not ask else 50, ask, ())
    except Full:
        pass
    except Exception:
        return clean(unshown(), limit), True
    return clean(out.text(), limit), out.cut


def placeholder(obj):
    """What stands for a value that has a text of its own."""
    return u'<%s at 0x%x>' % (clean(type_name(obj), NAME_LIMIT), id(obj))


def unshown():
    """What stands for a value that the built-in types themselves fail on, while their exception is handled."""
    return u'<it cannot be shown: %s>' % clean(class_name(sys.exc_info()[0]), NAME_LIMIT)


class Container(object):
    """How to read a container through its built-in base type, whatever its class overrides."""

    __slots__ = ('kind', 'obj', 'exact', 'length', 'iterate', 'ordered')

    def __init__(self, kind, obj, base, iterate, ordered):
        self.kind = kind
        self.obj = obj
        self.exact = type(obj) is base
        self.length = _range_length(obj) if base is _RANGE else base.__len__(obj)
        self.iterate = iterate
        self.ordered = ordered

    def part(self, start, count):
        """Up to `count` entries from position `start` as a list; pairs of key and value for a dict."""
        count = min(count, self.length - start)
        if count <= 0:
            return []
        if type(self.obj) is _RANGE:
            return [self.obj[position] for position in range(start, start + count)]
        if self.ordered and start and self.kind in ('list', 'tuple'):
            base = list if self.kind == 'list' else tuple
            if derives(self.obj, base):
                return list(base.__getitem__(self.obj, slice(start, start + count)))
        for _ in range(3):
            try:
                # One C call, so that another thread cannot change the container in between.
                return list(itertools.islice(self.iterate(self.obj), start, start + count))
            except RuntimeError:
                pass
        return []


def container_of(obj):
    """A reader for a list, tuple, dict, set, frozenset, deque or range, for what kinds.py knows, or None."""
    for base, kind, iterate, ordered in _CONTAINERS:
        if derives(obj, base):
            return Container(kind, obj, base, iterate, ordered)
    return reader_of(obj)


def _iterate_dict(obj):
    return dict_pairs(obj)


try:
    _RANGE = xrange
except NameError:
    _RANGE = range


def _range_length(obj):
    """The length of a range, at most what the length of a list can be: `len` refuses longer ones."""
    try:
        return len(obj)
    except OverflowError:
        return sys.maxsize


# A dict subclass is read through dict: `OrderedDict` after `move_to_end` is then shown in its old order, since
# its own iterator would hash the keys again.
_CONTAINERS = (
    (list, 'list', list.__iter__, True),
    (tuple, 'tuple', tuple.__iter__, True),
    (dict, 'dict', _iterate_dict, True),
    (set, 'set', set.__iter__, False),
    (frozenset, 'set', frozenset.__iter__, False),
    (collections.deque, 'list', collections.deque.__iter__, True),
    (_RANGE, 'list', _RANGE.__iter__, True),
)

_BRACKETS = {
    list: (u'[', u']'),
    tuple: (u'(', u')'),
    dict: (u'{', u'}'),
    set: (u'{', u'}'),
    frozenset: (u'frozenset({', u'})'),
    collections.deque: (u'deque([', u'])'),
}
# Shown as here until their own text is asked for.
_NAMED_BRACKETS = {
    collections.OrderedDict: (u'OrderedDict({', u'})'),
    collections.defaultdict: (u', {', u'})'),
    collections.Counter: (u'Counter({', u'})'),
}
if PY2:
    # It keeps its order in a list of its own there.
    del _NAMED_BRACKETS[collections.OrderedDict]
    _BRACKETS[set] = (u'set([', u'])')
    _BRACKETS[frozenset] = (u'frozenset([', u'])')


def is_literal(obj, depth=3):
    """Whether the text of a value, if not cut, is a Python expression for it."""
    cls = type(obj)
    if cls is tuple and depth:
        return all([is_literal(item, depth - 1) for item in obj])
    if cls is float:
        return obj == obj and obj not in (float('inf'), float('-inf'))
    return obj is None or cls is bool or cls is bytes or among(cls, INTEGERS) or among(cls, STRINGS)


def _write(out, obj, depth, ask, above):
    cls = type(obj)
    if obj is None or obj is Ellipsis or obj is NotImplemented or among(cls, (bool, float, complex)):
        out.write(TEXT(repr(obj)))
    elif among(cls, INTEGERS):
        _write_integer(out, obj)
    elif among(cls, STRINGS) or cls is bytes or cls is bytearray:
        _write_string(out, obj)
    elif among(cls, _BRACKETS):
        _write_container(out, obj, depth, ask, above)
    elif ask:
        _write_asked(out, obj)
    elif among(cls, _NAMED_BRACKETS):
        if cls is collections.defaultdict:
            out.write(u'defaultdict(')
            _write(out, obj.default_factory, depth - 1, ask, above)
        _write_container(out, obj, depth, ask, above)
    elif fields_of(obj) is not None:
        _write_fields(out, obj, depth, above)
    elif is_class(obj):
        out.write(u"<class '%s'>" % clean(class_name(obj), NAME_LIMIT))
    elif derives(obj, types.ModuleType):
        _write_module(out, obj)
    elif cls is types.FunctionType or cls is types.MethodType:
        out.write(function_text(obj))
    elif among(cls, _BUILTIN_CALLABLES):
        out.write(u'%s(%s)' % (clean(obj.__name__, NAME_LIMIT), ELLIPSIS))
    elif cls is _RANGE:
        _write_range(out, obj)
    elif derives(obj, BaseException) and special(obj, '__repr__') is _EXCEPTION_REPR:
        out.write(clean(type_name(obj), NAME_LIMIT).rsplit(u'.', 1)[-1])
        _write_items(out, u'(', u')', _EXCEPTION_ARGS(obj), depth, ask, above)
    else:
        out.write(summary(obj) or placeholder(obj))


def _write_fields(out, obj, depth, above):
    """`Point(x=1, y=2)`, from what is stored."""
    out.write(clean(class_name(class_of(obj)), NAME_LIMIT).rsplit(u'.', 1)[-1])
    if id(obj) in above or depth <= 0:
        out.write(u'(%s)' % ELLIPSIS)
        return
    out.write(u'(')
    for position, (name, value) in enumerate(fields_of(obj)):
        out.write((u', ' if position else u'') + clean(name, NAME_LIMIT) + u'=')
        _write(out, value, depth - 1, False, above + (id(obj),))
    out.write(u')')


def _write_integer(out, obj):
    bits = obj.bit_length()
    try:
        text = TEXT(repr(obj)) if bits <= _BIT_LENGTH_LIMIT else None
    except ValueError:
        # `sys.set_int_max_str_digits` allows fewer digits.
        text = None
    out.write(u'<integer of %d bits>' % bits if text is None else text)


def _write_range(out, obj):
    if PY2:
        out.write(TEXT(repr(obj)))
        return
    # Its ends may be of a class of the user's: they were, up to Python 3.9.
    ends = (obj.start, obj.stop)
    if type(obj.step) is not int or obj.step != 1:
        ends += (obj.step,)
    _write_items(out, u'range(', u')', ends, 1, False, ())


def _write_string(out, obj):
    part = obj[:out.left + 1]
    text = repr(part)
    out.write(text if type(text) is TEXT else text.decode('ascii', 'replace'))


def _write_container(out, obj, depth, ask, above):
    opening, closing = _BRACKETS.get(type(obj)) or _NAMED_BRACKETS[type(obj)]
    container = container_of(obj)
    if container.kind == 'set' and not container.length:
        out.write(u'set()' if type(obj) is set else u'frozenset()')
        return
    if id(obj) in above or (depth <= 0 and container.length):
        out.write(opening + ELLIPSIS + closing)
        return
    entries = container.part(0, min(out.left // 2 + 2, container.length))
    above = above + (id(obj),)
    if container.kind == 'dict':
        out.write(opening)
        for position, (key, value) in enumerate(entries):
            out.write(u', ' if position else u'')
            _write(out, key, depth - 1, ask, above)
            out.write(u': ')
            _write(out, value, depth - 1, ask, above)
        out.write(closing)
        return
    if type(obj) is tuple and container.length == 1:
        closing = u',)'
    _write_items(out, opening, closing, entries, depth, ask, above)


def _write_items(out, opening, closing, entries, depth, ask, above):
    out.write(opening)
    for position, item in enumerate(entries):
        out.write(u', ' if position else u'')
        _write(out, item, depth - 1, ask, above)
    out.write(closing)


def _write_asked(out, obj):
    try:
        text = repr(obj)
        if PY2 and derives(text, str):
            text = str.decode(text, 'utf-8', 'replace')
        text = TEXT.__getitem__(text, slice(0, out.left + 1))
    except STOPS:
        raise
    except BaseException:
        text = u'<%s: its repr raised %s>' % (
            clean(type_name(obj), NAME_LIMIT), clean(class_name(sys.exc_info()[0]), NAME_LIMIT))
    out.write(text)


def _write_module(out, obj):
    own = named_pairs(instance_dict(obj) or {})
    name, path = own.get('__name__'), own.get('__file__')
    name = clean(name, NAME_LIMIT) if among(type(name), STRINGS) else u'?'
    if among(type(path), STRINGS):
        out.write(u"<module '%s' from '%s'>" % (name, clean(path, NAME_LIMIT)))
    else:
        out.write(u"<module '%s'>" % name)


def function_text(function):
    """`name(a, b=1)`: name and signature of a Python function or method, without running anything."""
    bound = type(function) is types.MethodType and function.__self__ is not None
    inner = function.__func__ if type(function) is types.MethodType else function
    if type(inner) is not types.FunctionType:
        return placeholder(function)
    name = inner.__name__
    name = clean(name, NAME_LIMIT) if among(type(name), STRINGS) else u'?'
    return name + signature_of(inner, bound)


def signature_of(function, bound=False):
    """`(a, *, b=1)` from the code object of a Python function; the first parameter is left out when bound."""
    parts, returns = signature_parts(function, bound)
    text = u'(' + u', '.join(parts) + u')'
    if returns:
        text += u' -> ' + returns
    return clean(text, 1000)


def signature_parts(function, bound=False):
    """As `signature_of`: the parameters as a list of texts, with the marks `/` and `*`, and what it gives or `''`."""
    code = function.__code__
    names = [clean(name, NAME_LIMIT) for name in code.co_varnames]
    count = code.co_argcount
    positional_only = getattr(code, 'co_posonlyargcount', 0)
    keyword_only = getattr(code, 'co_kwonlyargcount', 0)
    # Both may be subclasses that override how they are read.
    defaults = function.__defaults__
    defaults = () if defaults is None else tuple.__getitem__(defaults, slice(None))
    keyword_defaults = getattr(function, '__kwdefaults__', None)
    keyword_defaults = {} if keyword_defaults is None else named_pairs(keyword_defaults)
    annotations = _stored_annotations(function)
    parts = []
    for position in range(count):
        default = position - (count - len(defaults))
        parts.append(_parameter(names[position], annotations, defaults[default] if default >= 0 else MISSING))
        if position + 1 == positional_only:
            parts.append(u'/')
    if bound and count:
        del parts[0]
        if parts[:1] == [u'/']:
            del parts[0]
    after = count + keyword_only
    if code.co_flags & 0x04:
        parts.append(u'*' + _parameter(names[after], annotations, MISSING))
        after += 1
    elif keyword_only:
        parts.append(u'*')
    for position in range(count, count + keyword_only):
        name = names[position]
        parts.append(_parameter(name, annotations, keyword_defaults.get(name, MISSING)))
    if code.co_flags & 0x08:
        parts.append(u'**' + _parameter(names[after], annotations, MISSING))
    return parts, _annotation(annotations['return']) if 'return' in annotations else u''


def _stored_annotations(function):
    # From 3.14 on, reading them may evaluate them.
    if PY2 or sys.version_info >= (3, 14):
        return {}
    found = function.__annotations__
    return named_pairs(found) if type(found) is dict else {}


def _parameter(name, annotations, default):
    annotated = name in annotations
    if annotated:
        name += u': ' + _annotation(annotations[name])
    if default is MISSING:
        return name
    return name + (u' = ' if annotated else u'=') + render(default, 60)[0]


def _annotation(value):
    if among(type(value), STRINGS):
        return clean(value, 60)
    if is_class(value):
        return clean(class_name(value), 60)
    return render(value, 60)[0]
