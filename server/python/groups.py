"""The names of an object in groups: what it holds stays on its page, methods, private and special names are each
behind one row, as debuggers show them.

Loaded after opening.py, into the same namespace.
"""

GROUPS = (u'methods', u'private', u'special')
_GROUP_NAMES = {u'methods': u'Methods', u'private': u'Private', u'special': u'Special'}
# What is on the page itself, where groups are asked for at all.
PAGE = u''


def grouped(attributes, names, whole):
    """The names behind which there is something, by group, each in the order in which they came.

    :param whole: methods stay on the page.
    """
    found = dict([(group, []) for group in (PAGE,) + GROUPS])
    for name in names:
        group = _group_of(attributes, name, whole)
        if group is not None:
            found[group].append(name)
    return found


def has_groups(obj):
    """Whether the names of an object come in groups. A root of the tree is what its names are."""
    return type(obj) is not Names


def keeps_methods(obj):
    """Whether the functions of an object are what one looks for in it: in a module, and in a service of RPyC."""
    return derives(obj, types.ModuleType) or derives(obj, _loaded('rpyc.core.service', 'Service') or _Nothing)


def group_rows(members):
    """A row for each group that has any names."""
    return [group_row(group, len(members[group])) for group in GROUPS if members[group]]


def group_row(group, count):
    """The row of a group: its length is how many names are in it."""
    return (u'g', group), _GROUP_NAMES[group], u'group', u'', u'', EXPANDABLE, count


def group_row_of(obj, group):
    """The row of one group of an object, found again.

    :raises Stopped: when the object has no names in it any more.
    """
    if has_groups(obj) and group in GROUPS:
        attributes = Attributes(obj)
        container, names = _parts(obj)
        if names is None:
            names = _in_order(obj, container, attributes.names())
        members = grouped(attributes, names, keeps_methods(obj))
        if members[group]:
            return group_row(group, len(members[group]))
    raise Stopped('gone', u'There is nothing in this group any more')


def _group_of(attributes, name, whole):
    try:
        status, value = attributes.lookup(name)
        if status is MISSING:
            return None
        if is_special(name):
            return u'special'
        if name.startswith('_'):
            return u'private'
        return u'methods' if not whole and status is FOUND and _is_method(attributes, name, value) else PAGE
    except Exception:
        # Its row says that it cannot be shown.
        return PAGE


def _is_method(attributes, name, value):
    # A function that an instance stores is a value of its own, such as a handler that somebody set.
    if not attributes.of_class and name in attributes.own:
        return False
    return kind_of(value) in (u'function', u'method')
