import { rmSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openEscrow } from '../../lib/backup/escrow/generations.ts';
import { escrowAtHand, lentSecrets } from '../../lib/backup/escrow/lent.ts';
import { escrowOpenStep } from '../../lib/backup/escrow/open.ts';
import { type EscrowAt, readIdentity } from '../../lib/backup/escrow/place.ts';
import { Secret } from '../../lib/secret/index.ts';
import { escrowIn, idOf, memorySecrets, type SetWorld, setWorld } from './set-world.ts';

const test = suite<{ world: SetWorld; at: EscrowAt }>('an escrow on the bad day');
test.before.each(async context => {
  context.world = await setWorld();
  context.at = escrowIn(context.world);
  await context.world.backup(idOf(1));
});
test.after.each(({ world }) => world.close());

test('one place of two is enough', async ({ at }) => {
  const [lost = '', kept] = at.places;
  rmSync(lost, { recursive: true });
  assert.equal((await escrowAtHand(at)).places, [kept]);
  assert.equal((await escrowAtHand({ ...at, made: false })).places, [kept]);
});

test('when none is there all of them are named', async ({ at }) => {
  for (const place of at.places) rmSync(place, { recursive: true });
  assert.equal((await escrowAtHand(at)).places, at.places);
});

test('what the escrow lends is read and masked, what is there already wins, and nothing is written', async ({ at }) => {
  const own = memorySecrets();
  await own.put('k3s/token', new Secret('my own token'));
  const masked: string[] = [];
  const add = (secret: Secret | string) => void masked.push(String(secret instanceof Secret && secret.reveal()));
  const { secrets } = await openEscrow(at, await readIdentity(at));
  const lent = lentSecrets(own, secrets, { add });
  assert.is((await lent.get('k3s/token'))?.reveal(), 'my own token');
  assert.is((await lent.get('backup/kopia-password'))?.reveal(), 'secret of backup/kopia-password');
  assert.equal(masked, ['secret of backup/kopia-password']);
  assert.equal(await own.list(), ['k3s/token']);
  assert.ok((await lent.list()).includes('backup/signer'));
  assert.is((await lent.put('x/y', new Secret('z')).catch(error => error)).code, 'INTERNAL');
});

test('a way to the store that is younger than the set stays; another value of anything else is refused', async ({
  world,
  at,
}) => {
  const open = (keep: string[]) => escrowOpenStep('unit', at, { mode: 'rebuild', generation: 1, keep });
  await world.secrets.put('k3s/token', new Secret('another'));
  await world.run([open(['k3s/'])]);
  assert.is((await world.secrets.get('k3s/token'))?.reveal(), 'another');
  const error = await world.run([open(['store/'])]).catch(thrown => thrown);
  assert.equal([error.code, error.details], ['RESTORE_TARGET', ['k3s/token']]);
});

test.run();
