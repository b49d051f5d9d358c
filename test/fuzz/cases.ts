/** Inputs that once broke something, kept as files; each is replayed in every test run. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { REPOSITORY } from '../support/tools';
import type { FuzzCase } from './fuzz';

const FOLDER = path.join(REPOSITORY, 'test/fuzz/cases');

export interface KeptCase {
  readonly name: string;
  readonly input: FuzzCase;
}

export function keptCases(): readonly KeptCase[] {
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith('.json'))
    .sort()
    .map((file) => {
      const text = readFileSync(path.join(FOLDER, file), 'utf8');
      return { name: file.replace(/\.json$/, ''), input: JSON.parse(text) as FuzzCase };
    });
}

/** Keeps an input under a name made of what it is, and gives the name of the file. */
export function keepCase(input: FuzzCase): string {
  const text = `${JSON.stringify(input, null, 2)}\n`;
  const digest = createHash('sha256').update(text).digest('hex').slice(0, 10);
  const file = path.join(FOLDER, `${input.target}-${digest}.json`);
  writeFileSync(file, text);
  return file;
}
