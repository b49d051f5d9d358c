import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';

import type { DebugProtocol } from '@vscode/debugprotocol';

import type { PathMapping, RemoteFrame } from '../api/model';
import { mappedPaths } from '../api/pathMapping';
import { RUN_STATE } from '../features/console/remoteConsole';

export interface SourcesOptions {
  readonly label: string;
  readonly mappings: readonly PathMapping[];
  /** What files hold at the peer, each as a hash, `RUN_STATE` or empty. */
  readonly states: (files: readonly string[]) => Promise<readonly string[]>;
}

/** A frame, and where it is only known by a traceback, the line that was printed. */
export interface SourcedFrame extends RemoteFrame {
  readonly source?: string;
}

/** Longer files are shown as the peer has them. */
const MAX_FILE = 10_000_000;
/** A file of a server, or a device: to look for one, Windows would log in at the server that the peer names. */
const ELSEWHERE = /^[\\/]{2}/;
const TYPED = /^<console \d+>$/;

/**
 * Where frames are shown: in a file here of the mapped or the same path whose text is that of the peer, else in what
 * the peer has.
 */
export class Sources {
  private readonly files: string[] = [];
  private readonly texts = new Map<string, Promise<string | undefined>>();
  private readonly states = new Map<string, string>();

  constructor(private readonly options: SourcesOptions) {}

  /** The file at the peer that a source stands for. */
  fileOf(reference: number): string | undefined {
    return this.files[reference - 1];
  }

  /** Files here may have changed since. */
  renew(): void {
    this.texts.clear();
    this.states.clear();
  }

  /** @param told whether the frames are known by a traceback only, and the peer cannot be asked about them */
  async of(
    frames: readonly SourcedFrame[],
    told: boolean,
  ): Promise<readonly (DebugProtocol.Source | undefined)[]> {
    const local = await Promise.all(frames.map(({ file }) => this.localText(file)));
    if (!told) {
      await this.ask(frames.filter((_, index) => local[index] !== undefined));
    }
    return frames.map((frame, index) => {
      const found = local[index];
      return told ? this.told(frame, found) : this.live(frame, found);
    });
  }

  private told(
    { file, line, source = '' }: SourcedFrame,
    found: Local | undefined,
  ): DebugProtocol.Source | undefined {
    const here = found?.text.split('\n')[line - 1]?.trim();
    // Without a line in the traceback nothing speaks against the file.
    return found !== undefined && here !== undefined && (source === '' || here === source.trim())
      ? { name: nameOf(file), path: found.path }
      : undefined;
  }

  private live({ file }: SourcedFrame, found: Local | undefined): DebugProtocol.Source | undefined {
    const name = nameOf(file);
    if (file.startsWith('untitled:')) {
      return { name, path: file };
    }
    const isTyped = TYPED.test(file);
    if (file.startsWith('<') && !isTyped) {
      return undefined;
    }
    const state = this.states.get(file) ?? '';
    if (found !== undefined && (state === '' || state === RUN_STATE || state === found.hash)) {
      return { name, path: found.path };
    }
    if (!this.files.includes(file)) {
      this.files.push(file);
    }
    const origin =
      found === undefined || isTyped
        ? `of “${this.options.label}”`
        : `of “${this.options.label}”: ${found.path} has another text`;
    return { name, path: file, sourceReference: this.files.indexOf(file) + 1, origin };
  }

  /** Asks once about each file. */
  private async ask(frames: readonly SourcedFrame[]): Promise<void> {
    const files = [...new Set(frames.map(({ file }) => file))].filter((file) => !this.states.has(file));
    if (files.length > 0) {
      const states = await this.options.states(files);
      files.forEach((file, index) => this.states.set(file, states[index] ?? ''));
    }
  }

  private async localText(file: string): Promise<Local | undefined> {
    const same = path.isAbsolute(file) && !ELSEWHERE.test(file) ? [file] : [];
    for (const candidate of [...mappedPaths(file, this.options.mappings), ...same]) {
      let text = this.texts.get(candidate);
      if (text === undefined) {
        text = readText(candidate);
        this.texts.set(candidate, text);
      }
      const found = await text;
      if (found !== undefined) {
        return { path: candidate, text: found, hash: hashOf(found) };
      }
    }
    return undefined;
  }
}

interface Local {
  readonly path: string;
  readonly text: string;
  readonly hash: string;
}

async function readText(file: string): Promise<string | undefined> {
  try {
    const facts = await stat(file);
    if (!facts.isFile() || facts.size > MAX_FILE) {
      return undefined;
    }
    // As the peer reads it, too: without a mark of its encoding.
    return (await readFile(file, 'utf8')).replace(/^\uFEFF/, '').replaceAll('\r\n', '\n');
  } catch {
    return undefined;
  }
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function nameOf(file: string): string {
  return path.posix.basename(file.replaceAll('\\', '/'));
}
