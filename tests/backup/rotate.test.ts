import { readFile } from 'node:fs/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { copiesOf, generations, openEscrow } from '../../lib/backup/escrow/generations.ts';
import { IDENTITY, identityStep, opens } from '../../lib/backup/escrow/identity.ts';
import { type EscrowAt, readIdentity } from '../../lib/backup/escrow/place.ts';
import { escrowSealStep } from '../../lib/backup/escrow/seal.ts';
import { readSet } from '../../lib/backup/manifest.ts';
import { KEYS } from '../../lib/backup/set.ts';
import { makeSigner, parseSigner, publicOf, SIGNER, signBytes } from '../../lib/backup/sign.ts';
import { readPublicKey } from '../../lib/backup/signer.ts';
import { signerCredential } from '../../lib/backup/signer-credential.ts';
import { sealOf } from '../../lib/backup/steps.ts';
import { isOpsError } from '../../lib/errors/index.ts';
import { beginRotation, oldOf, promote, putFresh, Secret } from '../../lib/secret/index.ts';
import { escrowIn, idOf, type SetWorld, setWorld } from './set-world.ts';

const test = suite<{ world: SetWorld; at: EscrowAt }>('keys of backups that are changed');
test.before.each(async context => {
  context.world = await setWorld();
  context.at = escrowIn(context.world);
  await context.world.backup(idOf(1));
  await beginRotation(context.world.secrets, { id: 'one', credentials: [] });
});
test.after.each(({ world }) => world.close());

const lastOf = (text: string | undefined) => (text ?? '').trim().split('\n').at(-1) ?? '';
const identityOf = async ({ identityFile = '' }: EscrowAt) => lastOf(await readFile(identityFile, 'utf8'));

test('the escrow opens with a new identity, every generation in every place, and with the old one no more', async ({
  world,
  at,
}) => {
  const before = await identityOf(at);
  await world.secrets.put('app/password', new Secret('another generation'));
  await world.run([escrowSealStep(at, [])]);
  const held = (await openEscrow(at, await readIdentity(at), 1)).secrets;
  assert.equal(await world.run([identityStep(at)]), ['escrow.identity']);
  assert.equal(await world.run([identityStep(at)]), []);
  const after = await identityOf(at);
  assert.is.not(after, before);
  assert.is((await oldOf(world.secrets, IDENTITY))?.reveal(), before);
  for (const generation of await generations(at))
    for (const { is, text = '' } of await copiesOf(at, generation)) {
      assert.is(is, 'whole');
      assert.equal([await opens(text, before, generation), await opens(text, after, generation)], [false, true]);
    }
  assert.equal([...(await openEscrow(at, await readIdentity(at), 1)).secrets.keys()], [...held.keys()]);
  await world.run([escrowSealStep(at, [])]);
  assert.ok(!(await openEscrow(at, await readIdentity(at))).secrets.has(`rotation/old/${IDENTITY}`));
});

test('an older generation gives what opens the store now, and the rest as it was', async ({ world, at }) => {
  await world.secrets.put('backup/kopia-password', new Secret('changed in place'));
  await world.secrets.put('backup/pgbackrest-cipher', new Secret('of another archive'));
  await world.run([escrowSealStep(at, [])]);
  const { secrets } = await openEscrow(at, await readIdentity(at), 1);
  assert.is(secrets.get('backup/kopia-password')?.reveal(), 'changed in place');
  assert.is(secrets.get('backup/pgbackrest-cipher')?.reveal(), 'secret of backup/pgbackrest-cipher');
});

test('a new signer: at every moment every good set verifies, and what the old one signs afterwards does not', async ({
  world,
}) => {
  const of = sealOf(world.site, world.place);
  const { before, after } = signerCredential(of);
  const expected = async () => ({ site: world.site.name, publicKey: await readPublicKey(of.publicKey) });
  const verifies = async () => readSet(world.store, idOf(1), await expected());
  const old = (await world.secrets.get(SIGNER)) ?? new Secret('');
  await putFresh(world.secrets, SIGNER, makeSigner());
  assert.equal(await world.run(before), ['set.sign-anew']);
  await verifies();
  await promote(world.secrets, SIGNER);
  await verifies();
  assert.equal(await world.run(after), ['set.publish']);
  await verifies();
  assert.equal([await world.run(before), await world.run(after)], [[], []]);

  const bytes = (await world.store.get(KEYS.manifest(idOf(1)))) ?? new Uint8Array();
  await world.store.put(KEYS.signature(idOf(1)), signBytes(bytes, parseSigner(old)));
  const refused = await verifies().catch((error: unknown) => error);
  assert.ok(isOpsError(refused, 'MANIFEST_CHANGED'));
});

test('a set that does not verify is not signed anew: a rotation makes no forgery good', async ({ world }) => {
  const of = sealOf(world.site, world.place);
  const forger = parseSigner(makeSigner());
  const bytes = (await world.store.get(KEYS.manifest(idOf(1)))) ?? new Uint8Array();
  await world.store.put(KEYS.signature(idOf(1)), signBytes(bytes, forger));
  await putFresh(world.secrets, SIGNER, makeSigner());
  assert.equal(await world.run(signerCredential(of).before), []);
  const still = await world.store.get(KEYS.signature(idOf(1)));
  assert.equal(still && Buffer.from(still).toString(), signBytes(bytes, forger));
  assert.is.not(publicOf(forger), undefined);
});

test.run();
