import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** What this checkout's last runs were, for expected times and for the age of what `make test` leaves out. */
export interface Past {
  /** UTC, ISO 8601. */
  at: string;
  ms: number;
  tests: number;
  failed: number;
}

export type History = Record<string, Past>;

const pathOf = (root: string) => join(root, '.muster', 'tests', 'history.json');

/** A file that is missing or damaged is no history: it only orders and dates. */
export function readHistory(root: string): History {
  try {
    return JSON.parse(readFileSync(pathOf(root), 'utf8'));
  } catch {
    return {};
  }
}

/** Read again before it is written: two starters may run at once. */
export function addHistory(root: string, news: History): void {
  const path = pathOf(root);
  mkdirSync(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}`;
  writeFileSync(temporary, JSON.stringify({ ...readHistory(root), ...news }, null, 1));
  renameSync(temporary, path);
}
