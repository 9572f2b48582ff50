import { createHash } from 'node:crypto';
import { type FileHandle, mkdir, open, readdir, readFile, rename, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { OpsError } from '../errors/index.ts';
import type { Change, Run } from './types.ts';

/** How a run ended. `abandoned`: it was killed, and another verb came after it. */
export type SealResult = 'done' | 'failed' | 'interrupted' | 'abandoned';

export type Entry =
  | ({ t: 'run'; pid: number } & Omit<Run, 'dirs'>)
  | { t: 'resume'; at: string; pid: number }
  | { t: 'begin'; n: number; at: string; step: string; target: string; want: string; change: Change }
  | { t: 'end'; n: number; at: string; ms: number }
  | { t: 'failed'; n: number; at: string; code: string }
  | { t: 'seal'; at: string; result: SealResult };

export type Begin = Extract<Entry, { t: 'begin' }>;

/** Intent before effect: a line is on the disk before the caller goes on. */
export interface Journal {
  append(entry: Entry): Promise<void>;
  close(): Promise<void>;
}

const sum = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 12);
const encode = (entry: Entry) => {
  const text = JSON.stringify(entry);
  return `${text.slice(0, -1)},"sum":"${sum(text)}"}\n`;
};

/** undefined: not what was written. */
function decode(line: string): Entry | undefined {
  const cut = line.lastIndexOf(',"sum":"');
  if (cut < 0) return undefined;
  const text = `${line.slice(0, cut)}}`;
  return line.slice(cut) === `,"sum":"${sum(text)}"}` ? (JSON.parse(text) as Entry) : undefined;
}

export const journalPath = (state: string): string => join(state, 'journal.jsonl');
export const sealedDir = (state: string): string => join(state, 'journals');

export interface JournalContent {
  entries: Entry[];
  /** Bytes of a last line that a crash cut off; dropped. */
  torn: number;
}

/**
 * Reads a journal. A missing file is an empty one; a torn last line is counted and left out.
 * Errors: JOURNAL_DAMAGED for a bad line before the last, with its byte offset.
 */
export async function readJournal(path: string): Promise<JournalContent> {
  const bytes = await readFile(path).catch(error => {
    if (error.code === 'ENOENT') return Buffer.alloc(0);
    throw error;
  });
  const entries: Entry[] = [];
  for (let offset = 0; offset < bytes.length; ) {
    const newline = bytes.indexOf(10, offset);
    const entry = newline < 0 ? undefined : decode(bytes.toString('utf8', offset, newline));
    if (!entry) {
      // Only what no complete line follows can be a torn write; anything else was altered.
      if (newline < 0 || newline === bytes.length - 1) return { entries, torn: bytes.length - offset };
      throw new OpsError('JOURNAL_DAMAGED', `cannot trust ${path}: the line at byte ${offset} is not what was written`);
    }
    entries.push(entry);
    offset = newline + 1;
  }
  return { entries, torn: 0 };
}

/** Opens for appending, after cutting off a torn tail. The directory entry is durable before the first effect. */
export async function openJournal(state: string, torn = 0): Promise<Journal> {
  await mkdir(state, { recursive: true, mode: 0o700 });
  const path = journalPath(state);
  const file = await open(path, 'a', 0o600);
  if (torn > 0) await truncate(path, (await file.stat()).size - torn);
  await syncDir(state);
  return { append: entry => append(file, path, entry), close: () => file.close() };
}

async function append(file: FileHandle, path: string, entry: Entry): Promise<void> {
  try {
    await file.appendFile(encode(entry));
    await file.datasync();
  } catch (cause) {
    throw new OpsError('JOURNAL_WRITE', `cannot write ${path}`, { cause });
  }
}

/** Moves a closed journal to journals/<run id>.jsonl. */
export async function archiveJournal(state: string, runId: string): Promise<string> {
  const dir = sealedDir(state);
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const path = join(dir, `${runId}.jsonl`);
  await rename(journalPath(state), path);
  await syncDir(dir);
  return path;
}

/** Every journal of a site, the open one last: what this computer knows that muster did. */
export async function allEntries(state: string): Promise<Entry[]> {
  const sealed = await readdir(sealedDir(state)).catch(() => [] as string[]);
  const paths = [...sealed.sort().map(name => join(sealedDir(state), name)), journalPath(state)];
  return (await Promise.all(paths.map(readJournal))).flatMap(content => content.entries);
}

/** Effects that were begun and of which no end is known. */
export function openBegins(entries: readonly Entry[]): Begin[] {
  const ended = new Set(entries.flatMap(entry => (entry.t === 'end' || entry.t === 'failed' ? [entry.n] : [])));
  return entries.filter((entry): entry is Begin => entry.t === 'begin' && !ended.has(entry.n));
}

async function syncDir(path: string): Promise<void> {
  const dir = await open(path, 'r');
  await dir.sync().finally(() => dir.close());
}
