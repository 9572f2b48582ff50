import { ifMade } from './failure.ts';
import { NOTHING, type Rule } from './rule.ts';

export interface BucketTags {
  /** Put right where they differ: 'muster:site'. */
  held: Readonly<Record<string, string>>;
  /** Of whoever came first: another person and a later run leave them as they are. */
  first: Readonly<Record<string, string>>;
}

/** What the bucket is found by on the bill; others' tags stay. */
export function taggingRule({ held, first }: BucketTags): Rule {
  const text = (tags: Readonly<Record<string, string>>) =>
    [
      ...Object.keys(held).flatMap(key => (tags[key] === undefined ? [] : `${key}=${tags[key]}`)),
      ...Object.keys(first).filter(key => tags[key] !== undefined),
    ].join(', ') || NOTHING;
  const read: (...of: Parameters<Rule['read']>) => Promise<Record<string, string>> = async (wire, Bucket) => {
    const { sdk, client, signal } = wire;
    const { TagSet = [] } = await client.send(new sdk.GetBucketTaggingCommand({ Bucket }), { abortSignal: signal });
    return Object.fromEntries(TagSet.map(({ Key = '', Value = '' }) => [Key, Value]));
  };
  return {
    name: 'tags',
    want: text({ ...first, ...held }),
    read: async (wire, bucket) => text(await read(wire, bucket)),
    async write(wire, Bucket) {
      const all = { ...first, ...(await ifMade(read(wire, Bucket))), ...held };
      const TagSet = Object.entries(all).map(([Key, Value]) => ({ Key, Value }));
      const { sdk, client, signal } = wire;
      return client.send(new sdk.PutBucketTaggingCommand({ Bucket, Tagging: { TagSet } }), { abortSignal: signal });
    },
  };
}
