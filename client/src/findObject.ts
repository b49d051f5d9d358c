import * as vscode from 'vscode';
import { ObjectChildren, ObjectRelease } from '../../server/src/api/messages';
import type { Handle, ObjectNode } from '../../server/src/api/model';
import type { Backend } from './backend';
import { objectIcon } from './appearance';
import { pickText } from './displayText';
import { isCancelled, problemOf } from './problems';
import { nodeDescription, nodeName } from './rowItems';
import { PAGE_SIZE } from './rowModel';
import type { RowModel } from './rowModel';
import type { ObjectRow } from './rows';

const TYPING_PAUSE_MS = 150;
const TEXT_LIMIT = 300;

export interface FoundItem extends vscode.QuickPickItem {
  readonly node: ObjectNode | undefined;
}

/**
 * Lets the user search the children of an object by name, those too that no page has shown yet.
 * @returns the child that was picked
 */
export function pickChild(
  backend: Backend,
  model: RowModel,
  parent: ObjectRow,
  title: string,
): Promise<ObjectNode | undefined> {
  const pick = vscode.window.createQuickPick<FoundItem>();
  pick.title = title;
  pick.placeholder = vscode.l10n.t('Type a part of the name');
  const offered: Handle[] = [];
  let search = new vscode.CancellationTokenSource();
  let pause: ReturnType<typeof setTimeout> | undefined;
  let hidden = false;

  const look = async (): Promise<void> => {
    search.cancel();
    search.dispose();
    search = new vscode.CancellationTokenSource();
    const { token } = search;
    const filter = pick.value.trim();
    pick.busy = true;
    try {
      const page = await model.withFreshHandle(parent, (handle) =>
        backend.request(ObjectChildren, { handle, offset: 0, limit: PAGE_SIZE, filter }, token),
      );
      const handles = page.nodes.map((node) => node.handle);
      if (hidden) {
        backend.notify(ObjectRelease, { handles });
        return;
      }
      offered.push(...handles);
      if (!token.isCancellationRequested) {
        pick.items = [
          ...page.nodes.map(foundItem),
          ...(page.note === undefined ? [] : [noteItem(page.note)]),
        ];
        pick.title = page.more ? vscode.l10n.t('{0} (the first {1})', title, page.nodes.length) : title;
      }
    } catch (error) {
      if (!token.isCancellationRequested && !isCancelled(error)) {
        pick.items = [noteItem(problemOf(error).message)];
      }
    } finally {
      if (!token.isCancellationRequested) {
        pick.busy = false;
      }
    }
  };

  return new Promise((resolve) => {
    pick.onDidChangeValue(() => {
      clearTimeout(pause);
      pause = setTimeout(() => void look(), TYPING_PAUSE_MS);
    });
    let picked: ObjectNode | undefined;
    pick.onDidAccept(() => {
      picked = pick.activeItems[0]?.node;
      pick.hide();
    });
    pick.onDidHide(() => {
      hidden = true;
      clearTimeout(pause);
      search.cancel();
      search.dispose();
      pick.dispose();
      const handles = offered.filter((handle) => handle.id !== picked?.handle.id);
      backend.notify(ObjectRelease, { handles });
      resolve(picked);
    });
    pick.show();
    void look();
  });
}

/** A remote object in a list to pick from. */
export function foundItem(node: ObjectNode): FoundItem {
  return {
    label: pickText(nodeName(node), TEXT_LIMIT),
    description: pickText(nodeDescription(node), TEXT_LIMIT),
    iconPath: objectIcon(node, false),
    alwaysShow: true,
    node,
  };
}

/** A sentence among the objects that were found, which cannot be picked. */
export function noteItem(message: string): FoundItem {
  return { label: pickText(message, TEXT_LIMIT), node: undefined, alwaysShow: true };
}
