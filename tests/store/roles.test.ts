import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ROLES_OF_AWS, rolePolicies } from '../../lib/store/index.ts';

const KEY = 'arn:aws:kms:eu-central-1:111122223333:key/one';
const PLACE = { bucket: 'b', region: 'eu-central-1' };

interface Policy {
  Statement: { Effect: string; Action: string[]; Resource: string[] }[];
}

const allowed = (policy: object, prefix: string) =>
  (policy as Policy).Statement.filter(({ Effect }) => Effect === 'Allow')
    .flatMap(({ Action, Resource }) => Action.filter(name => name.startsWith(prefix)).map(name => [name, ...Resource]))
    .map(words => words.join(' '));

test('of the key that encrypts the bucket each role gets what it needs, and of no other', () => {
  const policies = rolePolicies({ ...PLACE, kmsKey: KEY });
  const read = [`kms:Decrypt ${KEY}`];
  assert.equal(allowed(policies.reader, 'kms:'), read);
  assert.equal(allowed(policies.site, 'kms:'), [...read, `kms:GenerateDataKey ${KEY}`]);
  assert.equal(allowed(policies.admin, 'kms:'), [...read, `kms:GenerateDataKey ${KEY}`]);
});

test('without such a key nobody gets a right of KMS', () => {
  const policies = rolePolicies(PLACE);
  for (const role of ROLES_OF_AWS) assert.equal(allowed(policies[role], 'kms:'), []);
});

test.run();
