import * as vscode from 'vscode';
import type { ObjectKind, ObjectNode } from '../../server/src/api/model';
import type { ObjectRow } from './rows';

/** Kinds whose text is a Python expression, where all of it is there. */
const WRITTEN: ReadonlySet<ObjectKind> = new Set<ObjectKind>([
  'none',
  'boolean',
  'number',
  'string',
  'bytes',
  'list',
  'tuple',
  'dict',
  'set',
]);

/** What the field for a new value begins with: the old one, where its text can be typed. */
export function editableText({ kind, value }: ObjectNode): string {
  return WRITTEN.has(kind) && !/…|<|\bnan\b|\binf\b/.test(value) ? value : '';
}

/** Why a row offers no change. */
export function fixedReason({ node, parent }: ObjectRow): string {
  if (node.blocked !== undefined) {
    return node.blocked;
  }
  if (parent.kind === 'connection') {
    return vscode.l10n.t('This is where the tree begins: choose a row under it.');
  }
  switch (parent.node.kind) {
    case 'tuple':
    case 'set':
      return vscode.l10n.t('What is in a {0} cannot be changed: change what holds it.', parent.node.typeName);
    case 'modules':
    case 'builtins':
      return vscode.l10n.t(
        'The modules and built-in names of a program are not changed here: run a snippet that does.',
      );
    case 'threads':
      return vscode.l10n.t('Threads are shown as they are: run a snippet that starts or stops one.');
    case 'service':
      return vscode.l10n.t('A service does not let its clients change it: call a method of it that does.');
    case 'results':
      return vscode.l10n.t('This is what a call gave: change what is in it.');
    default:
      return node.kind === 'property'
        ? vscode.l10n.t('This property has no setter: change what it is computed from.')
        : vscode.l10n.t('The object does not let this be changed.');
  }
}
