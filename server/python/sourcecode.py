"""Where the code of an object is written, its text, and the line that imports it. No code of the object runs.

Loaded after listing.py, into the same namespace.
"""

import linecache
import os
import re

# Characters of a source file that are given.
SOURCE_LIMIT = 10000000
_CODING = re.compile(br'^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)')


def source_of(obj):
    """`(file, line from 1, text, cut)` of the code of a module, class or function; of the class of another object.

    :raises Stopped: where there is none to be read.
    """
    obj = _unwrapped(obj)
    if derives(obj, types.ModuleType):
        return _text_of(_module_file(obj)) if _module_file(obj) else _no_source(_written_in_c(obj))
    code, line = code_and_line(obj) if is_frame(obj) else (_code_of(obj), 0)
    if code is not None:
        path, _, text, cut = _text_of(code.co_filename)
        return path, max(line or code.co_firstlineno, 1), text, cut
    cls = obj if is_class(obj) else class_of(obj)
    if cls is not obj and among(type(obj), _BUILTIN_CALLABLES):
        return _no_source(_written_in_c(obj))
    module = sys.modules.get(_class_module_name(cls))
    path = _module_file(module) if module is not None and derives(module, types.ModuleType) else None
    if path is None or (type(cls) is not _OLD_CLASS and _is_built_in(cls)):
        return _no_source(_written_in_c(cls))
    path, _, text, cut = _text_of(path)
    return path, _line_of_class(cls, text), text, cut


def import_line(obj):
    """The statement that imports a module, class or function.

    :raises Stopped: where no import gives this very object.
    """
    if derives(obj, types.ModuleType):
        name = named_pairs(instance_dict(obj) or {}).get('__name__')
        if not among(type(name), STRINGS) or sys.modules.get(name) is not obj or name == '__main__':
            raise Stopped('noimport', u'It is not among the modules under its name')
        return u'import ' + _dotted(name)
    obj = obj.__func__ if type(obj) is types.MethodType else obj
    if is_class(obj):
        module, path = _class_module_name(obj), _own_name(obj)
    elif type(obj) is types.FunctionType:
        module, path = named_pairs(obj.__globals__).get('__name__'), _function_path(obj)
    elif type(obj) is types.BuiltinFunctionType:
        module, path = _builtin_module(obj), obj.__name__
    else:
        raise Stopped('noimport', u'It is no module, class or function')
    if not among(type(module), STRINGS) or not among(type(path), STRINGS) or module == '__main__':
        raise Stopped('noimport', u'It was made in a run')
    found = sys.modules.get(module)
    for name in path.split('.'):
        status, found = Attributes(found).lookup(name) if found is not None else (MISSING, None)
        if status is not FOUND:
            raise Stopped('noimport', u'Its module does not have it under its name')
    same = found.__func__ if type(found) is types.MethodType else found
    if same is not obj:
        raise Stopped('noimport', u'Its module has something else under its name')
    module, path = _dotted(module), _dotted(path)
    head = path.split(u'.')[0]
    line = u'from %s import %s' % (module, head)
    return line if head == path else u'%s\n%s = %s' % (line, path.rsplit(u'.', 1)[-1], path)


def _dotted(name):
    name = clean(name, 1000)
    if not re.match(u'^[^\\W\\d]\\w*(\\.[^\\W\\d]\\w*)*$', name, re.UNICODE):
        raise Stopped('noimport', u'Its name is no identifier')
    return name


def _unwrapped(obj):
    if type(obj) is property:
        obj = obj.fget
    elif among(type(obj), (staticmethod, classmethod)):
        obj = obj.__func__
    return obj.__func__ if type(obj) is types.MethodType else obj


def _code_of(obj):
    if type(obj) is types.FunctionType:
        return obj.__code__
    if type(obj) is types.CodeType:
        return obj
    return code_of_pausable(obj) if among(type(obj), PAUSABLE) else None


def _module_file(module):
    path = named_pairs(instance_dict(module) or {}).get('__file__')
    if not among(type(path), STRINGS):
        return None
    if path.endswith(('.pyc', '.pyo')):
        path = path[:-1]
    return path if path.endswith(('.py', '.pyw')) else None


def _class_module_name(cls):
    if type(cls) is not _OLD_CLASS and _is_built_in(cls):
        name = _CLASS_MODULE(cls)
    else:
        name = class_entry(cls, '__module__')
    return name if among(type(name), STRINGS) else None


def _builtin_module(obj):
    owner = obj.__self__
    if owner is not None and derives(owner, types.ModuleType):
        return named_pairs(instance_dict(owner) or {}).get('__name__')
    return '__builtin__' if PY2 and owner is None else None


def _own_name(cls):
    if type(cls) is _OLD_CLASS:
        return cls.__name__
    return _CLASS_NAME(cls)


def _function_path(function):
    return getattr(function, '__qualname__', function.__name__)


def _written_in_c(obj):
    return u'%s is not written in Python' % _without_address(obj)


def _no_source(why):
    raise Stopped('nosource', why)


def _text_of(name):
    """The text of a file under the name that its code has, also of a run, which is kept by that name only."""
    if not among(type(name), STRINGS):
        _no_source(u'Its file has no name')
    kept = linecache.cache.get(name)
    shown = clean(name, 2000)
    if type(kept) is tuple and len(kept) == 4 and type(kept[2]) is list and not os.path.isfile(name):
        text = u''.join([clean(line, SOURCE_LIMIT) for line in kept[2] if among(type(line), STRINGS)])
        return shown, 1, text[:SOURCE_LIMIT], len(text) > SOURCE_LIMIT
    try:
        path = os.path.abspath(name)
        with open(path, 'rb') as file:
            data = file.read(SOURCE_LIMIT + 1)
    except (IOError, OSError, ValueError, TypeError):
        return _no_source(u'%s cannot be read' % shown)
    text = _decoded(data[:SOURCE_LIMIT])
    return clean(path, 2000), 1, clean(text, SOURCE_LIMIT), len(data) > SOURCE_LIMIT


def _decoded(data):
    if data[:3] == b'\xef\xbb\xbf':
        return data[3:].decode('utf-8', 'replace')
    for line in data.split(b'\n', 2)[:2]:
        match = _CODING.match(line)
        if match:
            try:
                text = data.decode(match.group(1).decode('ascii'), 'replace')
            except (LookupError, ValueError, TypeError):
                break
            return text if type(text) is TEXT else data.decode('utf-8', 'replace')
    return data.decode('utf-8', 'replace')


def _line_of_class(cls, text):
    first = class_entry(cls, '__firstlineno__')
    if type(first) is int and first > 0:
        return first
    lines, at = text.split(u'\n'), 0
    for name in clean(_own_name(cls), NAME_LIMIT).split(u'.'):
        pattern = re.compile(u'^\\s*class\\s+%s\\b' % re.escape(name), re.UNICODE)
        found = [number for number in range(at, len(lines)) if pattern.match(lines[number])]
        if found:
            # One that is not indented is rather meant than one inside of something.
            outer = [number for number in found if not lines[number][:1].isspace()]
            at = (outer or found)[0] if not at else found[0]
    return at + 1
