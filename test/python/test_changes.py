import collections
import sys
import unittest

import peer_helper

PY2 = sys.version_info[0] == 2
A = lambda name: (u'a', name)
FLAGS = 5
EDITABLE, DELETABLE, CALLABLE = 8, 16, 32


class Slotted(object):
    __slots__ = ('filled', 'empty')

    def __init__(self):
        self.filled = 1


class Gauge(object):
    shared = 'class'

    def __init__(self):
        self.level = 1
        self.hidden = 2

    @property
    def fixed(self):
        return self.hidden

    @property
    def tuned(self):
        return self.hidden

    @tuned.setter
    def tuned(self, value):
        if value < 0:
            raise ValueError('too low')
        self.hidden = value

    @tuned.deleter
    def tuned(self):
        self.hidden = None

    def reset(self, to, by=2, *more, **named):
        return to, by, more, named


Pair = collections.namedtuple('Pair', 'left right')


def changed(agent, steps, source, base=u'namespace'):
    """Text before, text now, undo; fails when it was not done."""
    answer = agent.change(base, steps, source)
    assert answer[0] == u'ok' and answer[1] is not None, answer
    return answer[1][:3]


class Changes(unittest.TestCase):

    def test_a_name_of_the_namespace_and_back(self):
        old = [1]
        agent = peer_helper.agent(x=old, n=41)
        before, now, undo = changed(agent, (A(u'x'),), u' n + 1 ')
        self.assertEqual((u'[1]', u'42', 42), (before, now, agent.namespace['x']))
        self.assertEqual((u'ok', None), agent.undo(undo))
        self.assertIs(old, agent.namespace['x'])
        self.assertEqual(u'undone', agent.undo(undo)[0])

    def test_the_row_comes_anew(self):
        agent = peer_helper.agent(x=1)
        row = agent.change(u'namespace', (A(u'x'),), u"[1, 'a']")[1][3]
        self.assertEqual((u'x', u'list', u"[1, 'a']"), (row[1], row[2], row[4]))

    def test_attributes_slots_and_properties(self):
        gauge, slotted = Gauge(), Slotted()
        agent = peer_helper.agent(gauge=gauge, slotted=slotted, Gauge=Gauge)
        for steps, obj, name in (
                ((A(u'gauge'), A(u'level')), gauge, 'level'),
                ((A(u'slotted'), A(u'filled')), slotted, 'filled'),
                ((A(u'gauge'), A(u'tuned')), gauge, 'tuned'),
                ((A(u'Gauge'), A(u'shared')), Gauge, 'shared')):
            old = getattr(obj, name)
            _, now, undo = changed(agent, steps, u'7')
            self.assertEqual((u'7', 7), (now, getattr(obj, name)))
            agent.undo(undo)
            self.assertEqual(old, getattr(obj, name))

    def test_undo_takes_away_what_only_the_class_had(self):
        gauge = Gauge()
        agent = peer_helper.agent(gauge=gauge)
        before, _, undo = changed(agent, (A(u'gauge'), A(u'shared')), u"'own'")
        self.assertEqual(('own', 'class'), (gauge.shared, Gauge.shared))
        agent.undo(undo)
        self.assertNotIn('shared', vars(gauge))
        self.assertEqual('class', gauge.shared)

    def test_items_of_lists_dicts_and_deques(self):
        old = object()
        items, names, queue = [0, old, 2], {'a b': old, 3: 4}, collections.deque([0, old, 2])
        agent = peer_helper.agent(items=items, names=names, queue=queue)
        for step, obj, key in (((u'i', 1), items, 1), ((u'k', 5, u"'a b'"), names, 'a b'), ((u'i', 1), queue, 1)):
            name = u'items' if obj is items else u'names' if obj is names else u'queue'
            _, now, undo = changed(agent, (A(name), step), u'None')
            self.assertIs(None, obj[key])
            agent.undo(undo)
            self.assertIs(old, obj[key])
            answer = agent.delete(u'namespace', (A(name), step))
            self.assertEqual((u'ok', None), (answer[0], answer[2]))
            self.assertNotIn(old, obj.values() if obj is names else obj)
            self.assertEqual((u'ok', None), agent.undo(answer[1][2]))
            self.assertIs(old, obj[key])
        self.assertEqual([0, old, 2], items)
        self.assertEqual([0, old, 2], list(queue))

    def test_deleting_and_back(self):
        gauge = Gauge()
        agent = peer_helper.agent(gauge=gauge)
        answer = agent.delete(u'namespace', (A(u'gauge'), A(u'level')))
        self.assertFalse(hasattr(gauge, 'level'))
        agent.undo(answer[1][2])
        self.assertEqual(1, gauge.level)
        answer = agent.delete(u'namespace', (A(u'gauge'),))
        self.assertNotIn('gauge', agent.namespace)
        agent.undo(answer[1][2])
        self.assertIs(gauge, agent.namespace['gauge'])

    def test_a_setter_that_raises_and_a_wrong_expression(self):
        agent = peer_helper.agent(gauge=Gauge())
        for source, name, message in ((u'-1', u'ValueError', u'too low'), (u'1 +', u'SyntaxError', u''),
                                      (u'missing', u'NameError', u'missing')):
            status, done, error = agent.change(u'namespace', (A(u'gauge'), A(u'tuned')), source)
            self.assertEqual((u'ok', None), (status, done))
            self.assertIn(name, error[0])
            self.assertIn(message, error[1])
            self.assertIn(name, error[2])
        self.assertEqual(2, agent.namespace['gauge'].tuned)
        self.assertEqual(0, len(agent.kept.undos))

    def test_what_cannot_be_read_is_set_without_undo(self):
        class Blind(object):
            def _set(self, value):
                self.__dict__['got'] = value

            def _get(self):
                raise RuntimeError('no')
            value = property(_get, _set)
        blind = Blind()
        agent = peer_helper.agent(blind=blind)
        self.assertEqual((u'', u'1', 0), changed(agent, (A(u'blind'), A(u'value')), u'1'))
        self.assertEqual(1, blind.got)

    def test_old_values_are_kept_in_bounds_and_let_go(self):
        agent = peer_helper.agent(x=0)
        undos = [changed(agent, (A(u'x'),), TEXT(n))[2] for n in range(150)]
        self.assertEqual(100, len(agent.kept.undos))
        self.assertEqual(u'undone', agent.undo(undos[0])[0])
        agent.release(undos)
        self.assertEqual(0, len(agent.kept.undos))

    def test_modules_and_builtins_are_not_changed(self):
        agent = peer_helper.agent()
        self.assertEqual(u'fixed', agent.change(u'modules', (A(u'sys'),), u'1')[0])
        self.assertEqual(u'fixed', agent.delete(u'builtins', (A(u'len'),))[0])
        self.assertEqual(u'gone', agent.change(u'namespace', (A(u'nothing'),), u'1')[0])

    def test_a_number_of_an_object_undoes_nothing(self):
        agent = peer_helper.agent(f=[].clear if not PY2 else [].pop)
        number = agent.kept.keep(agent.namespace['f'])
        self.assertEqual(u'undone', agent.undo(number)[0])

    def test_odd_names(self):
        agent = peer_helper.agent()
        agent.namespace['a b\n'] = 1
        changed(agent, (A(u'a b\n'),), u'2')
        self.assertEqual(2, agent.namespace['a b\n'])

    def test_sources_hold_any_text(self):
        agent = peer_helper.agent(x=1)
        changed(agent, (A(u'x'),), u"u'gr\u00fc\u00df'")
        self.assertEqual(u'gr\u00fc\u00df', agent.namespace['x'])

    def test_a_repr_that_floods_is_not_asked(self):
        class Flood(object):
            def __repr__(self):
                raise AssertionError('asked')
        agent = peer_helper.agent(x=Flood(), Flood=Flood)
        before, now, _ = changed(agent, (A(u'x'),), u'Flood()')
        self.assertIn(u'Flood at 0x', before)
        self.assertIn(u'Flood at 0x', now)


