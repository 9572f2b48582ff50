import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { S3_RIGHTS } from '../../lib/aws/actions/s3.ts';
import { ACTIONS } from '../../lib/aws/index.ts';
import { ROOT, read } from '../architecture/tree.ts';

/** What a drill tries, and is to be refused: nobody is given the right to it. */
const TRIED_ONLY = ['DeleteBucketPolicy', 'PutObjectRetention'];

const used = readdirSync(join(ROOT, 'lib/store')).flatMap(file =>
  [...read(`lib/store/${file}`).matchAll(/\bsdk\.([A-Z]\w+)Command\(/g)].map(([, command = '']) => command),
);

test('every request that the store makes is in the table of rights, and no other', () => {
  const listed = new Set(S3_RIGHTS.map(({ command }) => command));
  assert.equal([...new Set(used)].filter(command => !listed.has(command)).sort(), TRIED_ONLY);
  assert.equal(
    [...listed].filter(command => !used.includes(command)),
    [],
  );
});

test('the one table of actions has each of these rights once', () => {
  const mine = ACTIONS.filter(({ action }) => action.startsWith('s3:')).map(({ action }) => action);
  assert.equal([...new Set(S3_RIGHTS.map(({ action }) => action))].sort(), [...mine].sort());
});

test.run();
