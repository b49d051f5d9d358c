import collections
import datetime
import decimal
import fractions
import re
import sys
import unittest
import uuid

try:
    import pathlib
except ImportError:
    pathlib = None
try:
    import numpy
except ImportError:
    numpy = None

import peer_helper

VALUE = 4
ZERO = datetime.timedelta(0)


def touch(*_):
    raise AssertionError('code of the value ran')


class Zone(datetime.tzinfo):
    __repr__ = utcoffset = dst = tzname = touch


class Text(str):
    __repr__ = __str__ = touch


class Date(datetime.date):
    __repr__ = __str__ = isoformat = touch


def shown(**names):
    """What the row of each of these says of its value."""
    rows = peer_helper.rows(peer_helper.agent(**names), u'namespace')
    return dict([(name, row[VALUE]) for name, row in rows.items()])


class Values(unittest.TestCase):

    def all_are_written_as_by_repr(self, values):
        names = dict([('v%d' % position, value) for position, value in enumerate(values)])
        found = shown(**names)
        self.assertEqual(dict([(name, repr(value)) for name, value in names.items()]), found)

    def test_values_are_written_as_by_repr(self):
        self.all_are_written_as_by_repr([
            datetime.date(2024, 5, 1), datetime.time(12, 30), datetime.datetime(2024, 5, 1, 12),
            datetime.timedelta(1, 3), fractions.Fraction(-1, 3), uuid.UUID(int=2 ** 127 + 5),
        ])

    @unittest.skipIf(sys.version_info[0] == 2, 'these are of Python 3')
    def test_values_of_python_3(self):
        zone = datetime.timezone(datetime.timedelta(hours=2))
        self.all_are_written_as_by_repr([
            decimal.Decimal('12.30'), decimal.Decimal('NaN'), re.compile('a+', re.I), re.compile(b'a'), zone,
            datetime.datetime(2024, 5, 1, tzinfo=datetime.timezone.utc), datetime.time(12, tzinfo=zone),
            collections.Counter('a'), collections.defaultdict(None, a=1),
        ])

    @unittest.skipIf(pathlib is None, 'no paths here')
    def test_paths(self):
        paths = ['/', '/tmp', 'a/b', '', '/tmp/a b']
        self.all_are_written_as_by_repr([pathlib.Path(path) for path in paths])
        self.all_are_written_as_by_repr([pathlib.PureWindowsPath(path) for path in ['c:/', 'c:/a', 'a', '//h/s/a']])
        tmp = pathlib.Path('/tmp')
        self.all_are_written_as_by_repr([tmp / 'a', tmp / 'a' / 'b', tmp / '/var' / 'c', pathlib.Path('/') / 'a', tmp / ''])

    def test_collections_show_what_they_hold(self):
        ordered = collections.OrderedDict([('b', 1), ('a', 2)])
        found = shown(o=ordered, d=collections.defaultdict(list, x=[Zone()]))
        if sys.version_info[0] > 2:
            self.assertEqual(u"OrderedDict({'b': 1, 'a': 2})", found['o'])
        self.assertTrue(found['d'].startswith(u"defaultdict(<class 'list'>, {'x': [<"), found['d'])

    def test_no_code_of_a_value_runs(self):
        number = fractions.Fraction(1, 3)
        number._numerator = Text('1')
        names = dict(date=Date(2024, 5, 1), clock=datetime.datetime(2024, 5, 1, tzinfo=Zone()), fraction=number)
        if sys.version_info >= (3, 7):
            names['pattern'] = re.compile(Text('a'))
            names['zone'] = datetime.timezone(ZERO, Text('x'))
        if pathlib is not None:
            path = pathlib.PurePosixPath('a')
            path._str = Text('a')
            if hasattr(path, '_raw_paths'):
                path._raw_paths = [Text('a')]
            else:
                path._parts = [Text('a')]
            names['path'] = path
        found = shown(**names)
        clock = found.pop('clock')
        self.assertTrue(clock.startswith(u'datetime.datetime(2024, 5, 1, 0, 0, tzinfo=<'), clock)
        for name, value in found.items():
            self.assertTrue(value.startswith(u'<') and u' at 0x' in value, (name, value))

    def test_what_would_be_long_is_not_written(self):
        found = shown(d=decimal.Decimal('1' * 100000), r=re.compile('a' * 100000), f=fractions.Fraction(10 ** 5000, 3))
        for name, value in found.items():
            self.assertLess(len(value), 500, name)

    @unittest.skipIf(numpy is None, 'no numpy here')
    def test_numbers_of_numpy(self):
        class Mine(numpy.float64):
            __repr__ = __str__ = item = touch
        found = shown(f=numpy.float64(3.5), i=numpy.int32(4), b=numpy.bool_(True), w=numpy.longdouble(2),
                      t=numpy.datetime64('2024-05-01'), s=numpy.str_('x'), m=Mine(1))
        self.assertTrue(found.pop('m').startswith(u'<'))
        self.assertEqual(dict(f=u'3.5', i=u'4', b=u'True', w=u'2.0', t=u'2024-05-01', s=u"'x'"), found)


if __name__ == '__main__':
    unittest.main()
