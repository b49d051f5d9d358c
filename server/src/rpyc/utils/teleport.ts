/*
 * Functions that are written here and run there, after `teleport_function` of rpyc/utils/classic.py. Differs on purpose:
 * what travels is Python source, since there is no Python here that could compile it.
 */

import { callattr } from '../core/builtins';
import { ProtocolError, SourceError } from '../core/errors';
import type { Netref } from '../core/netref';
import { type Path, withTarget } from '../core/path';
import type { Connection } from '../core/protocol';
import { peerCode } from './peerCode';

const TELEPORT = `
import ast, textwrap

def main(source, name, space):
    try:
        tree = ast.parse(textwrap.dedent(source), '<teleported>')
    except (SyntaxError, ValueError) as error:
        return (False, getattr(error, 'msg', None) or str(error), getattr(error, 'lineno', None), getattr(error, 'offset', None))
    name = None if name is None else str(name)
    if len(tree.body) == 1 and isinstance(tree.body[0], ast.Expr):
        made = eval(compile(ast.Expression(tree.body[0].value), '<teleported>', 'eval'), space)
        if name is not None:
            space[name] = made
    else:
        eval(compile(tree, '<teleported>', 'exec'), space)
        if name is None:
            names = [part.name for part in tree.body if isinstance(part, ast.FunctionDef) or hasattr(part, 'name')]
            if not names:
                return (False, 'the source defines no function', None, None)
            name = names[-1]
        if name not in space:
            return (False, 'the source defines no ' + name, None, None)
        made = space[name]
    return (True, made)
`;

/**
 * Makes a function on the peer from Python source: a `def`, with whatever else it needs above it, or a lambda. It stays in
 * the connection's namespace under its own name, and its globals are that namespace. Common indentation is taken away.
 * Upstream: `rpyc.classic.teleport_function`.
 *
 * @param name which of several functions is given, or the name that a lambda gets; the last function unless told
 * @throws SourceError `ERR_SOURCE`, with line and column, where Python cannot compile it or it defines no such function;
 *   RemoteError where running the definitions raises
 */
export async function teleportFunction(conn: Connection, source: string, name?: string): Promise<Netref> {
  return await withTarget(conn.root, async (host, root) => {
    const teleport = await peerCode(host, TELEPORT);
    const { namespace } = root as { readonly namespace?: Path };
    const answer = await callattr(teleport, '__call__', [source, name ?? null, namespace]);
    const [isMade, made, line, column] = Array.isArray(answer) ? (answer as unknown[]) : [];
    if (isMade === true) return made as Netref;
    if (isMade !== false) throw new ProtocolError('The peer gave no function');
    const text = made instanceof Uint8Array ? Buffer.from(made).toString() : String(made);
    const where = typeof line === 'number' ? ` (line ${line})` : '';
    throw new SourceError(`Python source cannot be used: ${text}${where}`, asNumber(line), asNumber(column));
  });
}

function asNumber(value: unknown): number | null {
  return typeof value === 'number' ? value : null;
}