class Access(unittest.TestCase):

    def flags(self, names, steps, base=u'namespace', needle=None):
        found = peer_helper.rows(peer_helper.agent(**names), base, steps, needle=needle)
        return dict((name, row[FLAGS] & (EDITABLE | DELETABLE)) for name, row in found.items())

    def test_parts_of_an_instance(self):
        flags = self.flags(dict(x=Gauge()), (A(u'x'),))
        both = EDITABLE | DELETABLE
        self.assertEqual([both, EDITABLE, 0, both, 0, 0], [flags[name] for name in (
            u'level', u'shared', u'fixed', u'tuned', u'reset', u'__class__')])

    def test_items(self):
        both = EDITABLE | DELETABLE
        for obj, expected in (([1], both), ((1,), 0), ({1: 1}, both), (set([1]), 0), (frozenset([1]), 0),
                              (collections.deque([1]), both), (range(1) if not PY2 else xrange(1), 0)):
            self.assertEqual([expected], list(self.flags(dict(x=obj), (A(u'x'),)).values()))

    def test_named_tuples_slots_and_classes(self):
        self.assertEqual(0, self.flags(dict(x=Pair(1, 2)), (A(u'x'),))[u'left'])
        self.assertEqual(EDITABLE | DELETABLE, self.flags(dict(x=Slotted()), (A(u'x'),))[u'filled'])
        self.assertEqual(EDITABLE | DELETABLE, self.flags(dict(x=Gauge), (A(u'x'),))[u'shared'])
        self.assertEqual(0, self.flags(dict(x=Gauge), (A(u'x'),))[u'__init__'])
        self.assertEqual([0], sorted(set(self.flags(dict(x=int), (A(u'x'),)).values())))

    def test_roots(self):
        self.assertEqual(EDITABLE | DELETABLE, self.flags(dict(x=1), ())[u'x'])
        self.assertEqual(0, self.flags({}, (), u'modules', u'sys')[u'sys'])
        self.assertEqual(0, self.flags({}, (), u'builtins')[u'len'])

    def test_what_can_be_called(self):
        class Old:
            def __call__(self):
                pass
        found = peer_helper.rows(peer_helper.agent(
            f=len, g=Gauge, m=Gauge().reset, o=Old(), n=Gauge(), x=1, s='', l=[]), u'namespace')
        self.assertEqual([True] * 4 + [False] * 4, [bool(found[name][FLAGS] & CALLABLE) for name in (
            u'f', u'g', u'm', u'o', u'n', u'x', u's', u'l')])


