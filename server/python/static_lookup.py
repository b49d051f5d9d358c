"""What an object is and has, found without running any code of the object's own.

Everything here reads the memory of the interpreter: method resolution orders, class dictionaries, instance
dictionaries and slots, always through the built-in types' own descriptors. No attribute of an object under
inspection is ever looked up in the ordinary way, so no property, `__getattr__`, `__dir__`, `__class__` or
metaclass can interfere. Runs on Python 2.7 and 3.
"""

import collections
import sys
import types

PY2 = sys.version_info[0] == 2
TEXT = type(u'')
STRINGS = (str, TEXT)
INTEGERS = (int, type(sys.maxsize + 1)) if PY2 else (int,)

MISSING = object()

# Answers of `lookup`.
FOUND = 'found'
UNREAD = 'unread'

_MRO = type.__dict__['__mro__'].__get__
_CLASS_DICT = type.__dict__['__dict__'].__get__
_CLASS_NAME = type.__dict__.get('__qualname__', type.__dict__['__name__']).__get__
_CLASS_MODULE = type.__dict__['__module__'].__get__
_CLASS_FLAGS = type.__dict__['__flags__'].__get__
_HEAP_TYPE = 1 << 9

_OLD_INSTANCE = getattr(types, 'InstanceType', None)
_OLD_CLASS = getattr(types, 'ClassType', None)

_MEMBER = types.MemberDescriptorType
_GETSET = types.GetSetDescriptorType
_BUILTIN_METHODS = (type(str.join), type(object.__init__), type(dict.__dict__['fromkeys']))
# The fields of a named tuple, where they are C code.
_FIELD = type(collections.namedtuple('Sample', 'field').__dict__['field'])
if _FIELD is property:
    _FIELD = None
_SHOWN_ON_CLASS = (types.FunctionType, property, _MEMBER, _GETSET, _FIELD) + _BUILTIN_METHODS

# Computed attributes of built-in types that only hand out what is stored. All others are left for the user to ask
# for: even `__qualname__` of a built-in method asks the class of the object that it is bound to.
_STORED = (
    (types.FunctionType, ('__code__', '__defaults__', '__kwdefaults__', '__name__', '__qualname__')),
    (types.BuiltinFunctionType, ('__name__', '__self__')),
    (types.CodeType, ('co_code', 'co_varnames', 'co_cellvars', 'co_freevars')),
    (types.TracebackType, ('tb_next', 'tb_lineno')),
    (types.FrameType, ('f_back', 'f_code', 'f_globals', 'f_builtins', 'f_lasti', 'f_lineno')),
    (types.GeneratorType, ('__name__', 'gi_frame', 'gi_running', 'gi_code')),
    (getattr(types, 'CoroutineType', None), ('__name__', 'cr_frame', 'cr_running', 'cr_code')),
    (getattr(types, 'AsyncGeneratorType', None), ('__name__', 'ag_frame', 'ag_running', 'ag_code')),
    (BaseException, ('args', '__traceback__', '__context__', '__cause__')),
    (complex, ('real', 'imag')),
    (float, ('real', 'imag')),
    (int, ('real', 'imag', 'numerator', 'denominator')),
)


def among(cls, classes):
    """Whether `cls` is one of `classes`. By identity: a metaclass may define `==` and `hash`."""
    for other in classes:
        if cls is other:
            return True
    return False


def is_class(obj):
    """Whether `obj` is a class, whatever its `__class__` pretends."""
    return derives(obj, type) or (_OLD_CLASS is not None and type(obj) is _OLD_CLASS)


def mro(cls):
    """The method resolution order of a class."""
    if _OLD_CLASS is not None and type(cls) is _OLD_CLASS:
        found = [cls]
        for base in cls.__bases__:
            found.extend(mro(base))
        return tuple(found)
    return _MRO(cls) or (cls,)


def class_dict(cls):
    """The dictionary of one class, without its bases. Read-only."""
    if _OLD_CLASS is not None and type(cls) is _OLD_CLASS:
        return cls.__dict__
    # Some C types of Python 2 have never been made ready, and have none.
    return _CLASS_DICT(cls) or {}


