import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Duration } from '../time/index.ts';

/** What steps took when they last did something on this computer. Only for people: a missing or damaged file is no times. */
export interface Timings {
  expected(key: string): Duration | undefined;
  add(key: string, ms: Duration): void;
  /** Reads again before it writes: runs of other sites add theirs. Never throws. */
  save(): void;
}

export function openTimings(cache: string): Timings {
  const path = join(cache, 'timings.json');
  const known = read(path);
  const added: Record<string, Duration> = {};
  return {
    expected: key => added[key] ?? known[key],
    add: (key, ms) => {
      added[key] = Math.round(ms);
    },
    save: () => {
      if (Object.keys(added).length > 0) write(path, cache, added);
    },
  };
}

function read(path: string): Record<string, Duration> {
  try {
    const data: unknown = JSON.parse(readFileSync(path, 'utf8'));
    const entries = typeof data === 'object' && data !== null ? Object.entries(data) : [];
    return Object.fromEntries(entries.filter(([, ms]) => typeof ms === 'number' && ms >= 0));
  } catch {
    return {};
  }
}

function write(path: string, dir: string, added: Record<string, Duration>): void {
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    const draft = `${path}.${process.pid}`;
    writeFileSync(draft, JSON.stringify({ ...read(path), ...added }, null, 1));
    renameSync(draft, path);
  } catch {
    // A full disk costs the expected times and nothing else.
  }
}
