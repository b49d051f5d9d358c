import os
import sys
import unittest

import peer_helper

PY2 = sys.version_info[0] == 2
TEXT = type(u'')
STEP, NAME, KIND, TYPE, VALUE, FLAGS, LENGTH = range(7)
EXPANDABLE = 1


class Accident(Exception):
    """Code of an object ran that nobody asked for."""


def accident(*_, **__):
    raise Accident()


class Touchy(object):
    """Every way to look at it is an accident."""

    __repr__ = __str__ = __len__ = __iter__ = __eq__ = __hash__ = __getattribute__ = accident


def step(name):
    return u'a', TEXT(name)


def opened(agent, *steps, **options):
    """The rows under what the steps lead to, in order."""
    answer = agent.page(
        (), u'namespace', steps, options.get('offset', 0), options.get('limit', 500), options.get('needle'))
    assert answer[0] == u'ok', answer
    return answer[5]


def row_named(rows, name):
    return [row for row in rows if row[NAME] == name][0]


def names_of(rows):
    return [row[NAME] for row in rows]


class Classes(unittest.TestCase):

    def test_the_classes_around_a_class(self):
        class Animal(object):
            pass
        class Dog(Animal):
            legs = 4
        agent = peer_helper.agent(Animal=Animal, Dog=Dog)
        rows = opened(agent, step('Dog'))
        self.assertEqual([u'MRO', u'Subclasses'], names_of(rows)[:2])
        self.assertEqual((3, 0), (rows[0][LENGTH], rows[1][LENGTH]))
        line = opened(agent, step('Dog'), rows[0][STEP])
        self.assertEqual([u'class'] * 3, [row[KIND] for row in line])
        self.assertTrue(line[2][VALUE].endswith(u"'object'>"), line[2])
        # Each opens like any class.
        above = opened(agent, step('Dog'), rows[0][STEP], line[1][STEP])
        below = row_named(above, u'Subclasses')
        self.assertEqual(1, below[LENGTH])
        again = opened(agent, step('Dog'), rows[0][STEP], line[1][STEP], below[STEP], (u'i', 0))
        self.assertIn(u'legs', names_of(again))

    def test_a_row_is_found_again(self):
        agent = peer_helper.agent(Error=ValueError)
        rows = opened(agent, step('Error'))
        for row in rows[:2]:
            answer = agent.resolve(u'namespace', (step('Error'), row[STEP]))
            self.assertEqual((u'ok', row), (answer[0], answer[1][-1]))
        self.assertEqual(u'gone', agent.page((), u'namespace', (step('Error'), (u'k', 0, u':other')), 0, 9, None)[0])

    def test_a_metaclass_is_not_asked(self):
        class Meta(type):
            __mro__ = __subclasses__ = __bases__ = property(accident)
            __getattribute__ = __instancecheck__ = __subclasscheck__ = __eq__ = __hash__ = accident
        Odd = Meta('Odd', (object,), {'__repr__': accident})
        below = Meta('Odder', (Odd,), {})
        agent = peer_helper.agent(Odd=Odd)
        rows = opened(agent, step('Odd'))
        self.assertEqual((2, 1), (rows[0][LENGTH], rows[1][LENGTH]))
        found = opened(agent, step('Odd'), rows[1][STEP])
        self.assertEqual([u'class'], [row[KIND] for row in found])
        del below

    def test_the_class_of_classes_and_the_class_of_all(self):
        agent = peer_helper.agent(type=type, object=object)
        rows = opened(agent, step('type'))
        self.assertEqual(2, rows[0][LENGTH])
        self.assertEqual(len(type.__subclasses__(type)), rows[1][LENGTH])
        every = opened(agent, step('object'), row_named(opened(agent, step('object')), u'Subclasses')[STEP], limit=20)
        self.assertEqual(20, len(every))

    @unittest.skipUnless(PY2, 'Python 3 has no classes of the old kind')
    def test_a_class_of_the_old_kind(self):
        names = {}
        exec('class A: pass\nclass B(A): pass\nclass C(A): pass\nclass D(B, C): pass', names)
        agent = peer_helper.agent(D=names['D'])
        rows = opened(agent, step('D'))
        self.assertNotIn(u'Subclasses', names_of(rows))
        line = opened(agent, step('D'), rows[0][STEP])
        self.assertEqual([u'D', u'B', u'A', u'C'], [row[VALUE].split(u"'")[1].split(u'.')[-1] for row in line])


