import { EXIT, type ExitStatus, OpsError, oneLine } from '../../errors/index.ts';
import { type Duration, formatDuration } from '../../time/index.ts';

/** What one look at this computer showed. What could not be seen is unknown, and unknown is never ok. */
export interface Finding {
  is: 'ok' | 'failed' | 'unknown';
  saw: string;
  /** What to type. */
  hint?: string;
}

export interface Check {
  name: string;
  /** What it is needed for. */
  why: string;
  /** Reads only. What it throws makes the finding unknown. */
  look(signal: AbortSignal): Promise<Finding>;
}

export interface Checked extends Finding {
  name: string;
  why: string;
}

const DEADLINE: Duration = 60_000;

export const ok = (saw: string): Finding => ({ is: 'ok', saw });
export const failed = (saw: string, hint: string): Finding => ({ is: 'failed', saw, hint });
export const unknown = (saw: string, hint?: string): Finding => ({ is: 'unknown', saw, ...(hint && { hint }) });

/** All at once; the order is that of the list. Errors: the signal's reason. */
export async function runChecks(checks: readonly Check[], signal: AbortSignal): Promise<Checked[]> {
  const found = await Promise.all(
    checks.map(async check => ({ ...(await look(check, signal)), name: check.name, why: check.why })),
  );
  signal.throwIfAborted();
  return found;
}

async function look(check: Check, signal: AbortSignal): Promise<Finding> {
  const limit = AbortSignal.timeout(DEADLINE);
  const late = new Promise<Finding>(done =>
    limit.addEventListener('abort', () => done(unknown(`no answer within ${formatDuration(DEADLINE)}`)), {
      once: true,
    }),
  );
  return Promise.race([late, check.look(AbortSignal.any([signal, limit])).catch(asFinding)]);
}

const asFinding = (error: unknown): Finding =>
  unknown(oneLine(error), error instanceof OpsError ? error.hint : undefined);

/** A failed check decides before an unknown one. */
export function exitOf(checked: readonly Checked[]): ExitStatus {
  if (checked.some(({ is }) => is === 'failed')) return EXIT.failed;
  return checked.some(({ is }) => is === 'unknown') ? EXIT.unknown : EXIT.done;
}

/** All that failed, in one error. What could not be seen does not stop a run: its steps look again. */
export function unfit(site: string, checked: readonly Checked[]): OpsError | undefined {
  const lacking = checked.filter(({ is }) => is === 'failed');
  const [first] = lacking;
  if (!first) return undefined;
  const names = lacking.map(({ name }) => name).join(', ');
  return new OpsError('COMPUTER_UNFIT', `cannot build ${site} on this computer: it lacks ${names}`, {
    details: lacking.map(({ name, saw, why }) => `${name}: ${saw} (${why})`),
    ...(lacking.length === 1 && first.hint && { hint: first.hint }),
  });
}
