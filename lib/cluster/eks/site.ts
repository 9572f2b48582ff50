import type { Aws } from '../../aws/index.ts';
import type { Change, Ctx, Decision, Need } from '../../engine/index.ts';
import { newTags } from '../../host/ec2/tags.ts';
import type { Fence } from '../../host/fence.ts';
import type { Network } from '../../host/provider.ts';
import type { Ec2Want, Site } from '../../inventory/index.ts';
import type { EksWant } from '../../inventory/sections/cluster.ts';

/** What the steps of one EKS cluster share. */
export interface Eks {
  site: Site;
  want: EksWant;
  cloud: Ec2Want;
  aws: Aws;
  /** undefined: not there yet. */
  network(): Promise<Network | undefined>;
  /** Of what needs the network: the provider's steps. */
  networkNeeds: readonly Need[];
  /** Of a rehearsal. */
  fence?: Fence;
}

/** The name that EKS knows the cluster by. */
export const clusterName = ({ site, want }: Pick<Eks, 'site' | 'want'>): string => want.existing ?? site.name;

/** From where the public endpoint is reached. */
export const accessOf = ({ want, cloud }: Pick<Eks, 'want' | 'cloud'>): string[] =>
  [...(want.access ?? cloud.access)].sort();

/** Pairs as EKS takes them; IAM wants a list. */
export const tagsFor = ({ site, cloud }: Eks, ctx: Ctx, role: string): Record<string, string> =>
  Object.fromEntries(newTags(site, cloud, role, ctx.run).map(({ Key, Value }) => [Key, Value]));

export const done = (reason: string): Decision => ({ is: 'done', reason });
export const changes = (list: readonly Change[], reason: string): Decision =>
  list.length > 0 ? { is: 'changes', changes: list } : done(reason);
export const known = (change: Omit<Change, 'grade'>): Change => ({ ...change, grade: 'known' });
