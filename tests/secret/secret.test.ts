import { format, inspect } from 'node:util';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Secret } from '../../lib/secret/index.ts';

test('a secret prints as *** in every way there is to text', () => {
  const secret = new Secret('hunter22');
  const texts = [
    `${secret}`,
    String(secret),
    `a${secret as unknown as string}`,
    JSON.stringify({ deep: [secret] }),
    inspect({ deep: [secret] }, { showHidden: true, depth: 9 }),
    format('%s %o %j %O', secret, secret, secret, secret),
    String(new Error(`x ${secret}`)),
    JSON.stringify(structuredClone({ ...secret })),
    Object.getOwnPropertyNames(secret).join(),
  ];
  for (const text of texts) assert.not.match(text, 'hunter');
  assert.is(texts[0], '***');
  assert.is(texts[3], '{"deep":["***"]}');
  assert.is(secret.reveal(), 'hunter22');
});

test('secrets are equal by their bytes', () => {
  const secret = new Secret('hünter');
  assert.ok(secret.equals('hünter'));
  assert.ok(secret.equals(new Secret('hünter')));
  for (const other of ['', 'hunter', 'hünter ', 'hünte', 'xünter']) assert.not.ok(secret.equals(other));
});

test.run();
