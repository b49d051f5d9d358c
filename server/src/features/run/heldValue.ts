import type { Handle, HeldValue, ObjectNode, ShownAs } from '../../api/model';
import { asCount, asTuple, readRow } from '../inspect/rows';
import type { PartFacts } from '../inspect/source';
import type { Lease } from '../pool/lease';
import { ProblemError } from '../problem';

const SHOWN: ReadonlySet<unknown> = new Set<ShownAs>(['picture', 'table', 'page', 'text']);

/** Makes a row of what stands nowhere in the tree. */
export type Adopt = (lease: Lease, part: PartFacts) => ObjectNode;

/**
 * Reads `(number or 0, row, what it can be shown as, number of that or 0)`, which the helper tells of what it holds of a
 * run's value.
 *
 * @param name what the value is called where it is listed
 * @returns undefined where the connection is another one by now
 */
export function heldValue(adopt: Adopt, lease: Lease, told: unknown, name: string): HeldValue | undefined {
  const [number, row, as, shown] = asTuple(told, 'value');
  const facts = { ...readRow(row), name };
  const handleOf = (of: unknown): Handle | undefined => {
    const held = asCount(of, 'number');
    return held === 0 ? undefined : adopt(lease, { facts, held: { kind: 'number', number: held } }).handle;
  };
  try {
    const value = handleOf(number);
    const handle = shown === number ? value : handleOf(shown);
    return {
      ...(value === undefined ? {} : { value }),
      ...(handle === undefined || !SHOWN.has(as) ? {} : { shown: { handle, as: as as ShownAs } }),
    };
  } catch (error) {
    if (error instanceof ProblemError) {
      return undefined;
    }
    throw error;
  }
}
