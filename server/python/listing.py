"""The parts of an object, in pages of plain tuples, and the way from an object to one of its parts.

A row is `(step, name, kind, type name, value, flags, length)`, where `step` is `('a', name)`, `('i', position)` or
`('k', position, text of the key)`, or `('g', group)` for a row that stands for some names of the same object: see
groups.py. Loaded after access.py, into the same namespace.
"""

VALUE_LIMIT = 160
KEY_LIMIT = 120
STEP_LIMIT = 1000
PAGE_LIMIT = 500
REPLY_LIMIT = 200000
SEARCH_LIMIT = 200000

# Bits of a row's flags, beside those of access.py.
EXPANDABLE = 1
UNREAD_ROW = 2
# The name of the row is itself a Python expression, so that the row can be reached by one.
REACHABLE = 4


class Stopped(Exception):
    """A path ends early: `status` is `gone` (nothing there), `unread` (only running code would tell), `stale` (the
    number it begins with was released), `limit` (no more can be held), `fixed` (it is not to be changed), `undone`
    (nothing is kept to put back), `unshown` (there is nothing to show) or `raised` (what was asked for raised an
    exception).
    """

    def __init__(self, status, message):
        Exception.__init__(self, message)
        self.status = status
        self.message = message


class Names(object):
    """A root of the tree: named things that are shown like attributes."""

    def __init__(self, kind, mapping, texts=None):
        self.found = named_pairs(mapping)
        # What a row says in the place of its value, by name.
        self.texts = texts or {}
        self.order = result_order if kind == 'results' else name_order
        self.access = _ROOT_ACCESS.get(kind, 0)
        if kind == 'namespace':
            # Left by `eval`.
            self.found.pop('__builtins__', None)

    def lookup(self, name):
        """As `Attributes.lookup`."""
        return (FOUND, self.found[name]) if name in self.found else (MISSING, None)

    def names(self):
        """All names in the order in which they are shown."""
        return sorted(self.found, key=self.order)


# The modules and built-in names of a process are no place to try something.
_ROOT_ACCESS = {'namespace': EDITABLE | DELETABLE, 'results': DELETABLE}


def result_order(name):
    """Sorts results, which are called `#1 ...`, `#2 ...`: the newest first."""
    return -int(name.split(u' ', 1)[0][1:])


def kind_of(obj):
    """The kind of a value, for its icon."""
    cls = type(obj)
    if obj is None:
        return u'none'
    if cls is bool:
        return u'boolean'
    if is_class(obj):
        return u'exception' if among(BaseException, mro(obj)) else u'class'
    for base, kind in _KINDS:
        if derives(obj, base):
            return known_kind(obj) or kind if kind == 'tuple' else kind
    return known_kind(obj) or u'object'


_KINDS = tuple(
    [(base, u'number') for base in INTEGERS + (float, complex)]
    + [(base, u'string') for base in (TEXT,)]
    + [(base, u'string' if PY2 and base is str else u'bytes') for base in (bytes, bytearray)]
    + [(base, TEXT(kind)) for base, kind, _, _ in _CONTAINERS]
    + [
        (types.ModuleType, u'module'),
        (types.FunctionType, u'function'),
        (types.MethodType, u'method'),
        (types.BuiltinFunctionType, u'function'),
        (BaseException, u'exception'),
    ]
    + [(base, u'method') for base in _BUILTIN_METHODS_SHOWN]
)
_SIMPLE = (u'none', u'boolean', u'number', u'string', u'bytes')


def row(step, name, obj, reachable, access=0):
    """One row for a value that is at hand. There is one, whatever the value is.

    :param access: `EDITABLE` and `DELETABLE`, where its place can be given another value or none.
    """
    try:
        return _row(step, name, obj, reachable, access)
    except Exception:
        return _unshown_row(step, name, reachable)


def _unshown_row(step, name, reachable):
    return step, name, u'object', u'', unshown(), REACHABLE if reachable else 0, None


