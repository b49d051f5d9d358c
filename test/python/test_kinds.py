import collections
import io
import os
import re
import socket
import sys
import tempfile
import threading
import unittest

import peer_helper

KIND, TYPE, VALUE, FLAGS, LENGTH = 2, 3, 4, 5, 6
EXPANDABLE, UNREAD = 1, 2


def shown(**names):
    """The row of each of these in the namespace."""
    return peer_helper.rows(peer_helper.agent(**names), u'namespace')


def inside(name, obj, offset=0, limit=500):
    """The rows of the parts of an object, in order."""
    agent = peer_helper.agent(**{name: obj})
    answer = agent.page((), u'namespace', ((u'a', TEXT(name)),), offset, limit, None)
    assert answer[0] == u'ok', answer
    return answer[5]


TEXT = type(u'')


def names_of(rows):
    return [row[1] for row in rows]


class Touchy(object):
    """Every way to look at it is an accident."""

    def __repr__(self):
        raise AssertionError('its text was asked for')

    def __getattribute__(self, name):
        raise AssertionError('its %s was asked for' % name)

    __str__ = __len__ = __iter__ = __eq__ = __hash__ = __repr__


class StandardKinds(unittest.TestCase):

    def test_a_named_tuple_shows_its_fields(self):
        found = shown(p=collections.namedtuple('Point', 'x y')(1, Touchy()))[u'p']
        self.assertEqual(u'struct', found[KIND])
        self.assertTrue(found[VALUE].startswith(u'Point(x=1, y=<'), found[VALUE])

    def test_a_generator_is_not_consumed(self):
        def numbers():
            yield 1
        generator = numbers()
        found = shown(g=generator)[u'g']
        self.assertEqual(u'generator', found[KIND])
        self.assertTrue(found[VALUE].startswith(u'numbers, not started, from line '), found[VALUE])
        inside('g', generator)
        self.assertEqual([1], list(generator))
        self.assertEqual(u'numbers, ended', shown(g=generator)[u'g'][VALUE])

    def test_threads(self):
        go = threading.Event()
        thread = threading.Thread(target=go.wait, name='pump')
        thread.daemon = True
        self.assertEqual(u'pump, daemon, not started', shown(t=thread)[u't'][VALUE])
        thread.start()
        self.assertEqual(u'pump, daemon', shown(t=thread)[u't'][VALUE])
        go.set()
        thread.join()
        self.assertEqual(u'pump, daemon, ended', shown(t=thread)[u't'][VALUE])
        self.assertEqual(u'thread', shown(t=thread)[u't'][KIND])

    def test_the_threads_of_the_process_and_where_they_are(self):
        go, there = threading.Event(), threading.Event()
        def pump_water():
            there.set()
            go.wait()
        pumps = [threading.Thread(target=pump_water, name='pump') for _ in range(2)]
        for pump in pumps:
            pump.start()
        there.wait()
        try:
            agent = peer_helper.agent()
            found = peer_helper.rows(agent, u'threads')
            named = [name for name in found if name.startswith(u'pump')]
            self.assertEqual(2, len(named))
            self.assertIn(u'pump', named)
            self.assertEqual(u'thread', found[u'pump'][KIND])
            self.assertTrue(re.match(u'^[a-zA-Z_]+, [a-z_0-9]+[.]py:[0-9]+$', found[u'pump'][VALUE]), found[u'pump'][VALUE])
            # Our own frames are not where the thread is.
            self.assertNotIn(u'rpyc-explorer', found[u'MainThread'][VALUE])
            self.assertEqual(0, found[u'pump'][FLAGS] & 24)
            inner = peer_helper.rows(agent, u'threads', ((u'a', u'MainThread'),))
            self.assertTrue(inner)
        finally:
            go.set()
            for pump in pumps:
                pump.join()

    def test_a_thread_of_a_hostile_class_is_listed(self):
        touched = []
        class Odd(threading.Thread):
            def __repr__(self):
                touched.append('repr')
            def __getattr__(self, name):
                touched.append(name)
                raise AttributeError(name)
        go = threading.Event()
        odd = Odd(target=go.wait, name='odd')
        odd.start()
        del touched[:]
        try:
            self.assertEqual(u'thread', peer_helper.rows(peer_helper.agent(), u'threads')[u'odd'][KIND])
            self.assertEqual([], touched)
        finally:
            go.set()
            odd.join()

    def test_files_are_not_read(self):
        handle, path = tempfile.mkstemp()
        os.write(handle, b'one\ntwo\n')
        os.close(handle)
        try:
            with io.open(path) as text:
                with io.open(path, 'rb') as data:
                    found = shown(text=text, data=data)
                    self.assertEqual([u'file', u'file'], [found[name][KIND] for name in (u'text', u'data')])
                    self.assertEqual(TEXT(path) + u', r', found[u'text'][VALUE])
                    self.assertEqual(TEXT(path) + u', rb', found[u'data'][VALUE])
                    self.assertEqual(0, data.tell())
                    self.assertEqual(u'one\n', text.readline())
                self.assertTrue(shown(data=data)[u'data'][VALUE].endswith(u', closed'))
        finally:
            os.remove(path)

    def test_a_file_around_something_of_the_user_s_is_left_alone(self):
        class Raw(io.RawIOBase):
            def readable(self):
                return True

            @property
            def name(self):
                raise AssertionError('asked')

            @property
            def mode(self):
                raise AssertionError('asked')
        buffered = io.BufferedReader(Raw())
        self.assertTrue(shown(f=buffered)[u'f'][VALUE].startswith(u'<_io.BufferedReader at '))

    @unittest.skipIf(sys.version_info[0] == 2, 'sockets are written otherwise on Python 2')
    def test_sockets(self):
        server = socket.socket()
        server.bind(('127.0.0.1', 0))
        server.listen(1)
        client = socket.create_connection(server.getsockname())
        port = server.getsockname()[1]
        own = client.getsockname()[1]
        try:
            found = shown(server=server, client=client)
            self.assertEqual(u'127.0.0.1:%d' % port, found[u'server'][VALUE])
            self.assertEqual(u'127.0.0.1:%d \u2192 127.0.0.1:%d' % (own, port), found[u'client'][VALUE])
            self.assertEqual(u'socket', found[u'client'][KIND])
        finally:
            client.close()
            server.close()
        self.assertEqual(u'closed', shown(client=client)[u'client'][VALUE])

    def test_classes_that_only_look_declared(self):
        class Odd(object):
            __dataclass_fields__ = 3
            __fields__ = Touchy()
            _fields = ('a',)
            __attrs_attrs__ = (Touchy(),)
        class Nameless(object):
            __attrs_attrs__ = ()
        found = shown(odd=Odd(), nameless=Nameless())
        self.assertTrue(found[u'odd'][VALUE].endswith(u'Odd()'), found[u'odd'][VALUE])
        self.assertTrue(found[u'nameless'][VALUE].endswith(u'Nameless()'))


