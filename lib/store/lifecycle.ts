import type { LifecycleRule } from '@aws-sdk/client-s3';
import type { Wire } from './connection.ts';
import { ifMade } from './failure.ts';
import { NOTHING, type Rule } from './rule.ts';

/** muster's own rules; the operator's stay beside them. */
const HISTORY = 'muster-history';
const UPLOADS = 'muster-abort-uploads';
const UPLOAD_DAYS = 7;

/**
 * Only what nothing refers to any more: versions that were replaced or removed, markers that hide none, and parts of uploads
 * that were never finished, which are in no listing and cost for ever. An age of what is there now says nothing: kopia's
 * and pgBackRest's oldest objects may be needed by the newest backup.
 */
const ours = (days: number): LifecycleRule[] => [
  {
    ID: HISTORY,
    Status: 'Enabled',
    Filter: { Prefix: '' },
    NoncurrentVersionExpiration: { NoncurrentDays: days },
    Expiration: { ExpiredObjectDeleteMarker: true },
  },
  {
    ID: UPLOADS,
    Status: 'Enabled',
    Filter: { Prefix: '' },
    AbortIncompleteMultipartUpload: { DaysAfterInitiation: UPLOAD_DAYS },
  },
];

const text = (days: number | undefined, markers: boolean, uploads: number | undefined) =>
  [
    days === undefined ? 'versions stay' : `versions go after ${days} d`,
    markers ? 'lone markers too' : 'lone markers stay',
    uploads === undefined ? 'unfinished uploads stay' : `unfinished uploads go after ${uploads} d`,
  ].join(', ');

/** @param days that a version stays which was replaced or removed. */
export const lifecycleRule = (days: number): Rule => ({
  name: 'lifecycle',
  want: text(days, true, UPLOAD_DAYS),
  read: async (wire, bucket) => lifecycleText(await lifecycleRules(wire, bucket)),
  async write(wire, bucket) {
    const { sdk, client, signal } = wire;
    // A write replaces them all.
    const others = (await ifMade(lifecycleRules(wire, bucket))) ?? [];
    const Rules = [...others.filter(({ ID }) => ID !== HISTORY && ID !== UPLOADS), ...ours(days)];
    const input = { Bucket: bucket, LifecycleConfiguration: { Rules } };
    return client.send(new sdk.PutBucketLifecycleConfigurationCommand(input), { abortSignal: signal });
  },
});

/** Pure. What a bucket's rules do; one that takes objects away which are in use is named. */
export function lifecycleText(rules: readonly LifecycleRule[]): string {
  const enabled = rules.filter(({ Status }) => Status === 'Enabled');
  if (enabled.length === 0) return NOTHING;
  const history = enabled.find(({ ID }) => ID === HISTORY);
  const uploads = enabled.find(({ ID }) => ID === UPLOADS)?.AbortIncompleteMultipartUpload?.DaysAfterInitiation;
  const markers = history?.Expiration?.ExpiredObjectDeleteMarker === true;
  const days = history?.NoncurrentVersionExpiration?.NoncurrentDays;
  const eaters = enabled
    .filter(({ Expiration, Transitions = [] }) => Expiration?.Days || Expiration?.Date || Transitions.length > 0)
    .map(({ ID }) => `; rule ${ID} takes away objects that are in use`);
  return text(days, markers, uploads) + eaters.join('');
}

async function lifecycleRules({ sdk, client, signal }: Wire, Bucket: string): Promise<LifecycleRule[]> {
  const got = await client.send(new sdk.GetBucketLifecycleConfigurationCommand({ Bucket }), { abortSignal: signal });
  return got.Rules ?? [];
}
