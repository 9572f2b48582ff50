import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isOpsError } from '../../lib/errors/index.ts';
import type { Wire } from '../../lib/store/connection.ts';
import { lifecycleRule } from '../../lib/store/lifecycle.ts';
import { tlsOnly } from '../../lib/store/protection.ts';
import { replicationRule } from '../../lib/store/replication.ts';
import type { Rule } from '../../lib/store/rule.ts';

// A write replaces all that a bucket has: what others made is read first, and goes along.

const ROLE = 'arn:aws:iam::123456789012:role/replication';
const theirs = { ID: 'theirs', Status: 'Enabled' } as const;
const statement = { Sid: 'Theirs', Effect: 'Deny' };

const RULES: Record<string, Rule> = {
  lifecycle: lifecycleRule(30),
  policy: tlsOnly('eu-central-1'),
  replication: replicationRule({ role: ROLE, bucket: 'far' }),
};

const answered = (status: number, name: string) =>
  Object.assign(new Error('in its words'), { name, $metadata: { httpStatusCode: status } });

interface Written {
  LifecycleConfiguration?: { Rules: { ID: string }[] };
  Policy?: string;
  ReplicationConfiguration?: { Rules: { ID: string; Priority: number }[] };
}

/** What is written after this answer to the reading; undefined: nothing. */
async function writtenAfter(rule: Rule | undefined, answer: object): Promise<Written | undefined> {
  let written: Written | undefined;
  const client = {
    async send(command: { input: Written }) {
      if (command.constructor.name.startsWith('Put')) written = command.input;
      else if (answer instanceof Error) throw answer;
      return answer;
    },
  };
  const sdk = await import('@aws-sdk/client-s3');
  const thrown = await rule
    ?.write({ sdk, client, signal: new AbortController().signal } as unknown as Wire, 'near')
    .then(
      () => undefined,
      error => error,
    );
  if (thrown !== undefined && thrown !== answer && !isOpsError(thrown, 'STORE_UNSAFE')) throw thrown;
  return written;
}

const names = ({ LifecycleConfiguration, Policy, ReplicationConfiguration }: Written = {}) => [
  ...(LifecycleConfiguration?.Rules ?? ReplicationConfiguration?.Rules ?? []).map(({ ID }) => ID),
  ...(Policy === undefined ? [] : JSON.parse(Policy).Statement.map(({ Sid }: { Sid: string }) => Sid)),
];

const copying = (Role: string, ...Rules: object[]) => ({ ReplicationConfiguration: { Role, Rules } });
const TRANSIENT = answered(503, 'SlowDown');
const CUT = Object.assign(new Error('aborted'), { code: 'ECONNRESET' });
const DENIED = answered(403, 'AccessDenied');
/** As the SDK names a 404 whose body says nothing. */
const PAGE = answered(404, 'NotFound');
const OURS = ['muster-history', 'muster-abort-uploads'];

// Which setting, what is answered to the reading, and whose rules are written then.
const CASES: [string, string, object, string[]][] = [
  ['theirs stay', 'lifecycle', { Rules: [theirs, { ...theirs, ID: 'muster-history' }] }, ['theirs', ...OURS]],
  ['theirs stay', 'policy', { Policy: JSON.stringify({ Statement: [statement] }) }, ['Theirs', 'MusterTlsOnly']],
  [
    'theirs stay',
    'replication',
    copying(ROLE, { ...theirs, ID: 'muster-replica' }, theirs),
    ['theirs', 'muster-replica'],
  ],
  ['none are none', 'lifecycle', answered(404, 'NoSuchLifecycleConfiguration'), OURS],
  ['none are none', 'policy', answered(404, 'NoSuchBucketPolicy'), ['MusterTlsOnly']],
  ['none are none', 'replication', answered(404, 'ReplicationConfigurationNotFoundError'), ['muster-replica']],
  ['theirs copy as somebody else: nothing', 'replication', copying(`${ROLE}-of-theirs`, theirs), []],
  [
    'ours copied as somebody else',
    'replication',
    copying('other', { ...theirs, ID: 'muster-replica' }),
    ['muster-replica'],
  ],
  ...Object.keys(RULES).flatMap(rule =>
    [TRANSIENT, CUT, DENIED, PAGE].map((error): (typeof CASES)[number] => [
      `after ${error.name}: ${error.message} nothing is written`,
      rule,
      error,
      [],
    ]),
  ),
];

const rules = suite('rules of a bucket that others have made');
for (const [promise, rule, answer, expected] of CASES)
  rules(`${rule}: ${promise}`, async () => assert.equal(names(await writtenAfter(RULES[rule], answer)), expected));

rules('a rule of ours for copies comes before theirs, and has a priority of its own', async () => {
  const written = await writtenAfter(RULES.replication, copying(ROLE, { ...theirs, Priority: 7 }));
  assert.equal(
    written?.ReplicationConfiguration?.Rules.map(({ Priority }) => Priority),
    [7, 8],
  );
});

rules.run();
