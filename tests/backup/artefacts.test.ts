import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { eachOf, hashObject, hashObjects, inspect } from '../../lib/backup/artefacts.ts';
import { isOpsError } from '../../lib/errors/index.ts';
import { memoryEndpoint } from './memory-store.ts';

const HELLO = '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824';

test('an object is hashed to its last byte, with the version that was read', async () => {
  const store = memoryEndpoint().bucket('b');
  await store.put('old', 'older');
  const { versionId = null } = await store.put('old', 'hello');
  assert.equal(await hashObject(store, 'old'), { key: 'old', versionId, size: 5, sha256: HELLO });
  await store.put('long', 'x'.repeat(1000));
  assert.is((await hashObject(store, 'long'))?.size, 1000);
  assert.is((await hashObject(store, 'old', 'v1'))?.versionId, 'v1');
});

test('an endpoint without versions is told as such, and an absent object is no error', async () => {
  const store = memoryEndpoint({ versions: false }).bucket('b');
  await store.put('a', 'hello');
  assert.is((await hashObject(store, 'a'))?.versionId, null);
  assert.is(await hashObject(store, 'nothing'), undefined);
  assert.equal(
    (await hashObjects(store, ['nothing', 'a'])).map(({ key }) => key),
    ['a'],
  );
});

test('an object that is replaced while it is read is that which was seen first', async () => {
  const store = memoryEndpoint().bucket('b');
  await store.put('a', 'hello');
  const { head } = store;
  store.head = async (key, versionId) => {
    const seen = await head(key, versionId);
    await store.put('a', 'other');
    return seen;
  };
  assert.is((await hashObject(store, 'a'))?.sha256, HELLO);
});

test('a stream that is cut off is an error, never a shorter object', async () => {
  const endpoint = memoryEndpoint();
  const store = endpoint.bucket('b');
  await store.put('a', 'hello');
  const claimed = await hashObjects(store, ['a']);
  endpoint.away = 1;
  const outcome = await inspect(store, claimed).catch((error: unknown) => error);
  assert.ok(isOpsError(outcome, 'STORE_UNREACHABLE'));
});

test('no more than the limit runs at once, results keep their order, and after an error nothing is begun', async () => {
  let [running, most] = [0, 0];
  const act = async (n: number) => {
    most = Math.max(most, ++running);
    await new Promise(setImmediate);
    running--;
    return n * 2;
  };
  assert.equal(await eachOf([1, 2, 3, 4, 5], 2, act), [2, 4, 6, 8, 10]);
  assert.is(most, 2);
  assert.equal(await eachOf([], 2, act), []);
  const begun: number[] = [];
  const outcome = await eachOf([1, 2, 3, 4, 5, 6], 2, async n => {
    begun.push(n);
    await new Promise(setImmediate);
    if (n === 1) throw new Error('no');
  }).catch(() => 'refused');
  for (let turn = 0; turn < 9; turn++) await new Promise(setImmediate);
  assert.equal([outcome, begun], ['refused', [1, 2]]);
});

test.run();
