/** What one test file's process tells the starter, over file descriptor 3: its own output cannot fake it. */
export type Report =
  | { type: 'end'; passed: number; failed: number; skipped: Skipped[]; problems: string[]; failures: string[] }
  | { type: 'count'; tests: number }
  | { type: 'hanging'; resources: string[] };

export interface Skipped {
  test: string;
  reason: string;
}

/** uvu's own numbers of one `.run()`; `max` is the truth about how many tests there were. */
export interface SuiteRun {
  passed: number;
  max: number;
}

/** Filled by the wrapper around uvu (uvu.ts), read by the process that runs the file (child.ts). */
export class Recorder {
  registered = 0;
  readonly runs: SuiteRun[] = [];
  readonly skipped: Skipped[] = [];
  /** Skips that uvu counted among the passed. */
  inTests = 0;
  /** Skips of whole suites, which uvu counted as not passed. */
  inBefore = 0;
  readonly problems: string[] = [];
  /** Each with its test or hook, and what was thrown. */
  readonly failures: string[] = [];

  report(): Report {
    const max = this.runs.reduce((sum, run) => sum + run.max, 0);
    const passed = this.runs.reduce((sum, run) => sum + run.passed, 0);
    const forgotten = this.registered - max;
    const problems = [...this.problems];
    if (this.registered === 0) problems.push('the file has no test');
    if (forgotten > 0) problems.push(`${forgotten} of ${this.registered} tests never ran: .run() is missing, or .only`);
    if (max - this.inBefore > passed) problems.push(`uvu ran ${max} tests and ${passed} passed`);
    return {
      type: 'end',
      passed: passed - this.inTests,
      failed: Math.max(this.registered - this.inBefore - passed, problems.length > 0 ? 1 : 0),
      skipped: this.skipped,
      problems,
      failures: this.failures,
    };
  }
}

/** One process runs one file: its recorder hangs on the process, where the wrapper of uvu finds it. */
export const RECORDER = Symbol.for('muster.test-recorder');

export function recorderOf(holder: object): Recorder {
  const found: unknown = Reflect.get(holder, RECORDER);
  if (found instanceof Recorder) return found;
  const made = new Recorder();
  Reflect.set(holder, RECORDER, made);
  return made;
}
