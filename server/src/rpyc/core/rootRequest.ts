/*
 * Asking for the peer's root, and with it for its dialect where that is not known: the form of the root's reference
 * tells A and B from C, and what the peer makes of its number tells A from B. Upstream has no such file.
 */

import type { MessageCodec } from './codec';
import { Handler } from './consts';
import { RemoteError } from './errors';
import type { BrineValue } from './pyTypes';
import { referenceOf } from './reference';
import { nameText } from './references';

/** @throws as the requests do */
export async function askForRoot(
  codec: MessageCodec,
  request: (handler: Handler, args: readonly unknown[]) => Promise<unknown>,
): Promise<unknown> {
  const root = await request(Handler.getroot, []);
  const target = referenceOf(root)?.target;
  if (codec.dialect?.isGuess !== true || target === undefined) return root;
  try {
    // From 4.0 on the number by value is a number, before that it is the object.
    const text = nameText((await request(Handler.repr, [target.echo])) as BrineValue);
    codec.settle(/^\d+L?$/.test(text) ? 'B' : 'A');
  } catch (error) {
    if (!(error instanceof RemoteError)) throw error;
    codec.settle('A');
  }
  return root;
}

const UNKNOWN_HANDLER = 99;

/** Has the peer raise an exception, since those tell its version. */
export async function provoke(request: (handler: number) => Promise<unknown>): Promise<void> {
  try {
    await request(UNKNOWN_HANDLER);
  } catch (error) {
    if (!(error instanceof RemoteError)) throw error;
  }
}
