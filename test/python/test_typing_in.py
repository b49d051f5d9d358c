import io
import sys
import threading
import unittest

import peer_helper

PY2 = sys.version_info[0] == 2
INPUT = u'raw_input' if PY2 else u'input'


class TypingIn(unittest.TestCase):
    """Runs that read what the user types."""

    def setUp(self):
        self.printed = []
        self.questions = []
        self.lines = []
        self.streams = sys.stdin, sys.stdout, sys.stderr

    def tearDown(self):
        self.assertEqual(self.streams, (sys.stdin, sys.stdout, sys.stderr))

    def emit(self, pieces, dropped):
        self.printed.extend([text for _, text in pieces])

    def ask(self, prompt, own, *hidden):
        self.questions.append((prompt, own) + hidden)
        return self.lines.pop(0)

    def run_source(self, source, *lines):
        self.lines = list(lines)
        return peer_helper.agent().run(source, u'/editor/asks.py', 0, self.emit, u'one', self.ask)

    def test_a_line(self):
        result = self.run_source(u"a = %s('Name? ')\nb = %s()\na + b" % (INPUT, INPUT), u'Ada', u'')
        self.assertEqual((u'done', u"'Ada'", u'str', None), result)
        self.assertEqual([(u'Name? ', True), (u'', True)], self.questions)
        self.assertEqual(u'Name? Ada\n\n', u''.join(self.printed))

    def test_a_password_is_shown_nowhere(self):
        import getpass
        original = getpass.getpass
        source = (u"from getpass import getpass\na = getpass('Pin: ')\n"
                  u"import getpass as g\nb = g.getpass()\n[a, b] == ['s\\u00e4cret', 'x'] or len(a)")
        if PY2:
            source = source.replace(u"'s\\u00e4cret'", u"u's\\u00e4cret'.encode('utf-8')")
        self.assertEqual(u'True', self.run_source(source, u's\xe4cret', u'x')[1])
        self.assertEqual([(u'Pin: ', True, True), (u'Password: ', True, True)], self.questions)
        self.assertEqual(u'Pin: \nPassword: \n', u''.join(self.printed))
        self.assertIs(original, getpass.getpass)

    def test_the_end_of_the_input_ends_a_password(self):
        result = self.run_source(u'import getpass\ngetpass.getpass()', None)
        self.assertEqual((u'error', u'EOFError'), (result[0], result[3][0].split(u'.')[-1]))
        result = self.run_source(u'import getpass\ngetpass.getpass()', False)
        self.assertEqual(u'interrupted', result[0])

    def test_the_prompt_is_the_line_so_far(self):
        self.run_source(u"import sys\nsys.stdout.write('one\\ntwo')\nsys.stderr.write('x' * 2000 + ' end: ')\n%s()" % INPUT, u'')
        prompt = self.questions[0][0]
        self.assertEqual((500, u'xxx end: '), (len(prompt), prompt[-9:]))

    def test_the_end_of_the_input(self):
        result = self.run_source(u'%s()' % INPUT, None)
        self.assertEqual((u'error', u'EOFError'), (result[0], result[3][0].split(u'.')[-1]))
        self.assertEqual((u'done', u'0', u'int', None), self.run_source(u'import sys\nlen(sys.stdin.read())', None))

    def test_an_interrupt(self):
        source = u'try:\n    %s()\nexcept Exception:\n    pass' % INPUT
        result = self.run_source(source, False)
        self.assertEqual((u'interrupted', u'KeyboardInterrupt'), (result[0], result[3][0].split(u'.')[-1]))
        self.assertEqual(u'1', self.run_source(u'1')[1])

    def test_all_ways_to_read(self):
        source = u'import sys\n[list(sys.stdin), sys.stdin.readlines(), sys.stdin.read(3), sys.stdin.readline()]'
        result = self.run_source(source, u'a', u'b', None, None, u'12345')
        self.assertEqual(u"[['a\\n', 'b\\n'], [], '123', '45\\n']", result[1])
        self.assertEqual(u'False', self.run_source(u'import sys\nsys.stdin.isatty()')[1])

    def test_bytes(self):
        # Python 2 has nothing but bytes.
        stream = u'sys.stdin' if PY2 else u'sys.stdin.buffer'
        source = u'import sys\ns = %s\n(s.readline(), list(s)) == (b"\\xc3\\xa9\\n", [b"x\\n"])' % stream
        self.assertEqual(u'True', self.run_source(source, u'\xe9', u'x', None)[1])

    def test_a_terminal_is_not_read(self):
        result = self.run_source(u'import sys\nsys.stdin.fileno()')
        self.assertEqual(u'io.UnsupportedOperation', result[3][0].replace(u'_io', u'io'))

    def test_threads_of_the_run(self):
        source = (
            u'import threading\ngot = []\nt = threading.Thread(target=lambda: got.append(%s()))\n'
            u't.start()\nt.join()\ngot' % INPUT
        )
        self.assertEqual(u"['typed']", self.run_source(source, u'typed')[1])
        self.assertEqual([(u'', False)], self.questions)

    def test_others_read_what_the_program_has(self):
        inside, outside = threading.Event(), threading.Event()
        read = []
        original, sys.stdin = sys.stdin, io.StringIO(u'of the program\n')
        self.streams = sys.stdin, sys.stdout, sys.stderr
        try:
            agent = peer_helper.agent(inside=inside, outside=outside)
            work = threading.Thread(
                target=lambda: agent.run(u'inside.set()\noutside.wait(20)', u'f', 0, self.emit, u'one', self.ask))
            work.start()
            inside.wait(20)
            read.append(sys.stdin.readline())
            outside.set()
            work.join(20)
        finally:
            outside.set()
            sys.stdin = original
            self.streams = sys.stdin, sys.stdout, sys.stderr
        self.assertEqual(([u'of the program\n'], []), (read, self.questions))

    def test_calls(self):
        agent = peer_helper.agent()
        agent.run(u'def f(): return %s()' % INPUT, u'f', 0, self.emit, u'one', self.ask)
        self.lines = [u'x']
        answer = agent.call(u'namespace', ((u'a', u'f'),), u'', u'f()', self.emit, u'two', self.ask)
        self.assertEqual((u'ok', u"'x'"), (answer[0], answer[2][4]))
        self.assertEqual([(u'', True)], self.questions)


if __name__ == '__main__':
    unittest.main()
