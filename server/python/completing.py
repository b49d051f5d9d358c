"""What a text may go on with, told from the objects that its names stand for. No code of theirs runs.

A path is a tuple of steps. It begins with `('a', name)`, a name of the namespace or a built-in one, or with
`('m', name)`, a loaded module; attributes `('a', name)` and items `('s', key)` follow, where a key is a text or an
integer. A name that is not there may be what a client calls its connection: `conn.modules.os` is a loaded module then,
`conn.builtins` and `conn.namespace` are what they are for a client. Loaded after changing.py, into the same namespace.
"""

SUGGESTION_LIMIT = 1000
# What is looked at: modules, keys of a dict, parameters of a function, functions that stand for each other.
MODULE_LIMIT = 20000
KEY_COUNT = 20000
PARAMETER_LIMIT = 100
WRAPPER_LIMIT = 10


def suggest(namespace, what, path, prefix):
    """`(more, ((name, kind, type name), ...))` of what begins with `prefix`, in any case.

    :param what: `names` of the namespace, `globals`, those and the built-in ones, `attributes` of an object, `keys`
        of a dict that are texts, `modules` within the package that the path's first step names (`''` for all), or
        `members` of a module: its attributes, and its own modules.
    :raises Stopped: where the path leads nowhere, or only running code would tell where.
    """
    size, rows = 0, []
    for name, kind, type_text in _SUGGESTIONS[what](namespace, path, prefix.lower()):
        if len(rows) == SUGGESTION_LIMIT or size > REPLY_LIMIT:
            return True, tuple(rows)
        rows.append((name, kind, type_text))
        size += len(name) + len(type_text)
    return False, tuple(rows)


def explain(namespace, path):
    """As `describe`, for the object at the end of a path. Of a property it tells the documentation."""
    if len(path) > 1 and path[-1][0] == u'a':
        parent = _follow_path(namespace, path[:-1])
        attributes = parent if type(parent) is Names else Attributes(parent)
        if attributes.lookup(attribute_name(parent, path[-1][1]))[0] is MISSING and type(parent) is types.ModuleType:
            return describe(_submodule(parent, path[-1][1]))
        return describe_part(parent, path[-1])
    return describe(_follow_path(namespace, path))


def call_tip(namespace, path):
    """`(name, parameters, what it gives, documentation)` of something that is about to be called.

    :raises Stopped: as `suggest`, and where it is not known what it takes.
    """
    obj = _follow_path(namespace, path)
    found = _call_parts(obj)
    if found is None:
        raise Stopped('unread', u'It is not known what this takes')
    parts, returns = found
    name = path[-1][1]
    name = clean(name, NAME_LIMIT) if among(type(name), STRINGS) else u''
    return name, tuple(parts[:PARAMETER_LIMIT]), returns, clean(_documentation(obj), 8000)


def _follow_path(namespace, path):
    kind, name = path[0]
    obj, rest = _client_view(namespace, path)
    if obj is None:
        obj, rest = _loaded_module(name) if kind == u'm' else _global_name(namespace, name), path[1:]
    for step in rest:
        obj = _attribute(obj, step[1]) if step[0] == u'a' else _keyed_item(obj, step[1])
    return obj


def _client_view(namespace, path):
    """What a client reaches through its connection, and the steps that are left; `(None, None)` where it is none."""
    if path[0][0] != u'a' or len(path) < 2 or path[1][0] != u'a':
        return None, None
    name, what, rest = path[0][1], path[1][1], path[2:]
    if name in named_pairs(namespace) or name in named_pairs(_builtin_names()):
        return None, None
    if what == u'modules':
        return (_loaded_module(rest[0][1]), rest[1:]) if rest else (Names('modules', sys.modules), rest)
    if what == u'builtins' or what == u'builtin':
        return Names('builtins', _builtin_names()), rest
    return (namespace, rest) if what == u'namespace' else (None, None)


def _global_name(namespace, name):
    for scope in (namespace, _builtin_names()):
        # A subclass of a dict is read like a dict.
        if derives(scope, dict):
            found = named_pairs(scope).get(name, MISSING)
            if found is not MISSING:
                return found
    raise Stopped('gone', u'There is no %s' % clean(name, NAME_LIMIT))


def _builtin_names():
    return vars(sys.modules['__builtin__' if PY2 else 'builtins'])


def _loaded_module(name):
    found = named_pairs(sys.modules).get(name)
    if found is None or not derives(found, types.ModuleType):
        raise Stopped('gone', u'%s is not loaded' % clean(name, NAME_LIMIT))
    return found


def _submodule(module, name):
    own = named_pairs(instance_dict(module) or {}).get('__name__')
    if not among(type(own), STRINGS):
        raise Stopped('gone', u'The module has no name')
    return _loaded_module(clean(own, STEP_LIMIT) + u'.' + name)


