import { randomUUID } from 'node:crypto';
import {
  type AnyStep,
  beginSession,
  fileLock,
  interrupted,
  type Run,
  type RunEnv,
  rollback,
  runSteps,
  type SealResult,
  type Session,
  type Summary,
  stepKey,
} from '../engine/index.ts';
import { OpsError, oneLine } from '../errors/index.ts';
import { siteLock } from './lock.ts';
import type { OpenSite } from './open.ts';
import { refuseStale } from './stale.ts';

export interface VerbOptions {
  select?: (step: AnyStep) => boolean;
  /** Keep what a failed run made; the default for labs. */
  retain?: boolean;
  choices?: Record<string, string>;
  /** The site's name was typed. */
  confirmed?: boolean;
  /** Nothing but this computer is changed: no lease in a store that may be away keeps it from that. */
  here?: boolean;
}

/** What a verb did: the engine's summary, and the sealed journal when there was an effect. */
export interface Ran extends Summary {
  journal?: string;
}

/** An error with the journal's path as its last detail. */
const withJournal = (error: unknown, journal: string | undefined): unknown =>
  error instanceof OpsError && journal !== undefined
    ? new OpsError(error.code, error.message, {
        hint: error.hint,
        details: [...error.details, `journal: ${journal}`],
        cause: error.cause ?? error,
      })
    : error;

/** A run that holds the site's lock: its choices, and the way to carry out steps in it. */
export interface InSession {
  /** Of this session, or of the killed run of the same verb that it goes on with: its choices stand. */
  run: Run;
  apply(steps: readonly AnyStep[], select?: (step: AnyStep) => boolean): Promise<Summary>;
}

/** One verb's plans, one after the other, under one lock and in one journal, sealed whatever happens. */
export async function inSession<T>(
  open: OpenSite,
  verb: string,
  options: Omit<VerbOptions, 'select'>,
  act: (session: InSession) => Promise<T>,
): Promise<{ value: T; journal?: string }> {
  const session = await beginSession({
    run: newRun(open, verb, options.choices ?? {}),
    lock: options.here ? fileLock(open.dirs.state, open.ports.clock.now) : siteLock(open),
    clock: open.ports.clock,
    notice: text => open.emit({ type: 'notice', text }),
  });
  const env: RunEnv = { ...open.env(session.run), confirmed: options.confirmed ?? false, open: session.open };
  const begun: AnyStep[] = [];
  const apply: InSession['apply'] = (steps, select) => {
    begun.push(...steps);
    return runSteps(steps, env, session.gate, select);
  };
  try {
    if (!options.here) await refuseStale(open, verb);
    const value = await act({ run: session.run, apply });
    const journal = await session.end('done');
    return { value, ...(journal !== undefined && { journal }) };
  } catch (thrown) {
    const error = open.signal.aborted ? interrupted(open.signal.reason) : thrown;
    const result: SealResult = open.signal.aborted ? 'interrupted' : 'failed';
    if (result === 'failed' && !(options.retain ?? open.site.environment === 'lab')) await undo(begun, env, session);
    throw withJournal(error, await session.end(result).catch(failure => oneLine(failure)));
  }
}

/** The same for one plan. `steps` may depend on the run: on the choices of a killed one that is gone on with. */
export async function runVerb(
  open: OpenSite,
  verb: string,
  steps: readonly AnyStep[] | ((run: Run) => readonly AnyStep[]),
  options: VerbOptions = {},
): Promise<Ran> {
  const { value, journal } = await inSession(open, verb, options, ({ run, apply }) =>
    apply(typeof steps === 'function' ? steps(run) : steps, options.select),
  );
  return { ...value, ...(journal !== undefined && { journal }) };
}

/** '2026-11-27T23-28-15-123Z-0a1b2c3d', as newRun() names a run, to its moment. */
const RUN = /^(\d{4}-\d\d-\d\dT\d\d)-(\d\d)-(\d\d)-(\d{3}Z)-/;

/** UTC, ISO 8601; undefined: it is the id of no run. */
export const startOfRun = (run: string): string | undefined =>
  RUN.test(run) ? run.replace(/^(.{13})-(\d\d)-(\d\d)-(\d{3}Z)-.*/, '$1:$2:$3.$4') : undefined;

export const newRun = (open: OpenSite, verb: string, choices: Record<string, string>): Run => ({
  id: `${new Date(open.ports.clock.now()).toISOString().replaceAll(/[:.]/g, '-')}-${randomUUID().slice(0, 8)}`,
  verb,
  site: open.site.name,
  startedAt: new Date(open.ports.clock.now()).toISOString(),
  choices,
  dirs: open.dirs,
});

/** Removes what this run created, and nothing that was there before it. */
async function undo(steps: readonly AnyStep[], env: RunEnv, session: Session): Promise<void> {
  const created = new Set(session.gate.created());
  const made = steps.filter(step => created.has(stepKey(step)));
  const left = await rollback(made, env, session.gate);
  for (const what of left) env.emit({ type: 'notice', text: `still there after the rollback: ${what}` });
}
