import * as vscode from 'vscode';
import { pickText } from './displayText';
import { askPick } from './multiStepInput';
import { isUnread, nodeName } from './rowItems';
import type { ObjectRow } from './rows';
import type { ValueChangesParts } from './valueChanges';

const TEXT_LIMIT = 80;
const RULE_LIMIT = 300;

/** Asks services for what they are expected to refuse, after the user has agreed: once for each connection and session. */
export class BlockedRows {
  private readonly agreed = new Set<string>();

  constructor(private readonly parts: Pick<ValueChangesParts, 'connections' | 'view'>) {}

  /** Reads a row that is out of reach. Where it is given, what was expected of the others is corrected. */
  async tryAnyway(row: ObjectRow): Promise<void> {
    const { view } = this.parts;
    const { blocked } = row.node;
    if (blocked !== undefined && !(await this.agrees(row, blocked))) {
      return;
    }
    await view.read(row, true);
    const { model } = view;
    view.refresh(model.connectionRow(row.profileId));
    const rows = row.parent.kind === 'object' ? await model.childrenOf(row.parent) : [];
    if (rows.includes(row) && isUnread(row.node)) {
      await view.read(row);
    }
  }

  private async agrees({ profileId, node }: ObjectRow, rule: string): Promise<boolean> {
    if (this.agreed.has(profileId)) {
      return true;
    }
    const label = this.parts.connections.label(profileId);
    const item = { label: vscode.l10n.t('Try Anyway'), detail: pickText(rule, RULE_LIMIT) };
    const answer = await askPick({
      title: vscode.l10n.t('Ask "{0}" for {1} anyway?', label, pickText(nodeName(node), TEXT_LIMIT)),
      placeholder: vscode.l10n.t(
        'The server will log a refusal. This is not asked again for this connection.',
      ),
      step: 1,
      totalSteps: 1,
      items: [item],
      active: item,
    });
    if (answer.kind !== 'value') {
      return false;
    }
    this.agreed.add(profileId);
    return true;
  }
}
