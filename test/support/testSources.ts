import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const TESTS = path.resolve(__dirname, '../../../test');

/** Tests that look for titles of tests do not count as having them. */
const LOOKING = new Set(['unit/documents.test.ts']);

/** The texts of all tests, for documents that name tests by their titles. */
export function readTestSources(): string {
  return readdirSync(TESTS, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts') && !LOOKING.has(name))
    .map((name) => readFileSync(path.join(TESTS, name), 'utf8'))
    .join('\n');
}
