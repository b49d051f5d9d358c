import os
import signal
import sys
import threading
import time
import unittest

import peer_helper

try:
    import ctypes
except ImportError:
    ctypes = None

PATIENCE = 20


class Runs(unittest.TestCase):
    """A run on one thread, and another agent of the same process."""

    def setUp(self):
        self.there = threading.Event()
        self.running = peer_helper.agent(there=self.there, forever=self.loop)
        self.beside = peer_helper.agent()
        self.result = None

    def start(self, source, run_id=u'one'):
        def work():
            self.result = self.running.run(source, u'/editor/loop.py', 0, lambda pieces, dropped: None, run_id)
        thread = threading.Thread(target=work)
        thread.start()
        return thread

    def loop(self):
        self.there.set()
        while True:
            pass

    def interrupt(self, run_id=u'one'):
        """Waits until the run has said that it is there, and stops it; where it was."""
        self.assertTrue(self.there.wait(PATIENCE))
        status, going, place = self.beside.interrupt(run_id)
        self.assertEqual((u'ok', True), (status, going))
        return place

    def end(self, thread):
        thread.join(PATIENCE)
        self.assertFalse(thread.is_alive())
        return self.result


class WithoutTheWay(Runs):

    def test_it_says_so_and_the_run_goes_on(self):
        go = threading.Event()
        self.running.namespace['go'] = go
        known = sys.modules.get('ctypes')
        # As on a Python that was built without it.
        sys.modules['ctypes'] = None
        try:
            thread = self.start(u'there.set()\ngo.wait()\n7')
            self.assertTrue(self.there.wait(PATIENCE))
            self.assertEqual(u'uninterruptible', self.beside.interrupt(u'one')[0])
        finally:
            go.set()
            if known is None:
                del sys.modules['ctypes']
            else:
                sys.modules['ctypes'] = known
        self.assertEqual(u'7', self.end(thread)[1])


@unittest.skipIf(ctypes is None, 'this Python was built without ctypes')
class Interrupts(Runs):

    def test_an_endless_loop_ends_and_its_names_stay(self):
        thread = self.start(u'before = 1\nthere.set()\nwhile True:\n    pass')
        self.interrupt()
        status, _, _, error = self.end(thread)
        self.assertEqual(u'interrupted', status)
        self.assertTrue(error[0].endswith(u'KeyboardInterrupt'), error)
        self.assertEqual(u'/editor/loop.py', error[3][-1][0])
        self.assertEqual((u'done', u'1', u'int', None), self.running.run(u'before', u'x', 0, lambda *_: None))

    def test_code_can_clean_up(self):
        thread = self.start(u'try:\n    there.set()\n    while True: pass\nexcept KeyboardInterrupt:\n    cleaned = True\ncleaned')
        self.interrupt()
        self.assertEqual(u'True', self.end(thread)[1])

    def test_code_that_goes_on_is_stopped_when_it_is_asked_again(self):
        thread = self.start(
            u'while True:\n    try:\n        there.set()\n        while True: pass\n    except KeyboardInterrupt:\n        pass')
        self.interrupt()
        self.there.clear()
        self.interrupt()
        status, _, _, error = self.end(thread)
        self.assertEqual(u'interrupted', status)
        self.assertTrue(error[0].endswith(u'RunTerminated'), error)

    def test_only_the_run_that_is_named(self):
        thread = self.start(u'there.set()\nwhile True: pass')
        self.assertEqual((u'ok', False, None), self.beside.interrupt(u'other'))
        self.assertTrue(thread.is_alive())
        self.interrupt()
        self.assertEqual(u'interrupted', self.end(thread)[0])

    def test_a_run_that_nobody_stops_loads_no_module(self):
        before = set(sys.modules)
        self.running.run(u'1', u'x', 0, lambda *_: None, u'one')
        self.assertEqual(before, set(sys.modules))

    def test_a_run_that_is_over(self):
        self.running.run(u'1', u'x', 0, lambda *_: None, u'one')
        self.assertEqual((u'ok', False, None), self.beside.interrupt(u'one'))

    def test_where_it_is(self):
        thread = self.start(u'def deep():\n    there.set()\n    while True: pass\ndeep()')
        place = self.interrupt()
        self.end(thread)
        self.assertEqual((u'/editor/loop.py', u'deep'), (place[0], place[2]))
        self.assertIn(place[1], (2, 3))

    def test_what_is_asked_at_the_very_end_reaches_nothing_else(self):
        # Interrupts rain on runs that end by themselves: none may come out of the agent, or hit a later run.
        ending = threading.Event()
        escaped = []

        def rain():
            while not ending.is_set():
                self.beside.interrupt(u'short')
        rainer = threading.Thread(target=rain)
        rainer.start()
        try:
            for _ in range(300):
                try:
                    status = self.running.run(u'x = 1', u'/x.py', 0, lambda *_: None, u'short')[0]
                    self.assertIn(status, (u'done', u'interrupted'))
                    for number in range(100):
                        str(number)
                except KeyboardInterrupt:
                    escaped.append(1)
        finally:
            ending.set()
            rainer.join()
        # The way out of a `finally` is no place to catch anything; it is answered as an error of the request.
        self.assertLess(len(escaped), 30)
        self.assertEqual([], [name for name in vars(threading) if 'rpyc' in name])

    def test_calls_too(self):
        step = peer_helper.rows(self.running, u'namespace')[u'forever'][0]

        def called():
            self.result = self.running.call(u'namespace', (step,), u'', u'forever()', lambda *_: None, u'one')
        thread = threading.Thread(target=called)
        thread.start()
        self.interrupt()
        answer = self.end(thread)
        self.assertEqual(u'ok', answer[0])
        self.assertTrue(answer[-1][0].endswith(u'KeyboardInterrupt'), answer)


@unittest.skipUnless(hasattr(os, 'fork'), 'no forks here')
class Signals(unittest.TestCase):

    def test_a_sibling_and_nobody_else(self):
        beside = peer_helper.agent()
        parent = os.getpid()
        self.assertEqual((u'ok', False), beside.signal(parent))
        self.assertEqual((u'ok', False), beside.signal(1))
        read, write = os.pipe()
        pid = os.fork()
        if pid == 0:
            self._run_in_child(write)
        os.close(write)
        sibling = None
        try:
            self.assertEqual(b'ready', os.read(read, 5))
            # Our child is no sibling of ours: one that we fork is.
            self.assertEqual((u'ok', False), beside.signal(pid))
            sibling = os.fork()
            if sibling == 0:
                for _ in range(200):
                    beside.signal(pid)
                    time.sleep(0.05)
                os._exit(0)
            self.assertEqual(b'interrupted', os.read(read, 11))
        finally:
            os.close(read)
            for each in [pid] + ([sibling] if sibling else []):
                os.kill(each, signal.SIGKILL)
                os.waitpid(each, 0)

    def _run_in_child(self, write):
        try:
            names = peer_helper.load()
            agent = names['create_agent']({})[0]
            if not names['listen_for_signal']():
                os.write(write, b'no way')
            # Between runs it does nothing.
            os.kill(os.getpid(), signal.SIGUSR1)
            os.write(write, b'ready')
            status = agent.run(u'while True: pass', u'/x.py', 0, lambda *_: None, u'one')[0]
            os.write(write, status.encode('ascii'))
            time.sleep(PATIENCE)
        finally:
            os._exit(0)


if __name__ == '__main__':
    unittest.main()
