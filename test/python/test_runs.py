import gc
import sys
import threading
import unittest
import weakref

import peer_helper

PY2 = sys.version_info[0] == 2


class Editor(object):
    """The other side of a run: collects what is printed."""

    def __init__(self):
        self.bursts = []
        self.arrived = threading.Event()

    def emit(self, pieces, dropped):
        self.bursts.append((pieces, dropped))
        self.arrived.set()

    def text(self, stream=None):
        return u''.join(text for pieces, _ in self.bursts for name, text in pieces if stream in (None, name))


class Runs(unittest.TestCase):

    def setUp(self):
        self.editor = Editor()
        self.agent = peer_helper.agent()
        self.streams = sys.stdout, sys.stderr, threading.Thread.__dict__['start']

    def tearDown(self):
        self.assertEqual(self.streams, (sys.stdout, sys.stderr, threading.Thread.__dict__['start']))
        self.assertEqual([], [t for t in threading.enumerate() if t.name == 'rpyc-explorer-output'])
        self.assertEqual([], [name for name in vars(threading) if 'rpyc' in name])

    def run_source(self, source, line_offset=0, file_name=u'/editor/snippet.py'):
        return self.agent.run(source, file_name, line_offset, self.editor.emit)

    def test_value_of_the_last_expression(self):
        self.assertEqual((u'done', u'42', u'int', None), self.run_source(u'x = 41\nx + 1'))
        self.assertEqual((u'done', u'', u'', None), self.run_source(u'y = x'))
        self.assertEqual((u'done', u'41', u'int', None), self.run_source(u'y'))
        self.assertEqual((u'done', u'', u'', None), self.run_source(u'None'))
        self.assertEqual((u'done', u'', u'', None), self.run_source(u''))
        self.assertEqual((u'done', u'', u'', None), self.run_source(u'# nothing'))

    def test_functions_see_the_namespace(self):
        self.run_source(u'def f():\n    return later\n')
        self.run_source(u'later = 7')
        self.assertEqual(u'7', self.run_source(u'f()')[1])

    def test_indented_selection(self):
        self.assertEqual(u'3', self.run_source(u'    a = 1\n    if a:\n        a += 2\n    a')[1])

    def test_the_last_expression_is_compiled_as_the_rest(self):
        self.assertEqual(u'0.5', self.run_source(u'from __future__ import division\n1 / 2')[1])

    def test_a_huge_value_is_cut(self):
        self.assertEqual(10000, len(self.run_source(u"'x' * 100000000")[1]))
        self.assertEqual(10000, len(self.run_source(u'list(range(1000000))')[1]))

    def test_output_in_order(self):
        self.run_source(u"import sys\nfor n in range(3):\n    sys.stdout.write('out%d\\n' % n)\n"
                        u"    sys.stderr.write('err%d\\n' % n)\n")
        self.assertEqual(u'out0\nerr0\nout1\nerr1\nout2\nerr2\n', self.editor.text())
        self.assertEqual(u'err0\nerr1\nerr2\n', self.editor.text(u'stderr'))

    def test_first_line_arrives_while_the_run_goes_on(self):
        self.agent.namespace['wait'] = lambda: self.editor.arrived.wait(10)
        self.assertEqual(u'True', self.run_source(u"print('first')\nwait()")[1])

    def test_unicode_output(self):
        self.run_source(u"import sys\nsys.stdout.write(u'\\u00e4\\U0001f600')")
        self.assertEqual(u'\u00e4\U0001f600', self.editor.text())

    def test_lone_surrogates_are_replaced(self):
        self.run_source(u"import sys\nsys.stdout.write(u'a\\ud800b')")
        self.editor.text().encode('utf-8')

    # Python 2 has no byte stream below its standard output.
    if not PY2:
        def test_bytes_through_the_buffer(self):
            self.run_source(u"import sys\nsys.stdout.buffer.write(b'raw')")
            self.assertEqual(u'raw', self.editor.text())

    def test_output_of_threads_that_the_run_started(self):
        self.run_source(u"import threading\n"
                        u"def inner():\n    print('from inner')\n"
                        u"def outer():\n    t = threading.Thread(target=inner); t.start(); t.join()\n"
                        u"    print('from outer')\n"
                        u"t = threading.Thread(target=outer); t.start(); t.join()\n"
                        u"def fail():\n    raise ValueError('in a thread')\n"
                        u"t = threading.Thread(target=fail); t.start(); t.join()")
        self.assertEqual(u'from inner\nfrom outer\n', self.editor.text(u'stdout'))
        self.assertIn(u'ValueError: in a thread', self.editor.text(u'stderr'))

    def test_other_threads_print_where_they_always_did(self):
        class Recorder(object):
            text = ''

            def write(self, text):
                self.text += text

            def flush(self):
                pass
        recorder = Recorder()
        go, gone = threading.Event(), threading.Event()

        def other():
            go.wait(10)
            print('other client')
            gone.set()
        original = sys.stdout
        sys.stdout = recorder
        try:
            thread = threading.Thread(target=other)
            thread.start()
            self.agent.namespace.update(go=go, gone=gone)
            self.run_source(u"print('mine')\ngo.set()\ngone.wait(10)")
            thread.join()
            self.assertIs(recorder, sys.stdout)
        finally:
            sys.stdout = original
        self.assertEqual('other client\n', recorder.text)
        self.assertEqual(u'mine\n', self.editor.text())

    def test_a_process_without_a_console(self):
        printed = threading.Event()

        def other():
            print('nowhere')
            sys.stdout.flush()
            printed.set()
        self.agent.namespace.update(thread=threading.Thread(target=other), printed=printed)
        original, sys.stdout = sys.stdout, None
        try:
            # Started by hand, since a thread of the run prints where the run does.
            start = self.streams[2]
            self.agent.namespace['start'] = lambda: start(self.agent.namespace['thread'])
            self.assertEqual(u'True', self.run_source(u"start()\nprinted.wait(10)")[1])
            self.assertIsNone(sys.stdout)
        finally:
            sys.stdout = original

    def test_two_runs_at_once_of_two_windows(self):
        other_agent, other_editor = peer_helper.agent(), Editor()
        in_first, in_second = threading.Event(), threading.Event()
        self.agent.namespace.update(mine=in_first, theirs=in_second)
        other_agent.namespace.update(mine=in_second, theirs=in_first)
        source = u"mine.set()\ntheirs.wait(10)\nprint(name)"
        self.agent.namespace['name'], other_agent.namespace['name'] = 'one', 'two'
        thread = threading.Thread(target=other_agent.run, args=(source, u'f', 0, other_editor.emit))
        thread.start()
        self.run_source(source)
        thread.join()
        self.assertEqual((u'one\n', u'two\n'), (self.editor.text(), other_editor.text()))

    def test_a_run_inside_a_run(self):
        inner = Editor()
        self.agent.namespace['nested'] = lambda: self.agent.run(u"print('inner')", u'f', 0, inner.emit)
        self.run_source(u"print('before')\n_ = nested()\nprint('after')")
        self.assertEqual((u'before\nafter\n', u'inner\n'), (self.editor.text(), inner.text()))

    def test_a_flood_drops_the_oldest_and_counts(self):
        source = u"import sys\nfor n in range(5000):\n    sys.stdout.write('%0999d\\n' % n)"
        self.assertEqual(u'done', self.run_source(source)[0])
        text = self.editor.text()
        dropped = sum(count for _, count in self.editor.bursts)
        self.assertGreater(dropped, 0)
        self.assertEqual(5000000, len(text) + dropped)
        self.assertTrue(text.endswith(u'0004999\n'))

    def test_the_connection_fails_during_a_run(self):
        def fail(pieces, dropped):
            raise EOFError('gone')
        answer = self.agent.run(u"import sys\nsys.stdout.write('')\nprint('x')\n5", u'f', 0, fail)
        self.assertEqual(u'5', answer[1])

    def test_both_streams_share_their_bursts(self):
        self.run_source(u"import sys\nfor n in range(400):\n"
                        u"    sys.stdout.write('out')\n    sys.stderr.write('err')\n")
        self.assertEqual(u'outerr' * 400, self.editor.text())
        self.assertLessEqual(len(self.editor.bursts), 40)

    def test_a_burst_has_a_limited_number_of_pieces(self):
        self.run_source(u"import sys\nfor n in range(5000):\n"
                        u"    sys.stdout.write('o')\n    sys.stderr.write('e')\n")
        self.assertEqual(u'oe' * 5000, self.editor.text())
        self.assertLessEqual(max(len(pieces) for pieces, _ in self.editor.bursts), 1000)

    def test_a_stream_that_was_saved_during_a_run_is_put_back_later(self):
        try:
            self.run_source(u"import sys, io\nsaved = sys.stdout\nsys.stdout = io.StringIO()")
            self.run_source(u"sys.stdout = saved\nprint('again')")
            self.assertEqual(u'again\n', self.editor.text())
            self.assertIs(self.streams[0], sys.stdout)
            # As done by a thread that outlives the run in which it redirected the stream.
            sys.stdout = self.agent.namespace['saved']
            self.run_source(u"print('once more')")
            self.assertEqual(u'again\nonce more\n', self.editor.text())
            self.assertIs(self.streams[0], sys.stdout)
        finally:
            sys.stdout = self.streams[0]

    def test_a_handler_that_kept_the_stream_prints_into_later_runs(self):
        self.run_source(u"import logging, sys\nhandler = logging.StreamHandler(sys.stderr)\n"
                        u"logger = logging.Logger('mine')\nlogger.addHandler(handler)")
        self.run_source(u"logger.warning('noticed')")
        self.assertEqual(u'noticed\n', self.editor.text(u'stderr'))

    def test_two_helpers_that_install_at_once(self):
        names = peer_helper.load()
        make, other, entered, leave = names['Redirection'], Editor(), threading.Event(), threading.Event()

        def second_window():
            agent = peer_helper.agent(entered=entered, leave=leave)
            agent.run(u"entered.set()\nleave.wait(10)\nprint('other')", u'f', 0, other.emit)
        thread = threading.Thread(target=second_window)

        def overtaken():
            names['Redirection'] = make
            thread.start()
            entered.wait(10)
            return make()
        names['Redirection'] = overtaken
        agent = names['create_agent']({'leave': leave, 'thread': thread})[0]
        agent.run(u"leave.set()\nthread.join(10)\nprint('mine')", u'f', 0, self.editor.emit)
        self.assertEqual((u'mine\n', u'other\n'), (self.editor.text(), other.text()))

    def test_a_thread_that_cannot_start_keeps_nothing_of_ours(self):
        source = (u"import threading\nt = threading.Thread(target=len, args=('',)); t.start(); t.join()\n"
                  u"before = set(t.__dict__)\n"
                  u"try:\n    t.start()\nexcept RuntimeError:\n    pass\n"
                  u"sorted(set(t.__dict__) - before)")
        self.assertEqual(u'[]', self.run_source(source)[1])

    def test_no_thread_is_left_when_the_streams_cannot_be_replaced(self):
        names = peer_helper.load()

        def fail(queue):
            raise ValueError('no')
        names['redirect'] = fail
        agent = names['create_agent']({})[0]
        self.assertRaises(ValueError, agent.run, u'1', u'f', 0, self.editor.emit)

    def test_what_the_user_puts_in_place_stays(self):
        original = sys.stdout
        try:
            self.run_source(u"import sys, io\nsys.stdout = replaced = io.StringIO()")
            self.assertIs(self.agent.namespace['replaced'], sys.stdout)
        finally:
            sys.stdout = original

    def test_an_exception(self):
        self.run_source(u"def f():\n    raise ValueError(u'no \\u00e4')\n", 10)
        status, _, _, error = self.run_source(u'\nf()\n', 20)
        name, message, trace, frames, _ = error
        self.assertEqual(u'error', status)
        self.assertTrue(name.endswith(u's.ValueError'), name)
        self.assertIn(u'ValueError', trace)
        self.assertEqual(((u'/editor/snippet.py', 22, u'<module>'), (u'/editor/snippet.py', 12, u'f')), frames)
        self.assertNotIn(u'<rpyc-explorer>', trace)
        self.assertIn(u'    f()\n', trace)
        self.assertIn(u"    raise ValueError(u'no", trace)

    def test_a_syntax_error(self):
        status, _, _, error = self.run_source(u'x = 1\nx = = 2\n', 7)
        self.assertEqual((u'error', ()), (status, error[3]))
        self.assertTrue(error[0].endswith(u'.SyntaxError'))
        self.assertIn(u'line 9', error[2])
        self.assertNotIn(u'<rpyc-explorer>', error[2])

    def test_system_exit_is_an_error(self):
        status, _, _, error = self.run_source(u'import sys\nsys.exit(3)')
        self.assertEqual((u'error', u'3'), (status, error[1]))
        self.assertTrue(error[0].endswith(u's.SystemExit'))

    def test_endless_recursion_is_an_error(self):
        status, _, _, error = self.run_source(u'def f():\n    return f()\nf()')
        self.assertEqual(u'error', status)
        self.assertLessEqual(len(error[3]), 200)
        self.assertLessEqual(len(error[2]), 64000)

    def test_an_exception_whose_message_fails(self):
        status, _, _, error = self.run_source(
            u"class E(Exception):\n    def __str__(self):\n        raise KeyError('x')\nraise E()")
        self.assertEqual(u'error', status)
        self.assertIn(u'E', error[0])

    def test_nothing_is_kept_of_a_failed_run_once_its_error_is_dropped(self):
        self.run_source(u"class Big(object):\n    pass\ndef f(o):\n    raise ValueError('no')\nbig = Big()")
        reference = weakref.ref(self.agent.namespace['big'])
        failure = self.run_source(u'f(big)')[3][4]
        del self.agent.namespace['big']
        gc.collect()
        self.assertIsNotNone(reference())
        self.agent.drop_failures([failure])
        gc.collect()
        if PY2:
            sys.exc_clear()
        self.assertIsNone(reference())


