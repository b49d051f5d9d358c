/** A step of the dialogue that adds a connection: how it is asked, and what becomes of the answer. */
import type * as vscode from 'vscode';
import { askPick } from './multiStepInput';
import type { StepPosition, StepResult } from './multiStepInput';

export type Outcome = 'next' | 'back' | 'closed';

export function keep<T>(result: StepResult<T>, take: (value: T) => unknown): Outcome {
  if (result.kind !== 'value') {
    return result.kind;
  }
  take(result.value);
  return 'next';
}

export interface Choice<T> extends vscode.QuickPickItem {
  readonly value: T;
}

export async function choose<T>(
  position: StepPosition,
  placeholder: string,
  items: readonly Choice<T>[],
  active: T,
  take: (value: T) => unknown,
): Promise<Outcome> {
  const result = await askPick({
    ...position,
    items,
    placeholder,
    active: items.find((item) => item.value === active),
  });
  return keep(result, ({ value }) => take(value));
}
