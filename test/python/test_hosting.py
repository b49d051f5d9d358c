import sys
import threading
import types
import unittest

import peer_helper

PATIENCE = 20
PY2 = sys.version_info[0] == 2


class Threads(unittest.TestCase):

    def setUp(self):
        self.agent = peer_helper.agent()
        self.told, self.heard = [], threading.Event()
        self.modules = []

    def tearDown(self):
        for name in self.modules:
            sys.modules.pop(name, None)
        self.assertEqual({}, self.agent.tasks)

    def tell(self, what, answer):
        self.told.append((what, answer))
        if what != u'begun':
            self.heard.set()

    def begin(self, source, thread=u'worker', host=u'', post=u''):
        args = (source, u'f', 0, lambda pieces, dropped: None, u'one', self.ask)
        return self.agent.begin(thread, host, post, u'one', self.tell, u'run', args)

    def ask(self, prompt, own):
        return u'typed'

    def module(self, name, **members):
        made = types.ModuleType(name)
        vars(made).update(members)
        sys.modules[name] = made
        self.modules.append(name)
        return made

    def elsewhere(self, *args):
        """`begin` as a thread that is not the main one."""
        answers = []
        thread = threading.Thread(target=lambda: answers.append(self.begin(*args)))
        thread.start()
        thread.join(PATIENCE)
        return answers[0]

    def outcome(self):
        self.assertTrue(self.heard.wait(PATIENCE))
        self.assertEqual([u'begun', u'ended'], [what for what, _ in self.told])
        return self.told[-1][1]

    def test_a_worker(self):
        self.assertEqual((u'ok', u'away', u''), self.begin(u"import threading\nthreading.current_thread().name"))
        self.assertEqual((u'done', u"'rpyc-explorer-run'"), self.outcome()[:2])

    def test_a_worker_that_fails(self):
        self.begin(u"raise KeyboardInterrupt()")
        status, _, _, error = self.outcome()
        self.assertEqual(u'error', status)
        self.assertTrue(error[0].endswith('KeyboardInterrupt'))

    def test_the_main_thread_where_this_is_it(self):
        status, where, answer = self.begin(u'6 * 7', u'main', u'auto')
        self.assertEqual((u'ok', u'here', u'42'), (status, where, answer[1]))
        self.assertEqual([], self.told)

    def test_the_programs(self):
        posted = []

        def register(function, first_interval, persistent):
            self.assertEqual((0.0, True), (first_interval, persistent))
            posted.append(function)
        timers = types.ModuleType('timers')
        timers.register = register
        app = types.ModuleType('app')
        app.timers, app.background = timers, False
        for title, modules in (
                (u'Blender', {'bpy': dict(app=app)}),
                (u'gdb', {'gdb': dict(post_event=posted.append)}),
                (u'Maya', {'maya': {}, 'maya.utils': dict(executeDeferred=posted.append)}),
                (u'Houdini', {'hou': {}, 'hdefereval': dict(executeDeferred=posted.append)})):
            for name, members in modules.items():
                self.module(name, **members)
            self.assertEqual((u'ok', u'away', title), self.elsewhere(u'6 * 7', u'main', u'auto'))
            # A timer that gives something else is called again.
            self.assertIsNone(posted.pop()())
            self.assertEqual(u'42', self.outcome()[1])
            while self.modules:
                del sys.modules[self.modules.pop()]
            self.told, self.heard = [], threading.Event()

    def test_ida_waits_in_a_thread_of_its_own(self):
        calls, came = [], threading.Event()

        def execute_sync(function, flags):
            calls.append((function, flags))
            came.set()
        self.module('ida_kernwin', MFF_WRITE=2, execute_sync=execute_sync, is_main_thread=lambda: False)
        self.assertEqual((u'ok', u'away', u'IDA'), self.begin(u'6 * 7', u'main', u'ida'))
        self.assertTrue(came.wait(PATIENCE))
        self.assertEqual(2, calls[0][1])
        self.assertEqual(1, calls[0][0]())
        self.assertEqual(u'42', self.outcome()[1])

    def test_qt_by_an_event_that_is_posted(self):
        posted = []

        class QObject(object):
            def moveToThread(self, thread):
                self.home = thread
                # It is told of that, as of other things.
                self.event(QEvent(QEvent.Type.ThreadChange))

            def deleteLater(self):
                posted.append('deleted')

            def event(self, event):
                return False

        class QEvent(object):
            class Type(object):
                User, ThreadChange = 1000, 22

            def __init__(self, kind):
                self.kind = kind

            def type(self):
                return self.kind

        class QCoreApplication(object):
            @classmethod
            def instance(cls):
                return cls()

            def thread(self):
                return 'main'

            @staticmethod
            def postEvent(receiver, event):
                posted.append((receiver, event))
        self.module('PySide6.QtCore', QObject=QObject, QEvent=QEvent, QCoreApplication=QCoreApplication)
        self.assertEqual((u'ok', u'away', u'Qt'), self.elsewhere(u'6 * 7', u'main', u'auto'))
        receiver, event = posted.pop()
        self.assertEqual('main', receiver.home)
        self.assertTrue(receiver.event(event))
        self.assertEqual(['deleted'], posted)
        self.assertEqual(u'42', self.outcome()[1])

    def test_a_function_of_the_users(self):
        posted = []
        self.agent.namespace['post'] = posted.append
        self.assertEqual((u'ok', u'away', u'post'), self.elsewhere(u'6 * 7', u'main', u'other', u'post'))
        posted.pop()()
        self.assertEqual(u'42', self.outcome()[1])

    def test_what_is_called_twice_runs_once(self):
        posted = []
        self.agent.namespace.update(post=posted.append, ran=[])
        self.elsewhere(u'ran.append(1)', u'main', u'other', u'post')
        posted[0]()
        posted[0]()
        self.assertEqual([1], self.agent.namespace['ran'])

    def test_what_is_taken_back_never_runs(self):
        posted = []
        self.agent.namespace.update(post=posted.append, ran=[])
        self.elsewhere(u'ran.append(1)', u'main', u'other', u'post')
        self.assertEqual((u'ok', True), self.agent.take_back(u'one'))
        posted[0]()
        self.assertEqual(([], []), (self.agent.namespace['ran'], self.told))
        self.assertEqual((u'ok', False), self.agent.take_back(u'one'))

    def test_programs_that_are_not_there(self):
        self.assertEqual((u'unknown', u''), self.elsewhere(u'1', u'main', u'auto'))
        self.assertEqual((u'absent', u'IDA'), self.elsewhere(u'1', u'main', u'ida'))
        self.assertEqual((u'absent', u'Qt'), self.elsewhere(u'1', u'main', u'qt'))
        self.module('gdb', post_event=None)
        self.module('hou')
        self.assertEqual((u'several', u'Houdini, gdb'), self.elsewhere(u'1', u'main', u'auto'))
        self.assertEqual((u'absent', u'Houdini'), self.elsewhere(u'1', u'main', u'houdini'))
        app = types.ModuleType('app')
        app.background = True
        self.module('bpy', app=app)
        self.assertEqual((u'background', u'Blender'), self.elsewhere(u'1', u'main', u'blender'))
        status, text = self.elsewhere(u'1', u'main', u'other', u'1 / 0')
        self.assertEqual(u'failed', status)
        self.assertIn(u'ZeroDivisionError', text)
        status, text = self.elsewhere(u'1', u'main', u'other', u'42')
        self.assertEqual(u'failed', status)
        self.assertIn(u'int is not callable', text)

    def test_nobody_hears_it(self):
        done = threading.Event()

        def fail(what, answer):
            if what == u'ended':
                done.set()
            raise EOFError('gone')
        self.tell = fail
        self.begin(u'1')
        self.assertTrue(done.wait(PATIENCE))

    def test_input_is_waited_for_without_serving(self):
        agent = self.agent

        class Connection(object):
            closed = False

        class Later(object):
            _conn, _is_ready, value = Connection(), False, u'late'

            def wait(self):
                raise AssertionError('the answer is read by the thread of the connection')

            def add_callback(self, callback):
                threading.Timer(0.05, callback, (self,)).start()
        self.ask = lambda prompt, own: Later()
        self.begin(u"%s('? ')" % (u'raw_input' if PY2 else u'input'))
        self.assertEqual(u"'late'", self.outcome()[1])
        self.told, self.heard, Connection.closed = [], threading.Event(), True
        Later.add_callback = lambda self, callback: None
        self.agent = agent
        self.begin(u"%s('? ')" % (u'raw_input' if PY2 else u'input'))
        self.assertIn(u'EOFError', self.outcome()[3][0])


if __name__ == '__main__':
    unittest.main()
