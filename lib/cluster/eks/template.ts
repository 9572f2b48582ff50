import type { LaunchTemplate, ResponseLaunchTemplateData } from '@aws-sdk/client-ec2';
import { isAws } from '../../aws/index.ts';
import type { Ctx } from '../../engine/index.ts';
import { nodesRole } from '../../host/ec2/left-nodes.ts';
import { removeWhole } from '../../host/ec2/patience.ts';
import { machineQuestions, pages } from '../../host/ec2/questions.ts';
import { HOPS } from '../../host/ec2/run-instance.ts';
import { newTags, TAG, tagOf } from '../../host/ec2/tags.ts';
import { minutes } from '../../time/index.ts';
import { type GroupWant, MADE, machineWords, type TemplateSeen } from './nodes-decide.ts';
import { tokenOf, unlessDone, until } from './patience.ts';
import type { Eks } from './site.ts';

/** Where Amazon Linux has its root. */
const ROOT = '/dev/xvda';

/** Names are an account's and a region's: '/' is in none of a site. */
export const templateName = ({ site }: Pick<Eks, 'site'>, group: string): string => `${site.name}/${group}`;

/** In the words of the wish where it is as muster makes it; else that is named too. */
export function templateWords(data: ResponseLaunchTemplateData): string {
  const { InstanceType = 'no type', BlockDeviceMappings = [], MetadataOptions } = data;
  const disk = BlockDeviceMappings.find(({ DeviceName }) => DeviceName === ROOT)?.Ebs;
  const { HttpTokens = 'optional', HttpPutResponseHopLimit: hops = HOPS } = MetadataOptions ?? {};
  return [
    machineWords({ instance: InstanceType, disk: disk?.VolumeSize ?? 0 }),
    ...(disk?.Encrypted ? [] : ['not encrypted']),
    ...(HttpTokens === 'required' && hops === HOPS
      ? []
      : [`metadata: token ${HttpTokens}, ${hops} hop${hops === 1 ? '' : 's'} far`]),
  ].join(', ');
}

/** By its name, whoever made it. */
async function findTemplate(eks: Eks, group: string): Promise<LaunchTemplate | undefined> {
  const name = templateName(eks, group);
  const Filters = [{ Name: 'launch-template-name', Values: [name] }];
  const found = await pages(
    eks.aws,
    `look for the launch template ${name}`,
    (sdk, NextToken) => new sdk.DescribeLaunchTemplatesCommand({ Filters, NextToken }),
    ({ LaunchTemplates }) => LaunchTemplates,
  );
  return found[0];
}

/** undefined: the template or the version is not there. */
export async function versionOf(
  { aws }: Eks,
  LaunchTemplateId: string,
  version: string,
): Promise<ResponseLaunchTemplateData | undefined> {
  const of = { LaunchTemplateId, Versions: [version] };
  const what = `look at version ${version} of ${LaunchTemplateId}`;
  try {
    const answer = await aws.call('ec2', what, sdk => new sdk.DescribeLaunchTemplateVersionsCommand(of));
    return answer.LaunchTemplateVersions?.[0]?.LaunchTemplateData;
  } catch (error) {
    if (!isAws(error, 'InvalidLaunchTemplateId.NotFound', 'InvalidLaunchTemplateId.VersionNotFound')) throw error;
    return undefined;
  }
}

export async function observeTemplate(eks: Eks, group: string): Promise<{ template?: TemplateSeen }> {
  const found = await findTemplate(eks, group);
  if (!found) return {};
  const { LaunchTemplateId: id = '' } = found;
  const data = await versionOf(eks, id, MADE);
  const ours = tagOf(found, TAG.site) === eks.site.name;
  return { template: { id, ours, ...(data && { machine: templateWords(data) }) } };
}

/** Until its version is seen: a node group takes no other. */
export async function makeTemplate(eks: Eks, want: GroupWant, ctx: Ctx): Promise<void> {
  const { aws, site, cloud } = eks;
  const { name, instance, disk } = want;
  const LaunchTemplateName = templateName(eks, name);
  const Tags = newTags(site, cloud, nodesRole(name), ctx.run);
  const wish = {
    // Its network is the group's: EKS refuses a subnet here, and with a security group it leaves out its own.
    InstanceType: instance as ResponseLaunchTemplateData['InstanceType'],
    BlockDeviceMappings: [
      {
        DeviceName: ROOT,
        Ebs: { VolumeType: 'gp3' as const, VolumeSize: disk, Encrypted: true, DeleteOnTermination: true },
      },
    ],
    // "Upgrade to Amazon Linux 2023": one hop is EKS's own default there, and pods have roles by pod identity. What of the add-ons
    // asks has its node's network; the driver of volumes asks Kubernetes instead (its docs/install.md, "Metadata").
    MetadataOptions: {
      HttpEndpoint: 'enabled' as const,
      HttpTokens: 'required' as const,
      HttpPutResponseHopLimit: HOPS,
    },
  };
  const made = (['instance', 'volume', 'network-interface'] as const).map(ResourceType => ({ ResourceType, Tags }));
  const request = {
    LaunchTemplateName,
    LaunchTemplateData: { ...wish, TagSpecifications: made },
    TagSpecifications: [{ ResourceType: 'launch-template' as const, Tags }],
    ClientToken: tokenOf(ctx, { LaunchTemplateName, ...wish }),
  };
  const what = `make the launch template ${LaunchTemplateName}`;
  const order = aws.call('ec2', what, sdk => new sdk.CreateLaunchTemplateCommand(request), { again: true });
  // Made by a run that was killed; lists lag, names do not.
  await unlessDone(order, 'InvalidLaunchTemplateName.AlreadyExistsException');
  await until(
    ctx,
    `launch template ${LaunchTemplateName} in AWS's lists`,
    minutes(2),
    async () => {
      const { template } = await observeTemplate(eks, name);
      return template?.machine === undefined ? { saw: 'not in the list' } : { value: true };
    },
    500,
  );
}

/** Of ours. The version is seen gone with it. */
export async function removeTemplate(eks: Eks, group: string, ctx: Ctx): Promise<void> {
  const what = `launch template ${templateName(eks, group)}`;
  const found = await findTemplate(eks, group);
  if (!found) return;
  const of = { LaunchTemplateId: found.LaunchTemplateId };
  const remove = () =>
    eks.aws.call('ec2', `remove the ${what}`, sdk => new sdk.DeleteLaunchTemplateCommand(of), { again: true });
  await removeWhole(what, remove, async () => (await findTemplate(eks, group)) !== undefined, ctx);
}

/** Groups of which the site has a template. */
export async function templatesOf({ aws, site, cloud }: Pick<Eks, 'aws' | 'site' | 'cloud'>): Promise<string[]> {
  const found = await machineQuestions({ aws, site: site.name, network: cloud.network }).templates();
  const prefix = templateName({ site }, '');
  return found.flatMap(({ LaunchTemplateName: name = '' }) =>
    name.startsWith(prefix) ? name.slice(prefix.length) : [],
  );
}
