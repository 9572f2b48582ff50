import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { accountOf, rehearsalOf } from '../../lib/cli/verbs/aws.ts';
import type { Site } from '../../lib/inventory/index.ts';

const test = suite('whose policy is printed');

const key = 'arn:aws:kms:eu-central-1:123456789012:key/1';
const siteWith = (store: object): Site =>
  ({
    name: 'prod',
    provider: { kind: 'ec2', account: '123456789012', region: 'eu-central-1', network: {} },
    cluster: { kind: 'k3s' },
    backup: { store, rto: 60_000 },
  }) as unknown as Site;
const s3 = { kind: 's3', bucket: 'near', kmsKey: key };
const keys = { accessKey: 'env:A', secretKey: 'env:B' };
const far = { bucket: 'far', admin: 'aws' };

for (const [what, store, expected] of [
  ['a store of this computer', { kind: 'local' }, []],
  ['keys of the inventory', s3, []],
  ['an owner with keys of its own', { ...s3, admin: keys }, []],
  ['whom AWS names', { ...s3, admin: 'aws' }, [{ name: 'near', kmsKey: key }]],
  ['whom AWS names for the replica', { ...s3, replica: far }, [{ name: 'far', kmsKey: undefined }]],
] as const)
  test(`a site has rights to a bucket when it is made as the caller: ${what}`, () =>
    assert.equal(accountOf(siteWith(store)).buckets, expected));

test('the bucket of shared state alone is one of the site too', () => {
  const { backup: _, ...bare } = siteWith({});
  const site = { ...bare, state: { store: { ...s3, admin: 'aws' } } } as unknown as Site;
  assert.equal(accountOf(site).buckets, [{ name: 'near', kmsKey: key }]);
});

test('a rehearsal is another site, and owns no bucket', () => {
  const { site, buckets } = rehearsalOf(siteWith({ ...s3, admin: 'aws' }));
  assert.equal([site, buckets], ['prod-rehearsal', []]);
});

test.run();
