import { EXIT, OpsError } from '../errors/index.ts';

/** After this the process ends, whatever still runs. Milliseconds: CI kills after 7.5 s. */
const GRACE = 5000;

/** Aborted by the first SIGINT, SIGTERM or SIGHUP; the second SIGINT ends the process at once. */
export function interruptible(process: NodeJS.Process, say: (text: string) => void): AbortSignal {
  const controller = new AbortController();
  const stop = (name: string) => {
    if (controller.signal.aborted) {
      if (name === 'SIGINT') process.exit(EXIT.interrupted);
      return;
    }
    say(`${name}: stopping what runs and sealing the journal; Ctrl-C again ends at once`);
    controller.abort(new OpsError('INTERRUPTED', `cannot go on: stopped by ${name}`));
    setTimeout(() => {
      say(`stopping took more than ${GRACE / 1000} s: the next run looks at what is left`);
      process.exit(EXIT.interrupted);
    }, GRACE).unref();
  };
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => stop(name));
  return controller.signal;
}
