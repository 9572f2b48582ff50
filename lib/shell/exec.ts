import type { Command, ExecOptions, ExecResult } from '../engine/index.ts';
import type { OpsError } from '../errors/index.ts';
import type { Masker } from '../secret/index.ts';
import { type Duration, formatDuration } from '../time/index.ts';
import { scriptInput, type Wrapped, wrap } from './command.ts';
import { endingInWords, lastLines, lastWords, runError, shownCommand } from './failures.ts';
import { feed } from './feed.ts';
import { type Reading, readStreams } from './reading.ts';
import { STOP_LIMIT, STOP_SCRIPT } from './stop.ts';
import type { Child, Ending, Transport } from './transport.ts';

/** A command that was started and not seen to end. */
export interface Running {
  host: string;
  /** Absent: its start was not seen either. */
  pid?: number;
  /** Masked. */
  command: string;
  /** UTC, ms. */
  since: number;
}

export interface Host {
  name: string;
  transport: Transport;
  masker: Masker;
  /** Ends everything. */
  signal: AbortSignal;
  running: Map<string, Running>;
  now(): number;
  newMark(): string;
}

/** How one command's life ended, seen from here. */
type End =
  | Ending
  | { timeout: Duration; exited: number | string | undefined }
  | { aborted: unknown }
  | { source: unknown };

/** One command in flight. */
interface Flight {
  host: Host;
  wrapped: Wrapped;
  child: Child;
  reading: Reading;
  shown: string;
}

/** Runs a command; any exit status is a result. `ending`: this is the command that ends another. */
export async function execute(host: Host, command: Command, options: ExecOptions, ending = false): Promise<ExecResult> {
  for (const secret of Object.values(options.secretEnv ?? {})) host.masker.add(secret);
  const wrapped = wrap(command, options, host.newMark(), host.transport.before);
  const signal = AbortSignal.any([host.signal, ...(options.signal ? [options.signal] : [])]);
  signal.throwIfAborted();
  const child = await host.transport.start({
    text: wrapped.text,
    sudo: options.sudo === true,
    signal,
    urgent: ending,
  });
  const reading = readStreams(child, wrapped.mark, options, host.masker);
  const flight: Flight = { host, wrapped, child, reading, shown: shownCommand(command, host.masker) };
  host.running.set(wrapped.mark, { host: host.name, command: flight.shown, since: host.now() });
  try {
    const end = await firstEnd(flight, command, options, signal);
    return await settle(flight, end, ending);
  } finally {
    child.release();
  }
}

/** Whichever comes first: its own end, the deadline, a cancel, or a source of stdin that failed. */
async function firstEnd(flight: Flight, command: Command, options: ExecOptions, signal: AbortSignal): Promise<End> {
  const { child, wrapped } = flight;
  const over = new AbortController();
  const stdin = 'script' in command ? scriptInput(command.script) : options.stdin;
  const wins: Promise<End>[] = [
    child.ended,
    feed(child.stdin, wrapped.preamble, stdin, over.signal).then(
      () => child.ended,
      source => ({ source }),
    ),
    new Promise(resolve => {
      const cancel = () => resolve({ aborted: signal.reason });
      if (signal.aborted) cancel();
      signal.addEventListener('abort', cancel, { once: true, signal: over.signal });
    }),
  ];
  let timer: NodeJS.Timeout | undefined;
  const { timeout } = options;
  if (timeout !== undefined) {
    wins.push(
      new Promise(resolve => (timer = setTimeout(() => resolve({ timeout, exited: child.exited() }), timeout))),
    );
  }
  try {
    return await Promise.race(wins);
  } finally {
    clearTimeout(timer);
    over.abort();
  }
}

