"""A value as a document: JSON, or a text with one value per line that is good to compare.

Both are built from the memory of the value, as `render` does it, so that no code of the value runs. They end in time:
by depth, by number of characters, and where a value holds itself. Loaded after render.py, into the same namespace.
"""

import base64
import datetime
import json.encoder

DOCUMENT_DEPTH = 40
# Left for the brackets that close when the limit is met.
_DOCUMENT_RESERVE = 200
_INDENT = u'  '

_NAIVE = datetime.datetime.replace
_NAIVE_TIME = datetime.time.replace
_ZONE_TYPES = (getattr(datetime, 'timezone', None), type(None))


class Form(object):
    """What a value is made of: a text, or parts that have names."""

    __slots__ = ('shape', 'type', 'json', 'text', 'parts', 'total')

    def __init__(self, shape, type_text, json_text=u'', text=u'', parts=(), total=0):
        self.shape = shape
        self.type = type_text
        self.json = json_text
        self.text = text
        self.parts = parts
        self.total = total


def json_document(obj, limit):
    """`(JSON, cut)`: what JSON has no form for says so in an object with a name that begins with `$`."""
    out = Document(limit)
    _write_json(out, obj, u'', (), u'$')
    return clean_document(out)


def pretty_document(obj, limit):
    """`(text, cut)`: one value per line with its exact type, sorted where order means nothing, without addresses."""
    out = Document(limit)
    _write_pretty(out, u'', obj, u'', ())
    return clean_document(out)


class Document(object):
    """Collects text, and knows when no more should be added. What was begun can still be closed."""

    def __init__(self, limit):
        self.left = limit - _DOCUMENT_RESERVE
        self.pieces = []
        self.cut = False

    def write(self, text):
        self.left -= len(text)
        self.pieces.append(text)

    def full(self):
        """Whether the limit is met, which is then told to the reader."""
        if self.left <= 0:
            self.cut = True
        return self.left <= 0


def clean_document(out):
    """The text, encodable, and whether it had to be cut."""
    text = u''.join(out.pieces)
    return clean(text, len(text)), out.cut


def quoted(text, out):
    """A JSON string, at most as long as the document has room for."""
    if PY2 and derives(text, str):
        text = str.decode(text, 'utf-8', 'replace')
    room = max(out.left, 1)
    text = TEXT.__getitem__(text, slice(0, room + 1))
    if len(text) > room:
        text = text[:room] + ELLIPSIS
        out.cut = True
    return json.encoder.encode_basestring(text)


def form_of(obj, out):
    """The form of a value, by exact type; nothing of the value's own code runs."""
    cls = type(obj)
    name = clean(type_name(obj), NAME_LIMIT)
    if obj is None or cls is bool:
        return Form('plain', name, {None: u'null', True: u'true', False: u'false'}[obj], TEXT(repr(obj)))
    if among(cls, INTEGERS):
        text = render(obj, _BIT_LENGTH_LIMIT)[0].rstrip(u'L')
        return Form('plain', name, quoted(text, out) if text[:1] == u'<' else text, text)
    if cls is float:
        text = TEXT(repr(obj))
        return Form('plain', name, text if is_literal(obj) else quoted(text, out), text)
    if among(cls, STRINGS):
        return Form('plain', name, quoted(obj, out), render(obj, max(out.left, 1))[0])
    if cls is bytes or cls is bytearray:
        room = max(out.left, 4) * 3 // 4
        out.cut = out.cut or len(obj) > room
        text = base64.b64encode(bytes(obj[:room])).decode('ascii')
        return Form('marked', name, _pair(u'base64', text), render(obj, max(out.left, 1))[0])
    return _standard_form(obj, cls, name, out) or _compound_form(obj, cls, name, out)


