/** A typed door to those tools of `test/tools` that tests use: VS Code builds, their servers, and the browser. */
import path from 'node:path';
import { pathToFileURL } from 'node:url';

import type { Browser, Page } from 'playwright-core';

import { eventuallyOk } from './poll';

export const REPOSITORY = path.resolve(__dirname, '../../..');

export interface VsCodeBuild {
  readonly version: string;
  readonly node: string;
  readonly root: string;
}

export interface VsCodeServer {
  readonly origin: string;
  readonly authority: string;
  readonly pid: number;
  log(): string;
  stop(): Promise<void>;
}

export interface VsCodeServerOptions {
  readonly dataDir: string;
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly workspaceTrust?: boolean;
  /** Shows dialogs, which older versions refuse to do in tests. */
  readonly dialogs?: boolean;
  readonly env?: NodeJS.ProcessEnv;
}

export interface WorkbenchOptions {
  readonly folder?: string;
  readonly openFile?: string;
  readonly extensionDevelopmentPath?: string;
}

export interface TestBrowser {
  readonly browser: Browser;
  readonly page: Page;
  close(): Promise<void>;
}

export interface BrowserOptions {
  readonly width?: number;
  readonly height?: number;
  readonly colorScheme?: 'dark' | 'light';
}

interface VsCodeBuildTool {
  readonly CURRENT_VSCODE: string;
  readonly OLDEST_VSCODE: string;
  readonly ensureVsCode: (version: string) => Promise<VsCodeBuild>;
}

interface VsCodeServerTool {
  readonly startVsCodeServer: (build: VsCodeBuild, options: VsCodeServerOptions) => Promise<VsCodeServer>;
  readonly workbenchAddress: (server: VsCodeServer, options: WorkbenchOptions) => string;
  readonly installVsix: (build: VsCodeBuild, dataDir: string, vsix: string) => Promise<string>;
}

interface WorkbenchTool {
  readonly openBrowser: (options?: BrowserOptions) => Promise<TestBrowser>;
}

export type Tools = VsCodeBuildTool & VsCodeServerTool & WorkbenchTool;

/** Loads the tools; they are ES modules and these tests are not. */
export async function loadTools(): Promise<Tools> {
  const [build, server, workbench] = await Promise.all([
    importTool<VsCodeBuildTool>('vscodeBuild.mjs'),
    importTool<VsCodeServerTool>('vscodeServer.mjs'),
    importTool<WorkbenchTool>('workbench.mjs'),
  ]);
  return { ...build, ...server, ...workbench };
}

/** Clicks "Connect" on a row of the tree, which may be drawn anew under the pointer. */
export async function connectByRow(page: Page, name: RegExp): Promise<void> {
  const row = page.getByRole('treeitem', { name });
  await eventuallyOk(
    `${name} can be connected`,
    async () => {
      await row.hover({ timeout: 2000 });
      await row.getByRole('button', { name: 'Connect', exact: true }).click({ timeout: 2000 });
    },
    { timeoutMs: 60_000 },
  );
}

async function importTool<T>(name: string): Promise<T> {
  return (await import(pathToFileURL(path.join(REPOSITORY, 'test/tools', name)).href)) as T;
}
