import { createHash } from 'node:crypto';
import { partition } from '../aws/partition.ts';
import type { Wire } from './connection.ts';
import { ifMade } from './failure.ts';
import type { BucketPolicy, Statement } from './policy.ts';
import { NOTHING, type Rule } from './rule.ts';

/** COMPLIANCE: nobody lifts it, also not the owner of the account; it ends when its days do. */
export type LockMode = 'GOVERNANCE' | 'COMPLIANCE';

/**
 * Every version that is written stays for so many days, whoever wants to remove it: in GOVERNANCE the owner of the account
 * can lift it (s3:BypassGovernanceRetention), and nobody of a site.
 */
export const objectLock = (days: number, mode: LockMode = 'GOVERNANCE'): Rule => ({
  name: 'object-lock',
  want: `${mode} ${days} d`,
  // Nobody shortens what is stricter already.
  holds: got => {
    const [, seen, long] = /^(GOVERNANCE|COMPLIANCE) (\d+) d$/.exec(got) ?? [];
    return Number(long ?? 0) >= days && (seen === 'COMPLIANCE' || mode === 'GOVERNANCE');
  },
  async read({ sdk, client, signal }, Bucket) {
    const got = await client.send(new sdk.GetObjectLockConfigurationCommand({ Bucket }), { abortSignal: signal });
    const { Mode, Days, Years } = got.ObjectLockConfiguration?.Rule?.DefaultRetention ?? {};
    return Mode ? `${Mode} ${Days ?? (Years ?? 0) * 365} d` : NOTHING;
  },
  write({ sdk, client, signal }, Bucket) {
    const retention = { Mode: mode, Days: days };
    const input = {
      Bucket,
      ObjectLockConfiguration: { ObjectLockEnabled: 'Enabled', Rule: { DefaultRetention: retention } } as const,
    };
    return client.send(new sdk.PutObjectLockConfigurationCommand(input), { abortSignal: signal });
  },
});

const TLS_ONLY = 'MusterTlsOnly';

interface Policy {
  Version: string;
  Statement: Statement[];
}

const digest = (statements: readonly object[]) =>
  `sha256:${createHash('sha256').update(JSON.stringify(statements)).digest('hex').slice(0, 12)}`;

/** Who may do what. Statements of others, by their Sids, are not looked at, and stay. */
export function policyRule({ Statement: ours }: BucketPolicy): Rule {
  const sids = new Set(ours.map(({ Sid }) => Sid));
  // Those of before they had names are known by what they are of: they would go on letting old keys in.
  const alike = new Set(ours.map(what));
  const isOurs = (one: Statement) => (one.Sid ? sids.has(one.Sid) : alike.has(what(one)));
  return {
    name: 'policy',
    want: digest(ours),
    async read(wire, bucket) {
      const found = (await policyOf(wire, bucket)).Statement.filter(isOurs);
      return found.length === 0 ? NOTHING : digest(found);
    },
    async write(wire, bucket) {
      const there = (await ifMade(policyOf(wire, bucket))) ?? EMPTY;
      return putPolicy(wire, bucket, { ...there, Statement: [...there.Statement.filter(of => !isOurs(of)), ...ours] });
    },
  };
}

const what = ({ Effect, Action, Resource }: Statement) => JSON.stringify([Effect, Action, Resource]);

/**
 * A statement of the bucket's policy beside those that are there. Only where conditions are known to be honoured: versitygw
 * 1.7.0 reads such a statement without its condition, and denies everything to everybody.
 */
export const tlsOnly = (region: string): Rule => ({
  name: 'tls-only',
  want: 'nothing without TLS',
  async read(wire, bucket) {
    const { Statement } = await policyOf(wire, bucket);
    const denies = Statement.some(
      ({ Sid, Effect, Condition }) =>
        Sid === TLS_ONLY && Effect === 'Deny' && Condition?.Bool?.['aws:SecureTransport'] === 'false',
    );
    return denies ? this.want : NOTHING;
  },
  async write(wire, bucket) {
    const there = (await ifMade(policyOf(wire, bucket))) ?? EMPTY;
    const arn = `arn:${partition(region)}:s3:::${bucket}`;
    const deny = {
      Sid: TLS_ONLY,
      Effect: 'Deny',
      Principal: '*',
      Action: 's3:*',
      Resource: [arn, `${arn}/*`],
      Condition: { Bool: { 'aws:SecureTransport': 'false' } },
    };
    const others = there.Statement.filter(({ Sid }) => Sid !== TLS_ONLY);
    return putPolicy(wire, bucket, { ...there, Statement: [...others, deny] });
  },
});

const EMPTY: Policy = { Version: '2012-10-17', Statement: [] };

async function policyOf({ sdk, client, signal }: Wire, Bucket: string): Promise<Policy> {
  const { Policy } = await client.send(new sdk.GetBucketPolicyCommand({ Bucket }), { abortSignal: signal });
  const { Statement = [], ...rest } = JSON.parse(Policy ?? '{}');
  // One alone may stand without its list.
  return { ...EMPTY, ...rest, Statement: [Statement].flat() };
}

const putPolicy = ({ sdk, client, signal }: Wire, Bucket: string, policy: object) =>
  client.send(new sdk.PutBucketPolicyCommand({ Bucket, Policy: JSON.stringify(policy) }), { abortSignal: signal });
