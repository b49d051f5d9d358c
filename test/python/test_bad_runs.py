# -*- coding: ascii -*-
"""What a run may do to its process: it is told, and the next run goes on."""

import os
import sys
import threading
import unittest

import peer_helper

try:
    import ctypes
except ImportError:
    ctypes = None

PY2 = sys.version_info[0] == 2
BUILTINS = u'__builtin__' if PY2 else u'builtins'
PATIENCE = 20


class Damage(unittest.TestCase):

    def setUp(self):
        self.printed = []
        self.agent = peer_helper.agent()
        self.streams = sys.stdout, sys.stderr, sys.stdin
        self.forks = getattr(os, 'fork', None), getattr(os, 'forkpty', None)

    def tearDown(self):
        self.assertEqual(self.streams, (sys.stdout, sys.stderr, sys.stdin))
        self.assertEqual(self.forks, (getattr(os, 'fork', None), getattr(os, 'forkpty', None)))
        self.assertEqual([], [name for name in vars(threading) if 'rpyc' in name])

    def emit(self, pieces, dropped):
        self.printed.extend(pieces)

    def text(self, stream=None):
        return u''.join(text for name, text in self.printed if stream in (None, name))

    def run_source(self, source, run_id=u''):
        del self.printed[:]
        return self.agent.run(source, u'f', 0, self.emit, run_id)

    def assert_goes_on(self):
        self.assertEqual((u'done', u'3', u'int', None), self.run_source(u"print('on')\nlen('abc')"))
        self.assertEqual(u'on\n', self.text())

    def test_deleted_builtins_come_back(self):
        answer = self.run_source(u"import %s\ndel %s.len, %s.isinstance\n%s.callable = 5" % ((BUILTINS,) * 4))
        self.assertEqual((u'done', u'', u'', None), answer)
        self.assertEqual(
            u'Put back, since nothing runs here without it: builtins.callable, builtins.isinstance, builtins.len\n',
            self.text(u'stderr'))
        self.assert_goes_on()

    def test_builtins_that_were_replaced_stay(self):
        try:
            self.run_source(u"import %s as b\nb.len = lambda x, len=b.len: len(x) + 1" % BUILTINS)
            self.assertEqual(u'', self.text())
            self.assertEqual(u'4', self.run_source(u"len('abc')")[1])
        finally:
            setattr(sys.modules[str(BUILTINS)], 'len', peer_helper.LEN)

    def test_deleted_in_a_run_that_fails(self):
        status, _, _, error = self.run_source(u"import %s\ndel %s.len\nlen('')" % (BUILTINS, BUILTINS))
        self.assertEqual(u'error', status)
        self.assertIn(u'NameError', error[0])
        self.assert_goes_on()

    def test_output_is_kept_while_it_cannot_be_sent(self):
        failing = threading.Event()

        def emit(pieces, dropped):
            # As RPyC does without the builtin functions that it calls.
            if not hasattr(sys.modules[str(BUILTINS)], 'isinstance'):
                failing.set()
                raise NameError('isinstance')
            self.emit(pieces, dropped)
        self.agent.namespace['failing'] = failing
        self.agent.run(u"import %s\ndel %s.isinstance\nprint('kept')\nok = failing.wait(10)" % (BUILTINS, BUILTINS),
                       u'f', 0, emit)
        self.assertTrue(self.agent.namespace['ok'])
        self.assertEqual(u'kept\n', self.text(u'stdout'))

    def test_modules_come_back(self):
        self.assertEqual(u'done', self.run_source(u"import sys\nsys.modules['sys'] = None\ndel sys.modules['threading']")[0])
        self.assertIs(sys, sys.modules['sys'])
        self.assertIs(threading, sys.modules['threading'])
        self.assertIn(u"sys.modules['sys'], sys.modules['threading']", self.text(u'stderr'))
        self.assert_goes_on()

    def test_the_builtins_of_the_namespace_come_back(self):
        for source in (u'__builtins__ = {}', u'__builtins__ = 5', u'del __builtins__'):
            self.run_source(source)
            self.assert_goes_on()

    def test_a_low_recursion_limit_is_raised_again(self):
        limit = sys.getrecursionlimit()
        source = (u"import sys\nfor n in range(30, 1000):\n    try:\n        sys.setrecursionlimit(n)\n        break\n"
                  u"    except Exception:\n        pass\n[]")
        answer = self.run_source(source)
        self.assertEqual(limit, sys.getrecursionlimit())
        self.assertIn(answer[0], (u'done', u'error'))
        self.assert_goes_on()

    def test_a_stream_that_is_closed_deleted_or_detached(self):
        self.assertEqual(u'done', self.run_source(u"import sys\nsys.stdout.close()\nsys.stdin.close()\nprint('closed')")[0])
        self.assertEqual(u'closed\n', self.text())
        self.assertEqual(u'done', self.run_source(u"import sys\ndel sys.stdout, sys.stderr, sys.stdin")[0])
        self.assert_goes_on()
        self.assertEqual(u'error', self.run_source(u"import sys\nsys.stdout.detach()")[0])
        self.assert_goes_on()

    def test_whatever_is_raised(self):
        for name in ('KeyboardInterrupt', 'SystemExit', 'GeneratorExit', 'MemoryError', 'Own'):
            status, _, _, error = self.run_source(u"class Own(BaseException): pass\nraise %s('so')" % name)
            self.assertEqual((u'error', u'so'), (status, error[1]))
            self.assertIn(name, error[0])
            self.assertIn(name + ': so', error[2])

    def test_texts_that_raise_whatever_they_like(self):
        for name in ('ValueError', 'KeyboardInterrupt', 'SystemExit', 'GeneratorExit'):
            source = u"class Odd(object):\n    def __repr__(self): raise %s('no')\nOdd()" % name
            self.assertIn(u'its repr raised', self.run_source(source)[1])
            source = u"class Odd(BaseException):\n    def __str__(self): raise %s('no')\nraise Odd()" % name
            status, _, _, error = self.run_source(source)
            self.assertEqual((u'error', u'<the message could not be made>'), (status, error[1]))
            self.assertIn(u'line 3, in <module>', error[2])
            self.assertIn(u'Odd: <the message could not be made>', error[2])

    @unittest.skipIf(ctypes is None, 'this Python was built without ctypes')
    def test_texts_that_hang_are_interrupted(self):
        for source in (u"class Odd(object):\n    def __repr__(self):\n        hang()\nOdd()",
                       u"class Odd(Exception):\n    def __str__(self):\n        hang()\nraise Odd()"):
            there, beside, answers = threading.Event(), peer_helper.agent(), []

            def hang():
                there.set()
                while True:
                    threading.Event().wait(0.01)
            self.agent.namespace['hang'] = hang
            thread = threading.Thread(target=lambda: answers.append(self.run_source(source, u'hang')))
            thread.start()
            self.assertTrue(there.wait(PATIENCE))
            self.assertEqual((u'ok', True), beside.interrupt(u'hang')[:2])
            thread.join(PATIENCE)
            self.assertFalse(thread.is_alive())
            self.assertIn(answers[0][0], (u'interrupted', u'error'))
        self.assert_goes_on()

    def test_odd_sources(self):
        self.assertEqual(u'error', self.run_source(u"x = 1\0")[0])
        self.assertEqual(u'done', self.run_source(u"# -*- coding: latin-1 -*-\nx = u'\u00e4'\nprint(1)")[0])
        self.assertIn(self.run_source(u"x = u'\ud800'\nx")[0], (u'done', u'error'))
        self.assert_goes_on()

    def test_a_thread_that_prints_after_the_run(self):
        class Recorder(object):
            text = ''

            def write(self, text):
                self.text += text

            def flush(self):
                pass
        recorder, original = Recorder(), sys.stdout
        go = threading.Event()
        self.agent.namespace['go'] = go
        sys.stdout = recorder
        try:
            self.run_source(u"import threading\ndef late():\n    go.wait(10)\n    print('late')\n"
                            u"t = threading.Thread(target=late)\nt.start()\nprint('early')")
            self.assertEqual(u'early\n', self.text())
            go.set()
            self.agent.namespace['t'].join(PATIENCE)
        finally:
            sys.stdout = original
        self.assertEqual(('late\n', u'early\n'), (recorder.text, self.text()))

    if hasattr(os, 'fork'):
        def test_a_child_answers_nobody(self):
            reads, writes = os.pipe()
            self.agent.namespace['writes'] = writes
            source = (u"import os, sys\nprint('before')\npid = os.fork()\n"
                      u"if pid == 0:\n    os.write(writes, b'child')\n    raise SystemExit(7)\n"
                      u"status = os.waitpid(pid, 0)[1]\nos.WEXITSTATUS(status)")
            self.assertEqual((u'done', u'7'), self.run_source(source)[:2])
            os.close(writes)
            with os.fdopen(reads, 'rb') as file:
                self.assertEqual(b'child', file.read())
            self.assertEqual(u'before\n', self.text())
            for rest, code in ((u'', 0), (u'5', 0), (u'if not pid: 1 / 0', 1)):
                answer = self.run_source(
                    u"import os, sys\nif not os.path.isdir('/proc'): pass\npid = os.fork()\n"
                    u"if pid == 0: sys.stderr = open(os.devnull, 'w')\n"
                    u"status = os.waitpid(pid, 0)[1] if pid else 0\n"
                    u"if pid: code = os.WEXITSTATUS(status)\n" + rest)
                self.assertEqual(u'done', answer[0])
                self.assertEqual(code, self.agent.namespace['code'])


if __name__ == '__main__':
    unittest.main()
