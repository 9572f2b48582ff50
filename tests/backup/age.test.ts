import { generateKeyPairSync } from 'node:crypto';
import { join } from 'node:path';
import { suite } from 'uvu';
import { equal } from 'uvu/assert';
import { age } from '../../lib/backup/checks/age.ts';
import type { SetAtHand } from '../../lib/backup/checks/index.ts';
import { SET_DAMAGES } from '../../lib/backup/damages/index.ts';
import { readSet } from '../../lib/backup/manifest.ts';
import type { Manifest } from '../../lib/backup/set.ts';
import { copySet, type RestorableCopy } from '../../lib/backup/set-copy.ts';
import { readPublicKey } from '../../lib/backup/signer.ts';
import type { ObjectStore, StoredObject } from '../../lib/engine/index.ts';
import { escrowIn, idOf, NOON, publicKeyIn, type SetWorld, setWorld, siteOf } from './set-world.ts';

const HOUR = 3_600_000;
const segment = (n: number, timeline = 1) =>
  `0000000${timeline}00000000000000${n.toString(16).toUpperCase().padStart(2, '0')}`;

interface Context {
  world: SetWorld;
  copy: RestorableCopy;
  /** What is said so many hours after the set, with this in the archive: names, and how many hours old each is. */
  look(archive: Record<string, number>, after?: number): Promise<string | undefined>;
}

/** A database alone, of which the set has the WAL up to segment 8. */
const test = suite<Context>('the age of a database');
test.before.each(async context => {
  const site = siteOf();
  const world = await setWorld({ ...site, backup: { ...site.backup, sources: ['postgres'] } } as never);
  await world.backup(idOf(1));
  const set = await readSet(world.store, idOf(1), { site: 'unit', publicKey: await readPublicKey(publicKeyIn(world)) });
  const { privateKey: signer, publicKey } = generateKeyPairSync('ed25519');
  const into = world.endpoint.bucket('copy');
  const options = { signer, escrow: escrowIn(world), directory: join(world.dir, 'copy') };
  const copy = await copySet(set, world.store, into, options);
  await copy.reseal(withWal);
  const look = async (archive: Record<string, number>, after = 25) => {
    const at = new Date(NOON + after * HOUR);
    const list = async (prefix: string) => objectsOf(archive, at).filter(({ key }) => key.startsWith(prefix));
    const store: ObjectStore = { ...into, list };
    const of: SetAtHand = { site: world.site, store, id: idOf(1), publicKey, escrow: copy.escrow, at };
    const { state, code } = await age.look(of);
    return code ?? state;
  };
  Object.assign(context, { world, copy, look });
});
test.after.each(({ world }) => world.close());

const withWal = (manifest: Manifest): Manifest => ({
  ...manifest,
  sources: manifest.sources.map(part =>
    part.source === 'postgres'
      ? {
          ...part,
          facts: { ...part.facts, pgbackrest: { ...part.facts.pgbackrest, walFirst: segment(7), walLast: segment(8) } },
        }
      : part,
  ),
});

const objectsOf = (archive: Record<string, number>, at: Date): StoredObject[] =>
  Object.entries(archive).map(([name, hours]) => ({
    key: `pgbackrest/archive/main/${name}`,
    size: name.includes(EMPTY) ? 0 : 1,
    modified: new Date(at.getTime() - hours * HOUR).toISOString(),
  }));
const EMPTY = '0'.repeat(40);
const archived = (name: string, digest = 'a') => `15-1/${name.slice(0, 16)}/${name}-${digest.repeat(40)}.zst`;

test('is that of the newest WAL after its set, on whatever timeline', async ({ look }) => {
  equal(await look({ [archived(segment(8))]: 25, [archived(segment(9))]: 1 }), 'passed');
  equal(await look({ [archived(segment(8))]: 25, [archived(segment(9))]: 24.5 }), 'SET_STALE');
  equal(await look({ [archived(segment(8))]: 25, [archived(segment(3, 2))]: 1 }), 'passed');
});

test('is that of its set when no WAL leads on, however young the objects are', async ({ look }) => {
  equal(await look({}), 'SET_STALE');
  const own = { [archived(segment(7))]: 0, [archived(segment(8))]: 0 };
  const others = { 'archive.info': 0, 'archive.info.copy': 0, '15-1/00000002.history': 0 };
  equal(await look({ ...own, ...others }), 'SET_STALE');
});

test('is not told by a segment without bytes', async ({ look }) => {
  equal(await look({ [archived(segment(9), '0')]: 1 }), 'SET_STALE');
});

test('of a copy that was written just now is found to be that of a damaged set', async ({ look, copy }) => {
  const own = { [archived(segment(7))]: 0, [archived(segment(8))]: 0 };
  equal(await look(own, 0), 'passed');
  await SET_DAMAGES.find(({ id }) => id === 'set/stale')?.plant(copy);
  equal(await look(own, 0), 'SET_STALE');
});

test.run();