class Exceptions(unittest.TestCase):

    def failed(self):
        def inner(depth):
            secret = Touchy()
            raise ValueError('low', depth)
        try:
            inner(3)
        except ValueError:
            error = sys.exc_info()[1]
        return error

    def test_what_an_exception_tells_comes_first(self):
        error = self.failed()
        error.__cause__ = KeyError('why')
        error.__notes__ = ['by hand']
        rows = opened(peer_helper.agent(error=error), step('error'))
        expected = [u'args', u'__cause__', u'__notes__'] + ([] if PY2 else [u'Traceback'])
        self.assertEqual(expected, names_of(rows)[:len(expected)])
        self.assertEqual([u'exception', u'list'], [row[KIND] for row in rows[1:3]])
        self.assertEqual(len(set(names_of(rows))), len(rows))

    @unittest.skipIf(PY2, 'Python 2 keeps no traceback in an exception')
    def test_a_traceback_and_the_locals_of_its_frames(self):
        agent = peer_helper.agent(error=self.failed())
        trace = row_named(opened(agent, step('error')), u'Traceback')
        frames = opened(agent, step('error'), trace[STEP])
        self.assertEqual([u'frame', u'frame'], [row[KIND] for row in frames])
        self.assertTrue(frames[1][VALUE].startswith(u'inner, test_opening.py:'), frames[1])
        inner = opened(agent, step('error'), trace[STEP], frames[1][STEP])
        self.assertEqual([u'depth', u'secret'], names_of(inner)[:2])
        self.assertEqual(u'3', inner[0][VALUE])
        source = agent.source(u'namespace', (step('error'), trace[STEP], frames[1][STEP]))
        self.assertEqual(u'ok', source[0])
        line = source[3].split(u'\n')[source[2] - 1].strip()
        self.assertEqual(u"raise ValueError('low', depth)", line)
        value = agent.describe(u'namespace', (step('error'), trace[STEP], frames[1][STEP], inner[0][STEP]))
        self.assertEqual((u'ok', u'int'), value[:2])

    def test_a_property_in_the_place_of_args_is_not_read(self):
        class Odd(Exception):
            args = property(accident)
            __repr__ = __str__ = __getattribute__ = accident
        rows = opened(peer_helper.agent(odd=Odd('x')), step('odd'))
        self.assertEqual((u'args', u'property'), (rows[0][NAME], rows[0][KIND]))


class Frames(unittest.TestCase):

    def test_a_frame_shows_its_locals(self):
        def work(zeta, alpha):
            beta = Touchy()
            return sys._getframe()
        frame = work(1, 2)
        agent = peer_helper.agent(frame=frame)
        top = peer_helper.rows(agent, u'namespace')[u'frame']
        self.assertEqual(u'frame', top[KIND])
        self.assertTrue(top[VALUE].startswith(u'work, test_opening.py:'), top)
        rows = opened(agent, step('frame'))
        self.assertEqual([u'zeta', u'alpha', u'beta'], names_of(rows)[:3])
        self.assertEqual(u'code', row_named(rows, u'f_code')[TYPE])

    def test_a_mapping_of_the_users_in_the_place_of_locals_is_not_read(self):
        class Odd(dict):
            items = keys = iteritems = __iter__ = accident
            __getitem__ = lambda self, name: dict.__getitem__(self, name)
        class Other(object):
            __getitem__ = lambda self, name: self.__dict__[name]
            __setitem__ = lambda self, name, value: None
            items = keys = iteritems = __iter__ = accident
        for names in (Odd, Other):
            mapping = names()
            if names is Odd:
                mapping['sys'] = sys
            else:
                mapping.__dict__['sys'] = sys
            frame = eval('sys._getframe()', {'__builtins__': {}}, mapping)
            rows = opened(peer_helper.agent(frame=frame), step('frame'))
            self.assertEqual(names is Odd, u'sys' in names_of(rows))


