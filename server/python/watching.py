"""Reads what lies at the end of a path that somebody watches.

A property on the way, or at its end, is evaluated each time, unless that is not wanted: whoever watches it has asked for
that. Nothing else is run, and nothing is held. Loaded after changing.py, into the same namespace.
"""


def watched_row(obj, steps, evaluate=True):
    """The row at the end of a path from an object.

    :param evaluate: whether properties are evaluated.
    :raises Stopped: as `part`, but `unread` only where nothing is evaluated; `raised` where a property raised an
        exception.
    """
    find = _watched_part if evaluate else part
    for step in steps[:-1]:
        obj = find(obj, step)
    step = steps[-1]
    found = row_of(obj, step)
    if found[5] & UNREAD_ROW:
        return row(step, step_name(step), find(obj, step), True)
    return found


def _watched_part(obj, step):
    try:
        return part(obj, step)
    except Stopped:
        if sys.exc_info()[1].status != 'unread' or step[0] != u'a':
            raise
    try:
        return getattr(obj, attribute_name(obj, step[1]))
    except Stopped:
        raise
    except BaseException:
        # Also SystemExit, which would end the reading of all the others.
        # Not its own text, which may be code of somebody's.
        text = render(sys.exc_info()[1], VALUE_LIMIT)[0]
    # Raised out here, so that it does not keep the frames of the property.
    raise Stopped('raised', text)
