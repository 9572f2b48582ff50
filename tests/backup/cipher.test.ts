import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { seal, unseal } from '../../lib/backup/cipher.ts';
import { Secret } from '../../lib/secret/index.ts';

const test = suite('what goes to the store in one piece');
const key = new Secret('a'.repeat(32));
const plain = Buffer.from('rows of a company');
const codeOf = (act: () => unknown) => {
  try {
    act();
    return 'opened';
  } catch (error) {
    return (error as { code?: string }).code;
  }
};

test('it opens with its key, byte for byte, and shows nothing of itself', () => {
  const sealed = seal(plain, key);
  assert.equal(Buffer.from(unseal(sealed, key, 'the dump')), plain);
  assert.not.ok(Buffer.from(sealed).includes('rows'));
});

test('another key, one flipped bit anywhere, or a cut end is KEY_WRONG', () => {
  const sealed = Buffer.from(seal(plain, key));
  assert.is(
    codeOf(() => unseal(sealed, new Secret('b'.repeat(32)), 'x')),
    'KEY_WRONG',
  );
  for (let at = 0; at < sealed.length; at++) {
    const flipped = Buffer.from(sealed);
    flipped[at] = (flipped[at] ?? 0) ^ 1;
    assert.is(
      codeOf(() => unseal(flipped, key, 'x')),
      'KEY_WRONG',
      `bit ${at}`,
    );
  }
  for (const length of [0, 10, 40, sealed.length - 1])
    assert.is(
      codeOf(() => unseal(sealed.subarray(0, length), key, 'x')),
      'KEY_WRONG',
    );
});

test('the same bytes never look the same twice', () => {
  assert.not.equal(seal(plain, key), seal(plain, key));
});

test.run();
