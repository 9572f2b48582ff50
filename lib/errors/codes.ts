/** How a muster process ends: what a schedule or a script reads. make turns every failure into 2. */
export const EXIT = { done: 0, failed: 1, unknown: 2, usage: 3, refused: 4, interrupted: 130 } as const;
export type ExitStatus = (typeof EXIT)[keyof typeof EXIT];

export interface CodeEntry {
  exit: ExitStatus;
  /** One sentence: what this error says about the world. */
  meaning: string;
  /** What to do next, when the place that raised the error knows nothing better. */
  hint: string;
}

const entry = (exit: keyof typeof EXIT, meaning: string, hint: string): CodeEntry => ({
  exit: EXIT[exit],
  meaning,
  hint,
});

/** The one table of error codes. `./muster explain CODE` prints an entry; names never change once released. */
export const CODES = {
  // anything
  INTERNAL: entry('failed', 'muster itself is wrong: this error has no code of its own.', 'report it with the journal'),
  INTERRUPTED: entry(
    'interrupted',
    'The run was stopped by a signal.',
    'run the same command again: it goes on where it was',
  ),
  USAGE: entry('usage', 'The command line is not one that muster knows.', './muster --help'),
  // time
  WAIT_TIMEOUT: entry(
    'failed',
    'Something that was waited for did not happen before its deadline.',
    'look at the last observation, then run again',
  ),
  RETRY_EXHAUSTED: entry(
    'failed',
    'An operation failed at every attempt that was allowed.',
    'read the cause; run again when it is gone',
  ),
  // engine
  STEP_UNVERIFIED: entry(
    'failed',
    'A step was applied, but observing again did not show its effect.',
    'read what was observed; run again with --verbose',
  ),
  STEP_UNKNOWN: entry(
    'unknown',
    'The state of a step could not be observed, so nothing is said about it.',
    'make it observable, then run again',
  ),
  STEP_DEADLINE: entry('failed', 'A step did not end before its deadline.', 'run again: what is done is seen and kept'),
  PLAN_INVALID: entry(
    'failed',
    'The steps do not make a plan: an id twice, a need that no step meets, or a circle.',
    'correct the script that is named',
  ),
  LOCK_HELD: entry('refused', 'Another run holds the lock of this site.', 'wait for it, or stop it'),
  JOURNAL_DAMAGED: entry(
    'refused',
    'A line in the middle of the journal is not what was written.',
    'keep a copy of the file, then move it away: the next run observes everything',
  ),
  JOURNAL_WRITE: entry(
    'failed',
    'The journal could not be written; no effect is begun without it.',
    'free space or rights in .muster',
  ),
  CONFIRM_MISSING: entry(
    'refused',
    'The command destroys something, and was not confirmed with the name of the site.',
    'add --confirm=<site>',
  ),
} satisfies Record<string, CodeEntry>;

export type Code = keyof typeof CODES;