class Calls(unittest.TestCase):

    def test_arguments_are_python(self):
        agent = peer_helper.agent(gauge=Gauge(), n=5)
        status, name, row, error = agent.call(
            u'namespace', (A(u'gauge'), A(u'reset')), u'n, *[1, 2], key="v"  # comment', u'reset(n)', None)
        self.assertEqual((u'ok', u'#1 reset(n)', None), (status, name, error))
        self.assertEqual((5, 1, (2,), {'key': 'v'}), agent.kept.results[name])
        self.assertEqual(u'tuple', row[2])

    def test_results_are_rows_the_newest_first_and_can_be_taken_away(self):
        agent = peer_helper.agent(f=lambda: [1])
        for _ in range(60):
            agent.call(u'namespace', (A(u'f'),), u'', u'f()', None)
        answer = agent.page((), u'results', (), 0, 100, None)
        self.assertEqual(50, len(answer[5]))
        self.assertEqual([u'#60 f()', u'#11 f()'], [answer[5][0][1], answer[5][-1][1]])
        self.assertEqual(u'ok', agent.page((), u'results', (A(u'#60 f()'),), 0, 100, None)[0])
        agent.delete(u'results', (A(u'#60 f()'),))
        self.assertNotIn(u'#60 f()', agent.kept.results)

    def test_none_is_no_result(self):
        agent = peer_helper.agent(f=lambda: None)
        self.assertEqual((u'ok', u'', None, None), agent.call(u'namespace', (A(u'f'),), u'', u'f()', None))
        self.assertEqual({}, agent.kept.results)

    def test_what_it_raises_and_what_is_no_argument(self):
        def f():
            raise KeyError('lost')
        agent = peer_helper.agent(f=f)
        for source, name in ((u'', u'KeyError'), (u'1', u'TypeError'), (u'1), (2', u'SyntaxError'),
                             (u'1)(2', u'SyntaxError'), (u'(', u'SyntaxError')):
            error = agent.call(u'namespace', (A(u'f'),), source, u'f', None)[3]
            self.assertIn(name, error[0])
        self.assertEqual({}, agent.kept.results)

    def test_what_it_prints_is_told(self):
        def f():
            sys.stdout.write('printed\n')
        pieces = []
        agent = peer_helper.agent(f=f)
        agent.call(u'namespace', (A(u'f'),), u'', u'f()', lambda found, dropped: pieces.extend(found))
        self.assertEqual(u'printed\n', u''.join([text for _, text in pieces]))

    def test_signatures(self):
        agent = peer_helper.agent(gauge=Gauge(), Gauge=Gauge, len=len, f=lambda a, b='x', c=Gauge(): 0)
        ask = lambda *names: agent.signature(u'namespace', tuple([A(name) for name in names]))[1:]
        text, parameters = ask(u'gauge', u'reset')
        self.assertEqual(u'reset(to, by=2, *more, **named)', text)
        self.assertEqual((
            (u'to', u'any', False, u'', False), (u'by', u'any', True, u'2', True),
            (u'more', u'values', False, u'', False), (u'named', u'mapping', False, u'', False)), parameters)
        self.assertEqual((u'Gauge()', ()), ask(u'Gauge'))
        self.assertEqual(None if PY2 else ((u'obj', u'positional', False, u'', False),), ask(u'len')[1])
        self.assertEqual((u'c', u'any', True, False), tuple([ask(u'f')[1][2][place] for place in (0, 1, 2, 4)]))

    def test_two_connections_share_what_is_kept(self):
        main, second = peer_helper.agent(f=lambda: 1), peer_helper.agent()
        main.offer(u'word')
        self.assertTrue(second.join(u'word'))
        second.call(u'namespace', (A(u'f'),), u'', u'f()', None)
        undo = changed(second, (A(u'f'),), u'1')[2]
        self.assertEqual([u'#1 f()'], list(main.kept.results))
        self.assertEqual((u'ok', None), main.undo(undo))


TEXT = type(u'')
