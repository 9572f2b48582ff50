import { existsSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateIdentity } from 'age-encryption';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { rewriteEscrow } from '../../lib/backup/damages/rewrite-escrow.ts';
import { copiesOf, fileOf, generations, openEscrow } from '../../lib/backup/escrow/generations.ts';
import { escrowOpenStep, type OpenWant } from '../../lib/backup/escrow/open.ts';
import { type EscrowAt, readIdentity } from '../../lib/backup/escrow/place.ts';
import { escrowSealStep } from '../../lib/backup/escrow/seal.ts';
import type { SealedSet, SetCopy } from '../../lib/backup/source.ts';
import { Secret } from '../../lib/secret/index.ts';
import { escrowIn, idOf, memorySecrets, refusal, SECRETS, type SetWorld, setWorld } from './set-world.ts';

const test = suite<{ world: SetWorld; at: EscrowAt; kept: string }>('escrow');
test.before.each(async context => {
  context.world = await setWorld();
  context.at = escrowIn(context.world);
  context.kept = join(context.world.dir, 'home/.local/share/muster/unit');
  await context.world.backup(idOf(1));
});
test.after.each(({ world }) => world.close());

const open = async (at: EscrowAt, generation?: number) => openEscrow(at, await readIdentity(at), generation);
const sealAgain = ({ world, at }: { world: SetWorld; at: EscrowAt }) => world.run([escrowSealStep(at, [])]);

test('the first backup of a lab makes identity and both places for their owner alone, and says so', async ({
  world,
  at,
  kept,
}) => {
  assert.equal(at.places, [join(kept, 'escrow-1'), join(kept, 'escrow-2')]);
  for (const path of [kept, ...at.places]) assert.is(statSync(path).mode & 0o777, 0o700, path);
  assert.is(statSync(join(kept, 'identity.txt')).mode & 0o777, 0o600);
  assert.ok(world.said.some(text => text.includes(`made ${kept}/identity.txt`)));
  assert.equal(readdirSync(at.places[0] ?? '').sort(), ['generation-0001.age', 'generation-0001.json']);
});

test('it holds every secret but the keys of hosts, and no file of it shows one', async ({ world, at }) => {
  const { secrets } = await open(at);
  assert.equal(
    [...secrets.keys()].sort(),
    [...SECRETS, 'backup/signer'].filter(name => !name.endsWith('host-key')).sort(),
  );
  for (const [name, secret] of secrets) assert.ok(secret.equals((await world.secrets.get(name)) ?? ''), name);
  for (const place of at.places)
    for (const name of readdirSync(place)) {
      const text = readFileSync(join(place, name), 'utf8');
      for (const secret of secrets.values()) assert.not.match(text, secret.reveal().split('\n')[1] ?? secret.reveal());
    }
});

test('nothing changed: no new generation; one secret changed: a new one, and the old one stays', async context => {
  const { world, at } = context;
  assert.equal(await sealAgain(context), []);
  await world.secrets.put('app/password', new Secret('a new one'));
  assert.equal(await sealAgain(context), ['escrow.seal']);
  assert.equal(await sealAgain(context), []);
  assert.equal(await generations(at), [1, 2]);
  assert.not((await open(at, 1)).secrets.has('app/password'));
  assert.is((await open(at)).generation, 2);
  await world.secrets.remove('app/password');
  await sealAgain(context);
  assert.is((await open(at)).generation, 3);
});

test('a place that lost its files gets them again; one with other bytes is shown to a person', async context => {
  const { at } = context;
  const [first = '', second = ''] = at.places;
  rmSync(second, { recursive: true });
  assert.equal(await sealAgain(context), ['escrow.seal']);
  assert.equal(readFileSync(fileOf(second, 1, 'age')), readFileSync(fileOf(first, 1, 'age')));
  truncateSync(fileOf(second, 1, 'age'), 100);
  const error = await refusal(sealAgain(context), 'STEP_UNKNOWN');
  assert.match(error.message, `${second} is not what it is elsewhere`);
  assert.is((await open(at)).generation, 1);
});

test('two whole files that are not the same are no escrow, and both are shown', async ({ world, at }) => {
  const [first = '', second = ''] = at.places;
  const other = await setWorld();
  await other.backup(idOf(1));
  for (const kind of ['age', 'json'] as const)
    writeFileSync(fileOf(second, 1, kind), readFileSync(fileOf(escrowIn(other).places[0] ?? '', 1, kind)));
  other.close();
  assert.equal(
    (await copiesOf(at, 1)).map(({ place, is }) => [place, is]),
    [
      [first, 'whole'],
      [second, 'differs'],
    ],
  );
  assert.ok(world.dir);
});

