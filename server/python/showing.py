"""Shows a value as a picture, a table, a page or a text, for a user who wants to see it.

What a value can be shown as is told without running any code of it. Showing it runs code: that of matplotlib, pillow or
pandas, and of values that a run gave also the methods by which classes say how they are to be shown in notebooks. So it
is done in the thread of the runs, where it can be stopped. No backend is switched, no window opened, nothing imported
that is not there. Everything is bounded. Loaded after runner.py, into the same namespace.
"""

import io
import json
import struct
import zlib

PICTURE, TABLE, DOCUMENT, PROSE = u'picture', u'table', u'page', u'text'

# Bit of a row's flags, beside those of listing.py, access.py and taking.py.
SHOWABLE = 128

PICTURE_BYTES = 8 << 20
DRAWING_BYTES = 2 << 20
PAGE_BYTES = 1 << 20
PROSE_BYTES = 1 << 18
PIXELS = 16000000
# Of an array, whose picture is packed here.
ARRAY_PIXELS = 4000000
FIGURE_DPI = 144.0
LEAST_DPI = 20
FIGURES = 8
ITEMS = 16

ROWS, COLUMNS, CELL_LIMIT = 500, 50, 200
TABLE_CHARACTERS = 1000000

# Bytes of one answer: a longer value is fetched in pieces, between which the connection does other things.
PIECE = 1 << 18

_NEVER = INTEGERS + STRINGS + (type(None), bool, float, complex, bytes, bytearray, dict, set, frozenset)
# Modes of pillow that PNG has.
_PNG_MODES = ('1', 'L', 'LA', 'I', 'I;16', 'P', 'RGB', 'RGBA')

# What classes say of themselves, best first: name, what it gives, its MIME type, limit in bytes, beginning of its bytes.
_METHODS = (
    ('_repr_png_', PICTURE, u'image/png', PICTURE_BYTES, b'\x89PNG\r\n\x1a\n'),
    ('_repr_svg_', PICTURE, u'image/svg+xml', DRAWING_BYTES, None),
    ('_repr_jpeg_', PICTURE, u'image/jpeg', PICTURE_BYTES, b'\xff\xd8\xff'),
    ('_repr_html_', DOCUMENT, u'text/html', PAGE_BYTES, None),
    ('_repr_markdown_', PROSE, u'text/markdown', PROSE_BYTES, None),
)


def shown_as(obj, methods):
    """What a value can be shown as: `PICTURE`, `TABLE`, `DOCUMENT` or `PROSE`, or an empty text. Runs nothing.

    :param methods: whether it counts what the class of the value says of itself, which runs the user's code later on.
    """
    if among(type(obj), _NEVER) or is_class(obj):
        return u''
    if figures_of(obj) or derives(obj, _loaded('PIL.Image', 'Image') or _Nothing):
        return PICTURE
    shape, kind = array_shape(obj)
    if shape is not None:
        return PICTURE if _is_pixels(shape, kind) else TABLE if _is_table(shape, kind) else u''
    if derives(obj, _pandas('DataFrame')) or derives(obj, _pandas('Series')) or derives(obj, _pandas('Index')):
        return TABLE
    for name, shown, _, _, _ in _METHODS if methods else ():
        if _says(obj, name):
            return shown
    return u''


def show(obj, position, methods):
    """`(what it is, MIME type, how many, note, bytes)`: a picture, or one page of a table. Runs code of the value.

    :param position: number of the picture where there are several, of the first row of a table.
    :param methods: as for `shown_as`.
    :raises Stopped: `unshown`, where there is nothing to show or too much.
    """
    figures = figures_of(obj)
    if figures:
        return _figure_picture(figures[min(position, len(figures) - 1)], len(figures))
    if derives(obj, _loaded('PIL.Image', 'Image') or _Nothing):
        return _image_picture(obj)
    shape, kind = array_shape(obj)
    if shape is not None and _is_pixels(shape, kind):
        return _array_picture(obj, shape)
    if shown_as(obj, False) == TABLE:
        return _table(obj, shape, position)
    for name, shown, mime, limit, start in _METHODS if methods else ():
        if _says(obj, name):
            data = _as_bytes(getattr(obj, name)(), name, limit, start)
            if data is not None:
                return shown, mime, 1, u'', data
    raise Stopped('unshown', u'This value gives nothing that could be shown')


def _says(obj, name):
    # A class switches off by None what a base of it has.
    found = special(obj, name)
    return found is not MISSING and found is not None