class Pausable(unittest.TestCase):

    def shown(self, obj):
        return peer_helper.rows(peer_helper.agent(it=obj), u'namespace')[u'it']

    def test_where_a_generator_is(self):
        seen = []
        def numbers():
            seen.append(self.shown(generator)[VALUE])
            yield 1
        generator = numbers()
        self.assertTrue(self.shown(generator)[VALUE].startswith(u'numbers, not started'))
        next(generator)
        self.assertTrue(seen[0].startswith(u'numbers, running at line '), seen)
        self.assertTrue(self.shown(generator)[VALUE].startswith(u'numbers, suspended at line '))
        generator.close()
        self.assertEqual(u'numbers, ended', self.shown(generator)[VALUE])

    @unittest.skipIf(sys.version_info < (3, 6), 'this Python has no asynchronous generators')
    def test_coroutines_and_asynchronous_generators(self):
        names = {}
        exec('async def wait():\n  pass\nasync def ticks():\n  yield 1', names)
        coroutine, ticks = names['wait'](), names['ticks']()
        for obj in (coroutine, ticks):
            self.assertEqual(u'generator', self.shown(obj)[KIND])
        self.assertEqual(u'wait, not started, from line 1', self.shown(coroutine)[VALUE])
        coroutine.close()
        self.assertEqual(u'wait, ended', self.shown(coroutine)[VALUE])


class Bytes(unittest.TestCase):

    def lines(self, obj, **options):
        return opened(peer_helper.agent(data=obj), step('data'), **options)

    def test_lines_of_eight_bytes(self):
        data = bytearray(b'Hello, world 123' b'4\x00\xff')
        agent = peer_helper.agent(data=data)
        self.assertEqual(EXPANDABLE, peer_helper.rows(agent, u'namespace')[u'data'][FLAGS] & EXPANDABLE)
        rows = opened(agent, step('data'))
        self.assertEqual([u'0x0000', u'0x0008', u'0x0010'], names_of(rows))
        self.assertEqual(u'48 65 6c 6c 6f 2c 20 77  |Hello, w|', rows[0][VALUE])
        self.assertEqual(u'34 00 ff  |4..|', rows[2][VALUE])
        text = agent.text(u'namespace', (step('data'),), 1000)
        self.assertEqual((u'ok', TEXT(repr(data)), False), text)
        self.assertEqual(rows[2], agent.resolve(u'namespace', (step('data'), rows[2][STEP]))[1][1])
        self.assertEqual(u'gone', agent.resolve(u'namespace', (step('data'), (u'i', 3)))[0])

    def test_a_page_of_many_bytes(self):
        rows = self.lines(bytearray(1 << 26), offset=(1 << 23) - 3, limit=100)
        self.assertEqual([u'0x3ffffe8', u'0x3fffff0', u'0x3fffff8'], names_of(rows))
        self.assertEqual([u'0x0020', u'0x0028'], names_of(self.lines(bytearray(100), needle=u'X002')))

    def test_nothing_in_it(self):
        for empty in (bytearray(), memoryview(b'')):
            row = peer_helper.rows(peer_helper.agent(data=empty), u'namespace')[u'data']
            self.assertEqual(0, row[FLAGS] & EXPANDABLE)

    def test_memory_of_another(self):
        self.assertEqual(u'61 62 63  |abc|', self.lines(memoryview(b'abc'))[0][VALUE])
        row = peer_helper.rows(peer_helper.agent(data=memoryview(b'abc')), u'namespace')[u'data']
        self.assertEqual((u'bytes', u'3 bytes, format B'), (row[KIND], row[VALUE]))

    @unittest.skipIf(PY2, 'Python 2 cannot release or reshape memory')
    def test_memory_that_is_released_or_in_pieces(self):
        import array
        words = memoryview(array.array('H', [0x6161, 0x6262]))
        self.assertEqual(u'61 61 62 62  |aabb|', self.lines(words)[0][VALUE])
        for odd in (memoryview(b'abcdef')[::2], memoryview(b'abc')):
            odd.release() if odd.contiguous else None
            row = peer_helper.rows(peer_helper.agent(data=odd), u'namespace')[u'data']
            self.assertEqual(0, row[FLAGS] & EXPANDABLE)

    def test_a_class_of_the_users_is_not_asked(self):
        base = bytearray if PY2 else bytes
        class Odd(base):
            __len__ = __getitem__ = __iter__ = __repr__ = __bytes__ = __getattribute__ = accident
            extra = 1
        rows = self.lines(Odd(b'abc'))
        self.assertEqual(u'61 62 63  |abc|', rows[0][VALUE])
        self.assertIn(u'extra', names_of(rows))

    @unittest.skipUnless(PY2, 'on Python 3 a str is no bytes')
    def test_a_text_of_python_2_stays_a_text(self):
        row = peer_helper.rows(peer_helper.agent(data='abc'), u'namespace')[u'data']
        self.assertEqual((u'string', 0), (row[KIND], row[FLAGS] & EXPANDABLE))


if __name__ == '__main__':
    unittest.main()
