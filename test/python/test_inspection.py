import collections
import sys
import threading
import types
import unittest

import peer_helper

PY2 = sys.version_info[0] == 2
A = lambda name: (u'a', name)
KIND, TYPE, VALUE, FLAGS, LENGTH = 2, 3, 4, 5, 6
EXPANDABLE, UNREAD, REACHABLE = 1, 2, 4


class Pages(unittest.TestCase):

    def check(self, names, steps, expected):
        agent = peer_helper.agent(**names)
        found = peer_helper.rows(agent, u'namespace', steps)
        self.assertEqual(expected, [(name, found[name][KIND], found[name][TYPE], found[name][VALUE])
                                    for name, _, _, _ in expected])

    def test_namespace_rows(self):
        text = u"'x'" if not PY2 else u"'x'"
        self.check(dict(a=1, b='x', c=[1, 'y', None], d={'k': 1.5}, e=None, f=True), (), [
            (u'a', u'number', u'int', u'1'),
            (u'b', u'string', u'str', text),
            (u'c', u'list', u'list', u"[1, 'y', None]"),
            (u'd', u'dict', u'dict', u"{'k': 1.5}"),
            (u'e', u'none', u'NoneType', u'None'),
            (u'f', u'boolean', u'bool', u'True'),
        ])

    def test_builtins_entry_of_eval_is_hidden(self):
        agent = peer_helper.agent(x=1)
        eval('x', agent.namespace)
        self.assertIn('__builtins__', agent.namespace)
        self.assertEqual([u'x'], list(peer_helper.rows(agent, u'namespace')))

    def test_names_are_sorted_public_private_special(self):
        agent = peer_helper.agent(_b=1, __d=1, a=1, __c__=1, B=1)
        answer = agent.page((), u'namespace', (), 0, 100, None)
        self.assertEqual([u'a', u'B', u'_b', u'__d', u'__c__'], [row[1] for row in answer[5]])

    def test_modules_and_filter(self):
        agent = peer_helper.agent()
        found = peer_helper.rows(agent, u'modules', (), needle=u'THREADING')
        self.assertEqual(u'module', found[u'threading'][KIND])
        self.assertTrue(all('threading' in name.lower() for name in found))

    def test_builtins(self):
        found = peer_helper.rows(peer_helper.agent(), u'builtins')
        self.assertEqual(u'function', found[u'len'][KIND])
        self.assertEqual(u'exception', found[u'ValueError'][KIND])

    def test_pages_of_a_long_list(self):
        agent = peer_helper.agent(x=list(range(100000)))
        status, number, total, more, note, found = agent.page((), u'namespace', (A(u'x'),), 99900, 200, None)
        self.assertEqual((u'ok', 100000, False, u''), (status, total, more, note))
        self.assertEqual([u'[99900]', u'[99999]'], [found[0][1], found[-1][1]])
        self.assertEqual(100, len(found))
        again = agent.page((), number, (), 0, 100, None)
        self.assertEqual((number, True, u'[0]'), (again[1], again[3], again[5][0][1]))
        agent.release((number,))
        self.assertEqual(u'stale', agent.page((), number, (), 0, 100, None)[0])

    def test_dict_rows_are_found_by_key_after_it_moved(self):
        agent = peer_helper.agent(d={})
        d = agent.namespace['d']
        d['first'] = 1
        d['second'] = 2
        row = peer_helper.rows(agent, u'namespace', (A(u'd'),))[u"'second'"]
        del d['first']
        self.assertEqual(u'2', agent.resolve(u'namespace', (A(u'd'), row[0]))[1][-1][VALUE])
        del d['second']
        self.assertEqual(u'gone', agent.resolve(u'namespace', (A(u'd'), row[0]))[0])

    def test_keys_that_are_expressions(self):
        agent = peer_helper.agent(d={'k': 1, (1, 'x'): 2, len: 3, 'y' * 500: 4})
        found = peer_helper.rows(agent, u'namespace', (A(u'd'),))
        reachable = sorted(name for name, row in found.items() if row[FLAGS] & REACHABLE)
        self.assertEqual([u"'k'", u"(1, 'x')"], reachable)

    def test_sets_ranges_deques(self):
        agent = peer_helper.agent(s=set([7]), r=range(5), q=collections.deque([1, 2]), f=frozenset([3]))
        for name, shown in (('s', u'{0}'), ('r', u'[0]'), ('q', u'[0]'), ('f', u'{0}')):
            row = peer_helper.rows(agent, u'namespace', (A(name),))[shown]
            self.assertEqual(row[VALUE], agent.resolve(u'namespace', (A(name), row[0]))[1][-1][VALUE])

    # Python 2's ranges end where its small integers do.
    if not PY2:
        def test_ranges_longer_than_any_list(self):
            long, endless = range(10 ** 20), range(0, 10 ** 5000, 10 ** 3)
            agent = peer_helper.agent(long=long, endless=endless, back=range(10 ** 20, 0, -3), e=ValueError(long))
            found = peer_helper.rows(agent, u'namespace')
            self.assertEqual((u'range(0, 100000000000000000000)', sys.maxsize),
                             (found[u'long'][VALUE], found[u'long'][LENGTH]))
            self.assertEqual(u'range(0, <integer of 16610 bits>, 1000)', found[u'endless'][VALUE])
            self.assertEqual(sys.maxsize, found[u'back'][LENGTH])
            status, _, total, more, _, rows = agent.page((), u'namespace', (A(u'long'),), 10 ** 15, 10, None)
            self.assertEqual((u'ok', sys.maxsize, True), (status, total, more))
            self.assertEqual((u'[1000000000000000]', u'1000000000000000'), (rows[0][1], rows[0][VALUE]))
            first = peer_helper.rows(agent, u'namespace', (A(u'back'),))[u'[0]']
            self.assertEqual(u'100000000000000000000', first[VALUE])
            self.assertEqual(u'ok', agent.describe(u'namespace', (A(u'endless'),))[0])

    if hasattr(sys, 'set_int_max_str_digits'):
        def test_numbers_that_python_refuses_to_write(self):
            before = sys.get_int_max_str_digits()
            sys.set_int_max_str_digits(640)
            try:
                found = peer_helper.rows(peer_helper.agent(n=10 ** 700, d={10 ** 700: 1}), u'namespace')
            finally:
                sys.set_int_max_str_digits(before)
            self.assertEqual(u'<integer of 2326 bits>', found[u'n'][VALUE])
            self.assertEqual(u'{<integer of 2326 bits>: 1}', found[u'd'][VALUE])

    def test_a_value_that_cannot_be_shown_takes_one_row_only(self):
        names = peer_helper.load()
        bad = [3]

        def fail(obj, original):
            if obj is bad:
                raise OverflowError('too much')
            return original(obj)
        for function in ('container_of', 'kind_of'):
            original = names[function]
            names[function] = lambda obj, original=original: fail(obj, original)
            agent = names['create_agent']({'good': 1, 'bad': bad, 'items': [bad, 2], 'keys': {5: bad}})[0]
            found = peer_helper.rows(agent, u'namespace')
            self.assertEqual(u'1', found[u'good'][VALUE])
            self.assertEqual(((u'a', u'bad'), u'bad', u'object', u'<it cannot be shown: OverflowError>'),
                             (found[u'bad'][:3] + (found[u'bad'][VALUE],)))
            self.assertEqual(u'2', peer_helper.rows(agent, u'namespace', (A(u'items'),))[u'[1]'][VALUE])
            self.assertEqual([u'5'], list(peer_helper.rows(agent, u'namespace', (A(u'keys'),))))
            names[function] = original

    def test_a_thousand_attributes_in_pages(self):
        class Wide(object):
            pass
        wide = Wide()
        for position in range(1000):
            setattr(wide, 'attribute_%04d' % position, position)
        agent = peer_helper.agent(w=wide)
        answer = agent.page((), u'namespace', (A(u'w'),), 0, 100, None)
        self.assertEqual([u'attribute_%04d' % n for n in range(100)], [row[1] for row in answer[5]])
        self.assertTrue(answer[3])
        self.assertGreater(answer[2], 1000)

    def test_a_page_is_bounded(self):
        agent = peer_helper.agent(d=dict(('k' * 5000 + str(n), 'v' * 5000) for n in range(500)))
        answer = agent.page((), u'namespace', (A(u'd'),), 0, 100000, None)
        size = sum(len(repr(row)) for row in answer[5])
        self.assertLess(size, 256 * 1024)

    def test_attributes_of_instances(self):
        class Base(object):
            shared = [1]
            __slots__ = ('slot', 'empty', '__dict__')

            @property
            def computed(self):
                raise AssertionError('evaluated')

            def method(self, a, b=1):
                """Says hello."""

            @staticmethod
            def static(x):
                pass

            @classmethod
            def of(cls, y):
                pass
        obj = Base()
        obj.slot = 5
        obj.own = 'mine'
        agent = peer_helper.agent(o=obj)
        found = peer_helper.rows(agent, u'namespace', (A(u'o'),))
        self.assertEqual((u'number', u'5'), found[u'slot'][2:5:2])
        self.assertNotIn(u'empty', found)
        self.assertEqual(u"'mine'", found[u'own'][VALUE])
        self.assertEqual(u'list', found[u'shared'][KIND])
        self.assertEqual((u'property', u'', UNREAD), (found[u'computed'][KIND], found[u'computed'][VALUE],
                                                      found[u'computed'][FLAGS] & UNREAD))
        self.assertEqual((u'method', u'method(a, b=1)'), found[u'method'][2:5:2])
        self.assertEqual((u'function', u'static(x)'), found[u'static'][2:5:2])
        self.assertEqual((u'method', u'of(y)'), found[u'of'][2:5:2])
        self.assertEqual(u'class', found[u'__class__'][KIND])

    def test_a_property_is_read_on_request_only(self):
        class Counting(object):
            reads = 0

            @property
            def value(self):
                """Counts."""
                Counting.reads += 1
                return [1, 2]
        agent = peer_helper.agent(o=Counting())
        steps = (A(u'o'), A(u'value'))
        self.assertEqual(u'unread', agent.page((), u'namespace', steps, 0, 10, None)[0])
        self.assertEqual(u'property', agent.resolve(u'namespace', steps)[1][-1][KIND])
        self.assertEqual((u'ok', u'property', u'', u'Counts.'), agent.describe(u'namespace', steps)[:4])
        self.assertEqual(0, Counting.reads)
        status, number, row = agent.read(u'namespace', steps)
        self.assertEqual((u'ok', u'[1, 2]', 1), (status, row[VALUE], Counting.reads))
        self.assertEqual([u'[0]', u'[1]'], sorted(peer_helper.rows(agent, number)))
        self.assertEqual(1, Counting.reads)

    def test_subclasses_of_containers_show_items_then_attributes(self):
        class Special(list):
            extra = 1
        agent = peer_helper.agent(s=Special([10, 20]))
        answer = agent.page((), u'namespace', (A(u's'),), 0, 3, None)
        self.assertEqual([u'[0]', u'[1]'], [row[1] for row in answer[5]][:2])
        self.assertEqual(3, len(answer[5]))
        self.assertTrue(answer[3])

    def test_named_tuples(self):
        point = collections.namedtuple('Point', 'x y')(3, 4)
        found = peer_helper.rows(peer_helper.agent(p=point), u'namespace', (A(u'p'),))
        self.assertEqual((u'3', u'4'), (found[u'x'][VALUE], found[u'y'][VALUE]))
        self.assertEqual((u'i', 1), found[u'y'][0])

    def test_classes_and_functions(self):
        class Thing(object):
            """A thing."""

            def __init__(self, size, *rest, **more):
                """Makes it."""

            @property
            def computed(self):
                raise AssertionError('evaluated')

        def function(a, b=2):
            """Does it."""
        agent = peer_helper.agent(Thing=Thing, function=function, error=ValueError('no', 3))
        self.assertEqual((u'ok', u'type', u'Thing(size, *rest, **more)', u'A thing.'),
                         agent.describe(u'namespace', (A(u'Thing'),))[:4])
        # The signature is the value of a function: it is told once.
        self.assertEqual((u'ok', u'function', u'function(a, b=2)', u'Does it.', u''),
                         agent.describe(u'namespace', (A(u'function'),))[:5])
        self.assertEqual(u"ValueError('no', 3)", peer_helper.rows(agent, u'namespace')[u'error'][VALUE])
        self.assertIn(u'computed', peer_helper.rows(agent, u'namespace', (A(u'Thing'),)))
        self.assertIn(u'__code__', peer_helper.rows(agent, u'namespace', (A(u'function'),)))

    def test_builtin_signatures(self):
        agent = peer_helper.agent(append=[].append)
        shown = agent.describe(u'namespace', (A(u'append'),))
        self.assertTrue(shown[2].startswith(u'append('), shown)
        self.assertTrue(shown[3])

    def test_long_texts_are_cut_before_they_are_made(self):
        agent = peer_helper.agent(s='x' * 100000000, n=10 ** 100000, deep=[[[[[[[1]]]]]]])
        found = peer_helper.rows(agent, u'namespace')
        self.assertEqual(100000000, found[u's'][LENGTH])
        self.assertLessEqual(len(found[u's'][VALUE]), 160)
        self.assertIn(u'bits', found[u'n'][VALUE])
        status, text, cut = agent.text(u'namespace', (A(u's'),), 1000)
        self.assertEqual((u'ok', 1000, True), (status, len(text), cut))
        self.assertEqual(u'[[[[[[[1]]]]]]]', agent.text(u'namespace', (A(u'deep'),), 1000)[1])

    def test_cyclic_containers(self):
        cyclic = [1]
        cyclic.append(cyclic)
        agent = peer_helper.agent(c=cyclic)
        self.assertEqual(u'[1, [\u2026]]', peer_helper.rows(agent, u'namespace')[u'c'][VALUE])
        self.assertEqual(u'[1, [\u2026]]', agent.text(u'namespace', (A(u'c'),), 1000)[1])

    def test_text_runs_repr_and_tells_its_failure(self):
        class Broken(object):
            def __repr__(self):
                raise ValueError('no')

        class Fine(object):
            def __repr__(self):
                return 'Fine!'
        agent = peer_helper.agent(b=Broken(), f=Fine())
        self.assertIn(u'repr raised ValueError', agent.text(u'namespace', (A(u'b'),), 1000)[1])
        self.assertEqual(u'Fine!', agent.text(u'namespace', (A(u'f'),), 1000)[1])
        self.assertIn(u'Fine at 0x', peer_helper.rows(agent, u'namespace')[u'f'][VALUE])

    def test_lone_surrogates_can_be_encoded(self):
        agent = peer_helper.agent(s=u'a\ud800b', d={u'\ud800': 1})
        for row in peer_helper.rows(agent, u'namespace').values():
            row[VALUE].encode('utf-8')
        for row in peer_helper.rows(agent, u'namespace', (A(u'd'),)).values():
            row[1].encode('utf-8')

    def test_modules_with_a_getattr_of_their_own(self):
        module = types.ModuleType('lazy')
        module.value = 1
        def explode(name):
            raise AssertionError(name)
        module.__getattr__ = explode
        module.__dir__ = explode
        found = peer_helper.rows(peer_helper.agent(m=module), u'namespace', (A(u'm'),))
        self.assertEqual(u'1', found[u'value'][VALUE])

    def test_a_mapping_that_other_threads_change(self):
        agent = peer_helper.agent(d={})
        shared, stop = agent.namespace['d'], threading.Event()

        def change():
            count = 0
            while not stop.is_set():
                count += 1
                shared[count % 1000] = count
                shared.pop((count * 7) % 1000, None)
        thread = threading.Thread(target=change)
        thread.start()
        try:
            for _ in range(200):
                self.assertEqual(u'ok', agent.page((), u'namespace', (A(u'd'),), 0, 100, None)[0])
        finally:
            stop.set()
            thread.join()


class NothingIsLeft(unittest.TestCase):

    def test_names_and_modules_stay_as_they_were(self):
        before = set(sys.modules)
        namespace = {}
        made = peer_helper.load()['create_agent'](namespace)
        self.assertEqual({}, namespace)
        self.assertEqual(set(), set(name for name in set(sys.modules) - before if 'rpyc_explorer' in name))
        version, pid, kind, rpyc_version, signals = made[1]
        self.assertEqual('.'.join(map(str, sys.version_info[:3])), version)
        self.assertEqual((u'unknown', u'', False), (kind, rpyc_version, signals))

    def test_the_service_is_found_by_its_namespace(self):
        loaded = peer_helper.load()

        class Slave(object):
            __slots__ = ('namespace',)

            def eval(self):
                return loaded['create_agent'](self.namespace)[0]
        slave = Slave()
        slave.namespace = {}
        self.assertIs(slave, slave.eval().service)

    def test_server_kind_is_read_from_the_calling_frames(self):
        loaded = peer_helper.load()

        class ThreadedServer(object):
            def serve(self):
                return loaded['create_agent']({})[1][2]

        class Derived(ThreadedServer):
            pass
        self.assertEqual(u'threaded', Derived().serve())


if __name__ == '__main__':
    unittest.main()
