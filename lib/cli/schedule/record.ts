import { randomUUID } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { writeDurably } from '../../artifact/durable.ts';
import type { LastRun } from './decide.ts';
import type { Scheduled } from './units.ts';

/** systemd forgets at a restart of the computer how a unit ended; cron never knew. */
const lastRun = z.strictObject({ startedAt: z.number(), endedAt: z.number(), exit: z.int() });

const folder = (state: string) => join(state, 'scheduled');
const file = (state: string, job: Scheduled) => join(folder(state), `${job}.json`);

/** undefined: it never ran to an end, or what is written is not readable as that. */
export async function readLastRun(state: string, job: Scheduled): Promise<LastRun | undefined> {
  const text = await readFile(file(state, job), 'utf8').catch(() => 'null');
  try {
    return lastRun.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

export async function writeLastRun(state: string, job: Scheduled, last: LastRun): Promise<void> {
  await mkdir(folder(state), { recursive: true, mode: 0o700 });
  const path = file(state, job);
  await writeDurably(path, `${JSON.stringify(last)}\n`, `${path}.${randomUUID()}`);
}
