import unittest

import peer_helper

A = lambda name: (u'a', name)
S = lambda key: (u's', key)
NUMBER, ROW, TEXT = 1, 2, 3


class Trap(object):
    ran = []

    @property
    def bait(self):
        Trap.ran.append('property')
        return 1

    def __getattr__(self, name):
        Trap.ran.append(name)
        raise AttributeError(name)

    def __getitem__(self, key):
        Trap.ran.append(key)
        return 1

    def __eq__(self, other):
        Trap.ran.append('eq')
        return True

    def __hash__(self):
        return 1


class Loud(object):
    def __repr__(self):
        return 'loud' * 10


def ignore(pieces, dropped):
    pass


class Console(unittest.TestCase):
    def setUp(self):
        del Trap.ran[:]
        self.trap = Trap()
        self.agent = peer_helper.agent(
            trap=self.trap, data={'key': [1, (2, 3)], 7: 'seven', self.trap: 1}, Name=1, name=2, _hidden=3)

    def test_follows_names_without_running_anything(self):
        look = self.agent.look
        self.assertEqual(look([A('data'), S('key'), S(-1), S(1)])[ROW][4], u'3')
        self.assertEqual(look([A('data'), S(7)])[ROW][4], u"'seven'")
        self.assertEqual(look([A('len')])[0], u'ok')
        for steps, status in (
                ([A('trap'), A('bait')], u'unread'), ([A('trap'), S(0)], u'unread'), ([A('nobody')], u'gone'),
                ([A('data'), S('other')], u'gone'), ([A('data'), S('key'), S(2)], u'gone')):
            self.assertEqual(look(steps)[0], status)
        self.assertEqual(Trap.ran, [])

    def test_keeps_only_what_can_be_opened(self):
        look = self.agent.look
        self.assertEqual(look([A('name')])[NUMBER], 0)
        number = look([A('data')])[NUMBER]
        self.assertEqual(self.agent.kept.table[number]['key'], [1, (2, 3)])
        self.agent.release([number])
        self.assertEqual(self.agent.kept.table, {})

    def test_completes_names_attributes_and_keys(self):
        complete = self.agent.complete
        self.assertEqual([name for name, _ in complete([], u'n', False)[1]][:2], [u'Name', u'name'])
        self.assertIn((u'len', u'function'), complete([], u'le', False)[1])
        self.assertEqual(complete([A('trap')], u'b', False)[1], ((u'bait', u'property'),))
        self.assertIn(u'append', [name for name, _ in complete([A('data'), S('key')], u'app', False)[1]])
        self.assertEqual(complete([A('data')], u'k', True)[1], ((u'key', u'list'),))
        self.assertEqual(complete([A('nobody')], u'', False)[0], u'gone')
        self.assertEqual(Trap.ran, [])

    def test_completes_no_key_that_it_would_have_to_cut(self):
        self.agent.namespace['data'] = {'k' * 1000: 1, 'k': 2}
        self.assertEqual(self.agent.complete([A('data')], u'k', True)[1], ((u'k', u'number'),))

    def test_runs_and_keeps_the_value(self):
        self.agent.namespace['Loud'] = Loud
        status, (number, row, text), _, error = self.agent.console(u'x = Loud()\nx', u'<c>', ignore, u'r', None, 100)
        self.assertEqual((status, text, error), (u'done', u'loud' * 10, None))
        self.assertIs(self.agent.kept.table[number], self.agent.namespace['x'])
        self.assertEqual(self.agent.console(u'x = 1', u'<c>', ignore, u'r', None, 100)[:3], (u'done', u'', u''))
        status, _, _, error = self.agent.console(u'1 / 0', u'<c>', ignore, u'r', None, 100)
        self.assertEqual((status, error[0].split(u'.')[-1]), (u'error', u'ZeroDivisionError'))

    def test_watches_and_tells_texts(self):
        self.agent.namespace['Loud'] = Loud
        self.assertEqual(self.agent.evaluate(u'name + 1', ignore, u'')[1][1][4], u'3')
        self.assertEqual(self.agent.evaluate(u'1 / 0', ignore, u'')[1], None)
        self.assertEqual(self.agent.text_of(u'Loud()', ignore, u'', 8)[1], u'loudlou\u2026')
        self.assertEqual(self.agent.text_of(u'nobody', ignore, u'', 8)[2][0].split(u'.')[-1], u'NameError')


if __name__ == '__main__':
    unittest.main()
