import { OpsError } from '../errors/index.ts';
import { type Asker, agreed } from './agreed.ts';
import { type HostPackage, missingPackages } from './doctor/packages.ts';
import { table } from './output.ts';
import type { Call } from './verb.ts';

/**
 * Sees to it that the programs are there: says which packages are missing and why, asks, installs, looks again. Silent
 * when nothing is missing. Returns what was (in a dry run: would be) installed. Errors: TOOL_MISSING.
 */
export async function ensurePackages(
  packages: readonly HostPackage[],
  call: Asker & Pick<Call, 'flags'>,
): Promise<HostPackage[]> {
  const missing = await missingPackages(packages);
  if (missing.length === 0) return [];
  const names = missing.map(({ package: name }) => name);
  call.out.status('Debian packages that are missing on this computer:');
  call.out.status(table(missing.map(({ package: name, why }) => [`  ${name}`, why])));
  if (call.flags['dry-run']) return missing;
  if (!(await agreed('Install them with apt-get?', call))) throw lacking(names, 'nothing was installed');
  await aptInstall(names, call.signal);
  const still = await missingPackages(missing);
  if (still.length > 0)
    throw lacking(
      still.map(({ package: name }) => name),
      'apt-get ended well, but the programs are not there',
    );
  call.out.status(`installed: ${names.join(', ')}`);
  return missing;
}

/** Upstream's own recommendations bring a desktop's worth of packages; what is needed of them is named in our table. */
async function aptInstall(names: readonly string[], signal: AbortSignal): Promise<void> {
  const { $ } = await import('zx');
  const root = process.getuid?.() === 0 ? [] : ['sudo'];
  const env = ['env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '-q', '-o', 'DPkg::Lock::Timeout=120'];
  // sudo asks on the terminal; apt's words are status, so they go to stderr.
  const run = $({ stdio: ['inherit', 2, 2], nothrow: true, signal });
  for (const argv of [['update'], ['install', '-y', '--no-install-recommends', ...names]]) {
    const { exitCode } = await run`${[...root, ...env, ...argv]}`;
    signal.throwIfAborted();
    if (exitCode !== 0) throw lacking(names, `apt-get ${argv[0]} ended with status ${exitCode}`);
  }
}

const lacking = (names: readonly string[], why: string) =>
  new OpsError('TOOL_MISSING', `cannot go on without ${names.join(', ')}: ${why}`, {
    hint: `as root: apt-get install ${names.join(' ')}; or run again with --yes`,
  });