def _row(step, name, obj, reachable, access):
    container = container_of(obj)
    kind = kind_of(obj)
    flags = access | (REACHABLE if reachable else 0)
    if kind not in _SIMPLE and can_call(obj):
        flags |= CALLABLE
    if kind not in _SIMPLE and is_iterator(obj):
        flags |= ITERATOR
    if kind not in _SIMPLE and shown_as(obj, False):
        flags |= SHOWABLE
    if container is not None and container.exact:
        expandable = container.length > 0
    else:
        expandable = kind not in _SIMPLE or lines_of(obj) is not None
    if expandable:
        flags |= EXPANDABLE
    length = None
    if container is not None:
        length = container.length
    elif among(type(obj), STRINGS) or among(type(obj), (bytes, bytearray)):
        length = len(obj)
    return step, name, kind, clean(type_name(obj), NAME_LIMIT), render(obj, VALUE_LIMIT)[0], flags, length


def unread_row(step, name, descriptor, access=0):
    """One row for an attribute that only running code would tell."""
    flags = UNREAD_ROW | REACHABLE | access
    return step, name, u'property', clean(type_name(descriptor), NAME_LIMIT), u'', flags, None


def attribute_row(attributes, name):
    """The row of one attribute, or None where there is nothing behind the name."""
    step, shown = (u'a', clean(name, STEP_LIMIT)), clean(name, NAME_LIMIT)
    try:
        status, value = attributes.lookup(name)
        access = 0 if status is MISSING else attribute_access(attributes, name)
    except Exception:
        return _unshown_row(step, shown, True)
    if status is MISSING:
        return None
    if status is UNREAD:
        return unread_row(step, shown, value, access)
    found = row(step, shown, value, True, access)
    if type(attributes) is Names and name in attributes.texts:
        return found[:4] + (attributes.texts[name],) + found[5:]
    return found


def item_row(container, position, entry):
    """The row of one entry of a container."""
    if makes_rows(container):
        return container.row(position, entry)
    if container.kind == 'dict':
        key, value = entry
        text, cut = render(key, KEY_LIMIT)
        return row((u'k', position, text), text, value, is_literal(key) and not cut, item_access(container))
    if container.kind == 'set':
        return row((u'i', position), u'{%d}' % position, entry, False)
    return row((u'i', position), item_name(container, position), entry, True, item_access(container))


def item_name(container, position):
    """What an item of a sequence is called: the fields of a named tuple have names."""
    names = field_names(container.obj) if container.kind == 'tuple' else None
    return clean(names[position], NAME_LIMIT) if names is not None and position < len(names) else u'[%d]' % position


def page(obj, offset, limit, needle, group=None):
    """One page of an object's parts: `(total, more, note, rows)`.

    Items of a container come first; a subclass of a container has its attributes behind them.

    :param needle: only parts whose name contains this text, in any case; None or empty for all.
    :param group: None for all parts; `PAGE` for those of no group, with the rows of the groups behind them, unless
        there is a needle; or only the names of this group.
    """
    offset, limit = max(offset, 0), min(max(limit, 1), PAGE_LIMIT)
    container, names = _parts(obj)
    attributes = obj if type(obj) is Names else Attributes(obj)
    if names is None:
        names = _in_order(obj, container, attributes.names())
    if group is not None and has_groups(obj) and (group != PAGE or not needle):
        members = grouped(attributes, names, keeps_methods(obj))
        names = members.get(group, [])
        if group == PAGE:
            names += group_rows(members)
        else:
            container = None
    note = u''
    if needle:
        items, note = _matching_items(container, needle)
        names = [name for name in names if needle.lower() in clean(name, STEP_LIMIT).lower()]
        total = len(items) + len(names)
    else:
        items = None
        total = (container.length if container is not None else 0) + len(names)
    rows, size, more = [], 0, False
    for candidate in _candidates(container, items, attributes, names, offset, limit):
        rows.append(candidate)
        size += sum([len(part) for part in candidate[1:5]]) + len(candidate[0][-1] if candidate[0][0] != u'i' else u'')
        if size > REPLY_LIMIT:
            break
    # A name behind which there is nothing (an empty slot) is left out, so a page may be short: what follows
    # starts at `offset + limit` all the same, and `more` tells whether there is any.
    more = offset + (len(rows) if size > REPLY_LIMIT else limit) < total
    return total, more, note, tuple(rows)


def _parts(obj):
    """The container reader of an object, and its names; None for the names means all."""
    if type(obj) is Names:
        return None, None
    container = opened(obj)
    if container is None:
        return None, None
    if container.exact:
        return container, []
    return container, None


