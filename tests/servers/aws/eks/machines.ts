import type { NetworkInterface, ResponseLaunchTemplateData } from '@aws-sdk/client-ec2';
import type { CreateNodegroupRequest, Nodegroup } from '@aws-sdk/client-eks';
import { release } from '../ec2/instance-power.ts';
import { templateData } from '../ec2/launch-templates.ts';
import { makeInstance } from '../ec2/run-instances.ts';
import { type Ec2State, ec2Of } from '../ec2/state.ts';
import { newId } from '../ec2/table.ts';
import { wantedTags } from '../ec2/tags.ts';
import type { Call } from '../service.ts';
import { badRequest, type ClusterRecord, invalid } from './state.ts';

/**
 * What the machines of a group are: of its launch template, or what EKS makes of the request ("Customize managed nodes with launch
 * templates", and the members of CreateNodegroup).
 */
export function launchOf(input: CreateNodegroupRequest, call: Call): ResponseLaunchTemplateData {
  const { launchTemplate: template, instanceTypes = [], diskSize } = input;
  const [InstanceType = 't3.medium'] = instanceTypes as ResponseLaunchTemplateData['InstanceType'][];
  const disk = { VolumeType: 'gp3' as const, DeleteOnTermination: true };
  if (!template)
    return {
      InstanceType,
      BlockDeviceMappings: [{ DeviceName: '/dev/xvda', Ebs: { ...disk, VolumeSize: diskSize ?? 20 } }],
      MetadataOptions: { HttpTokens: 'required', HttpPutResponseHopLimit: 1 },
    };
  const { id, name, version } = template;
  if ((id === undefined) === (name === undefined))
    throw invalid('Either provide launch template ID or launch template name in the request.');
  if (diskSize !== undefined) throw invalid('Disk size must be specified within the launch template.');
  if (id === undefined || version === undefined)
    throw invalid('the stand-in takes a launch template by id and version');
  const data = templateData(id, version, ec2Of(call));
  if (!data) throw badRequest(`Launch template ${id} has no version ${version}, or is not there`);
  if (data.InstanceType !== undefined && instanceTypes.length > 0)
    throw badRequest('Cannot specify instance types in launch template and API request');
  return { ...data, InstanceType: data.InstanceType ?? InstanceType };
}

/** What DescribeNodegroup tells: of a group with a template neither its types nor its disk ("then this is null"). */
export function launchShown({ launchTemplate: of, instanceTypes, diskSize = 20 }: CreateNodegroupRequest, call: Call) {
  if (!of) return { instanceTypes: [...(instanceTypes ?? ['t3.medium'])], diskSize };
  const { id, version } = of;
  return { launchTemplate: { id, version, name: ec2Of(call).launchTemplates.own(id ?? '').name } };
}

/** As many as are wanted: in the VPC, which they hold, and seen as instances with what the template says. */
export async function scale(record: ClusterRecord, group: Nodegroup, call: Call): Promise<void> {
  const state = ec2Of(call);
  const name = group.nodegroupName ?? '';
  const there = record.inVpc.ofGroup.get(name) ?? [];
  const wanted = group.scalingConfig?.desiredSize ?? 0;
  const joining: Promise<void>[] = [];
  for (let n = there.length; n < wanted; n++) {
    const id = start(record, group, n, state);
    if (id === undefined) continue;
    there.push(id);
    joining.push(
      call.world.kubernetes?.join?.(record.cluster, interfaceOf(id, state), group, call) ?? Promise.resolve(),
    );
  }
  record.inVpc.ofGroup.set(name, there);
  await drop(record, name, wanted, call);
  await Promise.all(joining);
}

const interfaceOf = (id: string, state: Ec2State): NetworkInterface =>
  state.networkInterfaces.own(state.instances.own(id).interfaceId);

function start({ inVpc, launches }: ClusterRecord, group: Nodegroup, n: number, state: Ec2State): string | undefined {
  const { subnets = [], nodegroupName = '' } = group;
  const subnet = state.subnets.get(subnets[n % subnets.length]);
  const data = launches.get(nodegroupName);
  if (!subnet || !data) return undefined;
  const { InstanceType, MetadataOptions, BlockDeviceMappings = [], TagSpecifications } = data;
  const specified = TagSpecifications?.map(({ ResourceType, Tags }) => ({ ResourceType, Tags }));
  const machine = makeInstance(
    {
      ...{ count: 1, subnet, groups: [inVpc.group], privateIp: undefined, interfaceGoes: true, profile: undefined },
      publicIp: subnet.MapPublicIpOnLaunch === true,
      volumes: BlockDeviceMappings.map(({ DeviceName: device = '', Ebs = {} }) => ({
        ...{ device, Size: Ebs.VolumeSize, VolumeType: Ebs.VolumeType, Encrypted: Ebs.Encrypted },
        deleteOnTermination: Ebs.DeleteOnTermination ?? false,
      })),
      tag: wantedTags(specified, 'instance', 'volume', 'network-interface'),
      kept: { ImageId: undefined, InstanceType, MetadataOptions: { ...MetadataOptions } as never },
      input: { MinCount: 1, MaxCount: 1 },
    },
    newId('r'),
    0,
    state,
  );
  // What stands behind the cluster starts it, not what starts the machines of RunInstances.
  machine.state = 'running';
  return machine.id;
}

/** They are gone a while after nobody counts them any more. */
export async function drop(record: ClusterRecord, name: string, keep: number, call: Call): Promise<void> {
  const there = record.inVpc.ofGroup.get(name) ?? [];
  const state = ec2Of(call);
  for (const id of there.splice(keep)) {
    const machine = state.instances.own(id);
    if (machine.state === 'terminated') continue;
    await call.world.kubernetes?.leave?.(record.cluster, interfaceOf(id, state));
    machine.state = 'shutting-down';
    call.world.later(call.world.settleMs + call.world.faults.outliveMs, () => release(machine, state));
  }
}
