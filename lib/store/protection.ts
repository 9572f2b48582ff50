import { partition } from '../aws/partition.ts';
import type { Wire } from './connection.ts';
import { ifMade } from './failure.ts';
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

interface Statement {
  Sid?: string;
  Effect?: string;
  Condition?: { Bool?: Record<string, string> };
}

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
    const { sdk, client, signal } = wire;
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
    const Policy = JSON.stringify({ ...there, Statement: [...others, deny] });
    return client.send(new sdk.PutBucketPolicyCommand({ Bucket: bucket, Policy }), { abortSignal: signal });
  },
});

const EMPTY: Policy = { Version: '2012-10-17', Statement: [] };

async function policyOf({ sdk, client, signal }: Wire, Bucket: string): Promise<Policy> {
  const { Policy } = await client.send(new sdk.GetBucketPolicyCommand({ Bucket }), { abortSignal: signal });
  return { ...EMPTY, ...JSON.parse(Policy ?? '{}') };
}