def _in_order(obj, container, names):
    """Names with the declared fields first; those of a named tuple are its items already."""
    if makes_rows(container):
        return [name for name in names if not container.hides(name)]
    fields = None if type(obj) is Names else field_names(obj)
    if not fields:
        return names
    others = [name for name in names if name not in fields]
    if container is not None:
        return others
    known = set(names)
    return [name for name in fields if name in known] + others


def _candidates(container, items, attributes, names, offset, limit):
    """The rows of a page, made one by one."""
    count = 0
    if container is not None:
        if items is None:
            count = container.length
            chosen = enumerate(container.part(offset, min(limit, max(count - offset, 0))), offset)
        else:
            count = len(items)
            chosen = items[offset:offset + limit]
        for position, entry in chosen:
            yield item_row(container, position, entry)
    start = max(offset - count, 0)
    end = max(offset + limit - count, 0)
    for name in names[start:end]:
        found = name if type(name) is tuple else attribute_row(attributes, name)
        if found is not None:
            yield found


def _matching_items(container, needle):
    """`(position, entry)` of the entries whose name contains the text, and a note where not all were searched."""
    if container is None:
        return [], u''
    needle = needle.lower()
    found = []
    for position, entry in enumerate(container.part(0, min(container.length, SEARCH_LIMIT))):
        if makes_rows(container):
            name = container.name_of(position, entry)
        elif container.kind == 'dict':
            name = render(entry[0], KEY_LIMIT)[0]
        else:
            name = item_name(container, position)
        if needle in name.lower():
            found.append((position, entry))
    if container.length > SEARCH_LIMIT:
        return found, u'Searched the first %d of %d entries' % (SEARCH_LIMIT, container.length)
    return found, u''


def part(obj, step):
    """The part of an object to which a step leads.

    :raises Stopped: when there is none, or when finding it would run code.
    """
    if step[0] == u'a':
        return _attribute(obj, step[1])
    if step[0] == u'g':
        raise Stopped('gone', u'A group of names is no object')
    container = None if type(obj) is Names else opened(obj)
    if container is None:
        raise Stopped('gone', u'%s is no longer a container' % step_name(step))
    if makes_rows(container):
        return container.find(step)
    position = step[1]
    if step[0] == u'i':
        entries = container.part(position, 1) if 0 <= position < container.length else []
        if not entries:
            raise Stopped('gone', u'%s is out of range now' % step_name(step))
        return entries[0]
    return entry_of(container, step)[1]


def entry_of(container, step):
    """`(key, value)` of the entry of a dict to which a step leads. Raises as `part` does."""
    if container.kind == 'dict':
        # The key may have moved since its row was made: its text decides.
        for key, value in container.part(step[1], 1):
            if render(key, KEY_LIMIT)[0] == step[2]:
                return key, value
        for key, value in container.part(0, min(container.length, SEARCH_LIMIT)):
            if render(key, KEY_LIMIT)[0] == step[2]:
                return key, value
    raise Stopped('gone', u'%s is not there any more' % step_name(step))


def attribute_name(obj, name):
    """The name of an attribute as its object has it."""
    # Names of attributes are bytes on Python 2; those in a namespace can be either.
    return name.encode('utf-8') if PY2 and type(obj) is not Names else name


def _attribute(obj, name):
    attributes = obj if type(obj) is Names else Attributes(obj)
    status, value = attributes.lookup(attribute_name(obj, name))
    if status is MISSING:
        raise Stopped('gone', u'%s is not there any more' % clean(name, NAME_LIMIT))
    if status is UNREAD:
        raise Stopped('unread', u'%s has to be read first' % clean(name, NAME_LIMIT))
    return value


def step_name(step):
    """What the row of a step is called."""
    if step[0] == u'a' or step[0] == u'g':
        return clean(step[1], NAME_LIMIT)
    return u'[%d]' % step[1] if step[0] == u'i' else clean(step[2], KEY_LIMIT)


