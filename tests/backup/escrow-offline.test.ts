import { existsSync, mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateIdentity, identityToRecipient } from 'age-encryption';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fileOf, generations, openEscrow } from '../../lib/backup/escrow/generations.ts';
import { escrowOpenStep } from '../../lib/backup/escrow/open.ts';
import { type EscrowAt, escrowOf, readIdentity } from '../../lib/backup/escrow/place.ts';
import { escrowSealStep } from '../../lib/backup/escrow/seal.ts';
import { Secret } from '../../lib/secret/index.ts';
import { idOf, refusal, SECRETS, type SetWorld, setWorld, siteOf } from './set-world.ts';

const test = suite<{ world: SetWorld }>('an escrow whose private halves are offline');
test.before.each(async context => {
  context.world = await setWorld();
  await context.world.backup(idOf(1));
});
test.after.each(({ world }) => world.close());

const sealAgain = ({ world, at }: { world: SetWorld; at: EscrowAt }) => world.run([escrowSealStep(at, [])]);

const keys = async ({ dir }: SetWorld) => {
  const identity = await generateIdentity();
  return {
    identity,
    recipients: [await identityToRecipient(identity)],
    places: [join(dir, 'vault'), join(dir, 'usb')],
  };
};

const offline = async (world: SetWorld): Promise<{ at: EscrowAt; identity: string }> => {
  const { identity, ...escrow } = await keys(world);
  const site = siteOf();
  return {
    identity,
    at: escrowOf({ ...site, environment: 'production', backup: { ...site.backup, escrow } as never }),
  };
};

test('outside labs nothing is made but generations: a place that is not mounted is refused, an offline identity not needed', async ({
  world,
}) => {
  const { at, identity } = await offline(world);
  await refusal(sealAgain({ world, at }), 'ESCROW_ABSENT');
  for (const place of at.places) mkdirSync(place);
  assert.equal(await sealAgain({ world, at }), ['escrow.seal']);
  assert.equal(await sealAgain({ world, at }), []);
  assert.is(await readIdentity(at), undefined);
  assert.is((await openEscrow(at, new Secret(identity))).secrets.size, SECRETS.length);
});

test("the identity that an inventory names is one computer's, and one that a person brings comes before it", async ({
  world,
}) => {
  const { identity, recipients, places } = await keys(world);
  const file = join(world.dir, 'drills.txt');
  const site = siteOf();
  const backup = { ...site.backup, escrow: { recipients, places, identity: file } } as never;
  const shared = { ...site, environment: 'production' as const, backup };
  const at = escrowOf(shared);
  for (const place of places) mkdirSync(place);
  assert.is(await readIdentity(at), undefined);
  assert.equal(await sealAgain({ world, at }), ['escrow.seal']);
  // Nor does a new site take anything out of it there.
  assert.equal(await world.run([escrowOpenStep('unit', at, { mode: 'adopt' })]), []);
  assert.is.not(existsSync(file), true);
  const brought = escrowOf({ ...shared, identity: join(world.dir, 'stick.txt') });
  await refusal(readIdentity(brought), 'KEY_MISSING');
  for (const found of [at, brought]) {
    writeFileSync(found.identityFile ?? '', identity, { mode: 0o600 });
    assert.is((await openEscrow(found, await readIdentity(found))).secrets.size, SECRETS.length);
  }
});

test('a file that is cut in both places is made again as a new generation, though nobody here can open it', async ({
  world,
}) => {
  const { at } = await offline(world);
  for (const place of at.places) mkdirSync(place);
  await sealAgain({ world, at });
  for (const place of at.places) truncateSync(fileOf(place, 1, 'age'), 300);
  assert.equal(await sealAgain({ world, at }), ['escrow.seal']);
  assert.equal(await generations(at), [1, 2]);
});

test('another recipient is a new generation, which the old identity does not open', async ({ world }) => {
  const { at, identity } = await offline(world);
  for (const place of at.places) mkdirSync(place);
  await sealAgain({ world, at });
  const recipients = [await identityToRecipient(await generateIdentity())];
  assert.equal(await sealAgain({ world, at: { ...at, recipients } }), ['escrow.seal']);
  await refusal(openEscrow(at, new Secret(identity)), 'KEY_WRONG');
  assert.is((await openEscrow(at, new Secret(identity), 1)).generation, 1);
  const [right = ''] = at.recipients ?? [];
  const typo = [`${right.slice(0, -1)}${right.endsWith('q') ? 'p' : 'q'}`];
  assert.match(
    (await refusal(sealAgain({ world, at: { ...at, recipients: typo } }), 'ESCROW_ABSENT')).message,
    typo[0] ?? '',
  );
});

test.run();