try:
    import enum
except ImportError:
    enum = None


@unittest.skipIf(enum is None, 'no enumerations here')
class Enumerations(unittest.TestCase):

    def test_members(self):
        class Color(enum.Enum):
            RED = 1
            BLUE = 'b'
        found = shown(red=Color.RED, Color=Color)
        self.assertEqual((u'enum', u'Color.RED = 1'), (found[u'red'][KIND], found[u'red'][VALUE].rsplit(u'.<locals>.')[-1]))
        rows = inside('Color', Color)
        self.assertEqual([u"'RED'", u"'BLUE'"], names_of(rows)[:2])
        self.assertNotIn(u'RED', names_of(rows))


try:
    import dataclasses
except ImportError:
    dataclasses = None


@unittest.skipIf(dataclasses is None, 'no data classes here')
class DataClasses(unittest.TestCase):

    def test_fields_come_first_in_their_order(self):
        Settings = dataclasses.make_dataclass('Settings', [('zoom', int), ('angle', object)])
        settings = Settings(3, Touchy())
        found = shown(s=settings)[u's']
        self.assertEqual(u'struct', found[KIND])
        self.assertIn(u'Settings(zoom=3, angle=<', found[VALUE])
        self.assertEqual([u'zoom', u'angle'], names_of(inside('s', settings))[:2])

    def test_one_that_holds_itself(self):
        node = dataclasses.make_dataclass('Node', ['next'])(None)
        node.next = node
        self.assertIn(u'Node(next=', shown(n=node)[u'n'][VALUE])

    def test_its_own_text_is_not_asked_for(self):
        def shout(self):
            raise AssertionError('asked')
        Loud = dataclasses.make_dataclass('Loud', ['size'], namespace={'__repr__': shout}, repr=False)
        self.assertTrue(shown(x=Loud(1))[u'x'][VALUE].endswith(u'Loud(size=1)'))


try:
    import numpy
except ImportError:
    numpy = None


