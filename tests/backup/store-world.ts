import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { artifactSteps } from '../../lib/artifact/index.ts';
import { serverProcess, storeSteps } from '../../lib/backup/store/index.ts';
import { endServer } from '../../lib/backup/store/process.ts';
import { runSteps, type Summary } from '../../lib/engine/index.ts';
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
  /** What bootstrap does of it. */
  run(): Promise<Summary>;
  access(role: Role): Promise<StoreAccess>;
  pid(): Promise<number | undefined>;
  close(): Promise<void>;
}

/** @param name also of the bucket: muster-<name>. */
export async function storeWorld(name = 'store-test', store: object = { kind: 'local' }): Promise<StoreWorld> {
  const project = mkdtempSync(join(tmpdir(), 'muster-store-'));
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
    async run() {
      const env = newEnv(newWorld(), dirs.state, { signal: stop.signal });
      const ports = { ...env.ports, secrets, shell: shells.shell };
      const run = { ...env.run, site: name, dirs };
      const steps = [...artifactSteps(site).filter(({ id }) => id === 'artifact.versitygw'), ...storeSteps(site)];
      return runSteps(steps, { ...env, run, ports }, memoryGate());
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
