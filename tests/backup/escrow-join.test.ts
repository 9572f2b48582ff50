import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateIdentity, identityToRecipient } from 'age-encryption';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { removeGeneration } from '../../lib/backup/escrow/generations.ts';
import { generationHere, keepGenerationHere, readInUse } from '../../lib/backup/escrow/in-use.ts';
import { decideJoin, escrowJoinStep } from '../../lib/backup/escrow/join.ts';
import { type EscrowAt, escrowOf } from '../../lib/backup/escrow/place.ts';
import { decideEscrow, escrowSealStep } from '../../lib/backup/escrow/seal.ts';
import { makeSigner, parseSigner, publicPem, SIGNER } from '../../lib/backup/sign.ts';
import { Secret } from '../../lib/secret/index.ts';
import { memoryEndpoint } from './memory-store.ts';
import { refusal, SECRETS, type SetWorld, setWorld, siteOf } from './set-world.ts';

interface Context {
  /** The computer that made the site, and one with a fresh clone: one store, and the places of one escrow. */
  first: SetWorld;
  second: SetWorld;
  at: EscrowAt;
  /** keys/unit.pub */
  publicKey: string;
}

const test = suite<Context>('a second computer takes the secrets of a site');
test.before.each(async context => {
  const endpoint = memoryEndpoint();
  const [first, second] = [await setWorld(siteOf(), endpoint), await setWorld(siteOf(), endpoint)];
  for (const name of await second.secrets.list()) await second.secrets.remove(name);
  await first.secrets.put(SIGNER, makeSigner());
  const identity = await generateIdentity();
  const escrow = {
    recipients: [await identityToRecipient(identity)],
    places: [join(first.dir, 'vault'), join(first.dir, 'usb')],
  };
  for (const place of escrow.places) mkdirSync(place);
  const identityFile = join(second.dir, 'stick.txt');
  writeFileSync(identityFile, identity, { mode: 0o600 });
  const backup = { ...siteOf().backup, store: { kind: 's3' }, escrow };
  const at = escrowOf({ ...siteOf(), environment: 'production', backup: backup as never, identity: identityFile });
  const publicKey = join(first.dir, 'unit.pub');
  Object.assign(context, { first, second, at, publicKey });
  await publish(context);
  await seal(context);
});
test.after.each(({ first, second }) => {
  first.close();
  second.close();
});

const publish = async ({ first, publicKey }: Context) =>
  writeFileSync(publicKey, publicPem(parseSigner((await first.secrets.get(SIGNER)) ?? new Secret(''))));
const seal = ({ first, at }: Context) => first.run([escrowSealStep(at, [])]);
const join_ = ({ second, at, publicKey }: Context, replace = false) =>
  second.run([escrowJoinStep(at, publicKey, { replace })]);
const here = ({ place }: SetWorld) => generationHere(place.project);
const ofEscrow = [...SECRETS, SIGNER].filter(name => !name.endsWith('host-key')).sort();

test('all but what says who a machine is, and the generation; the next time nothing is to do', async context => {
  const { first, second } = context;
  assert.is(await here(second), 0);
  assert.equal(await join_(context), ['escrow.join']);
  assert.equal(await second.secrets.list(), ofEscrow);
  for (const name of ofEscrow)
    assert.ok((await second.secrets.get(name))?.equals((await first.secrets.get(name)) ?? ''), name);
  assert.is(await here(second), 1);
  assert.equal(await join_(context), []);
  // What it seals then is what there is.
  assert.equal(await second.run([escrowSealStep(context.at, [])]), []);
});

test('one place is enough, and without an identity it is said how one is brought', async context => {
  rmSync(context.at.places[0] ?? '', { recursive: true });
  const { identityFile: _, ...offline } = context.at;
  const error = await refusal(join_({ ...context, at: offline }), 'KEY_MISSING');
  assert.match(error.hint, '--identity FILE');
  assert.equal(await join_(context), ['escrow.join']);
});

test('other values that are here stay, named, until the name of the site is typed; what else is here stays', async context => {
  const { second } = context;
  await second.secrets.put('k3s/token', new Secret('of another time'));
  await second.secrets.put('ssh/server-1-host-key', new Secret('mine'));
  const error = await refusal(join_(context), 'CONFIRM_MISSING');
  assert.equal(error.details, ['k3s/token']);
  assert.equal(await second.secrets.list(), ['k3s/token', 'ssh/server-1-host-key']);
  assert.is(await here(second), 0);
  assert.equal(await join_(context, true), ['escrow.join']);
  assert.is((await second.secrets.get('k3s/token'))?.reveal(), 'secret of k3s/token');
  assert.is((await second.secrets.get('ssh/server-1-host-key'))?.reveal(), 'mine');
});

