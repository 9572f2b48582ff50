import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { scramMatches, scramVerifier } from '../../lib/addon/app/scram.ts';

/** Of PostgreSQL 15: CREATE ROLE x PASSWORD 'pencil', with RFC 7677's salt. */
const SALT = Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64');
const PENCIL =
  'SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=';

test('a verifier is the one that PostgreSQL makes of the password', () => {
  assert.is(scramVerifier('pencil', SALT), PENCIL);
});

test('a verifier lets its own password in, and no other', () => {
  const verifier = scramVerifier('the password of now');
  assert.ok(scramMatches(verifier, 'the password of now'));
  assert.not.ok(scramMatches(verifier, 'the password of before'));
});

for (const [what, verifier] of [
  ['nothing', ''],
  ['an md5 hash', 'md5a3556571e93b0d20722ba62be61e8c2d'],
  ['half a verifier', PENCIL.slice(0, 60)],
] as const)
  test(`${what} lets no password in`, () => assert.not.ok(scramMatches(verifier, 'pencil')));

test.run();
