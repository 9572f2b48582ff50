import { partition } from '../../aws/index.ts';
import type { AnyStep, Change, Ctx, Decision } from '../../engine/index.ts';
import { TAG } from '../../host/ec2/tags.ts';
import { minutes } from '../../time/index.ts';
import { tokenOf, unlessAbsent, unlessDone, until } from './patience.ts';
import { changes, clusterName, done, type Eks, known, tagsFor } from './site.ts';
import { after, eksStep } from './step.ts';

export interface EntrySeen {
  principal: string;
  /** STANDARD is a person's or a program's; the others are nodes, which EKS lets in itself. */
  standard: boolean;
  ours: boolean;
  /** May do everything, in every namespace. */
  admin: boolean;
}

export type AccessFacts = readonly EntrySeen[];

const entryWhat = (principal: string) => `access of ${principal}`;
const policyWhat = (principal: string) => `cluster admin: ${principal}`;

/** eks.access: the inventory's admins may do everything, and those who left it nothing. */
export function accessStep(eks: Eks): AnyStep {
  const policyArn = `arn:${partition(eks.cloud.region)}:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy`;
  return eksStep<{ admins: readonly string[] }, AccessFacts>(eks, {
    id: 'eks.access',
    title: 'Let the admins of the inventory in',
    want: { admins: eks.want.admins },
    needs: after('eks.cluster'),
    deadline: minutes(5),
    nothing: [],
    async observe(_, removing) {
      if (removing) return [];
      // EKS lets roles of its own in, to look after the cluster.
      const principals = (await listEntries(eks)).filter(arn => !arn.includes(':role/aws-service-role/'));
      return (await Promise.all(principals.map(arn => observeEntry(eks, arn, policyArn)))).flatMap(seen => seen ?? []);
    },
    decide: decideAccess,
    act: (change, ctx) => act(eks, change, policyArn, ctx),
  });
}

export function decideAccess(want: { admins: readonly string[] } | undefined, facts: AccessFacts): Decision {
  if (want === undefined) return done('goes with the cluster');
  const missing = want.admins.flatMap((principal): Change[] => {
    const seen = facts.find(entry => entry.principal === principal);
    const policy = seen?.admin ? [] : [known({ action: 'create', what: policyWhat(principal) })];
    return seen ? policy : [known({ action: 'create', what: entryWhat(principal) }), ...policy];
  });
  const others = facts.filter(({ standard, principal }) => standard && !want.admins.includes(principal));
  const gone = others.flatMap(({ ours, principal }): Change[] =>
    ours ? [known({ action: 'delete', what: entryWhat(principal), from: 'not in the inventory' })] : [],
  );
  const strangers = others.filter(({ ours }) => !ours).map(({ principal }) => principal);
  const beside = strangers.length > 0 ? `; let in by another hand, and left alone: ${strangers.join(', ')}` : '';
  return changes([...missing, ...gone], `${want.admins.length} admins${beside}`);
}

async function listEntries(eks: Eks): Promise<string[]> {
  const name = clusterName(eks);
  const all: string[] = [];
  let nextToken: string | undefined;
  do {
    const make = { clusterName: name, nextToken };
    const page = await unlessAbsent(
      eks.aws.call('eks', `list who may enter ${name}`, sdk => new sdk.ListAccessEntriesCommand(make)),
    );
    all.push(...(page?.accessEntries ?? []));
    nextToken = page?.nextToken;
  } while (nextToken);
  return all.sort();
}

async function observeEntry(eks: Eks, principalArn: string, policyArn: string): Promise<EntrySeen | undefined> {
  const of = { clusterName: clusterName(eks), principalArn };
  const { aws } = eks;
  const [entry, policies] = await Promise.all([
    unlessAbsent(aws.call('eks', `look at ${entryWhat(principalArn)}`, sdk => new sdk.DescribeAccessEntryCommand(of))),
    unlessAbsent(
      aws.call('eks', `list the policies of ${principalArn}`, sdk => new sdk.ListAssociatedAccessPoliciesCommand(of)),
    ),
  ]);
  if (!entry?.accessEntry) return undefined;
  const { type, tags } = entry.accessEntry;
  const admin = policies?.associatedAccessPolicies?.some(
    policy => policy.policyArn === policyArn && policy.accessScope?.type === 'cluster',
  );
  return {
    principal: principalArn,
    standard: type === 'STANDARD',
    ours: tags?.[TAG.site] === eks.site.name,
    admin: admin === true,
  };
}

async function act(eks: Eks, change: Change, policyArn: string, ctx: Ctx): Promise<void> {
  const principalArn = change.what.slice(change.what.indexOf('arn:'));
  const of = { clusterName: clusterName(eks), principalArn };
  const again = { again: true };
  const look = () => observeEntry(eks, principalArn, policyArn);
  if (change.action === 'delete') {
    const what = `remove ${change.what}`;
    await unlessAbsent(eks.aws.call('eks', what, sdk => new sdk.DeleteAccessEntryCommand(of), again));
    return seen(ctx, `${change.what} gone`, async () => (await look()) === undefined);
  }
  if (change.what === entryWhat(principalArn)) {
    const request = {
      ...of,
      type: 'STANDARD',
      clientRequestToken: tokenOf(ctx, of),
      tags: tagsFor(eks, ctx, 'eks/access'),
    };
    const order = eks.aws.call('eks', `give ${change.what}`, sdk => new sdk.CreateAccessEntryCommand(request), again);
    await unlessDone(order, 'ResourceInUseException');
    return seen(ctx, change.what, async () => (await look()) !== undefined);
  }
  const request = { ...of, policyArn, accessScope: { type: 'cluster' as const } };
  await eks.aws.call('eks', `make ${principalArn} admin`, sdk => new sdk.AssociateAccessPolicyCommand(request), again);
  return seen(ctx, change.what, async () => (await look())?.admin === true);
}

const seen = async (ctx: Ctx, what: string, is: () => Promise<boolean>): Promise<void> => {
  await until(ctx, what, minutes(1), async () => ((await is()) ? { value: true } : { saw: 'not in the list' }), 1000);
};
