import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readInfo } from '../../../lib/backup/postgres/info.ts';
import { baseBackup, isOfSet, takePart } from '../../../lib/backup/postgres/point.ts';
import type { ProveDeps } from '../../../lib/backup/postgres/prove.ts';
import { type Scratch, startScratch } from '../../../lib/backup/postgres/scratch.ts';
import type { Manifest, PartOf } from '../../../lib/backup/set.ts';
import { copySet, type RestorableCopy } from '../../../lib/backup/set-copy.ts';
import type { ObjectStore } from '../../../lib/engine/index.ts';
import { Masker, Secret } from '../../../lib/secret/index.ts';
import { createShells } from '../../../lib/shell/index.ts';
import { siteDirs } from '../../../lib/site/place.ts';
import { openBucket, openStore, type StoreAccess } from '../../../lib/store/index.ts';
import { minutes, systemClock, wait } from '../../../lib/time/index.ts';
import { ROOT } from '../../architecture/tree.ts';
import { type StoreWorld, storeWorld } from '../store-world.ts';

export const STANZA = 'app-test';
export const SET = '20261121T152300Z-1f2e3d4c';

/** A real PostgreSQL that archives into a real store: the site's own image, the lab's own server. */
export interface PostgresWorld {
  source: Scratch;
  store: ObjectStore;
  access: StoreAccess;
  /** Whose buckets the copies are. */
  admin: StoreAccess;
  cipher: Secret;
  deps: ProveDeps;
  /** A base backup and its part, as a set's. */
  take(set: string): Promise<PartOf<'postgres'>>;
  /** The set in a bucket of its own. */
  copy(part: PartOf<'postgres'>): Promise<RestorableCopy>;
  close(): Promise<void>;
}

export async function postgresWorld(): Promise<PostgresWorld> {
  const world = await storeWorld('postgres-test');
  const stop = new AbortController();
  const onStop = () => stop.abort(new Error('the test was stopped'));
  process.once('SIGTERM', onStop).once('SIGINT', onStop);
  const connect = () => Promise.reject(new Error('this computer is enough here'));
  const shells = createShells({ connect, clock: systemClock, signal: stop.signal, masker: new Masker() });
  const deps: ProveDeps = {
    shell: await shells.shell('localhost'),
    project: ROOT,
    cache: siteDirs(ROOT, 'postgres-test').cache,
    clock: systemClock,
    signal: stop.signal,
    random: Math.random,
    progress: text => console.log(text),
    site: { name: 'postgres-test', environment: 'lab', artifacts: { sources: ['module'] } },
    wait: spec => wait(spec, { clock: systemClock, signal: stop.signal }),
  };
  const closing: (() => Promise<void>)[] = [() => shells.close(), () => world.close()];
  const close = async () => {
    for (const end of closing.reverse()) await end();
  };
  try {
    await world.run();
    return await withSource(world, deps, closing, close);
  } catch (error) {
    await close();
    throw error;
  }
}

async function withSource(
  world: StoreWorld,
  deps: ProveDeps,
  closing: (() => Promise<void>)[],
  close: () => Promise<void>,
): Promise<PostgresWorld> {
  const access = await world.access('site');
  const cipher = new Secret('cipher-of-the-tests-0123456789ab');
  const store = openStore(access, world.env);
  const source = await startScratch({ repository: { access, from: 'here', cipher, stanza: STANZA } }, deps);
  closing.push(source.close);
  await deps.wait({
    what: 'the source',
    deadline: minutes(3),
    every: 200,
    hint: 'see its log',
    probe: async () => {
      const { code } = await source.exec(['pg_isready', '-q']);
      return code === 0 ? { value: true } : { saw: await source.log() };
    },
  });
  const data = await readFile(join(import.meta.dirname, 'data.sql'), 'utf8');
  await source.postgres.psql('CREATE DATABASE app', { database: 'postgres' });
  await source.postgres.psql(data);
  const { code, stderr } = await source.exec(['pgbackrest', `--stanza=${STANZA}`, 'stanza-create']);
  if (code !== 0) throw new Error(stderr.text);
  return {
    source,
    store,
    access,
    admin: await world.access('admin'),
    cipher,
    deps,
    async take(set) {
      const taking = { set, stanza: STANZA, postgres: source.postgres, store };
      await baseBackup(taking);
      const backup = (await readInfo(source.postgres, STANZA)).backups.find(isOfSet(set));
      if (!backup) throw new Error('no backup of the set');
      return takePart(taking, backup, deps);
    },
    copy: part => copyOf(world, store, part),
    close,
  };
}

/** Buckets of copies go with the store of the test. */
async function copyOf(world: StoreWorld, from: ObjectStore, part: PartOf<'postgres'>): Promise<RestorableCopy> {
  const access = { ...(await world.access('admin')), bucket: `copy-${systemClock.now().toString(36)}` };
  await openBucket(access, world.env).harden();
  const manifest: Manifest = {
    schema: 1,
    id: SET,
    site: 'postgres-test',
    takenAt: part.point,
    trigger: 'person',
    sources: [part],
    escrowGeneration: 1,
    commit: 'test',
    lockDigest: '0'.repeat(64),
    previous: null,
  };
  const { privateKey } = generateKeyPairSync('ed25519');
  const signer = createPrivateKey(privateKey.export({ type: 'pkcs8', format: 'pem' }));
  const escrow = { site: 'postgres-test', places: [], made: true };
  const directory = join(world.project, access.bucket);
  return copySet({ manifest, sha256: '' }, from, openStore(access, world.env), { signer, escrow, directory });
}
