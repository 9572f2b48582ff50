import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { hashObjects } from '../../../lib/backup/artefacts.ts';
import { KEYS, type Manifest, type PartOf } from '../../../lib/backup/set.ts';
import type { SetCopy } from '../../../lib/backup/source.ts';
import type { DamageDeps } from '../../../lib/backup/velero/damages/index.ts';
import { listFiles } from '../../../lib/backup/velero/files.ts';
import { type Kopia, type KopiaDeps, openKopia } from '../../../lib/backup/velero/kopia.ts';
import { backupKeys, REPOSITORY_PASSWORD, repositoryPrefix } from '../../../lib/backup/velero/names.ts';
import { kopiaProgram, withScratch } from '../../../lib/backup/velero/surroundings.ts';
import type { Ctx, ObjectStore } from '../../../lib/engine/index.ts';
import { Secret } from '../../../lib/secret/index.ts';
import { openStore } from '../../../lib/store/index.ts';
import { systemClock } from '../../../lib/time/index.ts';
import { makeShells } from '../../shell/local-shells.ts';
import { type StoreWorld, storeWorld } from '../store-world.ts';

const NAMESPACE = 'app';
const BACKUP = 'muster-20261121t120000z-00000000';

/** Another key than the one that is kept, another place than the store's. */
type Other = { password?: Secret; here?: string } | undefined;

/** A backup as Velero leaves it in a real store: a kopia repository with one volume, and Velero's account of it. */
export interface VeleroWorld {
  part: PartOf<'velero'>;
  copy: SetCopy;
  store: ObjectStore;
  /** As the checks read it: with the key that is kept, and no right to write. */
  open(other?: Other): Promise<Kopia>;
  scratch: DamageDeps['scratch'];
  damages: DamageDeps;
  ctx: Ctx;
  /** The bucket as it was. */
  heal(): Promise<void>;
  close(): Promise<void>;
}

export async function veleroWorld(): Promise<VeleroWorld> {
  const world = await storeWorld('velero-test');
  await world.run();
  const shells = makeShells();
  const ctx = contextOf(world, shells.shell);
  await world.secrets.put(REPOSITORY_PASSWORD, new Secret('the-one-that-is-kept'));
  const deps = { shell: await shells.shell('localhost'), program: await kopiaProgram(world.site, ctx), scratch: '' };
  const store = openStore(await world.access('admin'), world.env);
  const opener = (write: boolean) => openAs(world, deps, write);
  const scratch: DamageDeps['scratch'] = use => withScratch(ctx, use);
  const part = await withScratch(ctx, folder =>
    takePart(() => create(world, deps, folder), opener(true), deps, store, folder),
  );
  const whole = await contentOf(store);
  const copy = copyOf(part, store);
  const close = async () => {
    store.close();
    await shells.close();
    await world.close();
  };
  const heal = async () => {
    const now = await contentOf(store);
    await store.remove([...now.keys()].filter(key => !whole.has(key)));
    for (const [key, bytes] of whole) if (!bytes.equals(now.get(key) ?? Buffer.alloc(0))) await store.put(key, bytes);
    copy.set = copyOf(part, store).set;
  };
  const damages: DamageDeps = {
    scratch,
    kopia: async (_, __, use) => using(await opener(true)(), use),
  };
  return { part, copy, store, open: opener(false), scratch, damages, ctx, heal, close };
}

export const using = async <T>(kopia: Kopia, use: (kopia: Kopia) => Promise<T>): Promise<T> =>
  use(kopia).finally(() => kopia.close());

const contextOf = (world: StoreWorld, shell: Ctx['shell']): Ctx =>
  ({
    run: { dirs: { project: world.project, state: join(world.project, '.muster/velero-test'), cache: cacheDir() } },
    signal: world.env.signal,
    clock: systemClock,
    shell,
    secrets: world.secrets,
    progress: () => {},
  }) as unknown as Ctx;

/** The user's: what is built for one test is there for the next. */
const cacheDir = () => join(process.env.XDG_CACHE_HOME ?? join(process.env.HOME ?? '/root', '.cache'), 'muster');

const openAs = (world: StoreWorld, deps: KopiaDeps, write: boolean) => async (other?: Other) => {
  const { access, password: kept } = await keysOf(world, write);
  const at = { ...access, here: other?.here ?? access.here };
  const want = { access: at, namespace: NAMESPACE, password: other?.password ?? kept, ...(write && { write }) };
  return openKopia(want, { ...deps, scratch: world.project });
};