test('a generation that does not hold what its note says is replaced, where it can be opened', async context => {
  const { at } = context;
  const set = { manifest: { escrowGeneration: 1 } } as SealedSet;
  await rewriteEscrow({ escrow: at, set } as SetCopy, { change: secrets => new Map([...secrets].slice(1)) });
  assert.equal(await sealAgain(context), ['escrow.seal']);
  assert.is((await open(at)).secrets.size, SECRETS.length);
  assert.equal(await generations(at), [1, 2]);
});

test('one whole copy opens; with none left it is absent, with no identity missing, with another one wrong', async ({
  world,
  at,
  kept,
}) => {
  const [first = '', second = ''] = at.places;
  rmSync(first, { recursive: true });
  assert.is((await open(at)).secrets.size, SECRETS.length);
  await refusal(openEscrow(at, undefined), 'KEY_MISSING');
  await refusal(openEscrow(at, new Secret(await generateIdentity())), 'KEY_WRONG');
  await refusal(openEscrow(at, new Secret('not an identity')), 'KEY_WRONG');
  await refusal(open(at, 7), 'ESCROW_ABSENT');
  rmSync(join(kept, 'identity.txt'));
  await refusal(open(at), 'KEY_MISSING');
  rmSync(second, { recursive: true });
  await refusal(openEscrow(at, new Secret(await generateIdentity())), 'ESCROW_ABSENT');
  assert.ok(existsSync(world.dir));
});

test("another site's generation, or one under another number, is not taken", async ({ at }) => {
  const text = (place: string, n: number, kind: 'age' | 'json') => readFileSync(fileOf(place, n, kind), 'utf8');
  for (const place of at.places) {
    writeFileSync(fileOf(place, 2, 'age'), text(place, 1, 'age'));
    writeFileSync(fileOf(place, 2, 'json'), text(place, 1, 'json').replace('"generation": 1', '"generation": 2'));
  }
  assert.match((await refusal(open(at, 2), 'ESCROW_ABSENT')).message, 'it is generation 1 of unit');
});

const openInto = async (
  world: SetWorld,
  at: EscrowAt,
  want: Omit<OpenWant, 'of'>,
  have: Record<string, string> = {},
) => {
  const secrets = memorySecrets();
  for (const [name, value] of Object.entries(have)) await secrets.put(name, new Secret(value));
  const changed = await Object.assign(world, { secrets }).run([escrowOpenStep('copy', at, want)]);
  return {
    changed: changed.length,
    names: await secrets.list(),
    get: async (name: string) => (await secrets.get(name))?.reveal(),
  };
};

test('a rebuilt site gets every secret back, once', async ({ world, at }) => {
  const { names, changed } = await openInto(world, at, { mode: 'rebuild' });
  assert.is(changed, 1);
  assert.is(names.length, SECRETS.length);
  assert.equal(await world.run([escrowOpenStep('copy', at, { mode: 'rebuild' })]), []);
});

test('a rebuild never writes over another value, and says which', async ({ world, at }) => {
  const error = await refusal(
    openInto(world, at, { mode: 'rebuild' }, { 'k3s/token': 'of another' }),
    'RESTORE_TARGET',
  );
  assert.equal(error.details, ['k3s/token']);
  assert.equal(await world.secrets.list(), ['k3s/token']);
});

test('a rehearsal takes only what it is to have', async ({ world, at }) => {
  const { names } = await openInto(world, at, { mode: 'rebuild', only: ['backup/', 'k3s/'], generation: 1 });
  assert.equal(
    names.filter(name => !/^(backup|k3s)\//.test(name)),
    [],
  );
  assert.ok(names.includes('k3s/token'));
});

test('adopting fills only what is absent, and no escrow is no error', async ({ world, at }) => {
  const adopted = await openInto(world, at, { mode: 'adopt', only: ['backup/'] }, { 'backup/kopia-password': 'mine' });
  assert.is(await adopted.get('backup/kopia-password'), 'mine');
  assert.is(await adopted.get('backup/pgbackrest-cipher'), 'secret of backup/pgbackrest-cipher');
  for (const place of at.places) rmSync(place, { recursive: true });
  assert.is((await openInto(world, at, { mode: 'adopt' })).changed, 0);
  await refusal(openInto(world, at, { mode: 'rebuild' }), 'ESCROW_ABSENT');
});

test.run();
