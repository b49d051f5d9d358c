import collections
import datetime
import json
import os
import sys
import unittest

import peer_helper

try:
    import numpy
except ImportError:
    numpy = None

PY2 = sys.version_info[0] == 2
A = lambda name: (u'a', name)
Point = collections.namedtuple('Point', 'x y')


class Plain(object):
    def __init__(self):
        self.b, self.a, self._c = 1, [2], None

    def method(self):
        return 1

    @property
    def computed(self):
        raise AssertionError('it was run')


class Slots(object):
    __slots__ = ('one', 'two')


class Outer(object):
    class Inner(object):
        pass


class Zone(datetime.tzinfo):
    def utcoffset(self, when):
        raise AssertionError('it was run')

    def dst(self, when):
        raise AssertionError('it was run')


def _ran(*_args, **_named):
    raise AssertionError('it was run')


HOSTILE = dict((name, _ran) for name in (
    '__repr__', '__str__', '__iter__', '__len__', '__getattr__', '__getattribute__', '__eq__', '__hash__', '__dir__',
    '__getitem__', '__reduce__', '__reduce_ex__', '__format__', '__bool__', '__nonzero__', '__lt__', 'items', 'keys',
    'isoformat', 'tolist', '_asdict', '__json__', 'to_json'))


class Documents(unittest.TestCase):
    def document(self, value, limit=100000, how='json'):
        agent = peer_helper.agent(value=value)
        answer = getattr(agent, how)(u'namespace', (A(u'value'),), limit)
        self.assertEqual(answer[0], u'ok', answer)
        self.assertIs(type(answer[1]), type(u''))
        return answer[1], answer[2]

    def json(self, value, limit=100000):
        text, cut = self.document(value, limit)
        return json.loads(text), cut

    def pretty(self, value):
        return self.document(value, how='pretty')[0]

    def test_builtin_types_are_as_json_has_them(self):
        value = {'a': [1, 2.5, True, None, u'\u00e9"\n'], 'b': {}, 'c': []}
        self.assertEqual(self.json(value), (value, False))
        self.assertEqual(self.json(2 ** 70)[0], 2 ** 70)

    def test_other_builtin_types_name_themselves(self):
        self.assertEqual(self.json((1,))[0], {'$type': 'tuple', 'items': [1]})
        self.assertEqual(self.json(set([2, 1]))[0], {'$type': 'set', 'items': [1, 2]})
        self.assertEqual(self.json(bytearray(b'ab'))[0], {'$type': 'bytearray', 'base64': 'YWI='})
        self.assertEqual(self.json(float('nan'))[0], 'nan')
        self.assertEqual(self.json(2j)[0], {'$type': 'complex', 'text': '2j'})
        self.assertEqual(self.json({1: 'a', (1, 2): 'b', '1': 'c'})[0], {'1': 'a', '(1, 2)': 'b', '1 (2)': 'c'})

    def test_standard_types(self):
        self.assertEqual(self.json(datetime.date(2020, 1, 2))[0], '2020-01-02')
        self.assertEqual(self.json(datetime.datetime(2020, 1, 2, 3, 4))[0], '2020-01-02T03:04:00')
        self.assertEqual(self.json(datetime.timedelta(minutes=1))[0], {'$type': 'datetime.timedelta', 'seconds': 60.0})
        point = self.json(Point(1, [2]))[0]
        self.assertEqual((point['x'], point['y']), (1, [2]))
        self.assertTrue(point['$type'].endswith('Point'), point)
        ordered = self.json(collections.OrderedDict([('b', 1)]))[0]
        self.assertTrue(ordered['$type'].endswith('OrderedDict') and ordered['b'] == 1, ordered)

    def test_objects_by_what_they_store(self):
        found = self.json(Plain())[0]
        self.assertTrue(found.pop('$type').endswith('Plain'))
        self.assertEqual(found, {'a': [2], 'b': 1, '_c': None})
        slots = Slots()
        slots.two = 2
        self.assertEqual(self.json(slots)[0]['two'], 2)

    def test_enumerations_and_data_classes(self):
        try:
            import dataclasses
            import enum
        except ImportError:
            # Python 2.7 has neither: an object stands for them.
            self.assertIn('$type', self.json(Plain())[0])
            return
        color = enum.Enum('Color', 'RED BLUE')
        found = self.json(color.BLUE)[0]
        self.assertEqual((found['name'], found['value']), ('BLUE', 2))
        record = dataclasses.make_dataclass('Record', ['x', 'y'])
        found = self.json(record(1, {'z': 2}))[0]
        self.assertEqual((found['x'], found['y']), (1, {'z': 2}))

    @unittest.skipIf(numpy is None, 'no numpy here')
    def test_arrays(self):
        found = self.json({'array': numpy.arange(6).reshape(2, 3), 'number': numpy.float64(1.5)})[0]
        self.assertEqual(found['array']['data'], [[0, 1, 2], [3, 4, 5]])
        self.assertEqual(found['array']['shape']['items'], [2, 3])
        self.assertEqual(found['number']['value'], 1.5)

    def test_marks_a_value_that_holds_itself(self):
        value = [1]
        value.append({'again': value})
        self.assertEqual(self.json(value), ([1, {'again': {'$cycle': '$'}}], False))
        self.assertIn(u'the same object as above', self.pretty(value))
        shared = [1]
        self.assertEqual(self.json([shared, shared])[0], [[1], [1]])

    def test_stays_json_when_it_is_cut(self):
        found, cut = self.json(list(range(100000)), 2000)
        self.assertTrue(cut)
        self.assertEqual(found[-1]['$more'], 100000 - len(found) + 1)
        self.assertTrue(self.json(u'x' * 100000, 2000)[1])
        self.assertTrue(self.json(dict((n, n) for n in range(10000)), 2000)[1])
        deep = []
        for _ in range(5000):
            deep = [deep]
        self.assertTrue(self.json(deep)[1])
        self.assertTrue(self.document(deep, how='pretty')[1])

    def test_never_exceeds_its_limit_by_much(self):
        for how in ('json', 'pretty'):
            text, cut = self.document([[u'x' * 300] * 20] * 50, 3000, how)
            self.assertTrue(cut)
            self.assertLess(len(text), 5000)

    def test_runs_nothing(self):
        hostile = [type('Hostile', (base,), dict(HOSTILE))() for base in (object, list, dict, set, tuple, str, int, float)]
        for how in ('json', 'pretty'):
            for value in hostile:
                text = self.document([value], how=how)[0]
                self.assertIn(u'Hostile', text)
            self.assertIn(u'Zone', self.document(datetime.datetime(2020, 1, 2, tzinfo=Zone()), how=how)[0])
            self.document(Plain(), how=how)

    def test_survives_a_hostile_metaclass(self):
        meta = type('Meta', (type,), dict((name, _ran) for name in ('__eq__', '__hash__', '__repr__', '__getattribute__')
                                          if name != '__hash__'))
        value = meta('Odd', (object,), {})
        for how in ('json', 'pretty'):
            self.assertIn(u'Odd', self.document([value], how=how)[0])

    def test_text_to_compare_is_sorted_and_without_addresses(self):
        first, second = self.pretty({'b': object(), 'a': set([3, 1])}), self.pretty({'a': set([1, 3]), 'b': object()})
        self.assertEqual(first, second)
        self.assertNotIn(u'0x', first)
        self.assertEqual(first.splitlines()[:2], [u'dict (2)', u"  'a': set (2)"])
        self.assertNotEqual(self.pretty(1), self.pretty(1.0))


