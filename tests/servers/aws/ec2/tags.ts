import type {
  CreateTagsRequest,
  DeleteTagsRequest,
  DescribeTagsRequest,
  DescribeTagsResult,
  ResourceType,
  Tag,
  TagDescription,
  TagSpecification,
} from '@aws-sdk/client-ec2';
import { AwsError } from '../errors.ts';
import type { Call, Rules } from '../service.ts';
import { list } from './list.ts';
import { type Ec2State, ec2Of, tableOf } from './state.ts';
import { kind, Table } from './table.ts';

/** In the order of their keys; undefined when there are none, as in an answer. */
export const tagsOf = (id: string, state: Ec2State): Tag[] =>
  [...(state.tags.get(id) ?? [])].map(([Key, Value]) => ({ Key, Value })).sort((a, b) => (a.Key < b.Key ? -1 : 1));

/** Of what is being made, before it is made: a tag that is not allowed makes nothing. */
export function wantedTags(specifications: TagSpecification[] | undefined, ...types: ResourceType[]) {
  const found = new Map<string, Tag[]>();
  for (const { ResourceType: type, Tags = [] } of specifications ?? []) {
    // CreateVpc and the others: each takes tags for its own resource only.
    if (!type || !types.includes(type))
      throw new AwsError(
        'InvalidParameterValue',
        `'${type}' is not a valid taggable resource type for this operation.`,
      );
    // Assumed: each type once.
    if (found.has(type))
      throw new AwsError('InvalidParameterValue', `Duplicate resource type '${type}' in tag specifications`);
    found.set(type, checkTags(Tags));
  }
  return (id: string, state: Ec2State, type = types[0]) => setTags(id, found.get(type ?? '') ?? [], state);
}

/** "Tag your Amazon EC2 resources", tag restrictions. */
function checkTags(tags: Tag[]): Tag[] {
  for (const { Key = '', Value = '' } of tags) {
    if (Key === '' || Key.length > 127)
      throw new AwsError('InvalidParameterValue', 'Tag keys must be between 1 and 127 characters in length');
    // Tag: "accept a maximum of 256 Unicode characters"; of a key: "May not begin with aws:."
    if (Value.length > 256)
      throw new AwsError('InvalidParameterValue', 'Tag values must be at most 256 characters in length');
    if (/^aws:/i.test(Key)) throw new AwsError('InvalidParameterValue', "Tag keys starting with 'aws:' are reserved");
  }
  const keys = tags.map(({ Key }) => Key);
  // CreateTags: "Tag keys must be unique per resource."
  if (new Set(keys).size < keys.length) throw new AwsError('InvalidParameterValue', 'Duplicate tag keys found.');
  return tags.map(({ Key, Value }) => ({ Key, Value }));
}

function setTags(id: string, tags: Tag[], state: Ec2State): void {
  const all = new Map(state.tags.get(id) ?? []);
  for (const { Key = '', Value = '' } of tags) all.set(Key, Value);
  if (all.size > 50)
    throw new AwsError('TagLimitExceeded', `The maximum number of tags per resource was exceeded: ${id}`);
  if (all.size > 0) state.tags.set(id, all);
}

const typeOf: Record<string, ResourceType> = {
  ...{
    vpc: 'vpc',
    subnet: 'subnet',
    igw: 'internet-gateway',
    rtb: 'route-table',
    nat: 'natgateway',
    sg: 'security-group',
  },
  ...{
    sgr: 'security-group-rule',
    eipalloc: 'elastic-ip',
    key: 'key-pair',
    i: 'instance',
    vol: 'volume',
    snap: 'snapshot',
  },
  ...{ eni: 'network-interface', ami: 'image', acl: 'network-acl', lt: 'launch-template' },
};

const filters = {
  'resource-id': ({ ResourceId }: TagDescription) => ResourceId,
  'resource-type': ({ ResourceType }: TagDescription) => ResourceType,
  key: ({ Key }: TagDescription) => Key,
  value: ({ Value }: TagDescription) => Value,
};

export const tagRules: Rules = {
  CreateTags({ Resources = [], Tags = [] }: CreateTagsRequest, call): object {
    const state = ec2Of(call);
    const tags = checkTags(Tags);
    for (const id of Resources) tableOf(id, state).need(id);
    for (const id of Resources) setTags(id, tags, state);
    return {};
  },

  DeleteTags({ Resources = [], Tags }: DeleteTagsRequest, call): object {
    const state = ec2Of(call);
    for (const id of Resources) {
      tableOf(id, state).need(id);
      const tags = state.tags.get(id);
      if (!Tags) state.tags.delete(id);
      // "If you specify a tag key with a tag value, the tag is deleted only if its value is that."
      for (const { Key = '', Value } of Tags ?? [])
        if (Value === undefined || tags?.get(Key) === Value) tags?.delete(Key);
    }
    return {};
  },

  DescribeTags(input: DescribeTagsRequest, call): DescribeTagsResult {
    const state = ec2Of(call);
    const table = new Table<TagDescription>(kind('tag', 'tag', 'InvalidTag'), call.world);
    for (const id of state.tags.keys())
      for (const tag of tagsOf(id, state))
        table.add(`${id} ${tag.Key}`, { ResourceId: id, ResourceType: typeOf[id.split('-')[0] ?? ''], ...tag }, true);
    const { page, NextToken } = list({ table, id: ({ ResourceId }) => ResourceId, filters }, input, call);
    return { Tags: page, NextToken };
  },
};

/** Tags go with what they were on. */
export const dropTags = (id: string, state: Ec2State, _call?: Call): void => void state.tags.delete(id);
