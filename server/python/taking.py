"""Takes items from a generator or another iterator, because the user asked for it: what is taken is gone there.

Loaded after runner.py, into the same namespace.
"""

import time

# Bit of a row's flags, beside those of listing.py and access.py.
ITERATOR = 64

TAKE_LIMIT = 500
# Seconds after which nothing more is taken. An item that is on its way is waited for.
TAKE_SECONDS = 5
# Characters and bytes, as far as the items are texts or bytes.
TAKE_SIZE = 1 << 26

_NEXT = 'next' if PY2 else '__next__'
_clock = getattr(time, 'monotonic', time.time)
_ENDINGS = {
    u'count': u'',
    u'exhausted': u', exhausted',
    u'time': u', stopped after %d s' % TAKE_SECONDS,
    u'size': u', stopped at %d MB' % (TAKE_SIZE >> 20),
}


def is_iterator(obj):
    """Whether the next item can be taken from an object."""
    return not is_class(obj) and special(obj, _NEXT) is not MISSING


def take(runner, iterator, count, emit, run_id, ask=None):
    """Takes up to `count` items: `(items, ending, error)`, where the error is that of `Runner.run` or None.

    The ending is `count`, `exhausted`, `time`, `size` or `error`; what came before an error is given, too.
    """
    items = []

    def work():
        size, start = 0, _clock()
        for _ in range(min(count, TAKE_LIMIT)):
            try:
                item = next(iterator)
            except StopIteration:
                return u'exhausted'
            items.append(item)
            size += _size_of(item)
            if size > TAKE_SIZE:
                return u'size'
            if _clock() - start > TAKE_SECONDS:
                return u'time'
        return u'count'
    done, outcome = runner.attempt(work, emit, run_id, ask)
    return (items, outcome, None) if done else (items, u'error', outcome)


def taking_text(what, items, ending, error):
    """What the items that were taken are called: `37 x next(lines), exhausted`."""
    end = _ENDINGS[ending] if error is None else u', ' + error[0].rsplit(u'.', 1)[-1]
    return clean(u'%d \xd7 next(%s' % (len(items), what), KEY_LIMIT - len(end) - 1) + u')' + end


def _size_of(item):
    for base in STRINGS + (bytes, bytearray):
        if derives(item, base):
            return base.__len__(item)
    return 0
