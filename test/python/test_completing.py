"""What a text may go on with, told without running any code of the objects."""

import functools
import sys
import types
import unittest

import peer_helper
from test_hostile_objects import ALL_SPECIAL, hostile_class, tell, witness

PY2 = sys.version_info[0] == 2
A = lambda name: (u'a', name)
M = lambda name: (u'm', name)
S = lambda key: (u's', key)


class Boat(object):
    """Floats."""

    kind = 'sloop'

    def __init__(self, name, length=12.5):
        self.name = name

    def sail(self, to, speed=3, *stops, **options):
        """Goes there."""

    @property
    def depth(self):
        """How deep it is."""
        witness.append('depth')
        return 7

    @classmethod
    def build(cls, plan):
        pass


class Suggestions(unittest.TestCase):

    def setUp(self):
        del witness[:]
        self.agent = peer_helper.agent(boat=Boat('Ada'), Boat=Boat, d={
            'name': 1, u'n\xe4he': 2, 'two\nlines': 3, 5: 'five', 'x' * 500: 4, 'inner': {'deep': Boat('Bob')},
        }, crew=[Boat('Cy')], _hidden=1)

    def names(self, what, path=(), prefix=u''):
        status, more, rows = self.agent.suggest(what, path, prefix)
        self.assertEqual((u'ok', False), (status, more))
        return [row[0] for row in rows]

    def kinds(self, what, path=(), prefix=u''):
        return dict((row[0], row[1:]) for row in self.agent.suggest(what, path, prefix)[2])

    def test_names(self):
        eval('boat', self.agent.namespace)
        self.assertEqual([u'Boat', u'boat', u'crew', u'd', u'_hidden'], self.names(u'names'))
        self.assertEqual([u'Boat', u'boat'], self.names(u'names', (), u'BO'))
        self.assertEqual([u'Boat', u'boat', u'bool'], self.names(u'globals', (), u'boa') + self.names(u'globals', (), u'bool'))
        self.assertEqual((u'class', u'type'), self.kinds(u'names')[u'Boat'])

    def test_attributes(self):
        found = self.kinds(u'attributes', (A(u'boat'),))
        self.assertEqual((u'string', u'str'), found[u'name'])
        self.assertEqual((u'method', u'instancemethod' if PY2 else u'method'), found[u'sail'])
        self.assertEqual((u'property', u''), found[u'depth'])
        self.assertEqual(u'name', self.names(u'attributes', (A(u'crew'), S(0)), u'n')[0])
        self.assertEqual([u'kind'], self.names(u'attributes', (A(u'd'), S(u'inner'), S(u'deep')), u'ki'))
        self.assertEqual(u'gone', self.agent.suggest(u'attributes', (A(u'missing'),), u'')[0])
        self.assertEqual(u'unread', self.agent.suggest(u'attributes', (A(u'boat'), A(u'depth')), u'')[0])
        self.assertEqual(u'gone', self.agent.suggest(u'attributes', (A(u'crew'), S(1)), u'')[0])
        self.assertEqual([], witness)

    def test_keys(self):
        self.assertEqual({u'name', u'n\xe4he', u'two\nlines', u'inner'}, set(self.names(u'keys', (A(u'd'),))))
        self.assertEqual([u'inner'], self.names(u'keys', (A(u'd'),), u'IN'))
        self.assertEqual([], self.names(u'keys', (A(u'crew'),)))

    def test_modules(self):
        self.assertIn(u'threading', self.names(u'modules', (M(u''),), u'thr'))
        self.assertEqual([u'path'], self.names(u'modules', (M(u'os'),), u'pa'))
        self.assertIn(u'sep', self.names(u'members', (M(u'os'),)))
        self.assertEqual(u'module', self.kinds(u'members', (M(u'os'),), u'path')[u'path'][0])
        self.assertEqual(u'gone', self.agent.suggest(u'members', (M(u'not.there'),), u'')[0])

    def test_connection_of_a_client(self):
        modules = (A(u'conn'), A(u'modules'))
        self.assertIn(u'os', self.names(u'attributes', modules, u'o'))
        self.assertEqual([u'isdir'], self.names(u'attributes', modules + (A(u'os'), A(u'path')), u'isdir'))
        self.assertEqual([u'isdir'], self.names(u'attributes', modules + (S(u'os.path'),), u'isdir'))
        self.assertEqual(u'module', self.agent.explain(modules + (A(u'os'),))[1])
        self.assertEqual(u'isdir', self.agent.call_tip(modules + (A(u'os'), A(u'path'), A(u'isdir')))[1])
        self.assertEqual([u'len'], self.names(u'attributes', (A(u'conn'), A(u'builtins')), u'len'))
        self.assertEqual([u'crew'], self.names(u'keys', (A(u'conn'), A(u'namespace')), u'cre'))
        self.assertEqual(u'gone', self.agent.suggest(u'attributes', (A(u'conn'),), u'')[0])
        self.agent.namespace['conn'] = Boat('Di')
        self.assertEqual(u'gone', self.agent.suggest(u'attributes', modules, u'')[0])

    def test_bounds(self):
        wide = types.ModuleType('wide')
        for number in range(1500):
            setattr(wide, 'name_%04d' % number, number)
        self.agent.namespace['wide'] = wide
        status, more, rows = self.agent.suggest(u'attributes', (A(u'wide'),), u'')
        self.assertEqual((u'ok', True, 1000), (status, more, len(rows)))
        self.assertEqual(10, len(self.names(u'attributes', (A(u'wide'),), u'name_149')))

    def test_explanations(self):
        self.assertEqual((u'test_completing.Boat', u'', u'Floats.'), self.agent.explain((A(u'boat'),))[1:4])
        self.assertEqual(u'sail(to, speed=3, *stops, **options)', self.agent.explain((A(u'boat'), A(u'sail')))[2])
        self.assertEqual((u'property', u'', u'How deep it is.', u''), self.agent.explain((A(u'boat'), A(u'depth')))[1:5])
        self.assertEqual(u"5", self.agent.explain((A(u'd'), S(u'name')))[4].replace(u'1', u'5'))
        self.assertEqual(u'len', self.agent.explain((A(u'len'),))[2][:3])
        self.assertEqual(u'module', self.agent.explain((M(u'os.path'),))[1])
        self.assertEqual(u'gone', self.agent.explain((A(u'boat'), A(u'missing')))[0])
        self.assertEqual([], witness)

    def test_call_tips(self):
        self.agent.namespace['deco'] = functools.wraps(Boat.__dict__['sail'])(lambda *a: None)
        tip = lambda *names: self.agent.call_tip(tuple([A(name) for name in names]))[1:3]
        self.assertEqual((u'Boat', (u'name', u'length=12.5')), tip(u'Boat'))
        self.assertEqual((u'sail', (u'to', u'speed=3', u'*stops', u'**options')), tip(u'boat', u'sail'))
        self.assertEqual((u'build', (u'plan',)), tip(u'boat', u'build'))
        self.assertEqual(u'Goes there.', self.agent.call_tip((A(u'boat'), A(u'sail')))[4])
        self.assertEqual(u'unread', self.agent.call_tip((A(u'boat'),))[0])
        if not PY2:
            self.assertEqual((u'deco', (u'self', u'to', u'speed=3', u'*stops', u'**options')), tip(u'deco'))
            self.assertEqual((u'len', (u'obj', u'/')), tip(u'len'))

    def test_nothing_of_hostile_objects_runs(self):
        cls = hostile_class(object, ['__del__'])
        module = hostile_class(types.ModuleType, ['__del__'])('hostile')
        mapping = dict.__new__(hostile_class(dict, ['__del__']))
        dict.__setitem__(mapping, 'key', 1)

        class Descriptor(object):
            __get__ = tell('descriptor')

        class Texts(str):
            __eq__ = tell('eq')
            __hash__ = str.__hash__

        obj = object.__new__(cls)
        type.__setattr__(cls, 'seen', Descriptor())
        namespace = self.agent.namespace
        namespace.update(o=obj, c=cls, m=module, mapping=mapping, odd={Texts('name'): 1, 'other': 2})
        sys.modules['hostile_module'] = obj
        try:
            answers = [self.agent.suggest(u'names', (), u''), self.agent.suggest(u'modules', (M(u''),), u'')]
            for name in (u'o', u'c', u'm', u'mapping', u'odd'):
                path = (A(name),)
                answers.append(self.agent.suggest(u'attributes', path, u''))
                answers.append(self.agent.suggest(u'keys', path, u''))
                answers.append(self.agent.explain(path))
            for name in set(ALL_SPECIAL + ['prop', 'seen']) - set(['__del__']):
                answers.append(self.agent.explain((A(u'o'), A(TEXT(name)))))
            tips = [self.agent.call_tip((A(name),))[0] for name in (u'o', u'c', u'm', u'mapping')]
            self.agent.explain((A(u'odd'), S(u'name')))
            self.agent.suggest(u'attributes', (A(u'odd'), S(u'name')), u'')
            self.agent.suggest(u'members', (M(u'hostile_module'),), u'')
            self.assertEqual([], witness)
        finally:
            del sys.modules['hostile_module']
            namespace.clear()
        self.assertEqual({u'ok'}, set([answer[0] for answer in answers]))
        self.assertTrue(set(tips) <= {u'ok', u'unread'}, tips)


TEXT = type(u'')