test('what is here as it was when it was joined is of before, and is replaced; what was changed here too is not', async context => {
  const { first, second } = context;
  await join_(context);
  for (const name of ['k3s/token', 'backup/kopia-password'])
    await first.secrets.put(name, new Secret(`${name}, rotated`));
  await seal(context);
  await second.secrets.put('k3s/token', new Secret('changed here'));
  assert.equal((await refusal(join_(context), 'CONFIRM_MISSING')).details, ['k3s/token']);
  await second.secrets.put('k3s/token', new Secret('secret of k3s/token'));
  assert.equal(await join_(context), ['escrow.join']);
  for (const name of ['k3s/token', 'backup/kopia-password'])
    assert.is((await second.secrets.get(name))?.reveal(), `${name}, rotated`);
  assert.is(await here(second), 2);
});

test('where the generation of before has expired nobody knows that, and the name of the site is asked for', async context => {
  const { first, at } = context;
  await join_(context);
  await first.secrets.put('k3s/token', new Secret('rotated'));
  await seal(context);
  await removeGeneration(at, 1);
  assert.equal((await refusal(join_(context), 'CONFIRM_MISSING')).details, ['k3s/token']);
  assert.equal(await join_(context, true), ['escrow.join']);
});

test('an escrow of another signer than the one of git is none, whoever can open it', async context => {
  const { first, second } = context;
  await first.secrets.put(SIGNER, makeSigner());
  await seal(context);
  await refusal(join_(context), 'KEY_WRONG');
  assert.equal(await second.secrets.list(), []);
  await publish(context);
  assert.equal(await join_(context), ['escrow.join']);
});

test('places that lack the generation in use are refused: what they have is of before', async context => {
  const { first, at } = context;
  const [, usb = ''] = at.places;
  await first.secrets.put('k3s/token', new Secret('changed'));
  await seal(context);
  // A copy that somebody made before.
  const stale = join(context.second.dir, 'copy');
  mkdirSync(stale);
  for (const kind of ['age', 'json'])
    cpSync(join(usb, `generation-0001.${kind}`), join(stale, `generation-0001.${kind}`));
  const error = await refusal(join_({ ...context, at: { ...at, places: [stale] } }), 'SECRETS_STALE');
  assert.match(error.message, /with generation 1 of its escrow: .* made generation 2 at 2026-/);
  assert.equal(await join_(context), ['escrow.join']);
  assert.is(await here(context.second), 2);
});

test('in the middle of a rotation nobody joins, neither where it was begun nor elsewhere', async context => {
  const { first, second } = context;
  await first.secrets.put('rotation/new/k3s/token', new Secret('to come'));
  await seal(context);
  assert.match((await refusal(join_(context), 'LOCK_HELD')).message, 'another computer');
  await second.secrets.put('rotation/plan', new Secret(JSON.stringify({ id: 'x', credentials: ['k3s'] })));
  assert.match((await refusal(join_(context), 'LOCK_HELD')).message, 'this computer');
});

test('a seal tells the store, also of a generation that was made before anybody was told', async context => {
  const { first, at } = context;
  const { shared: _, ...alone } = at;
  assert.is((await readInUse(first.store, 'unit'))?.generation, 1);
  await first.secrets.put('k3s/token', new Secret('changed'));
  await first.run([escrowSealStep(alone, [])]);
  assert.is((await readInUse(first.store, 'unit'))?.generation, 1);
  assert.equal(await seal(context), ['escrow.seal']);
  assert.is((await readInUse(first.store, 'unit'))?.generation, 2);
  assert.is(await here(first), 2);
  assert.equal(await seal(context), []);
});

test('what the store tells is trusted only as muster wrote it', async context => {
  const { first, second } = context;
  await first.store.put('.muster/escrow/unit.json', '{"generation":0}');
  await refusal(join_(context), 'ESCROW_ABSENT');
  assert.equal(await second.secrets.list(), []);
});

test('a number that the store has told is given to no other generation, though no place has it any more', () => {
  const newest = { generation: 1, current: true, places: [] };
  const decide = (told: number, seen: number) => {
    const decision = decideEscrow({ identity: 'offline', newest, inUse: { told, here: seen } }, {});
    return decision.is === 'changes' ? decision.changes.map(({ what }) => what) : decision.is;
  };
  assert.is(decide(1, 1), 'done');
  assert.equal(decide(0, 0), ['word to other computers of escrow generation 1']);
  assert.equal(decide(1, 0), ['word to other computers of escrow generation 1']);
  assert.equal(decide(4, 4), ['escrow generation 5']);
});

test('the note comes last, so that a join that was killed is one that was not made', async context => {
  const { second } = context;
  const all = { generation: 3, absent: ['a'], behind: ['b'], different: ['c'], same: 1, known: true };
  const decision = decideJoin(all);
  assert.equal(decision.is === 'changes' && decision.changes.map(({ action, what }) => `${action} ${what}`), [
    'create secret a',
    'update secret b',
    'update secret c',
    'update generation 3 of the escrow, as seen here',
  ]);
  await keepGenerationHere(second.place.project, 3);
  assert.is(await here(second), 3);
  writeFileSync(join(second.place.project, 'escrow.json'), 'cut');
  assert.is(await here(second), 0);
});

test.run();
