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


    def test_shows_the_frames_of_an_error_and_runs_in_them(self):
        source = u'def outer(n):\n    kept = n * 2\n    inner(kept)\ndef inner(m):\n    return m / 0\nouter(4)'
        self.assertEqual(self.agent.snapshot(u'failure')[0], u'gone')
        failure = self.agent.console(source, u'<c>', ignore, u'r', None, 100)[3][4]
        self.agent.console(u'later()', u'<d>', ignore, u'r', None, 100)
        _, number, threads = self.agent.snapshot(u'failure', failure)
        (name, count, told), = threads
        self.assertIn(u'ZeroDivisionError', name)
        self.assertEqual((count, told), (3, u''))
        self.assertEqual(self.agent.frames(number, 0, 0, 9),
                         (u'ok', ((u'<c>', 5, u'inner'), (u'<c>', 3, u'outer'), (u'<c>', 6, u'<module>'))))
        self.assertEqual(self.agent.frames(number, 0, 1, 1), (u'ok', ((u'<c>', 3, u'outer'),)))
        self.assertEqual(self.agent.frames(number, 7, 0, 9), (u'ok', ()))
        self.assertEqual(self.agent.file_text(u'<c>')[3].split(u'\n'), source.split(u'\n'))
        place = (number, 0, 1)
        _, local, _ = self.agent.frame_names(place)
        self.assertEqual([row[1] for row in self.agent.page((), local, (), 0, 10, None)[5]], [u'n', u'kept'][::-1])
        self.assertEqual(self.agent.console(u'kept + n', u'<d>', ignore, u'r', None, 9, place)[1][2], u'12')
        self.assertEqual(self.agent.look([A('kept')], place)[ROW][4], u'8')
        self.assertEqual(self.agent.suggest(u'globals', [], u'kep', place)[2], ((u'kept', u'number', u'int'),))
    def test_shows_the_stacks_of_all_threads(self):
        _, number, threads = self.agent.snapshot(u'stacks')
        mine = [thread for thread, (name, _, _) in enumerate(threads) if name == u'MainThread'][0]
        self.assertEqual(self.agent.frames(number, mine, 0, 1)[1][0][2], u'test_shows_the_stacks_of_all_threads')
        for ask in (lambda place: self.agent.look([A('number')], place), lambda place: self.agent.evaluate(u'1', ignore, u'', place)):
            self.assertEqual(ask((number, 5000, 0))[0], u'gone')
            self.assertEqual(ask((number + 1000, 0, 0))[0], u'stale')


if __name__ == '__main__':
    unittest.main()
