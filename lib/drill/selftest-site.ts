import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  copySet,
  escrowOf,
  listSets,
  newestComplete,
  openEscrow,
  partOf,
  publicKeyPath,
  readIdentity,
  readPublicKey,
  readSet,
  type SealedSet,
} from '../backup/index.ts';
import { repositoryPrefix } from '../backup/velero/names.ts';
import { fileLock } from '../engine/index.ts';
import { OpsError } from '../errors/index.ts';
import type { Site } from '../inventory/index.ts';
import type { OpenSite } from '../site/index.ts';
import { openBucket, openStore, type StoreAccess, type StoreEnv, storeAccess } from '../store/index.ts';
import { type Duration, minutes } from '../time/index.ts';
import { surroundingsOf } from './checks/surroundings.ts';
import { proveStored, SCRATCH } from './prove.ts';
import { type Plant, type SelfTestRow, selfTest } from './selftest.ts';
import { type Bench, isHere, plants, type Tools } from './selftest-damages.ts';

const LONGEST_END = minutes(1);

export interface SelfTestWant {
  /** A set by its id; absent: the newest complete one. */
  set?: string;
  /** Only damages with this in their id. */
  only?: string;
  /** Nothing is copied or planted: what would be. */
  dryRun?: boolean;
  onRow?(row: SelfTestRow): void;
}

export interface SelfTested {
  set: string;
  planned: readonly Pick<Plant<Bench>, 'id' | 'title' | 'expect'>[];
  rows: SelfTestRow[];
}

/**
 * Every damage in turn in a copy of a real set, in a bucket of its own that is gone afterwards; the site itself is only
 * read, and may be backed up meanwhile. Errors: LOCK_HELD, SET_ABSENT, USAGE, those of selfTest.
 */
export async function selfTestSite(open: OpenSite, want: SelfTestWant): Promise<SelfTested> {
  const { site, dirs, ports, signal } = open;
  const folder = join(dirs.state, 'selftest');
  const env: StoreEnv = { clock: ports.clock, signal, random: Math.random };
  const admin = await storeAccess(site, 'admin', { dirs, secrets: ports.secrets });
  const from = openStore(admin, env);
  try {
    const set = await setOf(open, want.set);
    const access = { ...admin, bucket: `${admin.bucket}-selftest` };
    const damages = await damagesOf(open, set, access, want.only);
    const { id } = set.manifest;
    if (want.dryRun) return { set: id, planned: damages, rows: [] };
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const held = await fileLock(folder, ports.clock.now).acquire('drill-selftest');
    try {
      const rows = await inBucket(access, env, () => run({ open, set, from, access, env, folder, damages, want }));
      return { set: id, planned: damages, rows };
    } finally {
      await held.release();
      await rm(folder, { recursive: true, force: true });
    }
  } finally {
    from.close();
  }
}

async function setOf({ site, dirs, ports }: OpenSite, id: string | undefined): Promise<SealedSet> {
  const [store, publicKey] = await Promise.all([
    ports.store(site.name),
    readPublicKey(publicKeyPath(site, dirs.project)),
  ]);
  if (id !== undefined) return readSet(store, id, { site: site.name, publicKey });
  const now = new Date(ports.clock.now());
  const { rows } = await listSets(store, { site, publicKey, now, proven: () => undefined });
  const set = newestComplete(rows)?.set;
  if (set) return set;
  throw new OpsError('SET_ABSENT', `cannot break a copy of a set of ${site.name}: it has none that is complete`);
}

async function damagesOf(open: OpenSite, set: SealedSet, access: StoreAccess, only = ''): Promise<Plant<Bench>[]> {
  const escrow = escrowOf(open.site);
  const { secrets: keys } = await openEscrow(escrow, await readIdentity(escrow), set.manifest.escrowGeneration);
  const tools: Tools = { site: open.site, ctx: surroundingsOf(open), access, keys };
  const all = await plants(
    set.manifest.sources.map(({ source }) => source),
    tools,
  );
  if (!isHere(access))
    open.emit({ type: 'notice', text: 'not tried: a store that goes away half-way, since this one is elsewhere' });
  const chosen = all.filter(({ id }) => id.includes(only));
  if (chosen.length > 0) return chosen;
  throw new OpsError('USAGE', `cannot plant '${only}': no damage has it in its name`, {
    hint: `./muster drill-selftest --site ${open.site.name} --dry-run: it lists them`,
  });
}

/** What a killed self-test left in it goes first. */
async function inBucket<T>(access: StoreAccess, env: StoreEnv, use: () => Promise<T>): Promise<T> {
  const bucket = openBucket(access, env);
  try {
    if (await bucket.inspect()) await bucket.erase('');
    await bucket.harden();
    return await use();
  } finally {
    bucket.close();
    await endBucket(access, env);
  }
}

/** Also when the run was stopped: what would be left is a copy of everything. */
async function endBucket(access: StoreAccess, env: StoreEnv): Promise<void> {
  const bucket = openBucket(access, { ...env, signal: AbortSignal.timeout(LONGEST_END) });
  try {
    await bucket.erase('');
    await bucket.remove();
  } finally {
    bucket.close();
  }
}

interface Running {
  open: OpenSite;
  set: SealedSet;
  from: ReturnType<typeof openStore>;
  access: StoreAccess;
  env: StoreEnv;
  folder: string;
  damages: readonly Plant<Bench>[];
  want: SelfTestWant;
}

async function run({ open, set, from, access, env, folder, damages, want }: Running): Promise<SelfTestRow[]> {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const into = openStore(access, env);
  const directory = join(folder, 'escrow');
  try {
    const escrow = escrowOf(open.site);
    const copy = await copySet(set, from, into, { signer: privateKey, escrow, directory, also: repositories(set) });
    return await selfTest<Bench>({
      damages,
      copy: async () => ({ copy, access }),
      prove: bench => prove(open, bench, publicKey, env),
      // What was touched is put back: the next one finds a whole copy.
      discard: async ({ copy: used, way }) => {
        await way?.close();
        await used.restore();
      },
      clock: open.ports.clock,
      signal: open.signal,
      ...(want.onRow && { onRow: want.onRow }),
    });
  } finally {
    into.close();
  }
}

/** kopia's blobs are no artefacts: its maintenance rewrites them. */
const repositories = ({ manifest }: SealedSet): string[] =>
  (partOf(manifest, 'velero')?.facts.namespaces ?? []).map(repositoryPrefix);

async function prove(
  { site, ...open }: OpenSite,
  { copy, access, onRung }: Bench,
  publicKey: KeyObject,
  env: StoreEnv,
) {
  const store = openStore(access, env);
  const { id, takenAt } = copy.set.manifest;
  const at = new Date(env.clock.now());
  try {
    const { checks } = await proveStored(
      {
        set: { site: asOf(site, at.getTime() - Date.parse(takenAt)), store, id, publicKey, escrow: copy.escrow, at },
        access,
        ctx: surroundingsOf({ site, ...open }),
        ...(onRung && { onRung }),
      },
      SCRATCH,
    );
    return checks;
  } finally {
    store.close();
  }
}

/** It is a test of the checks, not of the set: an old one serves as well, and is as fresh as when it was taken. */
function asOf(site: Site, age: Duration): Site {
  if (!site.backup) return site;
  const { postgres, velero, 'control-plane': control } = site.backup.rpo;
  const rpo = { postgres: postgres + age, velero: velero + age, 'control-plane': control + age };
  return { ...site, backup: { ...site.backup, rpo } };
}