/** Velero's part: a repository that is there. */
async function create(world: StoreWorld, { shell, program }: KopiaDeps, folder: string): Promise<void> {
  const { access, password } = await keysOf(world, true);
  writeFileSync(join(folder, 'ca.pem'), access.ca ?? '');
  const argv = [
    ...['repository', 'create', 's3', `--bucket=${access.bucket}`, `--endpoint=${new URL(access.here).host}`],
    ...[`--prefix=${repositoryPrefix(NAMESPACE)}`, `--root-ca-pem-path=${join(folder, 'ca.pem')}`],
  ];
  const secretEnv = {
    KOPIA_PASSWORD: password,
    AWS_ACCESS_KEY_ID: access.accessKey,
    AWS_SECRET_ACCESS_KEY: access.secretKey,
  };
  await shell.run([program, ...argv], { env: { HOME: folder, KOPIA_CONFIG_PATH: join(folder, 'config') }, secretEnv });
}

const keysOf = async (world: StoreWorld, write: boolean) => ({
  access: await world.access(write ? 'admin' : 'reader'),
  password: (await world.secrets.get(REPOSITORY_PASSWORD)) as Secret,
});

/** A volume with names that no line could hold, and enough bytes for a pack of their own. */
function fill(folder: string): void {
  mkdirSync(join(folder, 'deep/er'), { recursive: true });
  writeFileSync(join(folder, 'deep/er/big'), Buffer.alloc(300_000, 'muster is proven by its data\n'));
  writeFileSync(join(folder, 'new\nline "quoted" \'it\''), 'hostile');
  writeFileSync(join(folder, 'run'), '#!/bin/sh\n');
  chmodSync(join(folder, 'run'), 0o4750);
  symlinkSync('deep/er/big', join(folder, 'link'));
}

async function takePart(
  create: () => Promise<unknown>,
  open: () => Promise<Kopia>,
  { shell }: KopiaDeps,
  store: ObjectStore,
  scratch: string,
): Promise<PartOf<'velero'>> {
  const volume = join(scratch, 'volume');
  fill(volume);
  await create();
  // Of an earlier backup: a repository with one pack and one index is none that a site has.
  const earlier = join(scratch, 'earlier');
  mkdirSync(earlier);
  writeFileSync(join(earlier, 'other'), Buffer.alloc(100_000, 'of yesterday\n'));
  await using(await open(), kopia => kopia.run(['snapshot', 'create', '--json', earlier]));
  const made = await using(await open(), kopia => kopia.run(['snapshot', 'create', '--json', volume]));
  const { id: snapshot } = JSON.parse(made) as { id: string };
  const { files = [] } = (await listFiles(shell, volume)) ?? {};
  await putRecord(store, snapshot);
  const keys = (await store.list(KEYS.velero)).map(({ key }) => key);
  const claim = { namespace: NAMESPACE, claim: 'avatars', volume: 'avatars', pod: 'backend-1', snapshot };
  return {
    source: 'velero',
    tool: 'velero with kopia',
    version: 'v0',
    point: '2026-11-21T12:00:00.000Z',
    artefacts: await hashObjects(
      store,
      keys.filter(key => !key.includes('/_log_')),
    ),
    facts: {
      backup: BACKUP,
      namespaces: [NAMESPACE],
      objects: [],
      volumes: [{ ...claim, files, moving: [] }],
      excluded: [],
    },
  };
}

async function putRecord(store: ObjectStore, snapshot: string): Promise<void> {
  const keys = backupKeys(BACKUP);
  const zipped = (value: unknown) => gzipSync(JSON.stringify(value));
  const pod = { namespace: NAMESPACE, name: 'backend-1' };
  await store.put(keys.backup, JSON.stringify({ status: { phase: 'Completed' } }));
  await store.put(keys.results, zipped({ errors: {}, warnings: {} }));
  await store.put(
    keys.podVolumes,
    zipped([{ spec: { pod, volume: 'avatars' }, status: { phase: 'Completed', snapshotID: snapshot } }]),
  );
  await store.put(
    keys.volumes,
    zipped([
      { pvcNamespace: NAMESPACE, pvcName: 'avatars', result: 'succeeded', pvbInfo: { snapshotHandle: snapshot } },
    ]),
  );
}

function copyOf(part: PartOf<'velero'>, store: ObjectStore): SetCopy {
  const manifest = { id: '20261121T120000Z-00000000', sources: [part] } as unknown as Manifest;
  const copy = { store, set: { manifest, sha256: '' } } as unknown as SetCopy;
  copy.reseal = async (change = same => same) => {
    copy.set = { ...copy.set, manifest: change(copy.set.manifest) };
  };
  return copy;
}

async function contentOf(store: ObjectStore): Promise<Map<string, Buffer>> {
  const objects = await store.list(KEYS.velero);
  return new Map(
    await Promise.all(objects.map(async ({ key }) => [key, Buffer.from((await store.get(key)) ?? [])] as const)),
  );
}
