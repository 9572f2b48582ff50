import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hashObject } from '../../lib/backup/artefacts.ts';
import { escrowOf } from '../../lib/backup/escrow/place.ts';
import { KEYS, type SetPart, type SourceName } from '../../lib/backup/set.ts';
import { publicKeyPath } from '../../lib/backup/signer.ts';
import { type BackupPlace, backupSealSteps } from '../../lib/backup/steps.ts';
import { type AnyStep, type ObjectStore, runSteps, type Shell } from '../../lib/engine/index.ts';
import { type Code, isOpsError, type OpsError } from '../../lib/errors/index.ts';
import type { Site } from '../../lib/inventory/index.ts';
import { Secret, type SecretStore } from '../../lib/secret/index.ts';
import { make, memoryGate, newEnv, newWorld } from '../engine/world.ts';
import { type MemoryEndpoint, memoryEndpoint } from './memory-store.ts';

const DAY = 86_400_000;
export const NOON = Date.parse('2026-11-21T12:00:00.000Z');

/** A lab with a store in memory, secrets, a home and a checkout of its own, and sources that take a few bytes. */
export interface SetWorld {
  dir: string;
  site: Site;
  place: BackupPlace;
  secrets: SecretStore;
  endpoint: MemoryEndpoint;
  store: ObjectStore;
  /** Milliseconds since 1970; a test moves it. */
  now: number;
  said: string[];
  run(steps: readonly AnyStep[]): Promise<string[]>;
  /** A whole backup: keys, parts, escrow, seal, expiry. What was changed, as step ids. */
  backup(id: string, options?: { trigger?: 'schedule' | 'person'; without?: SourceName }): Promise<string[]>;
  close(): void;
}

export const siteOf = (name = 'unit'): Site =>
  ({
    name,
    environment: 'lab',
    backup: {
      store: { kind: 'local' },
      sources: ['postgres', 'velero', 'control-plane'],
      namespaces: ['app'],
      keep: 2,
      rpo: { postgres: DAY, velero: DAY, 'control-plane': DAY },
      rto: DAY,
    },
  }) as unknown as Site;

export async function setWorld(site = siteOf(), endpoint = memoryEndpoint()): Promise<SetWorld> {
  const dir = mkdtempSync(join(tmpdir(), 'muster-set-'));
  const project = join(dir, 'checkout');
  mkdirSync(join(project, 'artifacts'), { recursive: true });
  writeFileSync(join(project, 'artifacts/lock.yaml'), 'a lock\n');
  const secrets = memorySecrets();
  for (const name of SECRETS) await secrets.put(name, new Secret(`secret of ${name}`));
  const store = endpoint.bucket(`muster-${site.name}`);
  const place = { project, home: join(dir, 'home') };
  const world: SetWorld = {
    dir,
    site,
    place,
    secrets,
    endpoint,
    store,
    now: NOON,
    said: [],
    run: steps => runAll(world, steps),
    async backup(id, { trigger = 'person', without } = {}) {
      const taken = sourcesOf(site).filter(source => source !== without);
      for (const source of taken) await leavePart(store, id, source, new Date(world.now));
      const takes = sourcesOf(site).map(source => ({
        ...make(newWorld(), `${source}.take`),
        observe: async () => true,
      }));
      return world.run([...takes, ...backupSealSteps(site, place, { id, trigger })]);
    },
    close: () => rmSync(dir, { recursive: true, force: true }),
  };
  return world;
}

/** No file, no fsync: what is tested here is what is kept, not how. */
export function memorySecrets(): SecretStore {
  const all = new Map<string, Secret>();
  const put = async (name: string, value: Secret) => void all.set(name, value);
  return {
    get: async name => all.get(name),
    put,
    async generate(name, { length }) {
      const value = all.get(name) ?? new Secret('x'.repeat(length));
      await put(name, value);
      return value;
    },
    remove: async name => void all.delete(name),
    list: async () => [...all.keys()].sort(),
  };
}

export const SECRETS = [
  'backup/pgbackrest-cipher',
  'backup/kopia-password',
  'backup/control-plane-cipher',
  'k3s/token',
  'pki/ca-key',
  'ssh/server-1-host-key',
  'ssh/operator',
];

const sourcesOf = (site: Site): readonly SourceName[] => site.backup?.sources ?? [];

async function runAll(world: SetWorld, steps: readonly AnyStep[]): Promise<string[]> {
  const engine = newWorld();
  const env = newEnv(engine, world.place.project);
  const clock = { ...env.ports.clock, now: () => world.now };
  const result = (text: string) => ({ code: 0, signal: null, stdout: { text }, stderr: { text: '' } });
  const exec = async (argv: readonly string[]) => result(argv.includes('rev-parse') ? 'c0ffee\n' : '');
  const ports = {
    ...env.ports,
    clock,
    secrets: world.secrets,
    store: async () => world.store,
    shell: async () => ({ exec }) as unknown as Shell,
  };
  const { changed } = await runSteps(
    steps,
    {
      ...env,
      ports,
      emit: event => {
        if (event.type === 'progress') world.said.push(event.text);
      },
    },
    memoryGate(),
  );
  return changed.map(key => key.split(' ')[0] ?? '');
}

/** What a source's take leaves: objects, and the part that claims them. */
export async function leavePart(store: ObjectStore, id: string, source: SourceName, point: Date): Promise<void> {
  const keys = [KEYS.file(id, `${source}.small`), `${source}/${id}/large`];
  await store.put(keys[0] ?? '', `small of ${source}`);
  await store.put(keys[1] ?? '', `a larger object of ${source} in ${id}`);
  const artefacts = (await Promise.all(keys.map(key => hashObject(store, key)))).filter(one => one !== undefined);
  const part = { source, tool: source, version: '1', point: point.toISOString(), artefacts, facts: FACTS[source] };
  await store.put(KEYS.part(id, source), JSON.stringify(part as SetPart));
}

export const FACTS = {
  postgres: {
    database: 'app',
    serverVersion: '15.14',
    systemIdentifier: '7',
    dump: 'dump',
    globals: 'globals',
    restorePoint: { name: 'muster', lsn: '0/1', at: '2026-11-21T12:00:00Z', timeline: 1 },
    pgbackrest: { stanza: 'main', label: '20261121-120000F', walFirst: '1', walLast: '2' },
    tables: [{ schema: 'public', name: '<script>alert(1)</script>', rows: 1, checksum: 'x' }],
    sequences: [],
    roles: [],
    grants: [],
    extensions: [],
  },
  velero: { backup: 'b', namespaces: ['app'], objects: [], volumes: [], excluded: [] },
  'control-plane': { kind: 'sqlite', copy: 'copy', uids: {} },
} as const;

export const escrowIn = ({ site, place }: SetWorld) =>
  escrowOf(site, place.home === undefined ? {} : { home: place.home });
export const publicKeyIn = ({ site, place }: SetWorld) => publicKeyPath(site, place.project, place.home);

/** '...-00000001' for 1, in the order of their numbers. */
export const idOf = (n: number): string => `20261121T1200${String(n).padStart(2, '0')}Z-${String(n).padStart(8, '0')}`;

/** The error of what must be refused with this code. */
export async function refusal(act: Promise<unknown>, code: Code): Promise<OpsError> {
  const outcome = await act.catch((error: unknown) => error);
  if (!isOpsError(outcome, code)) throw new Error(`not refused with ${code}`, { cause: outcome });
  return outcome;
}
