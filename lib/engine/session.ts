import { OpsError } from '../errors/index.ts';
import type { Clock } from '../time/index.ts';
import type { Gate } from './context.ts';
import {
  archiveJournal,
  type Begin,
  type Entry,
  type Journal,
  journalPath,
  openBegins,
  openJournal,
  readJournal,
  type SealResult,
} from './journal.ts';
import type { Held, Lock } from './lock.ts';
import type { Run } from './types.ts';

/** A run that holds the lock and owns the journal. */
export interface Session {
  /** The run of this session; a killed run of the same verb is gone on with, under its id and choices. */
  run: Run;
  gate: Gate;
  /** Effects of the killed run of which no end is known: they are observed, never assumed. */
  open: Begin[];
  /** The journal's path, sealed or not; undefined when nothing was done. */
  end(result: SealResult): Promise<string | undefined>;
}

export interface SessionSpec {
  run: Run;
  lock: Lock;
  clock: Clock;
  notice(text: string): void;
}

/** Errors: LOCK_HELD; JOURNAL_DAMAGED. */
export async function beginSession(spec: SessionSpec): Promise<Session> {
  const held = await spec.lock.acquire(spec.run.verb);
  try {
    return await start(spec, held);
  } catch (error) {
    await held.release();
    throw error;
  }
}

async function start({ run, clock, notice }: SessionSpec, held: Held): Promise<Session> {
  const state = run.dirs.state;
  const { entries, torn } = await readJournal(journalPath(state));
  if (torn > 0) notice(`the journal's last line was cut off by a crash (${torn} bytes) and is dropped`);
  const left = leftover(entries);
  const at = () => new Date(clock.now()).toISOString();
  const writer = lazyJournal(state, torn);
  if (left && left.verb !== run.verb) {
    await (await writer.journal()).append({ t: 'seal', at: at(), result: 'abandoned' });
    await writer.close();
    await archiveJournal(state, left.id);
    notice(`a '${left.verb}' of ${left.startedAt} was killed before its end; what it did is observed`);
  }
  const resumed = left?.verb === run.verb ? left : undefined;
  const actual: Run = resumed
    ? { ...run, id: resumed.id, startedAt: resumed.startedAt, choices: resumed.choices }
    : run;
  const open = openBegins(entries);
  if (resumed) notice(`going on with the '${run.verb}' of ${resumed.startedAt}, which was killed${atWhat(open)}`);
  const header: Entry = resumed
    ? { t: 'resume', at: at(), pid: process.pid }
    : {
        t: 'run',
        pid: process.pid,
        id: actual.id,
        verb: actual.verb,
        site: actual.site,
        startedAt: actual.startedAt,
        choices: actual.choices,
      };
  const counter = { n: Math.max(0, ...entries.map(entry => ('n' in entry ? entry.n : 0))) };
  const gate = sessionGate(writer, header, counter, held);
  return {
    run: actual,
    gate,
    open,
    end: result => end({ state, id: actual.id, result, at: at(), writer, resumed: resumed !== undefined, held }),
  };
}

const atWhat = (open: Begin[]) =>
  open.length === 0 ? '' : ` during: ${open.map(({ change }) => `${change.action} ${change.what}`).join(', ')}`;

function sessionGate(writer: LazyJournal, header: Entry, counter: { n: number }, { check }: Held): Gate {
  let headed: Promise<Journal> | undefined;
  const created = new Set<string>();
  const head = async () => {
    const journal = await writer.journal();
    await journal.append(header);
    return journal;
  };
  return {
    check,
    journal: () => {
      headed ??= head();
      return headed;
    },
    next: () => ++counter.n,
    created: () => [...created],
    creates: step => void created.add(step),
  };
}

interface LazyJournal {
  journal(): Promise<Journal>;
  opened(): boolean;
  close(): Promise<void>;
}

function lazyJournal(state: string, torn: number): LazyJournal {
  let journal: Promise<Journal> | undefined;
  let tail = torn;
  return {
    journal: () => {
      journal ??= openJournal(state, tail);
      // The tail is cut off once: what is opened after this was written whole.
      tail = 0;
      return journal;
    },
    opened: () => journal !== undefined,
    close: async () => {
      const open = await journal;
      journal = undefined;
      await open?.close();
    },
  };
}

interface Ending {
  state: string;
  id: string;
  result: SealResult;
  at: string;
  writer: LazyJournal;
  resumed: boolean;
  held: Held;
}

async function end({ state, id, result, at, writer, resumed, held }: Ending): Promise<string | undefined> {
  try {
    if (!writer.opened() && !resumed) return undefined;
    await (await writer.journal()).append({ t: 'seal', at, result });
    await writer.close();
    return await archiveJournal(state, id);
  } finally {
    await held.release();
  }
}

/** The run whose journal was never sealed. */
function leftover(entries: readonly Entry[]): Extract<Entry, { t: 'run' }> | undefined {
  const first = entries[0];
  if (!first) return undefined;
  if (first.t !== 'run') throw new OpsError('JOURNAL_DAMAGED', 'cannot trust the journal: its first line is not a run');
  return first;
}
