/** The words of Python that a statement or an expression may go on with. */
export const PYTHON_KEYWORDS = (
  'False None True and as assert async await break class continue def del elif else except finally for from global if ' +
  'import in is lambda nonlocal not or pass raise return try while with yield'
).split(' ');