def _keyed_item(obj, key):
    container = container_of(obj)
    if container is None:
        raise Stopped('unread', u'Only running code would tell what is behind the brackets')
    if container.kind == 'dict':
        for found, value in container.part(0, min(container.length, KEY_COUNT)):
            # Keys of other classes are not compared: that could run their code.
            if among(type(found), STRINGS + INTEGERS) and found == key:
                return value
    elif container.ordered and among(type(key), INTEGERS):
        position = key + container.length if key < 0 else key
        entries = container.part(position, 1) if 0 <= position < container.length else []
        if entries:
            return entries[0]
    raise Stopped('gone', u'There is nothing behind the brackets')


def _names_of(mapping, prefix):
    found = named_pairs(mapping)
    # Left by `eval`.
    found.pop('__builtins__', None)
    for name in _beginning(found, prefix):
        yield _suggestion(name, FOUND, found[name])


def _suggest_names(namespace, path, prefix):
    return _names_of(namespace, prefix)


def _suggest_globals(namespace, path, prefix):
    known = named_pairs(namespace)
    others = dict([pair for pair in named_pairs(_builtin_names()).items() if pair[0] not in known])
    return itertools.chain(_names_of(known, prefix), _names_of(others, prefix))


def _suggest_attributes(namespace, path, prefix):
    return _attributes_of(_follow_path(namespace, path), prefix)


def _attributes_of(obj, prefix):
    attributes = obj if type(obj) is Names else Attributes(obj)
    for name in _beginning(attributes.names(), prefix):
        try:
            status, value = attributes.lookup(name)
        except Exception:
            status, value = UNREAD, None
        if status is not MISSING:
            yield _suggestion(name, status, value)


def _suggest_keys(namespace, path, prefix):
    container = container_of(_follow_path(namespace, path))
    if container is None or container.kind != 'dict':
        return
    for key, value in container.part(0, min(container.length, KEY_COUNT)):
        text = _whole_text(key) if among(type(key), STRINGS) else None
        if text is not None and text.lower().startswith(prefix):
            yield _suggestion(text, FOUND, value)


def _whole_text(key):
    # One that would be cut, or cannot be sent as it is, is of no use.
    text = clean(key, KEY_LIMIT)
    return text if text == (key.decode('utf-8', 'replace') if PY2 and type(key) is str else key) else None


def _suggest_modules(namespace, path, prefix):
    package = path[0][1] + u'.' if path[0][1] else u''
    names = {}
    for name, module in itertools.islice(named_pairs(sys.modules).items(), MODULE_LIMIT):
        text = clean(name, STEP_LIMIT)
        # On Python 2, None stands for what was looked for in vain.
        if module is not None and text.startswith(package):
            names[text[len(package):].split(u'.', 1)[0]] = None
    for name in _beginning(names, prefix):
        yield clean(name, NAME_LIMIT), u'module', u'module'


def _suggest_members(namespace, path, prefix):
    module = _loaded_module(path[0][1])
    own = set([clean(name, NAME_LIMIT) for name in named_pairs(instance_dict(module) or {})])
    inner = [row for row in _suggest_modules(namespace, path, prefix) if row[0] not in own]
    return itertools.chain(_attributes_of(module, prefix), inner)


_SUGGESTIONS = {
    u'names': _suggest_names,
    u'globals': _suggest_globals,
    u'attributes': _suggest_attributes,
    u'keys': _suggest_keys,
    u'modules': _suggest_modules,
    u'members': _suggest_members,
}


def _beginning(names, prefix):
    return sorted([name for name in names if clean(name, NAME_LIMIT).lower().startswith(prefix)], key=name_order)


def _suggestion(name, status, value):
    name = clean(name, NAME_LIMIT)
    try:
        if status is UNREAD:
            return name, u'property', u''
        return name, kind_of(value), clean(type_name(value), NAME_LIMIT)
    except Exception:
        return name, u'object', u''


def _call_parts(obj):
    """`(parameters, what it gives)` as texts, or None."""
    if type(obj) is types.MethodType:
        return _function_parts(obj.__func__, obj.__self__ is not None)
    if type(obj) is types.FunctionType:
        return _function_parts(obj, False)
    if among(type(obj), _BUILTIN_CALLABLES):
        return _parts_of_text(getattr(obj, '__text_signature__', None))
    if not is_class(obj):
        return _function_parts(special(obj, '__call__'), True)
    inherited = Attributes(obj).inherited
    for maker in ('__init__', '__new__'):
        found = inherited.get(maker)
        found = _function_parts(found.__get__(None, object) if type(found) is staticmethod else found, True)
        if found is not None:
            return found[0], u''
    text = type.__dict__.get('__text_signature__')
    return _parts_of_text(text.__get__(obj) if text is not None and derives(obj, type) else None)


def _function_parts(function, bound):
    for _ in range(WRAPPER_LIMIT):
        if type(function) is not types.FunctionType:
            return None
        # What a wrapper stands for says more than `*args`.
        wrapped = named_pairs(function.__dict__).get('__wrapped__')
        if type(wrapped) is not types.FunctionType:
            break
        function = wrapped
    return signature_parts(function, bound)


def _parts_of_text(text):
    if not among(type(text), STRINGS):
        return None
    text = _builtin_signature(text)
    if not text.startswith(u'(') or u')' not in text:
        return None
    inner, returns = text[1:].rsplit(u')', 1)
    return [part for part in inner.split(u', ') if part], returns.strip()[3:].strip()