def first_line(agent, *names):
    answer = agent.source(u'modules', tuple(A(name) for name in names))
    assert answer[0] == u'ok', answer
    return answer[3].split(u'\n')[answer[2] - 1]


class Sources(unittest.TestCase):
    def setUp(self):
        self.agent = peer_helper.agent(here=sys.modules[__name__], plain=Plain(), method=Plain().method)

    def source(self, *names):
        return self.agent.source(u'namespace', tuple(A(name) for name in names))

    def line(self, *names):
        answer = self.source(*names)
        self.assertEqual(answer[0], u'ok', answer)
        self.assertEqual(os.path.basename(answer[1]), u'test_documents.py')
        return answer[3].split(u'\n')[answer[2] - 1].strip()

    def test_finds_where_it_is_written(self):
        self.assertEqual(self.source(u'here')[2], 1)
        self.assertEqual(self.line(u'here', u'Plain'), u'class Plain(object):')
        self.assertEqual(self.line(u'here', u'first_line'), u'def first_line(agent, *names):')
        self.assertEqual(self.line(u'method'), u'def method(self):')
        self.assertEqual(self.line(u'plain'), u'class Plain(object):')
        self.assertEqual(self.line(u'plain', u'computed'), u'@property')
        if not PY2:
            self.assertEqual(self.line(u'here', u'Outer', u'Inner'), u'class Inner(object):')
        self.assertTrue(first_line(self.agent, u'json', u'JSONEncoder').startswith(u'class JSONEncoder'))

    def test_says_why_there_is_none(self):
        self.assertEqual(self.source(u'here', u'sys')[0], u'nosource')
        for name in (u'len', u'int'):
            self.assertEqual(self.agent.source(u'builtins', (A(name),))[0], u'nosource')
        module = type(sys)('odd')
        for path in ('/no/such/file.py', '/dev', 3, 'a\0b.py'):
            module.__file__ = path
            self.assertEqual(peer_helper.agent(odd=module).source(u'namespace', (A(u'odd'),))[0], u'nosource')

    def test_gives_a_run_that_is_in_no_file(self):
        names = {}
        agent = peer_helper.agent(**names)
        agent.run(u'def defined():\n    return 1\n', u'/editor/none.py', 0, lambda *_: None)
        answer = agent.source(u'namespace', (A(u'defined'),))
        self.assertEqual(u'nosource', answer[0])

    def test_import_lines(self):
        def line(base, *names):
            return self.agent.import_line(base, tuple(A(name) for name in names))
        self.assertEqual(line(u'modules', u'os.path'), (u'ok', u'import %s' % os.path.__name__))
        self.assertEqual(line(u'modules', u'json', u'JSONEncoder'), (u'ok', u'from json.encoder import JSONEncoder'))
        self.assertEqual(line(u'modules', u'json', u'dumps'), (u'ok', u'from json import dumps'))
        self.assertEqual(line(u'builtins', u'len')[1].split()[-1], u'len')
        if not PY2:
            self.assertEqual(line(u'namespace', u'here', u'Outer', u'Inner')[1].split(u'\n'), [
                u'from %s import Outer' % __name__, u'Inner = Outer.Inner'])
        self.assertEqual(line(u'namespace', u'plain')[0], u'noimport')

    def test_no_import_line_for_what_its_module_does_not_have(self):
        def inner():
            pass
        agent = peer_helper.agent(inner=inner, odd=type(sys)('odd'), named=type('import os; x', (object,), {}))
        for name in (u'inner', u'odd', u'named'):
            self.assertEqual(agent.import_line(u'namespace', (A(name),))[0], u'noimport', name)
