import unittest

import peer_helper

A = lambda name: (u'a', name)


class Sensor(object):

    def __init__(self):
        self.reads = 0

    @property
    def level(self):
        self.reads += 1
        return self.reads

    @property
    def inner(self):
        return Sensor()

    @property
    def broken(self):
        raise ValueError('no current')

    @property
    def ending(self):
        raise SystemExit(3)

    def __repr__(self):
        raise AssertionError('it was run')


class Watching(unittest.TestCase):

    def setUp(self):
        self.sensor = Sensor()
        self.agent = peer_helper.agent(sensor=self.sensor, table={'k': 1.5}, items=[1, 2])

    def watch(self, *ways):
        status, answers = self.agent.watch([(u'namespace', way) for way in ways])
        self.assertEqual(u'ok', status)
        return answers

    def test_values_come_in_order(self):
        found = self.watch((A(u'table'), (u'k', 0, u"'k'")), (A(u'items'), (u'i', 1)), (A(u'sensor'),))
        self.assertEqual([u'ok'] * 3, [answer[0] for answer in found])
        self.assertEqual([u'1.5', u'2'], [answer[1][4] for answer in found[:2]])
        self.assertTrue(found[2][1][4].startswith(u'<'))

    def test_properties_are_evaluated_once_each_time(self):
        way = (A(u'sensor'), A(u'level'))
        self.assertEqual([u'1', u'2'], [self.watch(way)[0][1][4] for _ in range(2)])
        self.assertEqual(2, self.sensor.reads)
        self.assertEqual(u'1', self.watch((A(u'sensor'), A(u'inner'), A(u'level')))[0][1][4])

    def test_what_fails_takes_nothing_with_it(self):
        found = self.watch((A(u'gone'),), (A(u'sensor'), A(u'broken')), (A(u'items'), (u'i', 0)), (A(u'items'), (u'i', 7)))
        self.assertEqual([u'gone', u'raised', u'ok', u'gone'], [answer[0] for answer in found])
        self.assertEqual(u"ValueError('no current')", found[1][1])
        found = self.watch((A(u'sensor'), A(u'ending')), (A(u'items'), (u'i', 0)))
        self.assertEqual([(u'raised', u'SystemExit(3)'), u'ok'], [found[0], found[1][0]])

    def test_nothing_is_held(self):
        before = len(self.agent.kept.table)
        self.watch((A(u'sensor'), A(u'inner')))
        self.assertEqual(before, len(self.agent.kept.table))


if __name__ == '__main__':
    unittest.main()