def _as_bytes(given, name, limit, start):
    """What such a method gave, as bytes; None where it has nothing to give."""
    if type(given) is tuple and len(given) == 2:
        # With facts about it that only notebooks use.
        given = given[0]
    if given is None:
        return None
    if start is not None and derives(given, bytes):
        data = bytes.__getitem__(given, slice(0, limit + 1))
        right = data[:len(start)] == start
    elif start is None and among(TEXT, mro(type(given))):
        data = clean(given, limit + 1).encode('utf-8')
        right = True
    elif start is None and PY2 and derives(given, str):
        data, right = str.__getitem__(given, slice(0, limit + 1)), True
    else:
        data, right = b'', False
    if not right:
        raise Stopped('unshown', u'%s gave %s, which is no such thing' % (
            TEXT(name), clean(type_name(given), NAME_LIMIT)))
    if len(data) > limit:
        raise Stopped('unshown', u'What %s gives is too long: more than %d kB' % (TEXT(name), limit >> 10))
    return data


class ShowingAgent(object):
    """What the agent does of this: runs, whose values are held, and showing what is held."""

    def run(self, source, file_name, line_offset, emit, run_id=u'', ask=None, editor=None):
        """See `Runner.run`; where its value can be looked into, that is held, and told as a fifth part: see `hold`.

        :param editor: for `lend`.
        """
        lend(self.namespace, editor)
        before = open_figures()
        outcome = self.runner.run(source, file_name, line_offset, emit, run_id, ask)
        try:
            held = self.hold(self.runner.take_result(), before)
        except Exception:
            # Too much is held already. What the run gave is told all the same.
            held = None
        return outcome if held is None else outcome + (held,)

    def hold(self, value, before):
        """`(number or 0, row, what it can be shown as, number of what is shown then or 0)` of a value, or None."""
        value = None if value is MISSING else value
        kind, shown = shown_after(value, before)
        described = console_row(value)
        if not kind and not described[5] & EXPANDABLE:
            return None
        number = self.kept.keep(value) if described[5] & EXPANDABLE else 0
        second = number if shown is value and number or not kind else self.kept.keep(shown)
        return number, described, kind, second if kind else 0

    def show(self, base, steps, position, methods, emit, run_id):
        """A value as a picture or the like: see `show` of showing.py. Runs code of the value.

        :returns: `('ok', (number or 0, what, MIME type, how many, note, length, first bytes), None)`, where the number
            is what `piece` gives the rest by until it is released, or `('ok', None, error)` with the error of
            `Runner.run`.
        """
        def answer():
            value = self._walk(base, steps)
            done, outcome = self.runner.attempt(lambda: show(value, position, methods), emit, run_id, keep=False)
            if not done:
                return None, outcome
            data = outcome[4]
            number = self.kept.keep(data) if len(data) > PIECE else 0
            return (number,) + outcome[:4] + (len(data), data[:PIECE]), None
        return _answered(answer)

    def piece(self, number, offset):
        """`('ok', bytes)`: the next piece of what `show` has made."""
        return _answered(lambda: (self._base(number)[offset:offset + PIECE],))

    def keep_value(self, base, steps, what):
        """Puts a value where the tree shows results: `('ok', row)`. Evaluates nothing."""
        def answer():
            value = self._walk(base, steps)
            name = self.kept.keep_result(clean(what, KEY_LIMIT), value)
            return (row((u'a', name), name, value, False, DELETABLE),)
        return _answered(answer)


# ---- figures ------------------------------------------------------------------------------------------------------

def figures_of(obj):
    """The figures of matplotlib that a value is, or that its parts are drawn in: of axes, lines, lists of them."""
    figure, artist = _loaded('matplotlib.figure', 'Figure'), _loaded('matplotlib.artist', 'Artist')
    found = []
    if figure is not None and artist is not None:
        _add_figures(found, obj, figure, artist, 2)
    return found


def _add_figures(found, obj, figure, artist, depth):
    if derives(obj, artist):
        at = _figure_of(obj, figure)
        if at is not None and not among(at, found) and len(found) < FIGURES:
            found.append(at)
    elif depth:
        for item in _first_items(obj):
            _add_figures(found, item, figure, artist, depth - 1)


def _figure_of(artist, figure):
    for _ in range(ITEMS):
        if derives(artist, figure):
            return artist
        stored = named_pairs(instance_dict(artist) or {})
        artist = stored.get('_parent_figure')
        if artist is None:
            # Before matplotlib 3.10.
            artist = stored.get('figure')
        if artist is None:
            return None
    return None