def _standard_form(obj, cls, name, out):
    if cls is complex:
        return Form('marked', name, _pair(u'text', TEXT(repr(obj))), TEXT(repr(obj)))
    if cls is datetime.date:
        return Form('plain', name, quoted(TEXT(obj.isoformat()), out), TEXT(obj.isoformat()))
    if cls is datetime.datetime or cls is datetime.time:
        if among(type(obj.tzinfo), _ZONE_TYPES):
            return Form('plain', name, quoted(TEXT(obj.isoformat()), out), TEXT(obj.isoformat()))
        # Its offset would be asked of a class that may be anybody's.
        local = TEXT((_NAIVE if cls is datetime.datetime else _NAIVE_TIME)(obj, tzinfo=None).isoformat())
        zone = clean(type_name(obj.tzinfo), NAME_LIMIT)
        return Form('marked', name, _pair(u'local', local) + u', ' + _pair(u'zone', zone), local + u' ' + zone)
    if cls is datetime.timedelta:
        text = TEXT(repr(obj.days * 86400 + obj.seconds + obj.microseconds / 1e6))
        return Form('marked', name, u'"seconds": ' + text, text + u' s')
    if name == u'decimal.Decimal' and _has_own_c_text(cls):
        return Form('marked', name, _pair(u'text', clean(str(obj), 1000)), clean(str(obj), 1000))
    metaclass = _document_class('enum', 'EnumMeta')
    if metaclass is not None and among(metaclass, mro(type(cls))):
        own = named_pairs(instance_dict(obj) or {})
        return Form('fields', name, parts=[(key, own[stored]) for key, stored in (
            (u'name', '_name_'), (u'value', '_value_')) if stored in own], total=2)
    return _numpy_form(obj, cls, name)


