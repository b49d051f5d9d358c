import gc
import os
import tempfile
import unittest
import weakref

import peer_helper

NUMBER = 4


class Big(object):
    pass


class Angry(object):
    @property
    def mood(self):
        grudge = 7
        raise ValueError('angry %d' % grudge)


class Told(Exception):
    """As rpyc makes one of an error of its peer."""


def ignore(pieces, dropped):
    pass


class Failures(unittest.TestCase):
    def setUp(self):
        self.agent = peer_helper.agent(Big=Big, Angry=Angry, Told=Told)

    def fail_with(self, source, name=u'<c>'):
        status, _, _, error = self.agent.run(source, name, 0, ignore)
        self.assertEqual(status, u'error')
        return error[NUMBER]

    def title(self, failure):
        return self.agent.snapshot(u'failure', failure)[2][0][0]

    def test_keeps_each_of_the_last_errors_with_its_frames(self):
        first = self.fail_with(u'first = 1\nraise ValueError("first")')
        second = self.fail_with(u'raise ValueError("second")')
        self.assertNotEqual(first, second)
        self.assertIn(u'first', self.title(first))
        self.assertIn(u'second', self.title(0))
        for count in range(10):
            self.fail_with(u'raise ValueError("more")')
        self.assertEqual(len(self.agent.kept.failures), 10)
        answer = self.agent.snapshot(u'failure', first)
        self.assertEqual(answer, (u'gone', u'The frames of this error are not kept any more'))

    def test_keeps_what_calls_changes_and_reading_raise(self):
        self.agent.namespace['angry'] = Angry()
        _, error = self.agent.read(u'namespace', ((u'a', u'angry'), (u'a', u'mood')))
        number = self.agent.snapshot(u'failure', error[NUMBER])[1]
        self.assertEqual([name for _, _, name in self.agent.frames(number, 0, 0, 9)[1]], [u'mood'])
        local = self.agent.frame_names((number, 0, 0))[1]
        self.assertIn(u'grudge', peer_helper.rows(self.agent, local))
        error = self.agent.call(u'builtins', ((u'a', u'int'),), u'"x"', u'int', ignore)[3]
        self.assertEqual(error[NUMBER], 0)
        self.agent.run(u'def f(n):\n    return 1 / n', u'<d>', 0, ignore)
        error = self.agent.call(u'namespace', ((u'a', u'f'),), u'0', u'f', ignore)[3]
        self.assertIn(u'ZeroDivisionError', self.title(error[NUMBER]))
        error = self.agent.change(u'namespace', ((u'a', u'angry'),), u'f(0)')[2]
        self.assertIn(u'ZeroDivisionError', self.title(error[NUMBER]))

    def test_keeps_nothing_of_watches_and_of_what_has_no_frames(self):
        self.agent.run(u'def f(n):\n    return 1 / n', u'<d>', 0, ignore)
        self.assertEqual(self.agent.evaluate(u'f(0)', ignore, u'')[2][NUMBER], 0)
        self.assertEqual(self.agent.text_of(u'f(0)', ignore, u'', 9)[2][NUMBER], 0)
        self.assertEqual(self.fail_with(u'def ('), 0)
        self.assertEqual(len(self.agent.kept.failures), 0)

    def test_lets_go_of_what_is_dropped_and_of_all_with_the_connection(self):
        def held():
            gc.collect()
            return [ref() is not None for ref in refs]
        source = u'def f():\n    big = Big()\n    refs.append(weakref.ref(big))\n    raise ValueError()\nf()'
        refs = []
        self.agent.namespace.update(refs=refs, weakref=weakref)
        first = self.fail_with(source)
        self.fail_with(source)
        self.assertEqual(held(), [True, True])
        self.agent.drop_failures([first])
        self.assertEqual(held(), [False, True])
        holder, self.agent.holder = self.agent.holder, None
        del holder
        self.assertEqual(held(), [False, False])

    def test_tells_the_errors_that_led_to_one_and_what_another_program_told(self):
        self.fail_with(u'try:\n    1 / 0\nexcept Exception:\n    told = Told("far")\n'
                       u'    told._remote_tb = "Traceback of another"\n    raise told')
        _, number, threads = self.agent.snapshot(u'failure', 0)
        self.assertEqual(threads[0][1:], (1, u'Traceback of another'))
        if len(threads) > 1:
            self.assertIn(u'ZeroDivisionError', threads[1][0])
            self.assertEqual(self.agent.frames(number, 1, 0, 9)[1], ((u'<c>', 2, u'<module>'),))

    def test_tells_what_files_hold(self):
        self.fail_with(u'raise ValueError()', u'/here/mine.py')
        handle, path = tempfile.mkstemp('.py')
        os.write(handle, b'x = 1\r\n')
        os.close(handle)
        try:
            _, states = self.agent.file_states([u'/here/mine.py', u'/no/where.py', path])
        finally:
            os.remove(path)
        self.assertEqual(states, (u'run', u'', u'9e26bf369911c45c243c684147b23fc9e1dcfcf257d299a1c632016a6fcd33f4'))


if __name__ == '__main__':
    unittest.main()
