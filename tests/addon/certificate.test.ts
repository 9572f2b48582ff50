import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type CertificateFacts, decideCertificate } from '../../lib/addon/app/certificate.ts';
import { objectsCheck } from '../../lib/backup/velero/checks.ts';
import { factOf } from '../../lib/backup/velero/objects.ts';
import { ISSUED_FOR } from '../../lib/cluster/index.ts';
import type { ClusterApi, KubeObject } from '../../lib/engine/index.ts';

const decided = (facts: CertificateFacts) => {
  const decision = decideCertificate({}, facts);
  return decision.is === 'changes' ? decision.changes.map(({ action, what }) => `${action} ${what}`) : decision.is;
};

for (const [when, facts, want] of [
  ['for where the app answers', { tls: 'good', stale: [] }, 'done'],
  ['for where it was', { tls: 'different', stale: [] }, ['update Secret app/app-tls']],
  ['none', { tls: 'absent', stale: [] }, ['create Secret app/app-tls']],
  ['good, but a pod began with the one before', { tls: 'good', stale: ['page-1'] }, ['delete Pod app/page-1']],
] as const)
  test(`of a site that came back, a certificate that is ${when}: ${want}`, () => assert.equal(decided(facts), want));

const secret = (data: string, more: object = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'app-tls', namespace: 'app', ...more },
  type: 'kubernetes.io/tls',
  data: { 'tls.crt': data },
});

for (const [what, live, state] of [
  ['as it was', secret('old'), 'passed'],
  ['another one that nobody accounts for', secret('new'), 'failed'],
  ['one that was issued for where the site came back', secret('new', { annotations: { [ISSUED_FOR]: 'x' } }), 'passed'],
] as const)
  test(`a certificate in a restored namespace that is ${what} has ${state}`, async () => {
    const fact = factOf(secret('old'));
    const facts = { objects: fact ? [fact] : [] };
    const api = { get: async () => live } as unknown as ClusterApi;
    const check = objectsCheck({ facts } as unknown as Parameters<typeof objectsCheck>[0]);
    assert.is((await check.look(api)).state, state);
  });

test.run();
