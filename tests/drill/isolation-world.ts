import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { Isolation } from '../../lib/drill/isolation/isolate.ts';
import type { EngineEvent } from '../../lib/engine/index.ts';
import { Masker } from '../../lib/secret/index.ts';
import { createShells } from '../../lib/shell/index.ts';
import type { OpenSite } from '../../lib/site/index.ts';
import { systemClock } from '../../lib/time/index.ts';

const PROJECT = join(import.meta.dirname, '../..');
const run = promisify(execFile);

export interface IsolationWorld {
  project: string;
  /** Of the new site. */
  state: string;
  open: OpenSite;
  events: EngineEvent[];
  stop: AbortController;
  git(...args: string[]): Promise<string>;
  put(path: string, text: string): Promise<void>;
  remove(): Promise<void>;
}

/** A checkout with a commit, in which the program of the rehearsal is one of the test's own; HOME has a site's escrow. */
export async function isolationWorld(inside: string): Promise<IsolationWorld> {
  const project = await mkdtemp(join(tmpdir(), 'muster-isolation-'));
  const name = `iso${project.slice(-6).toLowerCase()}`;
  const kept = join(homedir(), '.local/share/muster', name);
  const put = async (path: string, text: string) => {
    const file = path.startsWith('/') ? path : join(project, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
  };
  const git = async (...args: string[]) => (await run('git', ['-C', project, ...args])).stdout;
  await put('.gitignore', 'node_modules\n.muster/\n');
  await put('package-lock.json', await readFile(join(PROJECT, 'node_modules/.installed-lock'), 'utf8'));
  await put(`inventories/${name}.yaml`, '');
  await put('lib/drill/isolation/inside.ts', inside);
  await put('.muster/source/secrets/app/key', 'of the source');
  for (const file of ['escrow-1/generation', 'escrow-2/generation', 'identity.txt', 'signer.pub', 'more'])
    await put(join(kept, file), file);
  await mkdir(join(project, '.muster/rehearsals'));
  await symlink(join(PROJECT, 'node_modules'), join(project, 'node_modules'));
  await git('init', '-q');
  await git('add', '.');
  await git('-c', 'user.name=t', '-c', 'user.email=t@t', 'commit', '-qm', 'all');
  const [stop, masker, events] = [new AbortController(), new Masker(), [] as EngineEvent[]];
  const connect = () => Promise.reject(new Error('no hosts'));
  const shells = createShells({ connect, clock: systemClock, signal: stop.signal, masker });
  const state = join(project, '.muster', `${name}-rehearsal`);
  const cache = join(project, '.muster/cache');
  await mkdir(state);
  await mkdir(cache);
  const open = {
    site: {
      name,
      path: join(project, `inventories/${name}.yaml`),
      environment: 'lab',
      provider: { kind: 'qemu' },
      artifacts: {},
    },
    dirs: { project, state: join(project, '.muster/source'), cache },
    provider: { kind: 'qemu' },
    ports: { clock: systemClock, shell: shells.shell },
    masker,
    signal: stop.signal,
    emit: (event: EngineEvent) => void events.push(event),
  } as unknown as OpenSite;
  const remove = async () => {
    await shells.close();
    for (const dir of [project, kept]) await rm(dir, { recursive: true, force: true });
  };
  return { project, state, open, events, stop, git, put, remove };
}

export type Able = Extract<Isolation, { is: 'able' }>;
