"""Runs the tests of what runs on the peer, on any Python from 2.7 on, and writes what came of each as JSON.

usage: python_tests.py FOLDER RESULTS
"""
import json
import sys
import unittest


class Recorder(unittest.TextTestResult):
    """Keeps the names of tests by outcome."""

    def __init__(self, *args, **kwargs):
        super(Recorder, self).__init__(*args, **kwargs)
        self.passed = []

    def addSuccess(self, test):
        super(Recorder, self).addSuccess(test)
        self.passed.append(test)


def main(folder, results):
    suite = unittest.defaultTestLoader.discover(folder)
    recorded = unittest.TextTestRunner(resultclass=Recorder, verbosity=1).run(suite)
    failed = recorded.failures + recorded.errors
    with open(results, 'w') as file:
        json.dump({
            'passed': [test.id() for test in recorded.passed],
            'skipped': [test.id() for test, _ in recorded.skipped],
            'failed': [{'title': test.id(), 'message': text} for test, text in failed],
        }, file)
    return 0 if recorded.wasSuccessful() else 1


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