class TwoConnections(unittest.TestCase):

    def meeting(self):
        return [name for name in vars(threading) if 'rpyc' in name]

    def test_the_second_uses_the_namespace_of_the_first(self):
        first, second = peer_helper.agent(x=1), peer_helper.agent()
        first.offer(u'secret')
        self.assertEqual(1, len(self.meeting()))
        self.assertFalse(second.join(u'wrong'))
        self.assertTrue(second.join(u'secret'))
        self.assertEqual([], self.meeting())
        self.assertEqual(u'1', second.run(u'y = 2\nx', u'f', 0, Editor().emit)[1])
        self.assertIn(u'y', peer_helper.rows(first, u'namespace'))
        self.assertFalse(second.join(u'secret'))

    def test_an_offer_goes_with_the_agent(self):
        first = peer_helper.agent()
        first.offer(u'secret')
        del first
        gc.collect()
        self.assertEqual([], self.meeting())

    def test_an_offer_is_taken_back(self):
        first = peer_helper.agent()
        first.offer(u'secret')
        first.withdraw()
        self.assertEqual([], self.meeting())

    def test_agents_are_gone_when_nobody_holds_them(self):
        first, second = peer_helper.agent(), peer_helper.agent()
        first.offer(u'secret')
        second.join(u'secret')
        references = weakref.ref(first), weakref.ref(second)
        del first, second
        gc.collect()
        self.assertEqual([None, None], [reference() for reference in references])


if __name__ == '__main__':
    unittest.main()