def row_of(parent, step):
    """The row of one part of an object; a property is not evaluated."""
    if step[0] == u'a':
        name = attribute_name(parent, step[1])
        found = attribute_row(parent if type(parent) is Names else Attributes(parent), name)
        if found is None:
            raise Stopped('gone', u'%s is not there any more' % clean(name, NAME_LIMIT))
        return found
    if step[0] == u'g':
        return group_row_of(parent, step[1])
    value = part(parent, step)
    container = opened(parent)
    if makes_rows(container):
        return container.row_of(step)
    access = item_access(container)
    if step[0] == u'k':
        # Key texts that were not cut and look like literals were made from literals.
        return row(step, step[2], value, _key_is_literal(parent, step), access)
    is_set = container.kind == 'set'
    name = u'{%d}' % step[1] if is_set else item_name(container, step[1])
    return row(step, name, value, not is_set, access)


def _key_is_literal(parent, step):
    container = container_of(parent)
    for candidates in (container.part(step[1], 1), container.part(0, min(container.length, SEARCH_LIMIT))):
        for key, _ in candidates:
            text, cut = render(key, KEY_LIMIT)
            if text == step[2]:
                return is_literal(key) and not cut
    return False


def describe(obj):
    """What a hover tells: `(type name, signature, documentation, value, length)`; runs no code of the object."""
    container = container_of(obj)
    signature = _signature(obj)
    value = render(obj, 2000)[0]
    return (
        clean(type_name(obj), NAME_LIMIT),
        signature,
        clean(_documentation(obj), 8000),
        value if is_class(obj) or not signature else u'',
        None if container is None else container.length,
    )


def describe_part(parent, step):
    """As `describe`, for a part that need not be read: of a property it tells the documentation."""
    if step[0] == u'a':
        attributes = parent if type(parent) is Names else Attributes(parent)
        status, found = attributes.lookup(attribute_name(parent, step[1]))
        if status is UNREAD:
            text = found.__doc__ if type(found) is property else None
            text = clean(text, 8000) if among(type(text), STRINGS) else u''
            return clean(type_name(found), NAME_LIMIT), u'', text, u'', None
    return describe(part(parent, step))


def _signature(obj):
    if among(type(obj), (types.FunctionType, types.MethodType)):
        return function_text(obj)
    if among(type(obj), _BUILTIN_CALLABLES):
        return clean(obj.__name__, NAME_LIMIT) + _builtin_signature(getattr(obj, '__text_signature__', None))
    if not is_class(obj):
        return u''
    name = clean(class_name(obj), NAME_LIMIT).rsplit(u'.', 1)[-1]
    for maker in ('__init__', '__new__'):
        found = Attributes(obj).inherited.get(maker)
        if type(found) is staticmethod:
            found = found.__get__(None, object)
        if type(found) is types.FunctionType:
            return name + signature_of(found, True)
    text = type.__dict__.get('__text_signature__')
    return name + _builtin_signature(text.__get__(obj) if text is not None and derives(obj, type) else None)


def _builtin_signature(text):
    if not among(type(text), STRINGS):
        return u'(%s)' % ELLIPSIS
    text = clean(text, 1000)
    for mark in (u'($self, /, ', u'($module, /, ', u'($type, /, ', u'($self, ', u'($module, ', u'($type, '):
        if text.startswith(mark):
            return u'(' + text[len(mark):]
    for mark in (u'($self, /)', u'($module, /)', u'($type, /)', u'($self)', u'($module)', u'($type)'):
        if text == mark:
            return u'()'
    return text


def _documentation(obj):
    text = None
    if type(obj) is types.MethodType:
        obj = obj.__func__
    if type(obj) is types.FunctionType or among(type(obj), _BUILTIN_CALLABLES):
        text = obj.__doc__
    elif derives(obj, types.ModuleType):
        text = named_pairs(instance_dict(obj) or {}).get('__doc__')
    elif kind_of(obj) not in _SIMPLE:
        text = _class_documentation(obj) if is_class(obj) else _class_documentation(class_of(obj), _UNDOCUMENTED)
    return text if among(type(text), STRINGS) else u''


def _class_documentation(cls, well_known=()):
    for base in mro(cls):
        if among(base, well_known):
            # How to make a dict is not about this one.
            break
        text = class_entry(base, '__doc__')
        if among(type(text), STRINGS) and base is not object:
            return text
        if among(base, _UNDOCUMENTED):
            break
    return None


_UNDOCUMENTED = (object, list, dict, tuple, set)