def class_entry(cls, name, default=None):
    """One entry of the dictionary of a class, without its bases.

    The keys of a class that Python code made may be of a class that defines `==`: those are passed over.
    """
    found = class_dict(cls)
    if _is_built_in(cls):
        return found.get(name, default)
    return named_pairs(found).get(name, default)


def _is_built_in(cls):
    return not (_OLD_CLASS is not None and type(cls) is _OLD_CLASS) and not _CLASS_FLAGS(cls) & _HEAP_TYPE


def class_of(obj):
    """The class of an object; for an old-style instance of Python 2 the class that the user wrote."""
    if _OLD_INSTANCE is not None and type(obj) is _OLD_INSTANCE:
        return obj.__class__
    return type(obj)


def derives(obj, base):
    """Whether the type of `obj` has `base` among its bases."""
    return among(base, mro(type(obj)))


def class_name(cls):
    """`int`, `numpy.ndarray`: the name of a class, without the name of the built-in module."""
    if _OLD_CLASS is not None and type(cls) is _OLD_CLASS:
        name = cls.__name__
    else:
        try:
            name = _CLASS_NAME(cls)
        except AttributeError:
            name = '?'
    module = _CLASS_MODULE(cls) if _is_built_in(cls) else class_entry(cls, '__module__')
    if not among(type(name), STRINGS):
        name = '?'
    if not among(type(module), STRINGS) or module in ('builtins', '__builtin__', 'exceptions'):
        return name
    return module + '.' + name


def type_name(obj):
    """The name of an object's class."""
    return class_name(class_of(obj))


def instance_dict(obj):
    """The dictionary in which an object stores its attributes, or None."""
    if _OLD_INSTANCE is not None and among(type(obj), (_OLD_INSTANCE, _OLD_CLASS)):
        return obj.__dict__
    if is_class(obj):
        return None
    cls = type(obj)
    for base in mro(cls):
        entry = class_entry(base, '__dict__', MISSING)
        if entry is MISSING:
            continue
        # A class that defines `__dict__` itself hides the real one: asking for it would run its code.
        if not among(type(entry), (_GETSET, _MEMBER)):
            return None
        try:
            found = entry.__get__(obj, cls)
        except (AttributeError, TypeError):
            return None
        return found if derives(found, dict) else None
    return None


def dict_pairs(mapping):
    """An iterator over the items of a dict or a read-only view of a class; overridden methods do not count."""
    if derives(mapping, dict):
        return dict.iteritems(mapping) if PY2 else iter(dict.items(mapping))
    return iter(mapping.items())


def named_pairs(mapping):
    """The items of a mapping whose keys are plain strings, as a new dict."""
    for _ in range(3):
        try:
            # One C call: no other thread can change the mapping in between.
            pairs = list(dict_pairs(mapping))
            break
        except RuntimeError:
            pairs = []
    return dict([pair for pair in pairs if among(type(pair[0]), STRINGS)])


