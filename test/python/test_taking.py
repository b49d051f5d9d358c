import itertools
import sys
import unittest

import peer_helper

TEXT = type(u'')
NAME, KIND, FLAGS, LENGTH = 1, 2, 5, 6
ITERATOR = 64


def accident(*_, **__):
    raise AssertionError('code ran that nobody asked for')


class Taken(object):
    """What one taking gave."""

    def __init__(self, iterator, count=100):
        self.agent = peer_helper.agent(it=iterator)
        answer = self.agent.take(u'namespace', ((u'a', u'it'),), count, u'it', None)
        assert answer[0] == u'ok', answer
        self.row, self.count, self.ending, self.error = answer[1:]

    def values(self):
        """The items, as the row of the result leads to them."""
        return self.agent.kept.results[self.row[NAME]]


class Taking(unittest.TestCase):

    def test_what_can_be_taken_from(self):
        class Asked(object):
            __getattribute__ = accident
            def __iter__(self):
                return self
            next = __next__ = accident
        class Plain(object):
            __iter__ = accident
            __call__ = accident
        found = peer_helper.rows(peer_helper.agent(
            generator=(n for n in ()), iterator=iter([1]), endless=itertools.count(), asked=Asked(),
            plain=Plain(), items=[1], cls=Asked), u'namespace')
        shown = set(name for name, row in found.items() if row[FLAGS] & ITERATOR)
        self.assertEqual(set([u'generator', u'iterator', u'endless', u'asked']), shown)

    def test_the_next_items_and_no_more(self):
        endless = itertools.count()
        taken = Taken(endless)
        self.assertEqual((100, u'count', None), (taken.count, taken.ending, taken.error))
        self.assertEqual(list(range(100)), taken.values())
        self.assertEqual((u'list', 100, u'#1 100 \xd7 next(it)'), (taken.row[KIND], taken.row[LENGTH], taken.row[NAME]))
        self.assertEqual(100, next(endless))

    def test_the_end_is_told(self):
        taken = Taken(iter(range(37)))
        self.assertEqual((37, u'exhausted', None), (taken.count, taken.ending, taken.error))
        self.assertEqual(u'#1 37 \xd7 next(it), exhausted', taken.row[NAME])
        nothing = Taken(iter(()))
        self.assertEqual((None, 0, u'exhausted'), (nothing.row, nothing.count, nothing.ending))

    def test_what_came_before_an_exception_is_kept_with_it(self):
        def fails():
            yield 'a'
            yield 'b'
            raise ValueError('broken')
        taken = Taken(fails())
        self.assertEqual((['a', 'b'], u'error'), (taken.values(), taken.ending))
        self.assertTrue(taken.error[0].endswith(u'.ValueError'), taken.error)
        self.assertEqual(u'broken', taken.error[1])
        self.assertEqual(u'#1 2 \xd7 next(it), ValueError', taken.row[NAME])

    def test_it_stops_between_two_items_when_time_is_over(self):
        times = iter([0, 1, 4, 6, 9])
        agent = peer_helper.agent(it=itertools.count())
        agent.take.__globals__['_clock'] = lambda: next(times)
        row, count, ending, error = agent.take(u'namespace', ((u'a', u'it'),), 100, u'it', None)[1:]
        self.assertEqual((3, u'time', None), (count, ending, error))
        self.assertTrue(row[NAME].endswith(u', stopped after 5 s'), row)

    def test_it_stops_when_the_items_are_large(self):
        taken = Taken(bytes(bytearray(1 << 25)) for _ in itertools.count())
        self.assertEqual((3, u'size'), (taken.count, taken.ending))

    def test_what_is_no_iterator_any_more_is_an_error(self):
        taken = Taken([1, 2])
        self.assertEqual((None, 0, u'error'), (taken.row, taken.count, taken.ending))
        self.assertTrue(taken.error[0].endswith(u'.TypeError'), taken.error)

    def test_a_long_name_keeps_its_end(self):
        agent = peer_helper.agent(it=iter([1]))
        row = agent.take(u'namespace', ((u'a', u'it'),), 9, u'x' * 500, None)[1]
        self.assertTrue(row[NAME].endswith(u'), exhausted'), row)
        self.assertLess(len(row[NAME]), 130)

    def test_results_are_bounded(self):
        endless = itertools.count()
        agent = peer_helper.agent(it=endless)
        for _ in range(60):
            agent.take(u'namespace', ((u'a', u'it'),), 1, u'it', None)
        self.assertEqual(50, len(agent.kept.results))


if __name__ == '__main__':
    unittest.main()
