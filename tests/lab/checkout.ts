import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const PROJECT = join(import.meta.dirname, '..', '..');
const run = promisify(execFile);

export interface Result {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/** A copy of this checkout with one site of its own, as another user's clone: nothing of it touches site `lab`. */
export interface Checkout {
  dir: string;
  site: string;
  state: string;
  /** ./muster VERB --site <site> --yes ARGS; what kubectl gets is its own. */
  muster(verb: string, ...args: string[]): Promise<Result>;
  start(verb: string, ...args: string[]): { child: ChildProcess; ended: Promise<Result> };
  /** SIGKILL as soon as the journal holds the begin of a step whose id starts so. */
  killedAt(step: string, verb: string, ...args: string[]): Promise<Result>;
  /** All that is there, as a commit: a rehearsal runs by a clone of it. */
  commit(): Promise<void>;
  remove(): Promise<void>;
}

export async function newCheckout(site: string, inventory: string): Promise<Checkout> {
  const dir = await mkdtemp(join(tmpdir(), `muster-${site}-`));
  await copyTree(dir);
  await writeFile(join(dir, 'inventories', `${site}.yaml`), inventory);
  const state = join(dir, '.muster', site);
  const start = (verb: string, ...args: string[]) =>
    begin(dir, [verb, '--site', site, ...(verb === 'kubectl' ? [] : ['--yes']), ...args]);
  return {
    dir,
    site,
    state,
    start,
    muster: (verb, ...args) => start(verb, ...args).ended,
    killedAt: (step, verb, ...args) => killWhen(start(verb, ...args), () => begun(state, step)),
    commit: () => commitAll(dir),
    remove: () => rm(dir, { recursive: true, force: true }),
  };
}

async function commitAll(dir: string): Promise<void> {
  const git = (...args: string[]) =>
    run('git', ['-C', dir, '-c', 'user.name=test', '-c', 'user.email=test@test', ...args]);
  await git('init', '--quiet');
  await git('add', '--all');
  await git('commit', '--quiet', '--message', 'all that is there');
}

async function copyTree(dir: string): Promise<void> {
  const { stdout } = await run('git', ['ls-files', '-co', '--exclude-standard', '-z'], {
    cwd: PROJECT,
    maxBuffer: 1 << 26,
  });
  for (const file of stdout.split('\0').filter(name => name !== '')) {
    await mkdir(join(dir, dirname(file)), { recursive: true });
    await cp(join(PROJECT, file), join(dir, file), { preserveTimestamps: true }).catch(error => {
      if (error.code !== 'ENOENT') throw error;
    });
  }
  await symlink(join(PROJECT, 'node_modules'), join(dir, 'node_modules'));
}

function begin(dir: string, args: string[]): { child: ChildProcess; ended: Promise<Result> } {
  const child = spawn(join(dir, 'muster'), args, { cwd: dir, stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', chunk => {
    stdout += chunk;
  });
  child.stderr.on('data', chunk => {
    stderr += chunk;
    // A lab test takes minutes: what goes on is seen while it does.
    process.stderr.write(chunk);
  });
  const ended = new Promise<Result>((resolve, reject) => {
    child.on('error', reject).on('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
  return { child, ended };
}

async function begun(state: string, step: string): Promise<boolean> {
  const text = await readFile(join(state, 'journal.jsonl'), 'utf8').catch(() => '');
  return text.includes(`"t":"begin"`) && new RegExp(`"step":"${step.replaceAll('.', '\\.')}`).test(text);
}

/** The journal is read every 20 ms: the kill falls into the effect whose begin it saw. */
async function killWhen(
  { child, ended }: { child: ChildProcess; ended: Promise<Result> },
  now: () => Promise<boolean>,
): Promise<Result> {
  let over = false;
  ended.finally(() => {
    over = true;
  });
  while (!over) {
    if (await now()) {
      child.kill('SIGKILL');
      break;
    }
    await new Promise(resolve => setTimeout(resolve, 20));
  }
  return ended;
}
