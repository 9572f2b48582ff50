import { createHash } from 'node:crypto';
import type { LifecycleRule } from '@aws-sdk/client-s3';
import type { Wire } from './connection.ts';

/** A setting of a bucket that can be written, and read back as one line of text. */
export interface Rule {
  name: string;
  want: string;
  /** More than what is wanted is fine too. */
  holds?(got: string): boolean;
  read(wire: Wire, bucket: string): Promise<string>;
  write(wire: Wire, bucket: string): Promise<unknown>;
}

/** What a setting is that nobody has made. */
export const NOTHING = 'nothing';

const versioning: Rule = {
  name: 'versioning',
  want: 'Enabled',
  async read({ sdk, client, signal }, Bucket) {
    const { Status } = await client.send(new sdk.GetBucketVersioningCommand({ Bucket }), { abortSignal: signal });
    return Status ?? NOTHING;
  },
  write({ sdk, client, signal }, Bucket) {
    const input = { Bucket, VersioningConfiguration: { Status: 'Enabled' } } as const;
    return client.send(new sdk.PutBucketVersioningCommand(input), { abortSignal: signal });
  },
};

/** Access lists are off: whoever writes an object cannot give it away. */
const ownership: Rule = {
  name: 'ownership',
  want: 'BucketOwnerEnforced',
  async read({ sdk, client, signal }, Bucket) {
    const got = await client.send(new sdk.GetBucketOwnershipControlsCommand({ Bucket }), { abortSignal: signal });
    return got.OwnershipControls?.Rules?.[0]?.ObjectOwnership ?? NOTHING;
  },
  write({ sdk, client, signal }, Bucket) {
    const input = { Bucket, OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' } as const] } };
    return client.send(new sdk.PutBucketOwnershipControlsCommand(input), { abortSignal: signal });
  },
};

const BLOCKS = ['BlockPublicAcls', 'BlockPublicPolicy', 'IgnorePublicAcls', 'RestrictPublicBuckets'] as const;

const publicAccess: Rule = {
  name: 'public-access',
  want: BLOCKS.join(', '),
  async read({ sdk, client, signal }, Bucket) {
    const got = await client.send(new sdk.GetPublicAccessBlockCommand({ Bucket }), { abortSignal: signal });
    return BLOCKS.filter(name => got.PublicAccessBlockConfiguration?.[name]).join(', ') || NOTHING;
  },
  write({ sdk, client, signal }, Bucket) {
    const all = Object.fromEntries(BLOCKS.map(name => [name, true]));
    const input = { Bucket, PublicAccessBlockConfiguration: all };
    return client.send(new sdk.PutPublicAccessBlockCommand(input), { abortSignal: signal });
  },
};

const encryption: Rule = {
  name: 'encryption',
  want: 'AES256',
  holds: got => got === 'AES256' || got.startsWith('aws:kms'),
  async read({ sdk, client, signal }, Bucket) {
    const got = await client.send(new sdk.GetBucketEncryptionCommand({ Bucket }), { abortSignal: signal });
    const [rule] = got.ServerSideEncryptionConfiguration?.Rules ?? [];
    return rule?.ApplyServerSideEncryptionByDefault?.SSEAlgorithm ?? NOTHING;
  },
  write({ sdk, client, signal }, Bucket) {
    const Rules = [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } as const }];
    const input = { Bucket, ServerSideEncryptionConfiguration: { Rules } };
    return client.send(new sdk.PutBucketEncryptionCommand(input), { abortSignal: signal });
  },
};

/** Parts of an upload that was never finished are in no listing, and cost for ever. */
const ABORT: LifecycleRule = {
  ID: 'muster-abort-uploads',
  Status: 'Enabled',
  Filter: { Prefix: '' },
  AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
};

const lifecycle: Rule = {
  name: 'lifecycle',
  want: 'unfinished uploads go after 7 days',
  async read(wire, bucket) {
    const aborts = (await lifecycleRules(wire, bucket)).some(
      rule => rule.Status === 'Enabled' && (rule.AbortIncompleteMultipartUpload?.DaysAfterInitiation ?? 99) <= 7,
    );
    return aborts ? this.want : NOTHING;
  },
  async write(wire, bucket) {
    const { sdk, client, signal } = wire;
    // A write replaces them all: the operator's own rules stay.
    const others = await lifecycleRules(wire, bucket).catch(() => []);
    const Rules = [...others.filter(({ ID }) => ID !== ABORT.ID), ABORT];
    const input = { Bucket: bucket, LifecycleConfiguration: { Rules } };
    return client.send(new sdk.PutBucketLifecycleConfigurationCommand(input), { abortSignal: signal });
  },
};

async function lifecycleRules({ sdk, client, signal }: Wire, Bucket: string): Promise<LifecycleRule[]> {
  const got = await client.send(new sdk.GetBucketLifecycleConfigurationCommand({ Bucket }), { abortSignal: signal });
  return got.Rules ?? [];
}

const digest = (text: string) => `sha256:${createHash('sha256').update(text).digest('hex').slice(0, 12)}`;

/** Who may do what; compared as data, since endpoints write it in their own order. */
const policyRule = (policy: object): Rule => ({
  name: 'policy',
  want: digest(JSON.stringify(policy)),
  async read({ sdk, client, signal }, Bucket) {
    const { Policy } = await client.send(new sdk.GetBucketPolicyCommand({ Bucket }), { abortSignal: signal });
    return Policy ? digest(JSON.stringify(JSON.parse(Policy))) : NOTHING;
  },
  write({ sdk, client, signal }, Bucket) {
    const input = { Bucket, Policy: JSON.stringify(policy) };
    return client.send(new sdk.PutBucketPolicyCommand(input), { abortSignal: signal });
  },
});

/** The order matters: versions are kept before anything is written. */
export const rulesOf = (policy: object | undefined): Rule[] => [
  versioning,
  ownership,
  publicAccess,
  encryption,
  lifecycle,
  ...(policy ? [policyRule(policy)] : []),
];
