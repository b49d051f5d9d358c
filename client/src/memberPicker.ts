import * as vscode from 'vscode';
import { ObjectChildren, ObjectRelease } from '../../server/src/api/messages';
import type { ObjectNode, ObjectPage } from '../../server/src/api/model';
import { pickText } from './displayText';
import { foundItem, noteItem } from './findObject';
import type { FoundItem } from './findObject';
import { fitting, splitsOf } from './memberPaths';
import { showInformation } from './messageBoxes';
import { isCancelled, problemOf } from './problems';
import { nodeName } from './rowItems';
import type { RowActionParts } from './rowActions';
import type { ObjectRow } from './rows';

const TYPING_PAUSE_MS = 150;
/** Members of one object that are asked for at once. */
const PAGE = 500;
const TITLE_LIMIT = 100;

/** An object whose members are searched: a row, and the members on the way from it. */
interface Place {
  readonly base: ObjectRow;
  readonly way: readonly ObjectNode[];
}

interface MemberItem extends FoundItem {
  readonly place?: Place;
}

/** Lets the user type the name of a member, or a path to one, and puts the focus on its row. */
export async function goToMember(parts: RowActionParts, row: ObjectRow | undefined): Promise<void> {
  const bases = row === undefined ? await basesOf(parts) : [row];
  if (bases.length === 0) {
    void showInformation(vscode.l10n.t('Connect first, or select the row of an object.'));
    return;
  }
  const title =
    row === undefined
      ? vscode.l10n.t('Go to Member')
      : vscode.l10n.t('Go to Member of {0}', pickText(nodeName(row.node), TITLE_LIMIT));
  const picker = new MemberPicker(parts, bases, title);
  const picked = await picker.run();
  if (picked !== undefined) {
    const { model } = parts.view;
    let at = picked.place.base;
    for (const node of [...picked.place.way, picked.node]) {
      const under = await model.reveal(at, node);
      parts.view.rowChanged(at);
      at = under;
    }
    await parts.view.reveal(at);
  }
}

/** Where names are looked up that are typed without a row: the connection of the selection, or the only one. */
async function basesOf({ connections, view }: RowActionParts): Promise<readonly ObjectRow[]> {
  const connected = connections.entries
    .map(({ profile }) => profile.id)
    .filter((id) => connections.isConnected(id));
  const selected = view.selected?.profileId;
  const id = selected !== undefined && connected.includes(selected) ? selected : connected[0];
  const roots = id === undefined ? [] : await view.model.childrenOf(view.model.connectionRow(id));
  return roots.flatMap((root) => (root.kind === 'object' ? [root] : []));
}

/** The list, from when it is opened to when it is closed. What it has asked for is let go at the end. */
class MemberPicker {
  private readonly pick = vscode.window.createQuickPick<MemberItem>();
  private readonly pages = new Map<string, Promise<ObjectPage>>();
  private readonly offered: ObjectNode[] = [];
  private readonly life = new vscode.CancellationTokenSource();
  private search = 0;
  private pause: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly parts: RowActionParts,
    private readonly bases: readonly ObjectRow[],
    title: string,
  ) {
    this.pick.title = title;
    this.pick.placeholder = vscode.l10n.t('Type a part of a name, or a path with dots');
  }

  run(): Promise<{ readonly place: Place; readonly node: ObjectNode } | undefined> {
    const { pick } = this;
    return new Promise((resolve) => {
      let picked: { readonly place: Place; readonly node: ObjectNode } | undefined;
      pick.onDidChangeValue(() => {
        clearTimeout(this.pause);
        this.pause = setTimeout(() => void this.look(), TYPING_PAUSE_MS);
      });
      pick.onDidAccept(() => {
        const [item] = pick.activeItems;
        if (item?.node !== undefined && item.place !== undefined) {
          picked = { place: item.place, node: item.node };
          pick.hide();
        }
      });
      pick.onDidHide(() => {
        clearTimeout(this.pause);
        this.search += 1;
        this.life.cancel();
        this.life.dispose();
        pick.dispose();
        const kept = picked === undefined ? [] : [...picked.place.way, picked.node];
        this.release(this.offered.filter((node) => !kept.includes(node)));
        this.offered.length = 0;
        resolve(picked);
      });
      pick.show();
      void this.look();
    });
  }

  private async look(): Promise<void> {
    const mine = ++this.search;
    const typed = this.pick.value.trim();
    this.pick.busy = true;
    try {
      const found = await Promise.all(this.bases.map((base) => this.find({ base, way: [] }, typed)));
      if (mine === this.search) {
        this.pick.items = found.flat().slice(0, PAGE);
      }
    } catch (error) {
      if (mine === this.search && !isCancelled(error)) {
        this.pick.items = [noteItem(problemOf(error).message)];
      }
    } finally {
      if (mine === this.search) {
        this.pick.busy = false;
      }
    }
  }

  /** The members that fit: those of the object that a path leads to, where it does, else of the place itself. */
  private async find(place: Place, typed: string): Promise<readonly MemberItem[]> {
    for (const [name, rest] of splitsOf(typed)) {
      const [whole] = (await this.members(place, name)).nodes.filter((node) => node.name === name);
      if (whole?.expandable === true) {
        return this.find({ base: place.base, way: [...place.way, whole] }, rest);
      }
    }
    const page = await this.members(place, '');
    const near = fitting(page.nodes, (node) => node.name, typed);
    const more = page.more && typed !== '' ? (await this.members(place, typed)).nodes : [];
    const names = new Set(near.map((node) => node.name));
    const items = [...near, ...more.filter((node) => !names.has(node.name))].map((node) => ({
      ...foundItem(node),
      place,
    }));
    return page.note === undefined ? items : [...items, noteItem(page.note)];
  }

  /** One request for each object and each text, however often it is typed. */
  private members(place: Place, filter: string): Promise<ObjectPage> {
    const key = `${(place.way.at(-1) ?? place.base.node).handle.id} ${filter}`;
    let page = this.pages.get(key);
    if (page === undefined) {
      page = this.ask(place, filter);
      page.catch(() => this.pages.delete(key));
      this.pages.set(key, page);
    }
    return page;
  }

  private async ask({ base, way }: Place, filter: string): Promise<ObjectPage> {
    const { backend, view } = this.parts;
    const { token } = this.life;
    const last = way.at(-1);
    const page =
      last === undefined
        ? await view.model.withFreshHandle(base, (handle) =>
            backend.request(ObjectChildren, { handle, offset: 0, limit: PAGE, filter }, token),
          )
        : await backend.request(
            ObjectChildren,
            { handle: last.handle, offset: 0, limit: PAGE, filter },
            token,
          );
    if (token.isCancellationRequested) {
      this.release(page.nodes);
    } else {
      this.offered.push(...page.nodes);
    }
    return page;
  }

  private release(nodes: readonly ObjectNode[]): void {
    this.parts.backend.notify(ObjectRelease, { handles: nodes.map(({ handle }) => handle) });
  }
}
