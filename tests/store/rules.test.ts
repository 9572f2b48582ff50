import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isOpsError } from '../../lib/errors/index.ts';
import type { Wire } from '../../lib/store/connection.ts';
import { lifecycleRule } from '../../lib/store/lifecycle.ts';
import { bucketPolicy } from '../../lib/store/policy.ts';
import { policyRule, tlsOnly } from '../../lib/store/protection.ts';
import { replicationRule } from '../../lib/store/replication.ts';
import type { Rule } from '../../lib/store/rule.ts';
import { taggingRule } from '../../lib/store/tagging.ts';

// A write replaces all that a bucket has: what others made is read first, and goes along.

const ROLE = 'arn:aws:iam::123456789012:role/replication';
const theirs = { ID: 'theirs', Status: 'Enabled' } as const;
const statement = { Sid: 'Theirs', Effect: 'Deny' };

const USERS = { site: ['site'], reader: ['reader'] };
const RULES: Record<string, Rule> = {
  lifecycle: lifecycleRule(30),
  'tls-only': tlsOnly('eu-central-1'),
  policy: policyRule(bucketPolicy('near', USERS)),
  replication: replicationRule({ role: ROLE, bucket: 'far' }),
  tags: taggingRule({ held: { site: 'ours' }, first: { owner: 'me' } }),
};

const answered = (status: number, name: string) =>
  Object.assign(new Error('in its words'), { name, $metadata: { httpStatusCode: status } });

interface Written {
  LifecycleConfiguration?: { Rules: { ID: string }[] };
  Policy?: string;
  Tagging?: { TagSet: { Key: string; Value: string }[] };
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

const names = ({ LifecycleConfiguration, Policy, ReplicationConfiguration, Tagging }: Written = {}) => [
  ...(Tagging?.TagSet ?? []).map(({ Key, Value }) => `${Key}=${Value}`),
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

const POLICY = ['MusterSiteObjects', 'MusterSiteBucket', 'MusterReaderObjects', 'MusterReaderBucket'];
/** Ours, of keys that are no more; and as they were when they had no names. */
const BEFORE = bucketPolicy('near', { site: ['old'], reader: ['old'] }).Statement;
const UNNAMED = BEFORE.map(({ Sid: _, ...one }) => one);

// Which setting, what is answered to the reading, and whose rules are written then.
const CASES: [string, string, object, string[]][] = [
  ['theirs stay', 'lifecycle', { Rules: [theirs, { ...theirs, ID: 'muster-history' }] }, ['theirs', ...OURS]],
  ['theirs stay', 'tls-only', { Policy: JSON.stringify({ Statement: [statement] }) }, ['Theirs', 'MusterTlsOnly']],
  ['theirs stay', 'policy', { Policy: JSON.stringify({ Statement: [statement, ...BEFORE] }) }, ['Theirs', ...POLICY]],
  ['one alone stays', 'policy', { Policy: JSON.stringify({ Statement: statement }) }, ['Theirs', ...POLICY]],
  ['ours without names go', 'policy', { Policy: JSON.stringify({ Statement: UNNAMED }) }, POLICY],
  [
    'theirs stay',
    'replication',
    copying(ROLE, { ...theirs, ID: 'muster-replica' }, theirs),
    ['theirs', 'muster-replica'],
  ],
  ['none are none', 'lifecycle', answered(404, 'NoSuchLifecycleConfiguration'), OURS],
  ['none are none', 'tls-only', answered(404, 'NoSuchBucketPolicy'), ['MusterTlsOnly']],
  ['none are none', 'policy', answered(404, 'NoSuchBucketPolicy'), POLICY],
  ['none are none', 'replication', answered(404, 'ReplicationConfigurationNotFoundError'), ['muster-replica']],
  ['none are none', 'tags', answered(404, 'NoSuchTagSet'), ['owner=me', 'site=ours']],
  [
    'theirs stay',
    'tags',
    {
      TagSet: [
        { Key: 'team', Value: 'a' },
        { Key: 'owner', Value: 'you' },
      ],
    },
    ['owner=you', 'team=a', 'site=ours'],
  ],
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

rules('policy: statements of others are not looked at, a change of ours is', async () => {
  const { Statement } = bucketPolicy('near', USERS);
  const sdk = await import('@aws-sdk/client-s3');
  const read = (...statements: object[]) => {
    const client = { send: async () => ({ Policy: JSON.stringify({ Statement: statements }) }) };
    return RULES.policy?.read({ sdk, client, signal: new AbortController().signal } as unknown as Wire, 'near');
  };
  assert.is(await read(statement, ...Statement), RULES.policy?.want);
  assert.is.not(await read(statement, ...BEFORE), RULES.policy?.want);
  assert.is.not(await read(...Statement, ...UNNAMED), RULES.policy?.want);
  assert.is(await read(statement), 'nothing');
});

rules.run();
