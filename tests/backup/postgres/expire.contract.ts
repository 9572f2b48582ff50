import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { CheckResult } from '../../../lib/backup/check.ts';
import { writeManifest } from '../../../lib/backup/manifest.ts';
import { postgresExpireStep } from '../../../lib/backup/postgres/expire.ts';
import { readInfo } from '../../../lib/backup/postgres/info.ts';
import { proveInScratch } from '../../../lib/backup/postgres/prove.ts';
import { walCheck } from '../../../lib/backup/postgres/repository-checks.ts';
import { archivedSegments } from '../../../lib/backup/postgres/wal.ts';
import { archiveKeyOf, walFlaw } from '../../../lib/backup/postgres/wal-content.ts';
import { runChecks } from '../../../lib/backup/run-checks.ts';
import type { SealOf } from '../../../lib/backup/seal.ts';
import { KEYS, type PartOf } from '../../../lib/backup/set.ts';
import { publicPem } from '../../../lib/backup/sign.ts';
import { runSteps } from '../../../lib/engine/index.ts';
import type { Site } from '../../../lib/inventory/index.ts';
import { systemClock } from '../../../lib/time/index.ts';
import { memoryGate, newEnv, newWorld } from '../../engine/world.ts';
import { idOf } from '../set-world.ts';
import { type PostgresWorld, postgresWorld, STANZA } from './world.ts';

interface Context {
  world: PostgresWorld;
  dir: string;
  of: SealOf;
  /** Of days 1 to 3. */
  parts: PartOf<'postgres'>[];
}

const site = { name: 'postgres-test', backup: { sources: ['postgres'] } } as unknown as Site;

const test = suite<Context>('what the database left of sets that expired');
test.before(async context => {
  context.world = await postgresWorld();
  context.dir = await mkdtemp(join(tmpdir(), 'muster-expire-'));
  const { privateKey } = generateKeyPairSync('ed25519');
  const signer = createPrivateKey(privateKey.export({ type: 'pkcs8', format: 'pem' }));
  const publicKey = join(context.dir, 'signer.pub');
  await writeFile(publicKey, publicPem(signer));
  context.of = { site, escrow: { site: site.name, places: [], made: true }, publicKey };
  context.parts = [];
  for (const day of [1, 2, 3]) {
    const part = await context.world.take(idOf(day));
    context.parts.push(part);
    await writeManifest(context.world.store, manifestOf(day, part), signer);
  }
});
test.after(async ({ world, dir }) => {
  await world?.close();
  if (dir) await rm(dir, { recursive: true, force: true });
});

const manifestOf = (day: number, part: PartOf<'postgres'>) => ({
  schema: 1 as const,
  id: idOf(day),
  site: site.name,
  takenAt: part.point,
  trigger: 'person' as const,
  sources: [part],
  escrowGeneration: 1,
  commit: 'test',
  lockDigest: '0'.repeat(64),
  previous: null,
});

/** As set.expire leaves it: nothing below its folder. */
async function expired({ world }: Context, day: number): Promise<void> {
  await world.store.remove((await world.store.list(`${KEYS.sets}${idOf(day)}/`)).map(({ key }) => key));
}

/** What the step changed; none: it had nothing to do. */
async function run({ world, of, dir }: Context): Promise<string[]> {
  const engine = newWorld();
  const env = newEnv(engine, dir);
  const ports = { ...env.ports, clock: systemClock, store: async () => world.store };
  const step = postgresExpireStep(site, of, [], async () => ({ postgres: world.source.postgres, stanza: STANZA }));
  return [...(await runSteps([step], { ...env, ports }, memoryGate())).changed];
}

const labels = async ({ world }: Context) => (await readInfo(world.source.postgres, STANZA)).backups.map(b => b.label);
const labelOf = ({ parts }: Context, day: number) => parts[day - 1]?.facts.pgbackrest.label ?? '';
const below = async ({ world }: Context, prefix: string) => (await world.store.list(prefix)).map(({ key }) => key);

async function flaws({ world, parts }: Context, day: number): Promise<CheckResult[]> {
  const part = parts[day - 1];
  if (!part) throw new Error(`no set of day ${day}`);
  const results = [
    ...(await runChecks([walCheck(part)], world.store)),
    ...(await proveInScratch(part, world, world.deps)),
  ];
  return results.filter(({ state }) => state !== 'passed');
}

test('as long as every set is kept only WAL before the first of them goes, and all of them come back', async context => {
  await run(context);
  assert.equal(
    await labels(context),
    [1, 2, 3].map(day => labelOf(context, day)),
  );
  assert.equal(await run(context), []);
  assert.equal(await flaws(context, 1), []);
});

test('with the last set that needs it a base backup goes, with its files and its WAL; the others come back whole', async context => {
  await expired(context, 1);
  assert.is((await run(context)).length, 1);
  assert.equal(
    await labels(context),
    [2, 3].map(day => labelOf(context, day)),
  );
  assert.equal(await below(context, `pgbackrest/backup/${STANZA}/${labelOf(context, 1)}/`), []);
  const segments = [...archivedSegments(await below(context, 'pgbackrest/archive/')).keys()].sort();
  assert.is(segments[0], context.parts[1]?.facts.pgbackrest.walFirst);
  assert.equal(await run(context), []);
  assert.equal([...(await flaws(context, 2)), ...(await flaws(context, 3))], []);
});

test('an expiry that was killed after pgBackRest forgot the backup is carried to its end', async context => {
  const { world } = context;
  await expired(context, 2);
  // The site may not remove many objects in one request: pgBackRest has written its list by then.
  const { code } = await world.source.exec([
    'pgbackrest',
    `--stanza=${STANZA}`,
    `--set=${labelOf(context, 2)}`,
    'expire',
  ]);
  assert.not.equal(code, 0);
  assert.equal(await labels(context), [labelOf(context, 3)]);
  assert.ok((await below(context, `pgbackrest/backup/${STANZA}/${labelOf(context, 2)}/`)).length > 0);
  await run(context);
  assert.equal(await below(context, `pgbackrest/backup/${STANZA}/${labelOf(context, 2)}/`), []);
  assert.equal(await flaws(context, 3), []);
});

test('the next base backup works, and the database that was expired behind comes back from it', async context => {
  context.parts.push(await context.world.take(idOf(4)));
  assert.equal(await flaws(context, 4), []);
});

test('every segment that PostgreSQL wrote stands where its name says, and one under the name of the next does not', async ({
  world: { store, cipher },
  parts,
}) => {
  const facts = parts.at(-1)?.facts;
  if (!facts) throw new Error('there is no set');
  const of = { pass: await archiveKeyOf(facts, store, cipher), system: facts.systemIdentifier };
  const segments = [...archivedSegments((await store.list('pgbackrest/archive/')).map(({ key }) => key))];
  assert.ok(segments.length > 1);
  for (const [, key] of segments) assert.is(await walFlaw(key, await store.get(key), of), undefined);
  const [[one, key], [other]] = segments as [[string, string], [string, string]];
  assert.match(
    (await walFlaw(key.replace(`/${one}-`, `/${other}-`), await store.get(key), of)) ?? '',
    'a copy of another',
  );
});

test.run();
