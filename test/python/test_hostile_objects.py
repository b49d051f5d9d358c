"""Objects that notice when their own code runs: nothing of it may, while they are listed and described."""

import sys
import unittest

import peer_helper

PY2 = sys.version_info[0] == 2
witness = []


def tell(name):
    def method(self, *args, **kwargs):
        witness.append(name)
        raise RuntimeError(name)
    return method


ALL_SPECIAL = [
    '__getattr__', '__getattribute__', '__dir__', '__repr__', '__str__', '__len__', '__iter__', '__getitem__',
    '__contains__', '__hash__', '__eq__', '__ne__', '__bool__', '__nonzero__', '__instancecheck__', '__subclasscheck__',
    '__call__', '__del__', '__next__', 'next', '__reversed__', '__length_hint__', '__index__', '__int__', '__float__',
    '__unicode__', '__bytes__', '__format__', '__sizeof__', '__reduce__', '__reduce_ex__', '__get__', '__set__',
    '__prepare__', '__lt__', '__gt__', '__keys__', 'keys', 'items', 'values', 'iteritems', 'get', '__missing__',
    'bit_length', '__trunc__', '__complex__', '__fspath__', '__cmp__', '__coerce__', '__getslice__', 'decode', 'encode',
]


def hostile_class(base, without=()):
    body = dict((name, tell(name)) for name in ALL_SPECIAL if name not in without)
    body['prop'] = property(tell('prop'))
    if '__class__' not in without:
        body['__class__'] = property(tell('__class__'))
    return type('Hostile', (base,), body)


