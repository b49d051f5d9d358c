import unittest

import peer_helper


class Calling(unittest.TestCase):
    """Runs that call functions of the editor."""

    def setUp(self):
        self.calls = []

    def call(self, name, args, named):
        self.calls.append((name, args, named))
        return u'answer'

    def run_source(self, source, names=(u'console', u'ask')):
        agent = peer_helper.agent()
        editor = None if names is None else (self.call, names)
        return agent.run(source, u'/editor/calls.py', 0, lambda *_: None, u'one', None, editor)

    def test_a_call(self):
        result = self.run_source(u"rpyc_editor.console(1, 'two', sep='-', end='')\nrpyc_editor.ask(u'Name?')")
        self.assertEqual(u'done', result[0], result)
        self.assertTrue(result[1].endswith(u"'answer'"), result)
        self.assertEqual([
            (u'console', (1, 'two'), (('end', ''), ('sep', '-'))),
            (u'ask', (u'Name?',), ()),
        ], self.calls)

    def test_other_names(self):
        for name in [u'print_', u'_secret', u'__wrapped__']:
            result = self.run_source(u'rpyc_editor.%s' % name)
            self.assertEqual(u'error', result[0])
            self.assertTrue(u"cannot access '%s'" % name in result[3][1], result[3])
        self.assertEqual([], self.calls)

    def test_its_looks(self):
        self.assertEqual(u"['ask', 'console']", self.run_source(u'sorted(dir(rpyc_editor))')[1])
        self.assertEqual(u'<functions of the editor: console, ask>', self.run_source(u'rpyc_editor')[1])

    def test_nothing_to_call(self):
        self.assertTrue(self.run_source(u'rpyc_editor', None)[3][0].endswith(u'NameError'))


if __name__ == '__main__':
    unittest.main()
