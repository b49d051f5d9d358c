"""What opening a row shows before the attributes: the classes around a class, what an exception tells, the locals of
a frame, the lines of a block of bytes.

These are readers as `Container` is one, which make their rows themselves. They are asked where a row is opened, and
nowhere else: what is copied of a value is the value. Loaded after listing.py, into the same namespace.
"""

# As many as a side bar has room for, with their text.
LINE_BYTES = 8
_SUBCLASSES = type.__dict__['__subclasses__']
_TOLD_FIRST = ('args', '__cause__', '__context__', '__notes__')


class Opened(object):
    """Rows that stand for no attribute and no item: each entry is `(text of the step, name, value, reachable)`.

    Behind the items of the object, where it has any. An entry without a text is an attribute.
    """

    kind = 'dict'
    exact = False
    ordered = True

    def __init__(self, obj, entries, inner=None):
        self.obj = obj
        self.inner = inner
        self.entries = entries
        self.items = 0 if inner is None else inner.length
        self.length = self.items + len(entries)

    def hides(self, name):
        """Whether an attribute is among the entries, or among the items, already."""
        if type(self.inner) is MembersReader and name in self.inner.members:
            return True
        return bool([True for text, other, _, _ in self.entries if text is None and other == name])

    def part(self, start, count):
        """As `Container.part`."""
        end = min(start + count, self.length)
        items = self.inner.part(start, min(end, self.items) - start) if start < self.items else []
        return items + self.entries[max(start - self.items, 0):max(end - self.items, 0)]

    def name_of(self, position, entry):
        """What the row at a position is called."""
        return render(entry[0], KEY_LIMIT)[0] if position < self.items else clean(entry[1], NAME_LIMIT)

    def row(self, position, entry):
        """The row at a position."""
        if position < self.items:
            return item_row(self.inner, position, entry)
        text, name, value, reachable = entry
        if text is None:
            return attribute_row(Attributes(self.obj), name)
        return row((u'k', position, text), clean(name, NAME_LIMIT), value, reachable)

    def find(self, step):
        """The value to which a step leads."""
        return entry_of(self.inner, step)[1] if self._place(step) is None else self.entries[self._place(step)][2]

    def row_of(self, step):
        """The row to which a step leads."""
        place = self._place(step)
        if place is None:
            key, value = entry_of(self.inner, step)
            return row(step, step[2], value, is_literal(key), item_access(self.inner))
        return self.row(self.items + place, self.entries[place])

    def _place(self, step):
        for place, entry in enumerate(self.entries):
            if entry[0] is not None and step[0] == u'k' and entry[0] == step[2]:
                return place
        if self.inner is None:
            raise Stopped('gone', u'%s is not there any more' % step_name(step))
        return None


class Lines(object):
    """Reads a block of bytes in lines of 8. A page is one slice of it."""

    kind = 'list'
    ordered = True

    def __init__(self, obj, size, cut):
        self.obj = obj
        self.exact = among(type(obj), (bytes, bytearray, memoryview))
        self.cut = cut
        self.length = (size + LINE_BYTES - 1) // LINE_BYTES
        self.digits = max(4, len('%x' % max(size - 1, 0)))

    def part(self, start, count):
        """As `Container.part`."""
        data = self.cut(slice(start * LINE_BYTES, (start + max(count, 0)) * LINE_BYTES))
        return [data[at:at + LINE_BYTES] for at in range(0, len(data), LINE_BYTES)]

    def hides(self, name):
        """As `Opened.hides`."""
        return False

    def name_of(self, position, entry):
        """`0x0008`: where the line begins."""
        return u'0x%0*x' % (self.digits, position * LINE_BYTES)

    def row(self, position, entry):
        """`48 69 21  |Hi!|`"""
        codes = tuple(bytearray(entry))
        pairs = u' '.join([u'%02x' % code for code in codes])
        shown = u''.join([u'%c' % code if 32 <= code < 127 else u'.' for code in codes])
        return (u'i', position), self.name_of(position, entry), u'bytes', u'', u'%s  |%s|' % (pairs, shown), 0, None

    def find(self, step):
        """The bytes of a line."""
        entries = self.part(step[1], 1) if step[0] == u'i' and 0 <= step[1] < self.length else []
        if not entries:
            raise Stopped('gone', u'%s is out of range now' % step_name(step))
        return entries[0]

    def row_of(self, step):
        """As `Opened.row_of`."""
        return self.row(step[1], self.find(step))


def makes_rows(container):
    """Whether a reader is one of these."""
    return type(container) is Opened or type(container) is Lines


def opened(obj):
    """The reader of what opening an object shows before its attributes, or None."""
    if is_class(obj):
        return Opened(obj, _around(obj), container_of(obj))
    if is_frame(obj):
        return Opened(obj, [(clean(name, STEP_LIMIT), name, value, False) for name, value in locals_of(obj)])
    if derives(obj, BaseException):
        return Opened(obj, _told(obj))
    return lines_of(obj) or container_of(obj)


def lines_of(obj):
    """The reader of a block of bytes that is not empty, or None. On Python 2 a `str` is taken for a text."""
    if type(obj) is memoryview:
        view = _plain_view(obj)
        found = None if view is None else Lines(obj, len(view), lambda part: view[part].tobytes())
    elif derives(obj, bytearray):
        found = Lines(obj, bytearray.__len__(obj), lambda part: bytes(bytearray.__getitem__(obj, part)))
    elif derives(obj, bytes) and not PY2:
        found = Lines(obj, bytes.__len__(obj), lambda part: bytes.__getitem__(obj, part))
    else:
        found = None
    return found if found is not None and found.length else None


def memory_text(view):
    """What is known of a `memoryview`."""
    try:
        size = view.itemsize
        for length in view.shape or ():
            size *= length
        return u'%d bytes, format %s' % (size, clean(view.format, 40))
    except ValueError:
        return u'released'


def _plain_view(view):
    try:
        if PY2:
            return view if view.ndim == 1 and view.itemsize == 1 and view.strides == (1,) else None
        return view.cast('B')
    except (ValueError, TypeError):
        # Released, or not in one piece.
        return None


def _around(cls):
    line = []
    for base in mro(cls):
        # Classes of the old kind can be there twice.
        if not among(base, line):
            line.append(base)
    if _OLD_CLASS is not None and type(cls) is _OLD_CLASS:
        return [(u':mro', 'MRO', tuple(line), False)]
    # Classes that only say that they are subclasses are not asked for: that would run code.
    return [(u':mro', 'MRO', tuple(line), True), (u':subclasses', 'Subclasses', _SUBCLASSES(cls), True)]


def _told(exception):
    attributes, entries = Attributes(exception), []
    for name in _TOLD_FIRST:
        status, value = attributes.lookup(name)
        if status is not MISSING and value is not None:
            entries.append((None, name, None, True))
    trace = traceback_of(exception)
    return entries + ([(u':traceback', 'Traceback', trace, False)] if trace else [])