def _first_items(obj):
    for base in (list, tuple):
        if derives(obj, base):
            return base.__getitem__(obj, slice(0, ITEMS))
    shape, kind = array_shape(obj)
    if shape is not None and kind == 'O' and 0 < _product(shape) <= ITEMS:
        return _loaded('numpy', 'ndarray').tolist(obj)
    return ()


def open_figures():
    """The figures that pyplot has open."""
    pyplot = _loaded('matplotlib._pylab_helpers', 'Gcf')
    table = None if pyplot is None or not is_class(pyplot) else class_entry(pyplot, 'figs')
    figure, found = _loaded('matplotlib.figure', 'Figure'), []
    for _, manager in list(dict_pairs(table)) if derives(table, dict) and figure is not None else ():
        canvas = named_pairs(instance_dict(manager) or {}).get('canvas')
        at = named_pairs(instance_dict(canvas) or {}).get('figure')
        if derives(at, figure):
            found.append(at)
    return found


def shown_after(value, before):
    """`(what the value of a run can be shown as, what is shown then)`.

    Figures that pyplot has opened for the run, which began with those of `before`, are shown with it.
    """
    opened = [figure for figure in open_figures() if not among(figure, before)]
    kind, found = shown_as(value, True), figures_of(value)
    if not found and (kind or not opened):
        return kind, value
    found += [figure for figure in opened if not among(figure, found)][:FIGURES - len(found)]
    return PICTURE, value if len(found) == 1 and found[0] is value else found


def _figure_picture(figure, count):
    width, height = [float(length) for length in figure.get_size_inches()]
    wanted = max(FIGURE_DPI, float(figure.dpi))
    dpi = min(wanted, (PIXELS / max(width * height, 0.01)) ** 0.5)
    while dpi >= LEAST_DPI:
        out = io.BytesIO()
        figure.savefig(out, format='png', dpi=dpi)
        data = out.getvalue()
        if len(data) <= PICTURE_BYTES:
            note = u'' if dpi == wanted else u'Drawn with %d instead of %d dots per inch' % (dpi, wanted)
            return PICTURE, u'image/png', count, note, data
        dpi *= 0.6
    raise Stopped('unshown', u'The picture of this figure is too large: make the figure smaller')


# ---- pictures -----------------------------------------------------------------------------------------------------

def _image_picture(image):
    size = width, height = image.size
    factor = min(1.0, (PIXELS / float(max(width * height, 1))) ** 0.5)
    while True:
        shown, smaller = image, (max(int(width * factor), 1), max(int(height * factor), 1))
        if factor < 1:
            shown = shown.resize(smaller)
        if shown.mode not in _PNG_MODES:
            shown = shown.convert('L' if shown.mode == 'F' else 'RGB')
        out = io.BytesIO()
        shown.save(out, 'PNG')
        data = out.getvalue()
        if len(data) <= PICTURE_BYTES:
            return PICTURE, u'image/png', 1, _smaller_note(size, smaller), data
        factor *= 0.7


def _smaller_note(size, shown):
    if shown == size:
        return u''
    return u'Shown smaller: %d \xd7 %d of %d \xd7 %d pixels' % (shown + size)


def _is_pixels(shape, kind):
    return kind == 'u1' and len(shape) == 3 and shape[2] in (3, 4) and shape[0] > 1 and shape[1] > 1