@unittest.skipIf(numpy is None, 'no numpy here')
class Arrays(unittest.TestCase):

    def test_shape_and_type(self):
        found = shown(a=numpy.zeros((3, 4), 'float32'), n=numpy.array(7), t=numpy.array(['x', 'yy']))
        self.assertEqual((u'array', u'3\xd74 float32', 3), tuple([found[u'a'][i] for i in (KIND, VALUE, LENGTH)]))
        self.assertEqual(u'int64 7', found[u'n'][VALUE])
        self.assertEqual(u'2 <U2', found[u't'][VALUE])

    def test_pages_are_views_and_end_in_numbers(self):
        array = numpy.arange(6.0).reshape(2, 3)
        rows = inside('a', array)
        self.assertEqual((u'[1]', u'array', u'3 float64'), tuple([rows[1][i] for i in (1, KIND, VALUE)]))
        agent = peer_helper.agent(a=array)
        deep = agent.page((), u'namespace', ((u'a', u'a'), (u'i', 1)), 0, 3, None)[5]
        self.assertEqual([u'3.0', u'4.0', u'5.0'], [row[VALUE] for row in deep])

    def test_a_page_of_a_big_one_copies_next_to_nothing(self):
        # As large as a disk: nobody could copy it.
        array = numpy.lib.stride_tricks.as_strided(numpy.zeros(1), shape=(10 ** 12,), strides=(0,))
        rows = inside('a', array, 10 ** 11, 100)
        self.assertEqual((100, u'[100000000000]', u'0.0'), (len(rows), rows[0][1], rows[0][VALUE]))

    def test_dates_objects_and_records(self):
        found = [row[VALUE] for row in inside('a', numpy.array(['2020-01-02'], 'M8[D]'))[:1]]
        objects = numpy.empty(1, object)
        objects[0] = Touchy()
        found += [inside('a', objects)[0][VALUE][:1]]
        found += [inside('a', numpy.array([(1, 2.5)], [('i', int), ('f', float)]))[0][VALUE]]
        self.assertEqual([u"'2020-01-02'", u'<', u'(1, 2.5)'], found)

    def test_a_class_of_the_user_s_is_an_object(self):
        class Mine(numpy.ndarray):
            def __getitem__(self, index):
                raise AssertionError('asked')
        mine = numpy.zeros(3).view(Mine)
        self.assertEqual(u'object', shown(a=mine)[u'a'][KIND])


try:
    import pandas
except ImportError:
    pandas = None


@unittest.skipIf(pandas is None, 'no pandas here')
class Tables(unittest.TestCase):

    def setUp(self):
        self.frame = pandas.DataFrame({'a': [1, 2], 'b': ['x', 'y']}, index=['u', 'v'])

    def test_a_table_has_columns_and_these_have_values(self):
        found = shown(f=self.frame)[u'f']
        self.assertEqual((u'table', u'2 rows \xd7 2 columns', 2), tuple([found[i] for i in (KIND, VALUE, LENGTH)]))
        rows = inside('f', self.frame)
        self.assertEqual([(u"'a'", u'2 \xd7 int64'), (u"'b'", u'2 \xd7 object')], [(r[1], r[VALUE]) for r in rows[:2]])
        agent = peer_helper.agent(f=self.frame)
        deep = agent.page((), u'namespace', ((u'a', u'f'), rows[1][0]), 0, 2, None)[5]
        self.assertEqual([(u"'u'", u"'x'"), (u"'v'", u"'y'")], [(row[1], row[VALUE]) for row in deep])

    def test_an_index_tells_its_length(self):
        self.assertEqual(u'2 \xd7 object', shown(i=self.frame.index)[u'i'][VALUE])

    def test_dates(self):
        series = pandas.Series(pandas.to_datetime(['2020-01-02']))
        self.assertEqual(u"'2020-01-02'", inside('s', series)[0][VALUE])


try:
    import attr
except ImportError:
    attr = None

try:
    import pydantic
except ImportError:
    pydantic = None


@unittest.skipIf(attr is None or pydantic is None, 'no models here')
class Models(unittest.TestCase):

    def test_attrs_and_pydantic(self):
        Box = attr.make_class('Box', ['width', 'height'])
        Model = pydantic.create_model('Model', zeta=(int, 1), alpha=(str, 'x'))
        found = shown(box=Box(1, 2), model=Model())
        self.assertEqual(u'Box(width=1, height=2)', found[u'box'][VALUE])
        self.assertTrue(found[u'model'][VALUE].endswith(u"Model(zeta=1, alpha='x')"))
        self.assertEqual([u'zeta', u'alpha'], names_of(inside('model', Model()))[:2])


if __name__ == '__main__':
    unittest.main()
