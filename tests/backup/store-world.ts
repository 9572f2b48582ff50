import { existsSync, globSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { artifactSteps } from '../../lib/artifact/index.ts';
import { serverProcess, storeSteps } from '../../lib/backup/store/index.ts';
import { endServer } from '../../lib/backup/store/process.ts';
import { type AnyStep, runSteps, type Summary } from '../../lib/engine/index.ts';
import type { Site } from '../../lib/inventory/index.ts';
import { FileSecretStore, Masker } from '../../lib/secret/index.ts';
import { createShells } from '../../lib/shell/index.ts';
import { siteDirs } from '../../lib/site/index.ts';
import { type Role, type StoreAccess, type StoreEnv, storeAccess, storeFiles } from '../../lib/store/index.ts';
import { systemClock } from '../../lib/time/index.ts';
import { ROOT } from '../architecture/tree.ts';
import { memoryGate, newEnv, newWorld } from '../engine/world.ts';

/** A checkout of a test's own with a real store: built from the lock, run by the steps, as a lab's. */
export interface StoreWorld {
  site: Site;
  project: string;
  files: ReturnType<typeof storeFiles>;
  env: StoreEnv;
  masker: Masker;
  secrets: FileSecretStore;
  /** What bootstrap does of it, or other steps. */
  run(steps?: readonly AnyStep[]): Promise<Summary>;
  access(role: Role): Promise<StoreAccess>;
  pid(): Promise<number | undefined>;
  close(): Promise<void>;
}

const OWNER = 'test-pid';

/** What killed tests left: their servers live in sessions of their own. */
async function sweep(): Promise<void> {
  for (const project of globSync(join(tmpdir(), 'muster-store-*'))) {
    const pid = await readFile(join(project, OWNER), 'utf8').catch(() => undefined);
    if (pid === undefined || existsSync(`/proc/${pid}`)) continue;
    for (const site of await readdir(join(project, '.muster/stores')).catch(() => []))
      await endServer(storeFiles(project, site), systemClock);
    rmSync(project, { recursive: true, force: true });
  }
}

/** @param name also of the bucket: muster-<name>. */
export async function storeWorld(name = 'store-test', store: object = { kind: 'local' }): Promise<StoreWorld> {
  await sweep();
  const project = mkdtempSync(join(tmpdir(), 'muster-store-'));
  writeFileSync(join(project, OWNER), `${process.pid}`);
  symlinkSync(join(ROOT, 'artifacts'), join(project, 'artifacts'));
  const dirs = siteDirs(project, name);
  mkdirSync(dirs.state, { recursive: true, mode: 0o700 });
  const site = {
    name,
    path: join(project, 'inventories', `${name}.yaml`),
    environment: 'lab',
    artifacts: { sources: ['module'] },
    hosts: [],
    backup: { store, sources: [] },
    cluster: { version: '' },
  } as unknown as Site;
  const stop = new AbortController();
  const masker = new Masker();
  const connect = () => Promise.reject(new Error('no host in this test'));
  const shells = createShells({ connect, clock: systemClock, signal: stop.signal, masker });
  const secrets = new FileSecretStore(join(dirs.state, 'secrets'), masker);
  const files = storeFiles(project, name);
  return {
    site,
    project,
    files,
    masker,
    secrets,
    env: { clock: systemClock, signal: stop.signal, random: () => 0 },
    async run(others) {
      const env = newEnv(newWorld(), dirs.state, { signal: stop.signal });
      const ports = { ...env.ports, secrets, shell: shells.shell };
      const run = { ...env.run, site: name, dirs };
      const steps = [...artifactSteps(site).filter(({ id }) => id === 'artifact.versitygw'), ...storeSteps(site)];
      return runSteps(others ?? steps, { ...env, run, ports }, memoryGate());
    },
    access: role => storeAccess(site, role, { dirs, secrets, gateway: '10.0.2.2' }),
    pid: async () => (await serverProcess(files))?.pid,
    async close() {
      await endServer(files, systemClock);
      stop.abort(new Error('the test is over'));
      await shells.close();
      rmSync(project, { recursive: true, force: true });
    },
  };
}

/** As an inventory names it: the same server, reached with the keys of a role. */
export async function s3Place({ access, project }: StoreWorld, role: Role, bucket: string) {
  const { here, ca = '', accessKey, secretKey } = await access(role);
  const file = (kind: string, text: string) => {
    const path = join(project, `${role}-${kind}`);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  };
  return {
    kind: 's3' as const,
    endpoint: here,
    region: 'us-east-1',
    bucket,
    ca: file('ca', ca),
    accessKey: `file:${file('access', accessKey.reveal())}`,
    secretKey: `file:${file('secret', secretKey.reveal())}`,
  };
}