def _numpy_form(obj, cls, name):
    array = _document_class('numpy', 'ndarray')
    generic = _document_class('numpy', 'generic')
    if generic is not None and among(generic, mro(cls)) and _is_built_in(cls) and name not in (u'numpy.object_', u'numpy.void'):
        try:
            value = class_entry(generic, 'item')(obj)
        except Exception:
            return None
        if type(value) is cls or derives(value, generic):
            return None
        return Form('fields', name, parts=[(u'value', value)], total=1)
    if array is None or cls is not array:
        return None
    shape, dtype = obj.shape, obj.dtype
    first = obj[:DOCUMENT_ITEMS] if shape else obj
    size = 1
    for length in shape[1:]:
        size *= length
    if size * min(shape[0] if shape else 1, DOCUMENT_ITEMS) > DOCUMENT_ITEMS * 10:
        first = first[:max(DOCUMENT_ITEMS * 10 // max(size, 1), 1)]
    items = first.tolist() if dtype.kind in 'biufcSU' and size <= DOCUMENT_ITEMS * 10 else ELLIPSIS
    return Form('fields', name, total=3, parts=[(u'dtype', TEXT(dtype.str)), (u'shape', tuple(shape)), (u'data', items)])


# Items of one array that become text.
DOCUMENT_ITEMS = 200000


def _compound_form(obj, cls, name, out):
    container = container_of(obj)
    if container is not None:
        count = min(container.length, max(out.left, 0) // 2 + 1)
        entries = container.part(0, count)
        fields = _tuple_fields(cls) if container.kind == 'tuple' else None
        if fields is not None and len(fields) == len(entries):
            return Form('fields', name, parts=list(zip(fields, entries)), total=len(fields))
        shape = {'dict': 'dict', 'set': 'set'}.get(container.kind, 'list')
        return Form(shape, name, parts=entries, total=container.length)
    if is_class(obj) or derives(obj, types.ModuleType) or among(cls, _FUNCTIONS_SHOWN):
        return Form('marked', name, _pair(u'text', render(obj, 2000)[0]), _without_address(obj))
    attributes = Attributes(obj)
    names = sorted(attributes.own) if attributes.own else []
    slots = [key for key in attributes.inherited if type(attributes.inherited[key]) is _MEMBER
             and not _is_built_in(attributes.inherited[key].__objclass__) and key not in attributes.own]
    parts = []
    for key in names + sorted(slots):
        status, value = attributes.lookup(key)
        if status is FOUND and name_order(key)[0] != 2:
            parts.append((clean(key, NAME_LIMIT), value))
    if parts or attributes.stores:
        return Form('fields', name, parts=parts, total=len(parts))
    return Form('marked', name, _pair(u'text', _without_address(obj)), _without_address(obj))


_FUNCTIONS_SHOWN = (types.FunctionType, types.MethodType) + _BUILTIN_CALLABLES


def _without_address(obj):
    text = render(obj, 2000)[0]
    return u'<%s>' % clean(type_name(obj), NAME_LIMIT) if text == placeholder(obj) else text


def _tuple_fields(cls):
    fields = MISSING
    for base in mro(cls):
        fields = class_entry(base, '_fields', MISSING)
        if fields is not MISSING:
            break
    if type(fields) is not tuple or not all([among(type(field), STRINGS) for field in fields]):
        return None
    return [clean(field, NAME_LIMIT) for field in fields]


def _document_class(module, name):
    # Only where the program has loaded it: nothing is imported for a look.
    found = sys.modules.get(module)
    if found is None or type(found) is not types.ModuleType:
        return None
    value = named_pairs(instance_dict(found) or {}).get(name)
    return value if value is not None and is_class(value) else None


def _has_own_c_text(cls):
    entry = class_entry(cls, '__str__')
    return entry is not None and type(entry) is type(object.__init__) and entry.__objclass__ is cls


def _pair(key, text):
    return json.encoder.encode_basestring(key) + u': ' + json.encoder.encode_basestring(text)


def _key_texts(pairs):
    """The keys of a dict as names of JSON, each once."""
    seen, found = set(), []
    for key, value in pairs:
        text = clean(key, 10000) if among(type(key), STRINGS) else render(key, 1000)[0]
        name, number = text, 1
        while name in seen:
            number += 1
            name = u'%s (%d)' % (text, number)
        seen.add(name)
        found.append((name, value))
    return found


def _write_json(out, obj, indent, above, path):
    for other, other_path in above:
        if other is obj:
            out.write(u'{"$cycle": %s}' % quoted(other_path, out))
            return
    form = form_of(obj, out)
    if form.shape == 'plain':
        out.write(form.json)
        return
    mark = u'' if among(type(obj), (list, dict)) else _pair(u'$type', form.type)
    if form.shape == 'marked':
        out.write(u'{%s, %s}' % (mark, form.json))
        return
    if len(above) >= DOCUMENT_DEPTH:
        out.cut = True
        out.write(u'{%s, "$cut": "depth"}' % (mark or _pair(u'$type', form.type)))
        return
    above, inner = above + ((obj, path),), indent + _INDENT
    if form.shape in ('list', 'set'):
        if mark:
            out.write(u'{%s, "items": ' % mark)
        parts = sorted(form.parts, key=_sorting) if form.shape == 'set' else form.parts
        _json_items(out, form, [(None, value) for value in parts], inner, indent, above, path)
        out.write(u'}' if mark else u'')
    else:
        parts = _key_texts(form.parts) if form.shape == 'dict' else form.parts
        _json_items(out, form, parts, inner, indent, above, path, mark)


def _json_items(out, form, parts, inner, indent, above, path, mark=u''):
    named = form.shape in ('dict', 'fields')
    out.write(u'{' if named else u'[')
    count = 0
    if mark:
        out.write(u'\n' + inner + mark)
        count = 1
    written = 0
    for position, (name, value) in enumerate(parts):
        if out.full():
            break
        out.write((u',\n' if count else u'\n') + inner)
        if named:
            out.write(quoted(name, out) + u': ')
        _write_json(out, value, inner, above, path + (u'.' + name if named else u'[%d]' % position))
        count += 1
        written += 1
    if written < form.total and form.shape != 'fields':
        out.cut = True
        more = u'"$more": %d' % (form.total - written)
        out.write((u',\n' if count else u'\n') + inner + (more if named else u'{' + more + u'}'))
        count += 1
    out.write((u'\n' + indent if count else u'') + (u'}' if named else u']'))


def _write_pretty(out, label, obj, indent, above):
    line = indent + label
    if [True for other in above if other is obj]:
        out.write(line + u'(the same object as above)\n')
        return
    form = form_of(obj, out)
    if form.shape in ('plain', 'marked'):
        out.write(u'%s%s %s\n' % (line, form.type, form.text))
        return
    size = u'' if form.shape == 'fields' else u' (%d)' % form.total
    if len(above) >= DOCUMENT_DEPTH:
        out.cut = True
        out.write(u'%s%s%s %s\n' % (line, form.type, size, ELLIPSIS))
        return
    out.write(u'%s%s%s\n' % (line, form.type, size))
    above, inner = above + (obj,), indent + _INDENT
    if form.shape == 'list':
        parts = [(u'[%d] ' % position, value) for position, value in enumerate(form.parts)]
    elif form.shape == 'set':
        parts = [(u'- ', value) for value in sorted(form.parts, key=_sorting)]
    elif form.shape == 'dict':
        pairs = [(render(key, 1000)[0] + u': ', value) for key, value in form.parts]
        parts = sorted(pairs, key=lambda pair: pair[0])
    else:
        parts = sorted([(u'.' + name + u' = ', value) for name, value in form.parts], key=lambda pair: pair[0])
    written = 0
    for label, value in parts:
        if out.full():
            break
        _write_pretty(out, label, value, inner, above)
        written += 1
    if written < form.total and form.shape != 'fields':
        out.cut = True
        out.write(u'%s%s %d more\n' % (inner, ELLIPSIS, form.total - written))


def _sorting(value):
    return class_name(type(value)), render(value, 200)[0]
