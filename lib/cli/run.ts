import { join } from 'node:path';
import { asOpsError, EXIT, type ExitStatus, isOpsError } from '../errors/index.ts';
import { parseCommand } from './flags.ts';
import { type Output, streamOutput } from './output.ts';
import { interruptible } from './signals.ts';
import type { Call } from './verb.ts';
import { VERBS } from './verbs.ts';

const PROJECT = join(import.meta.dirname, '..', '..');

/** From the command line to an exit status. Nothing is thrown. */
export async function runCommand(argv: readonly string[], process: NodeJS.Process): Promise<ExitStatus> {
  const out = streamOutput(process);
  const startedAt = Date.now();
  let call: Call;
  try {
    call = readCall(argv, process, out);
  } catch (error) {
    return explainFailure(error, argv, {}, out);
  }
  const exit = await actOn(call, argv);
  const { scheduled, help, 'dry-run': dry } = call.flags;
  if (scheduled && !help && !dry) await (await import('./schedule/ended.ts')).scheduledRunEnded(call, startedAt, exit);
  return exit;
}

/** Errors: USAGE. */
function readCall(argv: readonly string[], process: NodeJS.Process, out: Output): Call {
  const parsed = parseCommand(argv);
  const { site = 'lab', yes = inCi(process.env) } = parsed.flags;
  const signal = interruptible(process, out.status);
  const place = { project: PROJECT, env: process.env, where: {}, mask: asItIs };
  const call: Call = { ...parsed, site, yes, out, signal, ...place };
  if (/^(Site|Backup)$/.test(VERBS[parsed.verb]?.group ?? '')) call.where.site = site;
  return call;
}

async function actOn(call: Call, argv: readonly string[]): Promise<ExitStatus> {
  try {
    const act = await VERBS[call.flags.help ? 'help' : call.verb]?.load();
    return (await act?.(call)) ?? EXIT.done;
  } catch (error) {
    return explainFailure(error, argv, call, call.out);
  }
}

const asItIs = (text: string) => text;

/** CI=true, or 1: nobody is there to answer. */
const inCi = (env: NodeJS.ProcessEnv) => !['', '0', 'false', undefined].includes(env.CI);

async function explainFailure(
  error: unknown,
  argv: readonly string[],
  { flags, signal, where = {}, mask = asItIs }: Partial<Call>,
  out: Output,
): Promise<ExitStatus> {
  // What an abort makes others throw is not news: the signal says why.
  const thrown = signal?.aborted && !isOpsError(error, 'INTERRUPTED') ? signal.reason : error;
  const { errorData, errorText } = await import('./error-text.ts');
  out.status(errorText(thrown, where, mask, flags?.verbose ?? false));
  if (flags?.json ?? argv.includes('--json')) out.data(JSON.stringify(errorData(thrown, where, mask), null, 2));
  return asOpsError(thrown).exit;
}
