import sys
import types
import unittest

import peer_helper

A = lambda name: (u'a', name)
G = lambda name: (u'g', name)
KIND, FLAGS, LENGTH = 2, 5, 6
EXPANDABLE = 1


class Motor(object):
    speed_limit = 9

    class Error(Exception):
        pass

    def __init__(self):
        self.speed = 1
        self.on_stop = lambda: None
        self._port = 7
        self.__dict__['_Motor__key'] = 8

    def start(self):
        """Starts."""

    @classmethod
    def build(cls):
        """Builds."""

    @staticmethod
    def ports():
        """Lists."""

    def _reset(self):
        """Resets."""

    @property
    def power(self):
        raise AssertionError('a property ran')


class Slotted(object):
    __slots__ = ('filled', 'empty', '_hidden')

    def __init__(self):
        self.filled = 1


class Log(list):
    level = 1

    def flush(self):
        """Flushes."""


class Groups(unittest.TestCase):

    def setUp(self):
        self.agent = peer_helper.agent(motor=Motor(), Motor=Motor, slotted=Slotted(), log=Log([1, 2]), exact=[1])

    def page(self, name, group=u'', steps=(), offset=0, limit=500, needle=None):
        answer = self.agent.page((), u'namespace', (A(name),) + steps, offset, limit, needle, group)
        self.assertEqual(u'ok', answer[0], answer)
        return answer[2:]

    def names(self, *args, **options):
        return [row[1] for row in self.page(*args, **options)[3]]

    def test_an_object_shows_what_it_holds_and_then_its_groups(self):
        total, more, note, rows = self.page(u'motor')
        self.assertEqual([u'Error', u'on_stop', u'power', u'speed', u'speed_limit', u'Methods', u'Private', u'Special'],
                         [row[1] for row in rows])
        self.assertEqual((8, False, u''), (total, more, note))
        methods, private, special = rows[-3:]
        self.assertEqual((G(u'methods'), u'Methods', u'group', u'', u'', EXPANDABLE, 3), methods)
        self.assertEqual((G(u'private'), 3), (private[0], private[LENGTH]))
        self.assertEqual(special[LENGTH], self.page(u'motor', u'special')[0])

    def test_a_group_is_a_page_of_attributes(self):
        self.assertEqual([u'build', u'ports', u'start'], self.names(u'motor', u'methods'))
        self.assertEqual([u'_Motor__key', u'_port', u'_reset'], self.names(u'motor', u'private'))
        self.assertIn(u'__class__', self.names(u'motor', u'special'))
        total, more, _, rows = self.page(u'motor', u'methods', offset=1, limit=1)
        self.assertEqual((3, True, [(A(u'ports'), u'function')]), (total, more, [row[:1] + (row[KIND],) for row in rows]))
        self.assertEqual([u'start'], self.names(u'motor', u'methods', needle=u'STA'))

    def test_the_groups_and_the_page_are_all_there_is(self):
        for name in (u'motor', u'Motor', u'slotted', u'log'):
            parts = self.names(name)
            for row in self.page(name)[3]:
                if row[KIND] == u'group':
                    parts.remove(row[1])
                    inside = self.names(name, row[0][1])
                    self.assertEqual(row[LENGTH], len(inside))
                    parts += inside
            self.assertEqual(sorted(self.names(name, None)), sorted(parts))

    def test_a_search_passes_over_groups(self):
        self.assertEqual([u'ports', u'_port'], self.names(u'motor', needle=u'port'))

    def test_classes_have_groups_as_their_instances_have(self):
        self.assertEqual([u'MRO', u'Subclasses', u'Error', u'power', u'speed_limit', u'Methods', u'Private', u'Special'],
                         self.names(u'Motor'))

    def test_empty_slots_are_not_counted(self):
        total, _, _, rows = self.page(u'slotted')
        self.assertEqual((2, [u'filled', u'Special']), (total, [row[1] for row in rows]))

    def test_groups_stand_behind_the_items_of_a_container(self):
        self.assertEqual([u'[0]', u'[1]', u'level', u'Methods'], self.names(u'log')[:4])
        self.assertIn(u'flush', self.names(u'log', u'methods'))
        self.assertEqual([u'[0]'], self.names(u'exact'))

    def test_a_module_keeps_its_functions_on_its_page(self):
        module = types.ModuleType('bench')
        exec('def run(): pass\nclass Row(object): pass\n_cache = 1\n__version__ = 2', module.__dict__)
        self.agent.namespace['bench'] = module
        names = self.names(u'bench')
        self.assertEqual([u'Row', u'run', u'Private', u'Special'], names)
        self.assertEqual([u'_cache'], self.names(u'bench', u'private'))

    def test_roots_have_no_groups(self):
        self.agent.namespace.update(_a=1, __b__=2, run=lambda: 0)
        names = [row[1] for row in self.agent.page((), u'namespace', (), 0, 99, None, u'')[5]]
        self.assertTrue(set([u'run', u'_a', u'__b__']) <= set(names), names)
        self.assertNotIn(u'Private', names)

    def test_the_row_of_a_group_is_found_again(self):
        path = (A(u'motor'), G(u'methods'))
        self.assertEqual(self.page(u'motor')[3][-3], self.agent.resolve(u'namespace', path)[1][-1])
        self.assertEqual(u'gone', self.agent.resolve(u'namespace', (A(u'slotted'), G(u'methods')))[0])
        self.assertEqual(u'gone', self.agent.resolve(u'namespace', path + (A(u'start'),))[0])

    def test_a_group_is_nothing_to_read_change_or_call(self):
        path = (A(u'motor'), G(u'methods'))
        for answer in (
                self.agent.describe(u'namespace', path), self.agent.read(u'namespace', path),
                self.agent.text(u'namespace', path, 100), self.agent.change(u'namespace', path, u'1'),
                self.agent.delete(u'namespace', path), self.agent.call(u'namespace', path, u'', u'x', None),
                self.agent.page((), u'namespace', path, 0, 10, None)):
            self.assertEqual(u'gone', answer[0], answer)


if __name__ == '__main__':
    unittest.main()
