"""What values of well-known classes say of themselves: dates, decimals, paths, patterns, numbers of numpy and the like.

Exact classes only, and only those that are loaded on the peer. Either their text is made by C code that asks nothing
of anybody else, or it is put together here from what is stored in them. Loaded after kinds.py, into the same namespace.
"""

import re

# Python 3.6 has no name for it.
_PATTERN = type(re.compile(''))
# More than this is not written out only to be cut.
_SIZE_LIMIT = 2000
_SLOT_WRAPPER = type(object.__init__)
_PATHS = ('PosixPath', 'WindowsPath', 'PurePosixPath', 'PureWindowsPath')


def value_text(obj):
    """The text of a value of one of these classes, as `repr` writes it, or None. Runs no code of the user's."""
    cls = type(obj)
    if _is_standard(cls, 'datetime', ('date', 'timedelta')):
        return TEXT(repr(obj))
    if _is_standard(cls, 'datetime', ('datetime', 'time')):
        return _clock_text(obj)
    if _is_plain_zone(obj):
        return TEXT(repr(obj))
    if _is_standard(cls, 'decimal', ('Decimal',)):
        return TEXT(repr(obj)) if cls.__sizeof__(obj) < _SIZE_LIMIT else None
    if cls is _PATTERN and not PY2:
        return clean(repr(obj), _SIZE_LIMIT) if _is_exact_string(obj.pattern) else None
    if cls is _loaded('fractions', 'Fraction'):
        return _fraction_text(obj)
    if cls is _loaded('uuid', 'UUID'):
        return _uuid_text(obj)
    for name in _PATHS:
        if cls is _loaded('pathlib', name):
            text = _path_text(obj)
            if text is not None and 'Windows' in name:
                text = text.replace('\\', '/')
            return None if text is None else u'%s(%s)' % (name, render(text, _SIZE_LIMIT)[0])
    return _number_text(obj)


def _is_standard(cls, module, names):
    """Whether a class is one of these, and writes its text by itself in C."""
    for name in names:
        if cls is _loaded(module, name):
            return type(class_entry(cls, '__repr__')) is _SLOT_WRAPPER
    return False


def _is_exact_string(value):
    return among(type(value), STRINGS) or type(value) is bytes


def _clock_text(obj):
    zone = obj.tzinfo
    if zone is None or _is_plain_zone(zone):
        return TEXT(repr(obj))
    return u'%s, tzinfo=%s)' % (TEXT(repr(obj.replace(tzinfo=None)))[:-1], placeholder(zone))


def _is_plain_zone(zone):
    cls = type(zone)
    if _is_standard(cls, 'datetime', ('timezone',)):
        return among(type(zone.tzname(None)), STRINGS)
    return _is_standard(cls, 'zoneinfo', ('ZoneInfo',)) and among(type(zone.key), STRINGS)


def _stored(obj, name):
    """What an attribute holds, where it is stored; None where it has to be computed."""
    status, value = Attributes(obj).lookup(name)
    return value if status is FOUND else None


def _fraction_text(obj):
    parts = _stored(obj, '_numerator'), _stored(obj, '_denominator')
    if not all([among(type(part), INTEGERS) for part in parts]):
        return None
    return u'Fraction(%s, %s)' % tuple([render(part, _SIZE_LIMIT)[0] for part in parts])


def _uuid_text(obj):
    number = _stored(obj, 'int')
    if not among(type(number), INTEGERS) or number < 0 or number.bit_length() > 128:
        return None
    digits = u'%032x' % number
    return u"UUID('%s')" % u'-'.join([digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]])


def _path_text(obj):
    """What a path was made of. It works its text out when it is asked, which is not done here."""
    text = _stored(obj, '_str')
    if type(text) is str:
        return text
    given = _stored(obj, '_raw_paths')
    if given is not None:
        return _joined(given, 'Windows' in class_name(type(obj))) if type(given) is list else None
    # Up to Python 3.11.
    drive, root, parts = _stored(obj, '_drv'), _stored(obj, '_root'), _stored(obj, '_parts')
    if type(drive) is not str or type(root) is not str or type(parts) is not list:
        return None
    if not all([type(part) is str for part in parts]):
        return None
    separator = '\\' if 'Windows' in class_name(type(obj)) else '/'
    head = drive + root
    return (head + separator.join(parts[1:]) if head else separator.join(parts)) or '.'


def _joined(given, on_windows):
    """The parts that a path was given, from Python 3.12 on; None where drives would have to be understood."""
    found = []
    for part in given:
        if type(part) is not str or (on_windows and len(given) > 1):
            return None
        if part[:1] == '/':
            found = []
        if part:
            found.append(part)
    text = '/'.join(found) or '.'
    return text[1:] if text[:2] == '//' and len(found) > 1 and found[0] == '/' else text


def _number_text(obj):
    cls = type(obj)
    generic = _loaded('numpy', 'generic')
    # A class that a user derived is made on the heap.
    if generic is None or not _is_built_in(cls) or not derives(obj, generic):
        return None
    if obj.dtype.kind in _DATE_DTYPES:
        return clean(str(obj), NAME_LIMIT)
    if obj.dtype.kind not in _PLAIN_DTYPES:
        return None
    plain = obj.item()
    # The widest floats are their own plain value.
    return clean(str(obj), NAME_LIMIT) if type(plain) is cls else render(plain, _SIZE_LIMIT)[0]
