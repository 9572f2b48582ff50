import { randomUUID } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { writeDurably } from '../artifact/durable.ts';
import { OpsError } from '../errors/index.ts';
import type { Clock, Duration } from '../time/index.ts';
import { type Clocks, MARK_WORDS, MARKS, type Mark } from './report.ts';

/** Milliseconds since this computer booted, and which boot that was: the same for every process of it. */
export interface BootTime {
  boot: string;
  ms: number;
}

const marked = z.strictObject({ mark: z.enum(MARKS), at: z.iso.datetime(), boot: z.string(), ms: z.number() });
/** A mark as it is written down the moment it is reached. */
export type Marked = z.infer<typeof marked>;

export interface Timeline {
  /** Durable when it resolves. A mark never moves: reached again by a resumed run, it keeps its first time. */
  mark(mark: Mark): Promise<Marked>;
  marks(): readonly Marked[];
  clocks(): Clocks;
}

/**
 * After a restart of this computer only its UTC clock bridges the gap: it is read back from a chip that counts seconds,
 * and set right by NTP somewhat later.
 */
const UTC_BOUND: Duration = 2000;

export const MARKS_FILE = 'marks.json';

export async function systemBootTime(): Promise<() => BootTime> {
  const boot = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
  return () => ({ boot, ms: Number(process.hrtime.bigint()) / 1e6 });
}

/**
 * The clocks of a drill, kept in its folder (.muster/<site>/drills/<id>), so that a killed drill goes on with them.
 * Errors: EVIDENCE_INVALID when what lies there is not what was written.
 */
export async function openTimeline(
  folder: string,
  clock: Pick<Clock, 'now'>,
  since: () => BootTime,
): Promise<Timeline> {
  const path = join(folder, MARKS_FILE);
  const all = await readMarks(path);
  return {
    async mark(mark) {
      const known = all.find(each => each.mark === mark);
      if (known) return known;
      const fresh = { mark, at: new Date(clock.now()).toISOString(), ...since() };
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await writeDurably(path, `${JSON.stringify([...all, fresh], null, 2)}\n`, `${path}.${randomUUID()}`);
      all.push(fresh);
      return fresh;
    },
    marks: () => all,
    clocks: () => clocksOf(all),
  };
}

/** The loss that an earlier try was told of is the loss of the next one. */
export async function keepLoss(from: string, into: string): Promise<void> {
  const loss = (await readMarks(join(from, MARKS_FILE))).filter(({ mark }) => mark === 't0');
  const path = join(into, MARKS_FILE);
  await mkdir(into, { recursive: true, mode: 0o700 });
  await writeDurably(path, `${JSON.stringify(loss, null, 2)}\n`, `${path}.${randomUUID()}`);
}

async function readMarks(path: string): Promise<Marked[]> {
  const text = await readFile(path, 'utf8').catch(error => {
    if (error.code === 'ENOENT') return '[]';
    throw error;
  });
  try {
    return z.array(marked).parse(JSON.parse(text));
  } catch (cause) {
    throw new OpsError('EVIDENCE_INVALID', `cannot go on with the clocks in ${path}: they are not what was written`, {
      cause,
    });
  }
}

/** Pure: spans on the clock that never goes back, or on UTC over a restart. A negative span is said, not counted. */
export function clocksOf(marks: readonly Marked[]): Clocks {
  const sorted = [...marks].sort((a, b) => a.mark.localeCompare(b.mark));
  const clocks: Clocks = { marks: [], phases: [], exactTo: 0, fault: null };
  let offset: number | null = 0;
  for (const [n, next] of sorted.entries()) {
    const last = sorted[n - 1];
    const ms: number = last ? spanOf(last, next) : 0;
    if (last && ms < 0) clocks.fault ??= `from ${last.mark} to ${next.mark} passed ${Math.round(ms)} ms`;
    if (last && last.boot !== next.boot) clocks.exactTo += UTC_BOUND;
    offset = offset === null || ms < 0 ? null : offset + ms;
    const rounded = offset === null ? null : Math.round(offset);
    const { happened, phase } = MARK_WORDS[next.mark];
    clocks.marks.push({ mark: next.mark, happened, at: next.at, ms: rounded });
    if (last) clocks.phases.push({ name: phase, from: last.mark, to: next.mark, ms: ms < 0 ? null : Math.round(ms) });
  }
  return clocks;
}

const spanOf = (from: Marked, to: Marked): Duration =>
  from.boot === to.boot ? to.ms - from.ms : Date.parse(to.at) - Date.parse(from.at);

/** Milliseconds from t0 to a mark; null: not reached, or not to be told. */
export const sinceLoss = ({ marks }: Clocks, mark: Mark): Duration | null =>
  marks[0]?.mark === 't0' ? (marks.find(each => each.mark === mark)?.ms ?? null) : null;
