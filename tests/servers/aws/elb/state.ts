import type { Subnet } from '@aws-sdk/client-ec2';
import { makeInterface, removeInterface } from '../ec2/network-interfaces.ts';
import { ec2Of } from '../ec2/state.ts';
import { AwsError } from '../errors.ts';
import { Named } from '../named.ts';
import type { Call } from '../service.ts';

export interface BalancerRecord {
  name: string;
  /** Of a classic one: its name. */
  id: string;
  type: string;
  vpc: string;
  subnets: Subnet[];
  interfaces: string[];
  tags: Tag[];
  madeAt: number;
  classic: boolean;
}

export interface GroupRecord {
  name: string;
  id: string;
  vpc: string;
  protocol: string;
  port: number;
  tags: Tag[];
}

export interface Tag {
  Key?: string | undefined;
  Value?: string | undefined;
}

const table =
  <T>(kind: string) =>
  ({ world, account, region }: Call): Named<T> =>
    world.part(`${kind} ${account} ${region}`, () => new Named<T>(world));
export const balancersOf = table<BalancerRecord>('load balancers');
export const groupsOf = table<GroupRecord>('target groups');

/** "This name must be unique per region per account, can have a maximum of 32 characters ... and must not begin or end with a hyphen." */
export function checkName(name: string, what: string): void {
  if (!/^(?!-)[A-Za-z0-9-]{1,32}(?<!-)$/.test(name))
    throw new AwsError(
      'ValidationError',
      `${what} name '${name}' cannot be longer than '32' characters, or has others`,
    );
}

/** "Each tag key must be unique": DuplicateTagKeys; "at most 50": TooManyTags. */
export function checkTags(tags: readonly Tag[] = []): Tag[] {
  const keys = tags.map(({ Key }) => Key);
  if (new Set(keys).size < keys.length)
    throw new AwsError('DuplicateTagKeys', 'A tag key was specified more than once');
  if (tags.length > 50) throw new AwsError('TooManyTags', 'The quota for the number of tags has been reached');
  return tags.map(({ Key, Value = '' }) => ({ Key, Value }));
}

/** It stands in its subnets with interfaces that are its own: neither subnet nor VPC goes before it. */
export function place(ids: readonly string[], name: string, call: Call) {
  const state = ec2Of(call);
  const subnets = ids.map(id => {
    const subnet = state.subnets.get(id);
    if (!subnet) throw new AwsError('SubnetNotFound', `The subnet ID '${id}' does not exist`);
    return subnet;
  });
  const vpcs = new Set(subnets.map(({ VpcId }) => VpcId));
  // Assumed, with the code that is for any wish.
  if (vpcs.size > 1) throw new AwsError('InvalidConfigurationRequest', 'The subnets are not in one VPC');
  const interfaces = subnets.map(
    subnet => makeInterface({ subnet, groups: [], description: `ELB ${name}` }, state).NetworkInterfaceId ?? '',
  );
  return { subnets, interfaces, vpc: subnets[0]?.VpcId ?? '' };
}

/** "Deleting a load balancer does not affect its registered targets"; its interfaces go a moment later. */
export function removeBalancer(id: string, call: Call): void {
  const balancers = balancersOf(call);
  const found = balancers.get(id);
  if (!found) return;
  balancers.remove(id);
  const state = ec2Of(call);
  call.world.later(call.world.settleMs, () => {
    for (const each of found.interfaces) removeInterface(each, state);
  });
}

/** Lists of both APIs: Marker and NextMarker. */
export function paged<T>(rows: T[], Marker: string | undefined, PageSize: number | undefined, call: Call) {
  const from = Marker === undefined ? 0 : Number(/^page-(\d+)$/.exec(Marker)?.[1] ?? Number.NaN);
  if (Number.isNaN(from)) throw new AwsError('ValidationError', 'The marker is not valid');
  const to = from + Math.min(PageSize ?? 400, call.world.pageSize);
  return { page: rows.slice(from, to), ...(to < rows.length && { NextMarker: `page-${to}` }) };
}

/** "You can specify up to 20 resources in a single call." */
export function upTo20<T>(ids: readonly T[] = []): T[] {
  if (ids.length < 1 || ids.length > 20)
    throw new AwsError('ValidationError', `${ids.length} resources: must be from 1 to 20`);
  return [...ids];
}
