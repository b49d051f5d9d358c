/** A workbench in a browser, with what a person does in it: click, type, look, and take pictures. */
import { copyFileSync, mkdirSync } from 'node:fs';
import path from 'node:path';

import type { Locator, Page } from 'playwright-core';

import { eventually } from '../support/poll';
import { REPOSITORY } from '../support/tools';

const PICTURES = path.join(REPOSITORY, '.vscode-test/pictures');
const README_PICTURES = path.join(REPOSITORY, 'media/readme');
const SLOW_MS = 30_000;
/** Where the mouse is over nothing that would show a tooltip. */
const RESTING_PLACE = { x: 900, y: 420 };

/** What moves in is not half transparent in a picture; what turns for ever is not waited for. */
const ANIMATIONS_END = `Promise.all(
  document.getAnimations().map((animation) =>
    animation.effect.getComputedTiming().endTime === Infinity ? undefined : animation.finished.catch(() => undefined),
  ),
).then(() => undefined)`;

export class WorkbenchPage {
  private pictures = 0;

  /** @param prefix begins the names of the pictures */
  constructor(
    readonly page: Page,
    private readonly prefix: string,
  ) {
    page.setDefaultTimeout(SLOW_MS);
  }

  async openView(): Promise<void> {
    await this.page.getByRole('tab', { name: 'RPyC' }).click({ timeout: 2 * SLOW_MS });
    await this.page.getByRole('heading', { name: /RPyC/ }).first().waitFor();
    await this.page.getByText('Activating Extensions').waitFor({ state: 'hidden' });
  }

  /** Drags the edge of the side bar. */
  async widenSideBar(pixels: number): Promise<void> {
    const bar = await this.page.locator('.part.sidebar').boundingBox();
    if (bar === null) {
      throw new Error('The side bar is not open');
    }
    const edge = bar.x + bar.width;
    const middle = bar.y + bar.height / 2;
    await this.page.mouse.move(edge + 2, middle);
    await this.page.mouse.down();
    await this.page.mouse.move(edge + pixels, middle, { steps: 5 });
    await this.page.mouse.up();
  }

  async scrollToTop(): Promise<void> {
    await this.rest();
    await this.tree.hover();
    await this.page.mouse.wheel(0, -100_000);
  }

  /** Turns the wheel over the tree until a row is in sight. */
  async scrollTo(label: string, pixels: number): Promise<Locator> {
    const row = this.row(label);
    await eventually(`the row ${label} is in sight`, async () => {
      if (await row.isVisible()) {
        return true;
      }
      await this.tree.hover();
      await this.page.mouse.wheel(0, pixels);
      return row.isVisible();
    });
    return row;
  }

  /** A row of the tree, by the beginning of what a screen reader says of it. */
  row(label: string): Locator {
    return this.page.getByRole('treeitem', { name: new RegExp(`^${literal(label)}(\\W|$)`) });
  }

  private get tree(): Locator {
    return this.page.locator('.part.sidebar .monaco-list').first();
  }

  /** Opens or closes a row near the top of the tree, by a click on the arrow before it. */
  async toggle(label: string): Promise<void> {
    // A row that the tree keeps in sight may lie over it otherwise.
    await this.scrollToTop();
    await this.row(label).locator('.monaco-tl-twistie').click();
  }

  async expand(label: string): Promise<void> {
    await this.toggle(label);
    await this.row(label).and(this.page.locator('[aria-expanded="true"]')).waitFor();
  }

  /** Presses a button that a row shows while the mouse is on it. */
  async rowButton(label: string, button: string): Promise<void> {
    await this.row(label).hover();
    await this.row(label).getByRole('button', { name: button }).click();
  }

  async rowMenu(label: string, item: string): Promise<void> {
    await this.row(label).click({ button: 'right' });
    const choice = this.page.getByRole('menuitem', { name: new RegExp(`^${literal(item)}`) });
    await eventually(`the menu takes ${item}`, async () => {
      // A menu that has only just opened does not listen yet.
      await choice.click({ timeout: 1000 });
      await choice.waitFor({ state: 'hidden', timeout: 1000 });
      return true;
    });
  }

  /** The box in which a command asks for something. */
  get question(): Locator {
    return this.page.locator(
      '.quick-input-widget input[type="text"], .quick-input-widget .monaco-inputbox input',
    );
  }

  /** Waits until a step of a dialogue asks this, in its text or in the empty box. */
  async asked(question: string): Promise<void> {
    const widget = this.page.locator('.quick-input-widget');
    const box = widget.getByPlaceholder(question);
    await widget.getByText(question).or(box).first().waitFor();
  }

