import { suite } from 'uvu';
import { equal, match } from 'uvu/assert';
import type { AuditAtHand } from '../../../lib/backup/audit/index.ts';
import { kmsKeyCheck } from '../../../lib/backup/audit/key.ts';
import { runChecks } from '../../../lib/backup/run-checks.ts';
import type { ObjectStore } from '../../../lib/engine/index.ts';
import { OpsError } from '../../../lib/errors/index.ts';

const KEY = 'arn:aws:kms:eu-central-1:111122223333:key/one';
const refused = new OpsError('STORE_REFUSED', 'cannot read: 403, not authorized to perform: kms:Decrypt');
const away = new OpsError('STORE_UNREACHABLE', 'cannot read: no answer');

const head = (kmsKey?: string) => ({
  head: async () => ({ key: 'x', size: 1, modified: '', ...(kmsKey && { kmsKey }) }),
});
const get = (answer: Uint8Array | OpsError) => ({
  get: async () => (answer instanceof OpsError ? Promise.reject(answer) : answer),
});

// By which key the newest manifest is encrypted, what the reader gets, and what is said of it.
const CASES: [string, string | undefined, Uint8Array | OpsError, string, RegExp][] = [
  ['what the reader reads is proven', KEY, Buffer.from('{}'), 'passed', /is read/],
  ['a right that is missing is named', KEY, refused, 'KEY_MISSING', /kms:Decrypt/],
  ['no answer is unknown', KEY, away, 'STORE_UNREACHABLE', /no answer/],
  ['an object by another key proves nothing of this one', `${KEY}2`, Buffer.from('{}'), 'STORE_UNSAFE', /key\/one2/],
  ['an endpoint that names no key is unknown', undefined, Buffer.from('{}'), 'CHECK_UNRUN', /no key is named/],
];

const kms = suite('the key of KMS');
for (const [promise, by, answer, expected, words] of CASES)
  kms(promise, async () => {
    const of = {
      sets: async () => ({ rows: [{ id: 'set', complete: true, set: { manifest: { id: 'set' } } }], vanished: [] }),
      store: async () => head(by) as unknown as ObjectStore,
      reader: async () => get(answer) as unknown as ObjectStore,
    } as unknown as AuditAtHand;
    const [result] = await runChecks([kmsKeyCheck(KEY)], of);
    equal(result?.code ?? result?.state, expected);
    match(result?.got ?? '', words);
  });
kms.run();
