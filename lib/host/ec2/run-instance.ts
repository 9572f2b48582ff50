import { createHash } from 'node:crypto';
import type { RunInstancesCommandInput } from '@aws-sdk/client-ec2';
import { isAws } from '../../aws/index.ts';
import type { Change, Ctx } from '../../engine/index.ts';
import { isOpsError, OpsError } from '../../errors/index.ts';
import type { HostWant } from '../../inventory/index.ts';
import { minutes } from '../../time/index.ts';
import { cloudConfig } from '../cloud-config.ts';
import { plantedByFence } from '../fence.ts';
import { hostKey, plantedKeys } from '../keys.ts';
import { groupId } from './firewall.ts';
import { imageId } from './image.ts';
import { hostRole, instancesOf, stateOf } from './instances.ts';
import { keyName } from './key.ts';
import { createOnce, patiently, until } from './patience.ts';
import { type Cloud, repeat, tagged } from './step.ts';
import { machineSubnets } from './subnets.ts';
import { TAG } from './tags.ts';

/** What EC2 takes of user data, before base64. */
const LARGEST = 16 * 1024;
/** Of the metadata service: a pod, behind its bridge, does not reach the user data, in which the host's key is. */
export const HOPS = 1;
/** What an image of EC2 needs beside our keys; without a fence its own list stands. */
const MODULES = ['growpart', 'resizefs', 'set_hostname', 'update_hostname', 'update_etc_hosts', 'users-groups', 'ssh'];

/** Starts the machine, in the first zone that has room. Errors: AWS_CAPACITY, AWS_QUOTA and the rest of the gate's. */
export async function start(cloud: Cloud, host: HostWant, change: Change, ctx: Ctx): Promise<void> {
  const find = async () => (await instancesOf(cloud, host.name, 'look')).living[0];
  await createOnce({ change, find, create: () => inSomeZone(cloud, host, ctx) }, ctx);
}

async function inSomeZone(cloud: Cloud, host: HostWant, ctx: Ctx): Promise<void> {
  const subnets = await machineSubnets(cloud);
  const [last] = subnets.slice(-1);
  for (const { id, zone } of subnets)
    try {
      return await run(cloud, host, id, ctx);
    } catch (error) {
      if (!isOpsError(error, 'AWS_CAPACITY') || id === last?.id) throw error;
      ctx.progress(`${zone} has no room for a ${host.instance}`);
    }
  throw new OpsError('AWS_REFUSED', `cannot start ${host.name}: ${cloud.site.name} has no subnet for it`);
}

/** The token says which machine is meant, so that an answer that was lost can be asked for again. */
async function run(cloud: Cloud, host: HostWant, subnet: string, ctx: Ctx): Promise<void> {
  const wanted = await request(cloud, host, subnet, ctx);
  const gone = new Set((await instancesOf(cloud, host.name)).gone.map(({ InstanceId }) => InstanceId));
  for (let attempt = 0; attempt < 3; attempt++) {
    // A token keeps pointing at a machine that is gone.
    const ClientToken = createHash('sha256')
      .update(JSON.stringify([wanted, [...gone].sort(), attempt]))
      .digest('hex');
    const make = () =>
      repeat(cloud, `start ${host.name}`, sdk => new sdk.RunInstancesCommand({ ...wanted, ClientToken }));
    const answer = await patiently(`${host.name} asked for`, make, ctx).catch(error => {
      if (!isAws(error, 'IdempotentInstanceTerminated')) throw error;
      return undefined;
    });
    const [made] = answer?.Instances ?? [];
    if (made && !['terminated', 'shutting-down'].includes(stateOf(made))) return;
    gone.add(made?.InstanceId);
  }
  throw new OpsError('AWS_REFUSED', `cannot start ${host.name}: what AWS starts is terminated at once`, {
    hint: "look at its StateTransitionReason; a disk's key that may not be used is the usual one",
  });
}

async function request(
  cloud: Cloud,
  host: HostWant,
  SubnetId: string,
  ctx: Ctx,
): Promise<Omit<RunInstancesCommandInput, 'ClientToken'>> {
  const [ImageId, group, publicKey] = await Promise.all([
    imageId(cloud),
    groupId(cloud),
    hostKey(host.name, ctx.secrets),
  ]);
  const VolumeSize = Math.ceil(host.disk / 2 ** 30);
  const { TagSpecifications } = tagged(cloud, ctx, hostRole(host.name), 'instance', 'volume', 'network-interface');
  const [instance, ...others] = TagSpecifications;
  const keyed = { ...instance, Tags: [...(instance?.Tags ?? []), { Key: TAG.hostKey, Value: publicKey }] };
  return {
    ImageId,
    InstanceType: host.instance as RunInstancesCommandInput['InstanceType'],
    MinCount: 1,
    MaxCount: 1,
    KeyName: keyName(cloud),
    UserData: await userData(cloud, host, publicKey, ctx),
    NetworkInterfaces: [
      { DeviceIndex: 0, SubnetId, Groups: [group], AssociatePublicIpAddress: true, DeleteOnTermination: true },
    ],
    BlockDeviceMappings: [
      {
        DeviceName: await rootDevice(cloud, ImageId),
        Ebs: { VolumeType: 'gp3', VolumeSize, Encrypted: true, DeleteOnTermination: true },
      },
    ],
    MetadataOptions: { HttpEndpoint: 'enabled', HttpTokens: 'required', HttpPutResponseHopLimit: HOPS },
    // `poweroff` on the machine is no end of it.
    InstanceInitiatedShutdownBehavior: 'stop',
    TagSpecifications: [keyed, ...others],
  };
}

async function rootDevice(cloud: Cloud, id: string): Promise<string> {
  const { Images } = await repeat(
    cloud,
    `look at the image ${id}`,
    sdk => new sdk.DescribeImagesCommand({ ImageIds: [id] }),
  );
  const device = Images?.[0]?.RootDeviceName;
  if (device !== undefined) return device;
  throw new OpsError('AWS_REFUSED', `cannot start a machine of ${id}: this account sees no such image in this region`);
}

async function userData(cloud: Cloud, { name }: HostWant, publicKey: string, ctx: Ctx): Promise<string> {
  const { operatorKey, hostPrivateKey } = await plantedKeys(name, ctx);
  const text = cloudConfig({
    hostname: name,
    operatorKey,
    hostPrivateKey: hostPrivateKey.reveal(),
    hostKey: publicKey,
    modules: MODULES,
    ...(cloud.fence && { planted: plantedByFence(cloud.fence) }),
  });
  const bytes = Buffer.from(text);
  if (bytes.length > LARGEST)
    throw new OpsError(
      'INTERNAL',
      `cannot start ${name}: its user data has ${bytes.length} bytes, EC2 takes ${LARGEST}`,
    );
  return bytes.toString('base64');
}

/** Until AWS says that it runs, with an address. */
export const waitUntilRunning = (cloud: Cloud, name: string, ctx: Ctx) =>
  until(
    `${name} running`,
    minutes(5),
    async () => {
      const { living, gone } = await instancesOf(cloud, name, 'look');
      const [one] = living;
      if (!one) {
        const why = gone.at(-1)?.StateReason?.Message ?? 'it does not say why';
        throw new OpsError('MACHINE_DIED', `cannot see ${name} running: AWS ended it: ${why}`);
      }
      return stateOf(one) === 'running' && one.PublicIpAddress ? true : undefined;
    },
    ctx,
    'pending',
  );