  async answer(text: string): Promise<void> {
    await this.question.first().fill(text);
    await this.page.keyboard.press('Enter');
  }

  /** Narrows a list of choices, and clicks one of them. */
  async pick(label: string, typed = label): Promise<void> {
    await this.question.first().fill(typed);
    const choices = this.page.locator('.quick-input-list .monaco-list-row');
    await choices.filter({ hasText: label }).first().click();
  }

  /** Runs a command as a person does who knows its name. */
  async runCommand(title: string): Promise<void> {
    await this.page.keyboard.press('F1');
    await this.pick(title, `>${title}`);
  }

  async chooseTheme(name: string): Promise<void> {
    await this.runCommand('Preferences: Color Theme');
    await this.page.getByPlaceholder(/Select Color Theme/).waitFor();
    await this.pick(name);
    await this.question.first().waitFor({ state: 'hidden' });
  }

  async openFile(name: string): Promise<void> {
    await this.page.keyboard.press('Control+P');
    await this.pick(name);
    await this.page.getByRole('tab', { name }).waitFor();
  }

  /** Where a text stands behind a line of an editor; such a text is in no element of the page. */
  private async markPlace(text: string): Promise<{ readonly x: number; readonly y: number } | undefined> {
    return this.page.evaluate(`(() => {
      for (const span of document.querySelectorAll('.editor-instance .view-lines span')) {
        if (getComputedStyle(span, '::after').content.includes(${JSON.stringify(text)})) {
          const { right, top, bottom } = span.getBoundingClientRect();
          return { x: right - 20, y: (top + bottom) / 2 };
        }
      }
    })()`);
  }

  async waitForMark(text: string): Promise<void> {
    await eventually(`${text} stands in the editor`, async () => (await this.markPlace(text)) !== undefined, {
      timeoutMs: SLOW_MS,
    });
  }

  /** Moves the mouse to such a text, until the hover shows this. */
  async hoverMark(text: string, shown: Locator): Promise<void> {
    await this.waitForMark(text);
    await eventually(
      'the hover is there',
      async () => {
        const at = await this.markPlace(text);
        if (at === undefined) {
          return false;
        }
        await this.page.mouse.move(at.x, at.y);
        await this.page.mouse.move(at.x - 5, at.y);
        const isShown = shown.waitFor({ timeout: 3000 });
        return isShown.then(
          () => true,
          async () => {
            await this.rest();
            return false;
          },
        );
      },
      { timeoutMs: SLOW_MS },
    );
  }

  get output(): Locator {
    return this.page.locator('.output-view .view-lines, .part.panel .view-lines').first();
  }

  /** The lines of the output that can be seen, without the blanks that cannot be told apart. */
  async outputText(): Promise<string> {
    return (await this.output.innerText()).replaceAll('\u00a0', ' ');
  }

  /** Opens the list of notifications by the bell; a workbench under test pops none up by itself. */
  async openNotifications(): Promise<Locator> {
    await this.page
      .locator('.statusbar-item [aria-label^="Notifications"], .statusbar-item[id*="notifications"] a')
      .first()
      .click();
    const list = this.page.locator('.notifications-center');
    await list.waitFor();
    return list;
  }

  async clearNotifications(): Promise<void> {
    await this.runCommand('Notifications: Clear All Notifications');
    await this.page.locator('.notifications-center').waitFor({ state: 'hidden' });
  }

  /** Takes the mouse away, so that no tooltip is left. */
  async rest(): Promise<void> {
    await this.page.mouse.move(RESTING_PLACE.x, RESTING_PLACE.y);
    await this.page.locator('.workbench-hover').first().waitFor({ state: 'hidden' });
  }

  /** Puts a picture into the cache, and into the README's folder where that was asked for. */
  async picture(name: string, readme?: string): Promise<void> {
    await this.rest();
    await this.pictureAsItIs(name, readme);
  }

  /** A picture in which the mouse stays where it is. */
  async pictureAsItIs(name: string, readme?: string): Promise<void> {
    await this.page.evaluate(ANIMATIONS_END);
    const number = String(++this.pictures).padStart(2, '0');
    mkdirSync(PICTURES, { recursive: true });
    const file = path.join(PICTURES, `${this.prefix}-${number}-${name}.png`);
    await this.page.screenshot({ path: file, caret: 'hide' });
    if (readme !== undefined && process.env['UPDATE_PICTURES'] === '1') {
      mkdirSync(README_PICTURES, { recursive: true });
      copyFileSync(file, path.join(README_PICTURES, readme));
    }
  }
}

/** A pattern that stands for a text as it is. */
function literal(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
