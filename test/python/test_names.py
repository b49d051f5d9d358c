import ast
import unittest

import peer_helper


class NamesOfTheHelper(unittest.TestCase):
    """All files are run in one namespace: of two things with one name, the first is gone."""

    def test_no_function_class_or_constant_is_defined_twice(self):
        places = {}
        for name, text in zip(peer_helper.FILES, peer_helper.sources()):
            for defined in names_in(ast.parse(text).body):
                places.setdefault(defined, []).append(name)
        self.assertIn('Agent', places)
        self.assertEqual({}, dict([(defined, found) for defined, found in places.items() if len(found) > 1]))

    def test_no_method_is_defined_twice(self):
        twice = []
        for text in peer_helper.sources():
            for cls in [node for node in ast.parse(text).body if isinstance(node, ast.ClassDef)]:
                # The setter of a property has its name.
                methods = [node.name for node in cls.body if isinstance(node, ast.FunctionDef)
                           and not [True for mark in node.decorator_list if isinstance(mark, ast.Attribute)]]
                twice += [(cls.name, name) for name in set(methods) if methods.count(name) > 1]
        self.assertEqual([], twice)


def names_in(body):
    """The names that statements define; those of loops and branches are left out, which differ by release."""
    for node in body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            yield node.name
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    yield target.id


if __name__ == '__main__':
    unittest.main()