def _array_picture(array, shape):
    height, width, depth = shape
    step = 1
    while (height // step) * (width // step) > ARRAY_PIXELS:
        step += 1
    cut = array[::step, ::step]
    rows, columns = cut.shape[:2]
    raw, stride = cut.tobytes(), columns * depth
    lines = b''.join([b'\0' + raw[row * stride:(row + 1) * stride] for row in range(rows)])
    header = struct.pack('>IIBBBBB', columns, rows, 8, 2 if depth == 3 else 6, 0, 0, 0)
    data = b'\x89PNG\r\n\x1a\n' + _chunk(b'IHDR', header) + _chunk(b'IDAT', zlib.compress(lines, 4)) + _chunk(b'IEND', b'')
    if len(data) > PICTURE_BYTES:
        return _array_picture(array[::2, ::2], (array[::2].shape[0], array[:, ::2].shape[1], depth))
    return PICTURE, u'image/png', 1, _smaller_note((width, height), (columns, rows)), data


def _chunk(name, data):
    return struct.pack('>I', len(data)) + name + data + struct.pack('>I', zlib.crc32(name + data) & 0xffffffff)


# ---- tables -------------------------------------------------------------------------------------------------------

def _pandas(name):
    return _loaded('pandas', name) or _Nothing


def array_shape(obj):
    """The shape of a numpy array and the kind of its elements, `u1` or a letter: as stored, whatever its class says."""
    array = _loaded('numpy', 'ndarray')
    if array is None or not derives(obj, array):
        return None, None
    dtype = array.__dict__['dtype'].__get__(obj)
    kind = 'V' if dtype.names else dtype.kind
    return array.__dict__['shape'].__get__(obj), 'u1' if kind == 'u' and dtype.itemsize == 1 else kind


def _is_table(shape, kind):
    return 0 < len(shape) < 3 and _product(shape) > 0 and (kind != 'V' or len(shape) == 1)


def _product(shape):
    size = 1
    for length in shape:
        size *= length
    return size


def _table(obj, shape, position):
    reader = _ArrayTable(obj, shape) if shape is not None else _FrameTable(obj)
    start = max(min(position, reader.rows - 1), 0)
    names, labels, columns = reader.part(start, min(start + ROWS, reader.rows), min(reader.columns, COLUMNS))
    rows, left = [], TABLE_CHARACTERS
    for number in range(min(ROWS, reader.rows - start)):
        cells = [column[number] for column in columns]
        if labels is not None:
            cells.insert(0, labels[number])
        texts = [_cell(cell) for cell in cells]
        left -= sum([len(text) for text in texts])
        if left < 0 and rows:
            break
        rows.append(texts)
    document = {
        u'columns': [(_cell(name), clean(str(dtype), 40), dtype.kind in 'iufc') for name, dtype in names],
        u'index': labels is not None, u'rows': rows, u'start': start,
        u'total': reader.rows, u'totalColumns': reader.columns,
    }
    return TABLE, u'application/json', reader.rows, u'', json.dumps(document).encode('ascii')


class _ArrayTable(object):
    """Reads a numpy array as a table."""

    def __init__(self, obj, shape):
        self.obj = obj
        self.fields = obj.dtype.names
        self.rows = shape[0]
        self.columns = len(self.fields) if self.fields else shape[1] if len(shape) == 2 else 1

    def part(self, start, end, columns):
        """`(names and types of the columns, None, columns)`."""
        if self.fields:
            parts = [(name, self.obj[name][start:end]) for name in self.fields[:columns]]
        elif len(self.obj.shape) == 2:
            parts = [(TEXT(number), self.obj[start:end, number]) for number in range(columns)]
        else:
            parts = [(u'value', self.obj[start:end])]
        return [(name, part.dtype) for name, part in parts], None, [_values(part) for _, part in parts]


class _FrameTable(object):
    """Reads a DataFrame, a Series or an Index as a table."""

    def __init__(self, obj):
        self.obj = obj
        self.rows = len(obj)
        self.wide = derives(obj, _pandas('DataFrame'))
        self.columns = obj.shape[1] if self.wide else 1

    def part(self, start, end, columns):
        """`(names and types of the columns, labels of the rows or None, columns)`."""
        if self.wide:
            cut = self.obj.iloc[start:end, :columns]
            parts = [(name, cut.iloc[:, number]) for number, name in enumerate(cut.columns.tolist())]
        elif derives(self.obj, _pandas('Series')):
            cut = self.obj.iloc[start:end]
            parts = [(u'value' if cut.name is None else cut.name, cut)]
        else:
            cut = self.obj[start:end]
            return [(u'value' if cut.name is None else cut.name, cut.dtype)], None, [cut.tolist()]
        return [(name, part.dtype) for name, part in parts], cut.index.tolist(), [_values(part) for _, part in parts]


def _values(part):
    """The elements of a column; dates and short floats as texts, which Python's own values write longer."""
    is_array = derives(part, _loaded('numpy', 'ndarray') or _Nothing)
    if part.dtype.kind in _DATE_DTYPES:
        return part.astype('U' if is_array else str).tolist()
    if str(part.dtype) in ('float16', 'float32'):
        return [str(part[number] if is_array else part.iloc[number]) for number in range(len(part))]
    return part.tolist()


def _cell(value):
    """The text of a cell, without quotes around texts."""
    if among(type(value), STRINGS):
        return clean(value, CELL_LIMIT)
    if container_of(value) is not None or among(type(value), _NEVER):
        if type(value) is tuple and len(value) <= ITEMS:
            # A label of several levels.
            return clean(u', '.join([_cell(part) for part in value]), CELL_LIMIT)
        return render(value, CELL_LIMIT)[0]
    try:
        text = str(value)
    except Exception:
        return render(value, CELL_LIMIT)[0]
    return clean(text, CELL_LIMIT)
