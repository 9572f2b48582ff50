import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { imageOf } from '../../lib/artifact/image-key.ts';
import { imagesRecipe } from '../../lib/artifact/images.ts';
import { type ArtifactDeps, readLock, resolveRecipe, thisArch, tool } from '../../lib/artifact/index.ts';
import { removeTree } from '../../lib/artifact/remove-tree.ts';
import { createAuthority, issueServer, Masker } from '../../lib/secret/index.ts';
import { createShells } from '../../lib/shell/index.ts';
import { siteDirs } from '../../lib/site/place.ts';
import { minutes, systemClock } from '../../lib/time/index.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const NAMES = ['app-backend', 'app-frontend', 'postgres'] as const;
/** Whatever becomes of us, no container outlives the tier's deadline. Seconds. */
const LONGEST = 300;

export interface Ran {
  code: number | null;
  output: string;
  /** JSON, a line each: conftest.py writes them. */
  results: string[];
}

/**
 * The app's own three images, from the same lock and cache that a site takes them from (built when they are not there),
 * in one network namespace that has a loopback and nothing else: PostgreSQL, nginx, and pytest inside the backend's image.
 */
export async function runPytest(): Promise<Ran> {
  const stop = new AbortController();
  const stopped = () => stop.abort(new Error('the test was stopped'));
  process.once('SIGTERM', stopped).once('SIGINT', stopped);
  const connect = () => Promise.reject(new Error('this computer is enough here'));
  const shells = createShells({ connect, clock: systemClock, signal: stop.signal, masker: new Masker() });
  const shell = await shells.shell('localhost');
  const deps: ArtifactDeps = {
    shell,
    project: ROOT,
    cache: siteDirs(ROOT, 'app-test').cache,
    clock: systemClock,
    signal: stop.signal,
    random: Math.random,
    progress: text => console.log(text),
    site: { name: 'app-test', environment: 'lab', artifacts: { sources: ['module'] } },
  };
  const dir = mkdtempSync(join(tmpdir(), 'muster-app-'));
  try {
    return await inContainers(dir, deps);
  } finally {
    await remove(dir, { ...deps, signal: new AbortController().signal });
    await shells.close();
  }
}

async function inContainers(dir: string, deps: ArtifactDeps): Promise<Ran> {
  const lock = await readLock(ROOT);
  const archive = await resolveRecipe(await imagesRecipe(lock, NAMES, thisArch(), ROOT), deps);
  const [backend, frontend, postgres] = await Promise.all(
    NAMES.map(async name => (await imageOf(lock, name, thisArch(), ROOT)).ref),
  );
  await prepare(dir, deps);
  const podman = (...args: readonly string[]) => tool([...command(dir), ...args], `cannot ${args[0]}`, deps);
  await podman('load', '-q', '-i', archive.path);
  const start = (name: string, network: string, ...args: string[]) =>
    podman('run', '-d', '--name', name, ...limits(network), ...args);
  const volumes = ['-v', '/run/postgresql', '-v', '/var/lib/postgresql/data'];
  const password = ['-e', 'POSTGRES_PASSWORD_FILE=/secrets/postgres/password'];
  await start('postgres', 'none', ...volumes, '-v', `${dir}/secrets:/secrets:ro`, ...password, `${postgres}`);
  const beside = 'container:postgres';
  await start('nginx', beside, '-v', `${dir}/tls:/tls:ro`, '-e', 'BACKEND=127.0.0.1:8000', `${frontend}`);
  await podman('exec', 'postgres', 'sh', '-c', 'until pg_isready -q -h 127.0.0.1; do sleep 0.2; done');
  const { code, stdout, stderr } = await deps.shell.exec(
    [...command(dir), 'run', '--name', 'pytest', ...limits(beside), ...pytestMounts(dir), `${backend}`, ...PYTEST],
    { signal: deps.signal, timeout: minutes(4), sudo: process.getuid?.() !== 0 },
  );
  const results = readFileSync(join(dir, 'results', 'results.jsonl'), 'utf8');
  return { code, output: `${stdout.text}${stderr.text}`, results: results.split('\n').filter(Boolean) };
}

const PYTEST = ['-m', 'pytest', '-q', '-p', 'no:cacheprovider', '--color=no'];

const pytestMounts = (dir: string) => [
  ...['-v', `${import.meta.dirname}:/tests:ro`, '-w', '/tests', '--entrypoint', 'python3'],
  ...['-v', `${dir}/secrets:/secrets:ro`, '-v', `${dir}/tls:/tls:ro`, '-v', `${dir}/results:/results`],
  ...['-v', `${dir}/pytest:/opt/pytest:ro`, '-e', 'PYTHONPATH=/opt/app:/opt/python:/opt/pytest'],
  ...['-e', 'RESULTS=/results/results.jsonl'],
];

/** As a pod runs them: read-only root, one loopback. The limits are those that root may set without CAP_SYS_RESOURCE. */
const limits = (network: string) => [
  ...['--network', network, '--read-only', '--tmpfs', '/tmp', '--timeout', `${LONGEST}`],
  ...['--ulimit', 'nofile=20000:20000', '--ulimit', 'nproc=20000:20000'],
];

/** A store of the test's own: nothing of the user's podman is seen or changed. */
const command = (dir: string) => [
  'podman',
  ...['--root', join(dir, 'root'), '--runroot', join(dir, 'run'), '--tmpdir', join(dir, 'tmp')],
  ...['--runtime', 'runc', '--cgroup-manager', 'cgroupfs', '--events-backend', 'none'],
];

/** Files that the containers' users read, and the folder that pytest writes to. */
async function prepare(dir: string, deps: ArtifactDeps): Promise<void> {
  const write = (path: string, text: string) => {
    mkdirSync(join(dir, path, '..'), { recursive: true, mode: 0o755 });
    writeFileSync(join(dir, path), text, { mode: 0o644 });
  };
  for (const role of ['postgres', 'app_owner', 'app']) write(`secrets/${role}/password`, `${role}-for-the-test\n`);
  const authority = await createAuthority('tests of the app', systemClock);
  const server = await issueServer(authority, { names: ['localhost'], addresses: ['127.0.0.1'], days: 1 }, systemClock);
  write('tls/ca.crt', authority.certificate);
  write('tls/tls.crt', server.certificate);
  write('tls/tls.key', server.key.reveal());
  write('results/results.jsonl', '');
  const wheels = ['--require-hashes', '--no-deps', '--only-binary=:all:', '--python-version', '3.11', '--no-compile'];
  const from = ['--target', join(dir, 'pytest'), '-r', join(import.meta.dirname, 'requirements.txt')];
  await tool(['python3', '-m', 'pip', 'install', '-q', ...wheels, ...from], 'cannot install pytest', deps);
  await tool(['chmod', '-R', 'a+rwX', dir], 'cannot open the folder to the containers', deps);
}

async function remove(dir: string, deps: ArtifactDeps): Promise<void> {
  // One after the other: two of them live in the third one's network, and podman keeps to no order of its own.
  for (const name of ['pytest', 'nginx', 'postgres'])
    await tool([...command(dir), 'rm', '-f', '-v', '-i', '-t', '0', name], `cannot remove container ${name}`, deps);
  await removeTree(dir, deps);
}
