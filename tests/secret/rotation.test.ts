import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import { equal, is, ok } from 'uvu/assert';
import {
  beginRotation,
  endRotation,
  FileSecretStore,
  freshOf,
  generateFresh,
  oldOf,
  promote,
  rotationEnded,
  rotationUnderWay,
  Secret,
} from '../../lib/secret/index.ts';

const test = suite<{ dir: string; secrets: FileSecretStore }>('a rotation of secrets');
const NAME = 'app/postgres-app-password';
const PLAN = { id: 'one', credentials: ['database'] };

test.before.each(async context => {
  context.dir = await mkdtemp(join(tmpdir(), 'rotation-'));
  context.secrets = new FileSecretStore(join(context.dir, 'secrets'), { add() {} });
  await context.secrets.put(NAME, new Secret('the-value-of-before'));
});
test.after.each(({ dir }) => rm(dir, { recursive: true, force: true }));

const shown = async (secrets: FileSecretStore) =>
  Promise.all(
    [secrets.get(NAME), freshOf(secrets, NAME), oldOf(secrets, NAME)].map(async one => (await one)?.reveal()),
  );

test('until it is promoted the value in use is the one of before, and the new one is beside it', async ({
  secrets,
}) => {
  await beginRotation(secrets, PLAN);
  const fresh = await generateFresh(secrets, NAME, { length: 32 });
  equal(await shown(secrets), ['the-value-of-before', fresh.reveal(), undefined]);
  equal(await rotationUnderWay(secrets), PLAN);
});

test('promoted, the value of before is kept until the end, and no longer', async ({ secrets }) => {
  await beginRotation(secrets, PLAN);
  const fresh = (await generateFresh(secrets, NAME, { length: 32 })).reveal();
  await promote(secrets, NAME);
  equal(await shown(secrets), [fresh, undefined, 'the-value-of-before']);
  await endRotation(secrets, 'one');
  equal(await shown(secrets), [fresh, undefined, undefined]);
  is(await rotationUnderWay(secrets), undefined);
  is(await rotationEnded(secrets), 'one');
});

test('a promotion that was killed at any write loses neither value, and goes on', async ({ secrets }) => {
  for (let writes = 0; writes < 3; writes++) {
    await beginRotation(secrets, PLAN);
    const before = (await secrets.get(NAME))?.reveal();
    const fresh = (await generateFresh(secrets, NAME, { length: 32 })).reveal();
    await promote(dyingAfter(secrets, writes), NAME).catch(() => undefined);
    const values = await shown(secrets);
    ok(values.includes(before) && values.includes(fresh), `${writes} writes: ${values}`);
    await promote(secrets, NAME);
    equal(await shown(secrets), [fresh, undefined, before]);
  }
});

/** A store whose process is killed after so many writes. */
function dyingAfter(secrets: FileSecretStore, writes: number) {
  let left = writes;
  const dying =
    <A extends unknown[]>(act: (...args: A) => Promise<void>) =>
    async (...args: A) => {
      if (left-- <= 0) throw new Error('killed');
      await act(...args);
    };
  return {
    get: secrets.get.bind(secrets),
    list: secrets.list.bind(secrets),
    generate: secrets.generate.bind(secrets),
    put: dying(secrets.put.bind(secrets)),
    remove: dying(secrets.remove.bind(secrets)),
  };
}

test('an end that was killed is not taken for a beginning, and the next one does not meet its old values', async ({
  secrets,
}) => {
  await beginRotation(secrets, PLAN);
  await generateFresh(secrets, NAME, { length: 32 });
  await promote(secrets, NAME);
  await endRotation(dyingAfter(secrets, 1), 'one').catch(() => undefined);
  is(await rotationEnded(secrets), 'one');
  await beginRotation(secrets, { ...PLAN, id: 'two' });
  is(await oldOf(secrets, NAME), undefined);
});

test.run();