class Hostile(unittest.TestCase):

    def setUp(self):
        del witness[:]

    def check(self, obj, deeper=True):
        """Shows the object as a row, in containers, its page, every row's page, and its description."""
        # Not through `check`'s own names: a failing assertion would print the object.
        agent = peer_helper.agent(o=obj, l=[obj], t=(obj,), d={'k': obj})
        O = (u'a', u'o')
        answers = [
            agent.page((), u'namespace', (), 0, 100, None),
            agent.page((), u'namespace', ((u'a', u'l'),), 0, 100, None),
            agent.page((), u'namespace', ((u'a', u'd'),), 0, 100, None),
            agent.page((), u'namespace', (O,), 0, 500, None),
            agent.page((), u'namespace', (O,), 0, 500, u'prop'),
            agent.describe(u'namespace', (O,)),
            agent.resolve(u'namespace', (O,)),
            agent.resolve(u'namespace', ((u'a', u'l'), (u'i', 0))),
        ]
        for step in [row[0] for row in answers[3][5]] if deeper else []:
            agent.page((), u'namespace', (O, step), 0, 100, None)
            agent.describe(u'namespace', (O, step))
        self.assertEqual([], witness)
        self.assertEqual([u'ok'] * len(answers), [answer[0] for answer in answers])
        agent.namespace.clear()
        return answers

    def test_plain_object(self):
        self.check(object.__new__(hostile_class(object, ['__del__'])))

    def test_subclasses_of_containers_and_values(self):
        for base in (list, dict, tuple, set, frozenset, str, bytes, int, float, complex, BaseException):
            self.check(base.__new__(hostile_class(base, ['__del__'])))

    def test_filled_dict_subclass(self):
        obj = dict.__new__(hostile_class(dict, ['__del__']))
        dict.__setitem__(obj, 'key', 1)
        answers = self.check(obj)
        self.assertEqual(u"'key'", answers[3][5][0][1])

    def test_filled_list_subclass(self):
        cls = hostile_class(list, ['__del__'])
        obj = list.__new__(cls)
        list.append(obj, 5)
        answers = self.check(obj)
        self.assertEqual((u'[0]', u'5'), (answers[3][5][0][1], answers[3][5][0][4]))

    def test_hostile_keys(self):
        cls = hostile_class(object, ['__del__', '__hash__', '__eq__'])
        self.check({cls(): 1} if not PY2 else {object.__new__(cls): 1})

    def test_class_with_a_hostile_metaclass(self):
        names = ('__getattribute__', '__getattr__', '__repr__', '__dir__', '__instancecheck__', '__subclasscheck__',
                 '__len__', '__iter__', '__eq__', '__hash__', '__call__')
        body = dict((name, tell(name)) for name in names)
        for name in ('__name__', '__module__', '__doc__', '__mro__', '__bases__', '__signature__', '__dict__'):
            body[name] = property(tell(name))
        meta = type('Meta', (type,), body)
        cls = type.__new__(meta, 'Hostile', (object,), {'value': 1})
        self.check(cls)
        self.check(object.__new__(cls))

    def test_instance_that_hides_its_dict(self):
        class Hiding(object):
            __dict__ = property(tell('__dict__'))
            __slots__ = ()
        self.check(Hiding())

    def test_descriptors(self):
        class Descriptor(object):
            __get__ = tell('descriptor get')

        class Data(Descriptor):
            __set__ = tell('descriptor set')

        class Owner(object):
            plain = Descriptor()
            data = Data()

            def __init__(self):
                self.__dict__['plain'] = 5
                self.__dict__['data'] = 6
        answers = self.check(Owner(), deeper=False)
        rows = dict((row[1], row) for row in answers[3][5])
        self.assertEqual(u'5', rows[u'plain'][4])
        self.assertEqual(u'property', rows[u'data'][2])
        self.check(Owner, deeper=False)

    def test_function_with_hostile_parts(self):
        def function(a=object.__new__(hostile_class(object, ['__del__']))):
            pass
        function.__signature__ = object.__new__(hostile_class(object, ['__del__']))
        function.__wrapped__ = function.__signature__
        if not PY2:
            function.__annotations__ = {'a': function.__signature__}
        self.check(function, deeper=False)

    def test_function_with_hostile_defaults(self):
        for base, name in ((tuple, '__defaults__'), (dict, '__kwdefaults__')):
            def function(a, b=1):
                pass
            try:
                setattr(function, name, base.__new__(hostile_class(base, ['__del__'])))
            except TypeError:
                # Only Python 2 insists on the type itself.
                self.assertTrue(PY2)
            self.check(function, deeper=False)

    def test_class_whose_names_compare_themselves(self):
        class Name(str):
            __hash__ = str.__hash__

            def __eq__(self, other):
                if watching:
                    witness.append(other)
                return str.__eq__(self, other)
        watching = []
        names = ('__dict__', '__doc__', '__get__', '__set__', '__module__', '__repr__', '__init__', 'value')
        bases = [object, Exception, type] + ([] if PY2 else [list])
        for base in bases:
            for name in names:
                del watching[:]
                cls = type('Odd', (base,), {Name(name): str(name)})
                owner = type('Owner', (object,), {'entry': None})
                made = type.__new__(cls, 'Made', (object,), {}) if base is type else base.__new__(cls)
                if name not in ('__get__', '__set__'):
                    owner.entry = made
                watching.append(True)
                self.check(made, deeper=False)
                self.check(cls, deeper=False)
                self.check(owner, deeper=False)

    def test_exception_with_hostile_arguments(self):
        self.check(ValueError(object.__new__(hostile_class(object, ['__del__']))))

    def test_lying_class(self):
        class Liar(object):
            @property
            def __class__(self):
                witness.append('__class__')
                return dict
        answers = self.check(Liar())
        self.assertIn(u'Liar', answers[0][5][2][3])

    # Only Python 2 has old-style classes.
    if PY2:
        def test_old_style_instance(self):
            import new
            cls = new.classobj('Old', (), dict((name, tell(name)) for name in ALL_SPECIAL if name != '__del__'))
            self.check(new.instance(cls, {'value': 1}))


if __name__ == '__main__':
    unittest.main()
