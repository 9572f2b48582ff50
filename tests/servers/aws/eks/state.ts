import { randomUUID } from 'node:crypto';
import type { ResponseLaunchTemplateData } from '@aws-sdk/client-ec2';
import type {
  AccessEntry,
  Addon,
  AssociatedAccessPolicy,
  Cluster,
  Nodegroup,
  PodIdentityAssociation,
  Update,
} from '@aws-sdk/client-eks';
import { AwsError } from '../errors.ts';
import { Named } from '../named.ts';
import type { Call } from '../service.ts';
import type { World } from '../world.ts';

/** One cluster and what is in it. */
export interface ClusterRecord {
  cluster: Cluster;
  nodegroups: Named<Nodegroup>;
  addons: Named<Addon>;
  associations: Named<PodIdentityAssociation>;
  entries: Named<{ entry: AccessEntry; policies: AssociatedAccessPolicy[] }>;
  updates: Map<string, Update>;
  /** By group: what its machines are. */
  launches: Map<string, ResponseLaunchTemplateData>;
  /** Interfaces and the security group that EKS keeps in the VPC, and by group its machines. */
  inVpc: { interfaces: string[]; group: string; ofGroup: Map<string, string[]> };
}

export interface EksState {
  clusters: Named<ClusterRecord>;
  /** By operation and token: what was asked for. */
  tokens: Map<string, string>;
}

export const eksOf = ({ world, account, region }: Pick<Call, 'world' | 'account' | 'region'>): EksState =>
  world.part(`eks ${account} ${region}`, () => ({ clusters: new Named<ClusterRecord>(world), tokens: new Map() }));

export const newRecord = (cluster: Cluster, inVpc: ClusterRecord['inVpc'], world: World): ClusterRecord => ({
  ...{ cluster, inVpc, updates: new Map(), launches: new Map() },
  ...{ nodegroups: new Named(world), addons: new Named(world) },
  ...{ associations: new Named(world), entries: new Named(world) },
});

// Errors of the Amazon EKS API reference, with their statuses.
export const notFound = (message: string) => new AwsError('ResourceNotFoundException', message, 404);
export const invalid = (message: string) => new AwsError('InvalidParameterException', message, 400);
export const inUse = (message: string) => new AwsError('ResourceInUseException', message, 409);
/** "You have encountered a service limit on the specified resource": CreateCluster, CreateNodegroup. */
export const overQuota = (message: string) => new AwsError('ResourceLimitExceededException', message, 400);

/** "The request is invalid given the state of the cluster": CreateNodegroup. */
export const badRequest = (message: string) => new AwsError('InvalidRequestException', message, 400);

/** As a reader sees it. */
export function need(name: string | undefined, call: Call): ClusterRecord {
  const found = eksOf(call).clusters.seen(name);
  if (!found) throw notFound(`No cluster found for name: ${name}.`);
  return found;
}

/** For what changes something: EKS does one thing at a time. */
export function needActive(name: string | undefined, call: Call): ClusterRecord {
  const found = need(name, call);
  const { status } = found.cluster;
  if (status === 'ACTIVE') return found;
  if (status === 'UPDATING')
    throw inUse(`Cannot ${call.operation} because cluster ${name} currently has an update in progress`);
  throw inUse(`Cannot ${call.operation} because cluster ${name} is in status ${status}`);
}

export const arn = (call: Call, resource: string): string => `arn:aws:eks:${call.region}:${call.account}:${resource}`;

/**
 * "clientRequestToken: A unique, case-sensitive identifier that you provide to ensure the idempotency of the request."
 * The same with other parameters is refused; true: it was done before.
 */
export function doneBefore(input: { clientRequestToken?: string | undefined }, call: Call): boolean {
  const token = input.clientRequestToken;
  if (token === undefined) return false;
  const { tokens } = eksOf(call);
  const key = `${call.operation} ${token}`;
  const asked = JSON.stringify(call.raw);
  const found = tokens.get(key);
  if (found === undefined) return false;
  // Compared, all of it was looked at.
  if (found === asked) return JSON.stringify(input) !== '';
  // Assumed: of the errors of these operations the one that is of a parameter.
  throw invalid('The provided client request token was already used with different request parameters');
}

/** What was accepted; a refusal is not remembered. */
export function remember(token: string | undefined, call: Call): void {
  if (token !== undefined) eksOf(call).tokens.set(`${call.operation} ${token}`, JSON.stringify(call.raw));
}

/** What an update does happens at its end: until then describes tell the old. */
export function startUpdate(
  record: ClusterRecord,
  type: NonNullable<Update['type']>,
  call: Call,
  of: { status?: string | undefined },
  finish: () => void | Promise<void>,
  params: Update['params'] = [],
): Update {
  const update: Update = {
    id: randomUUID(),
    status: 'InProgress',
    type,
    params,
    createdAt: new Date(call.world.now()),
    errors: [],
  };
  record.updates.set(update.id ?? '', update);
  remember(call.raw.clientRequestToken as string | undefined, call);
  of.status = 'UPDATING';
  call.world.later(call.world.settleMs, async () => {
    await finish();
    of.status = 'ACTIVE';
    update.status = 'Successful';
  });
  return update;
}

/** The answer to a token that came before. */
export function sameUpdate(record: ClusterRecord): Update {
  const last = [...record.updates.values()].at(-1);
  if (!last) throw new Error('the stand-in has lost an update');
  return last;
}

export function page<T>(rows: readonly T[], most: number | undefined, token: string | undefined, call: Call) {
  // "maxResults: Minimum value of 1. Maximum value of 100."
  if (most !== undefined && (most < 1 || most > 100)) throw invalid(`maxResults ${most} is out of range`);
  const [of = call.operation, from = '0'] = token?.split(':') ?? [];
  if (of !== call.operation) throw invalid('Invalid token');
  const to = Number(from) + Math.min(most ?? 100, call.world.pageSize);
  return { page: rows.slice(Number(from), to), ...(to < rows.length && { nextToken: `${call.operation}:${to}` }) };
}
