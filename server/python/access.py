"""What may be done to the parts of an object, as far as it can be told without running any code of the object's.

These are predictions for the commands that a row offers: what is offered can still be refused by the object, and
what is not offered would be. Loaded after render.py, into the same namespace.
"""

# Bits of a row's flags.
EDITABLE = 8
DELETABLE = 16
CALLABLE = 32

_FUNCTIONS = (types.FunctionType, types.MethodType, staticmethod, classmethod) + _BUILTIN_CALLABLES


def attribute_access(attributes, name):
    """`EDITABLE` and `DELETABLE` for an attribute that is there."""
    if type(attributes) is not Attributes:
        return attributes.access
    if name == '__class__' or name == '__dict__':
        return 0
    if attributes.of_class:
        return _class_access(attributes, name)
    return _instance_access(attributes, name)


def _class_access(attributes, name):
    cls = attributes.obj
    if _is_built_in(cls):
        return 0
    above = attributes.meta.get(name, MISSING)
    if above is not MISSING and _is_data_descriptor(above):
        return _descriptor_access(above)
    if is_special(name) and name != '__doc__':
        return 0
    return EDITABLE | DELETABLE if name in attributes.own else EDITABLE


def _instance_access(attributes, name):
    entry = attributes.inherited.get(name, MISSING)
    if entry is not MISSING and _is_data_descriptor(entry):
        return _descriptor_access(entry)
    if name in attributes.own:
        return EDITABLE | DELETABLE
    if not attributes.stores or entry is MISSING or is_special(name):
        return 0
    # A method can be covered by a value, but hardly anybody who points at it wants that.
    return 0 if among(type(entry), _FUNCTIONS) else EDITABLE


def _descriptor_access(entry):
    if type(entry) is property:
        return (0 if entry.fset is None else EDITABLE) | (0 if entry.fdel is None else DELETABLE)
    if among(type(entry), (_GETSET, _FIELD)):
        return 0
    if type(entry) is _MEMBER:
        # A slot of a class that was written in Python; those of C code are mostly read-only.
        return 0 if _is_built_in(entry.__objclass__) else EDITABLE | DELETABLE
    access = EDITABLE if _type_defines(entry, '__set__') else 0
    return access | (DELETABLE if _type_defines(entry, '__delete__') else 0)


def item_access(container):
    """`EDITABLE` and `DELETABLE` for each entry of a container."""
    bases = (list, dict, collections.deque)
    return EDITABLE | DELETABLE if [True for base in bases if derives(container.obj, base)] else 0


def can_call(obj):
    """Whether an object can be called."""
    return is_class(obj) or special(obj, '__call__') is not MISSING