async function settle(flight: Flight, end: End, ending: boolean): Promise<ExecResult> {
  const { host, reading, wrapped } = flight;
  if ('code' in end) {
    host.running.delete(wrapped.mark);
    const result = { ...end, ...reading.end() };
    if (!reading.begun()) throw notStarted(flight, result);
    return result;
  }
  const pid = pidOf(flight);
  const entry = host.running.get(wrapped.mark);
  if (pid !== undefined && entry) entry.pid = pid;
  if ('lost' in end) throw lost(flight, end.lost);
  const left = ending ? 'it ends another command itself' : await stop(flight);
  if (left === undefined) host.running.delete(wrapped.mark);
  if ('aborted' in end) throw end.aborted;
  if ('source' in end) throw end.source;
  throw timedOut(flight, end, left);
}

/** Ends what the command started. undefined: it was seen gone; else why that cannot be said. */
async function stop(flight: Flight): Promise<string | undefined> {
  const { host, wrapped, reading, child } = flight;
  const group = reading.begun()?.group ?? child.pid;
  // A login shell that is still busy with its rc file: once its session is closed, the command cannot begin.
  if (group === undefined) child.release();
  const until = AbortSignal.timeout(STOP_LIMIT);
  const quiet: Host = { ...host, signal: until, running: new Map() };
  try {
    const args = [wrapped.mark, group === undefined ? '' : String(group)];
    const { stdout, code } = await execute(quiet, { script: STOP_SCRIPT, args }, { sudo: child.sudo }, true);
    const left = stdout.text.split('\n').filter(Boolean).join(', ');
    if (left !== '' || code !== 0) return `left after KILL: ${left || `exit status ${code}`}`;
    // Seen gone; its streams close in a moment, and with them the last lines are complete.
    await Promise.race([child.ended, new Promise(resolve => setTimeout(resolve, 500))]);
    return undefined;
  } catch (error) {
    return until.aborted ? `no answer in ${formatDuration(STOP_LIMIT)}` : String(error);
  }
}

const pidOf = ({ reading, child }: Flight): number | undefined => reading.begun()?.pid ?? child.pid;

function lost(flight: Flight, why: string): OpsError {
  const { host, reading, shown } = flight;
  const pid = pidOf(flight);
  const where = { host: host.name, command: shown, why: `${why}; what became of it is not known` };
  const hint = `see on ${host.name} whether ${pid === undefined ? 'it runs' : `process ${pid} still runs`}, then run again`;
  return runError('SHELL_LOST', where, { hint, details: lastWords(reading.end(), host.masker) });
}

function timedOut(
  flight: Flight,
  { timeout, exited }: Extract<End, { timeout: Duration }>,
  left: string | undefined,
): OpsError {
  const { host, reading, shown } = flight;
  const status = typeof exited === 'number' ? { code: exited, signal: null } : { code: null, signal: exited ?? null };
  const what =
    exited === undefined
      ? `it did not end within ${formatDuration(timeout)}`
      : `it ended (${endingInWords(status)}), but after ${formatDuration(timeout)} something it started still held its output`;
  const details = lastWords(reading.end(), host.masker);
  const where = { host: host.name, command: shown, why: left === undefined ? `${what}; it was stopped` : what };
  if (left === undefined) return runError('SHELL_TIMEOUT', where, { details });
  const pid = pidOf(flight) ?? 'unknown';
  return runError(
    'SHELL_LOST',
    { ...where, why: `${what}, and it could not be stopped (${left}; process ${pid})` },
    { details },
  );
}

/** The host answered, but the command never began. */
function notStarted({ host, reading, child, shown }: Flight, result: ExecResult): OpsError {
  const where = { host: host.name, command: shown };
  const details = lastLines(reading.noise(), host.masker);
  if (reading.refusedCwd()) return runError('CWD_ABSENT', { ...where, why: 'cannot change into cwd' }, { details });
  if (child.sudo)
    return runError(
      'SUDO_PASSWORD',
      { ...where, why: 'sudo does not let this user in without a password' },
      { details },
    );
  const why = `the login shell did not start /bin/sh: ${endingInWords(result)}`;
  return runError('SHELL_UNUSABLE', { ...where, why }, { details });
}