class Attributes(object):
    """The attributes of one object, gathered once: names, and what each name leads to."""

    __slots__ = ('obj', 'own', 'inherited', 'of_class', 'meta', 'stores')

    def __init__(self, obj):
        self.obj = obj
        self.of_class = is_class(obj)
        self.own = {}
        self.meta = {}
        self.stores = False
        if self.of_class:
            self.own = named_pairs(class_dict(obj))
            self.inherited = _merged(obj)
            if not among(type(obj), (type, _OLD_CLASS)):
                self.meta = _merged(type(obj))
        else:
            stored = instance_dict(obj)
            if stored is not None:
                self.stores = True
                self.own = named_pairs(stored)
            self.inherited = _merged(class_of(obj))

    def names(self):
        """All names, in the order of `name_order`."""
        if type(self.obj) is types.ModuleType:
            names = set(self.own)
        else:
            names = set(self.own)
            names.update(self.inherited)
        return sorted(names, key=name_order)

    def lookup(self, name):
        """`(FOUND, value)`, `(UNREAD, descriptor)` where only running code would tell, or `(MISSING, None)`."""
        if name == '__class__':
            return FOUND, class_of(self.obj)
        if name == '__dict__':
            stored = class_dict(self.obj) if self.of_class else instance_dict(self.obj)
            if stored is not None:
                return FOUND, stored
        if self.of_class:
            return self._lookup_on_class(name)
        return self._lookup_on_instance(name)

    def _lookup_on_class(self, name):
        above = self.meta.get(name, MISSING)
        if above is not MISSING and above is not type.__dict__.get(name) and _is_data_descriptor(above):
            return UNREAD, above
        entry = self.inherited.get(name, MISSING)
        if entry is MISSING:
            return MISSING, None
        if type(entry) is staticmethod:
            return FOUND, entry.__get__(None, object)
        if type(entry) is classmethod:
            return FOUND, _bind(_wrapped(entry), self.obj)
        if among(type(entry), _SHOWN_ON_CLASS):
            return FOUND, entry
        if _type_defines(entry, '__get__') and not is_class(entry):
            return UNREAD, entry
        return FOUND, entry

    def _lookup_on_instance(self, name):
        obj, cls = self.obj, class_of(self.obj)
        entry = self.inherited.get(name, MISSING)
        kind = type(entry)
        if entry is not MISSING and (kind is _MEMBER or kind is _GETSET or kind is _FIELD):
            return _read_stored(entry, obj, name)
        if entry is not MISSING and _is_data_descriptor(entry):
            return UNREAD, entry
        if name in self.own:
            return FOUND, self.own[name]
        if entry is MISSING:
            return MISSING, None
        if kind is types.FunctionType:
            return FOUND, _bind(entry, obj)
        if kind is staticmethod:
            return FOUND, entry.__get__(None, object)
        if kind is classmethod:
            return FOUND, _bind(_wrapped(entry), cls)
        if among(kind, _BUILTIN_METHODS):
            try:
                return FOUND, entry.__get__(obj, type(obj))
            except TypeError:
                return FOUND, entry
        if _type_defines(entry, '__get__') and not is_class(entry) and kind is not types.BuiltinFunctionType:
            return UNREAD, entry
        return FOUND, entry


def special(obj, name):
    """The attribute `name` of an object's class, unbound, or MISSING: how Python finds special methods."""
    for base in mro(class_of(obj)):
        found = class_entry(base, name, MISSING)
        if found is not MISSING:
            return found
    return MISSING


def name_order(name):
    """Sorts attribute names: public, then `_private`, then `__hidden`, then `__special__`."""
    if is_special(name):
        rank = 3
    elif name.startswith('__'):
        rank = 2
    else:
        rank = 1 if name.startswith('_') else 0
    return rank, name.lower(), name


def is_special(name):
    """`__name__`: Python gives it a meaning."""
    return name.startswith('__') and name.endswith('__')


def _merged(cls):
    merged = {}
    for base in reversed(mro(cls)):
        merged.update(named_pairs(class_dict(base)))
    return merged


def _type_defines(entry, name):
    for base in mro(type(entry)):
        if class_entry(base, name, MISSING) is not MISSING:
            return True
    return False


def _is_data_descriptor(entry):
    return _type_defines(entry, '__get__') and (_type_defines(entry, '__set__') or _type_defines(entry, '__delete__'))


def _wrapped(method):
    # Python 2.6 and older had no `__func__`; from 2.7 on it is a stored member.
    return method.__func__


def _bind(function, obj):
    if type(function) is not types.FunctionType:
        return function
    if PY2:
        return types.MethodType(function, obj, class_of(obj))
    return types.MethodType(function, obj)


def _read_stored(entry, obj, name):
    if type(entry) is _GETSET:
        owner = entry.__objclass__
        if not [True for cls, names in _STORED if cls is owner and name in names]:
            return UNREAD, entry
    try:
        return FOUND, entry.__get__(obj, type(obj))
    except AttributeError:
        # A slot that was never filled.
        return MISSING, None
    except TypeError:
        return UNREAD, entry
