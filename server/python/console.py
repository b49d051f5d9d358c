"""What a debug console asks for: the object behind a path of names without running code, and values that stay so that
they can be opened.

Loaded after changing.py, into the same namespace.
"""

def scopes_of(namespace):
    """Where a name is looked up, first to last."""
    return namespace, vars(sys.modules['__builtin__' if PY2 else 'builtins'])


def follow(scopes, steps):
    """The object at the end of a path: a name, then attributes (`('a', name)`) and items (`('s', key)`).

    :raises Stopped: where there is none, or only running code would tell it.
    """
    obj = _named(scopes, steps[0][1])
    for kind, value in steps[1:]:
        obj = _attribute(obj, value) if kind == u'a' else _item(obj, value)
    return obj


def console_row(value):
    """The row of a value that has no place."""
    return row((u'a', u''), u'', value, True)


def _named(scopes, name):
    for scope in scopes:
        pairs = named_pairs(scope)
        if name in pairs:
            return pairs[name]
    raise Stopped('gone', u'There is no name %s' % clean(name, NAME_LIMIT))


def _item(obj, key):
    container = container_of(obj)
    if container is None:
        raise Stopped('unread', u'Only running its code would tell what is behind [%s]' % _key_text(key))
    if container.kind == 'dict':
        for found, value in container.part(0, min(container.length, SEARCH_LIMIT)):
            # Keys of other types are not compared: that could run their code.
            if among(type(found), STRINGS + INTEGERS) and found == key:
                return value
    elif among(type(key), INTEGERS) and container.kind != 'set':
        position = key + container.length if key < 0 else key
        entries = container.part(position, 1) if 0 <= position < container.length else []
        if entries:
            return entries[0]
    raise Stopped('gone', u'There is nothing behind [%s]' % _key_text(key))


def _key_text(key):
    return render(key, KEY_LIMIT)[0]
