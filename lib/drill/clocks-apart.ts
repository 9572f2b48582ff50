import { randomUUID } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { writeDurably } from '../artifact/durable.ts';
import { OpsError } from '../errors/index.ts';
import type { OpenSite } from '../site/index.ts';
import { type Duration, seconds } from '../time/index.ts';
import type { Timeline } from './timeline.ts';

const FILE = 'clocks.json';
const kept = z.strictObject({ apart: z.number().min(0), at: z.iso.datetime() });

/** A first answer pays for the way there; the shortest round trip tells most. */
const TRIES = 3;

/**
 * Milliseconds by which the clock of a machine of the site and ours are apart at most: the offset that was seen, and the round
 * trip in which it was. undefined: not all of them could be asked, or the machines are not ours (EKS).
 */
export async function clocksApart({ site, ports }: Pick<OpenSite, 'site' | 'ports'>): Promise<Duration | undefined> {
  const asked = site.hosts.map(async ({ name }) => {
    const shell = await ports.shell(name);
    const seen: Duration[] = [];
    for (let tries = 0; tries < TRIES; tries++) {
      const before = ports.clock.now();
      const theirs = await shell.run(['date', '+%s%3N'], { timeout: seconds(10) });
      seen.push(apartBy(before, theirs, ports.clock.now()));
    }
    return Math.min(...seen);
  });
  const all = await Promise.all(asked).catch(() => []);
  const worst = all.length > 0 ? Math.max(...all) : Number.NaN;
  return Number.isFinite(worst) ? worst : undefined;
}

/** Pure. NaN where `date` said no number. */
export function apartBy(before: number, said: string, after: number): Duration {
  const theirs = /^\d{13}\s*$/.test(said) ? Number(said) : Number.NaN;
  // A clock that was set back meanwhile makes no short trip.
  return Math.ceil(Math.abs(theirs - (before + after) / 2) + Math.abs(after - before));
}

/**
 * Measured before the loss, and kept beside the marks: who goes on after it would ask other machines, or none. undefined: it
 * was not measured. Errors: EVIDENCE_INVALID when what lies there is not what was written.
 */
export async function keptApart(
  folder: string,
  { marks }: Pick<Timeline, 'marks'>,
  open: Pick<OpenSite, 'site' | 'ports'>,
): Promise<Duration | undefined> {
  const path = join(folder, FILE);
  const text = await readFile(path, 'utf8').catch(error => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text !== undefined) return read(path, text);
  if (marks().length > 0) return undefined;
  const apart = await clocksApart(open);
  if (apart === undefined) return undefined;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const note = { apart, at: new Date(open.ports.clock.now()).toISOString() };
  await writeDurably(path, `${JSON.stringify(note)}\n`, `${path}.${randomUUID()}`);
  return apart;
}

function read(path: string, text: string): Duration {
  try {
    return kept.parse(JSON.parse(text)).apart;
  } catch (cause) {
    throw new OpsError('EVIDENCE_INVALID', `cannot go on with the clocks in ${path}: they are not what was written`, {
      cause,
    });
  }
}
