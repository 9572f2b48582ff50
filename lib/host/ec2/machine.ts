import { thisArch } from '../../artifact/index.ts';
import type { Change, Ctx, Decision } from '../../engine/index.ts';
import { OpsError } from '../../errors/index.ts';
import type { HostWant } from '../../inventory/index.ts';
import { minutes } from '../../time/index.ts';
import { archOf } from './image.ts';
import { hostRole, instancesOf, stateOf } from './instances.ts';
import { removeWhole } from './patience.ts';
import { HOPS, start } from './run-instance.ts';
import { after, type Cloud, changes, cloudStep, done, repeat, twice, unknown } from './step.ts';
import { roleOf } from './tags.ts';

interface MachineWant {
  name: string;
  instance: string;
  disk: number;
  /** Of what is installed: this computer's. */
  arch: string;
}

export interface MachineFacts {
  name: string;
  /** hops: how far an answer of the metadata service goes. */
  machines: { id: string; type: string; state: string; imdsv2: boolean; hops: number }[];
  /** Of machines that are gone: ids that are still there. */
  volumes: string[];
}

const machine = (name: string) => `machine ${name}`;
const metadata = (name: string) => `metadata of ${name}`;

/** ec2.instance: the machine with its encrypted disk. */
export const machineStep = (cloud: Cloud, host: HostWant, network: readonly string[]) =>
  cloudStep<MachineWant, MachineFacts>(cloud, {
    id: 'ec2.instance',
    title: `Make ${host.name}: ${host.instance}, a disk of ${Math.ceil(host.disk / 2 ** 30)} GiB`,
    host: host.name,
    want: { name: host.name, instance: host.instance ?? '', disk: host.disk, arch: thisArch() },
    needs: after(...network, 'ec2.firewall', 'ec2.key', 'ec2.image'),
    deadline: minutes(15),
    destroys: true,
    nothing: { name: host.name, machines: [], volumes: [] },
    async observe(_, removing) {
      const [{ living }, volumes] = await Promise.all([
        instancesOf(cloud, host.name),
        // A machine's disk goes with it; only its removal asks whether it has gone.
        removing ? cloud.view.see('volumes') : [],
      ]);
      return {
        name: host.name,
        machines: living.map(one => ({
          id: one.InstanceId ?? '',
          type: one.InstanceType ?? '',
          state: stateOf(one),
          imdsv2: one.MetadataOptions?.HttpTokens === 'required',
          hops: one.MetadataOptions?.HttpPutResponseHopLimit ?? HOPS,
        })),
        volumes: volumes.filter(one => roleOf(one) === hostRole(host.name)).map(({ VolumeId = '' }) => VolumeId),
      };
    },
    decide: decideMachine,
    changes: ['instances', 'volumes', 'addresses'],
    apply: (change, ctx) => apply(cloud, host, change, ctx),
  });

export function decideMachine(want: MachineWant | undefined, { name, machines, volumes }: MachineFacts): Decision {
  const [one] = machines;
  if (want === undefined) {
    if (one)
      return changes(...machines.map(({ id }) => ({ action: 'delete', what: `${machine(name)} (${id})` }) as const));
    return volumes.length === 0
      ? done('there is none')
      : changes(...volumes.map(id => ({ action: 'delete', what: `disk of ${name} (${id})` }) as const));
  }
  const arch = archOf(want.instance);
  if (!one && arch !== want.arch)
    return unknown(`a ${want.instance} is ${arch}, and what muster installs from this computer is ${want.arch}`);
  if (!one) return changes({ action: 'create', what: machine(name), to: want.instance });
  if (machines.length > 1)
    return twice(
      machine(name),
      machines.map(({ id }) => id),
    );
  if (one.type !== want.instance)
    return unknown(
      `${name} (${one.id}) is a ${one.type}, expected ${want.instance}: ./muster stop, change its type in AWS, ./muster start`,
    );
  const open = one.imdsv2 ? one.hops > HOPS && `${one.hops} hops far` : 'open';
  if (open) return changes({ action: 'update', what: metadata(name), from: open, to: 'by token, one hop far' });
  return done(`${one.id}, ${one.type}`);
}

async function apply(cloud: Cloud, host: HostWant, change: Change, ctx: Ctx): Promise<unknown> {
  const id = /\(([\w-]+)\)$/.exec(change.what)?.[1] ?? '';
  if (change.action === 'create') return start(cloud, host, change, ctx);
  if (change.action === 'update') return closeMetadata(cloud, host.name);
  return change.what.startsWith('disk') ? removeDisk(cloud, id, ctx) : terminate(cloud, host.name, id, ctx);
}

/** Without a token whoever makes the machine fetch an address of his could read the user data, and our keys in it. */
async function closeMetadata(cloud: Cloud, name: string): Promise<void> {
  const [one] = (await instancesOf(cloud, name)).living;
  const request = { InstanceId: one?.InstanceId ?? '', HttpTokens: 'required' } as const;
  await repeat(
    cloud,
    `close the metadata of ${name}`,
    sdk => new sdk.ModifyInstanceMetadataOptionsCommand({ ...request, HttpPutResponseHopLimit: HOPS }),
  );
}

/** Its disk goes with it; both are seen gone. */
async function terminate(cloud: Cloud, name: string, id: string, ctx: Ctx): Promise<void> {
  const there = async () => {
    const [{ living }, instances, volumes] = await Promise.all([
      instancesOf(cloud, name, 'look'),
      cloud.view.see('instances'),
      cloud.view.look('volumes'),
    ]);
    const leaving = instances.some(one => one.InstanceId === id && stateOf(one) !== 'terminated');
    const attached = volumes.some(({ Attachments }) => Attachments?.some(({ InstanceId }) => InstanceId === id));
    return leaving || attached || living.some(({ InstanceId }) => InstanceId === id);
  };
  const take = () =>
    repeat(cloud, `remove ${name} (${id})`, sdk => new sdk.TerminateInstancesCommand({ InstanceIds: [id] }));
  await removeWhole(`${name} (${id})`, take, there, ctx);
}

const removeDisk = (cloud: Cloud, VolumeId: string, ctx: Ctx) =>
  removeWhole(
    `disk ${VolumeId}`,
    () => repeat(cloud, `remove the disk ${VolumeId}`, sdk => new sdk.DeleteVolumeCommand({ VolumeId })),
    async () => (await cloud.view.look('volumes')).some(volume => volume.VolumeId === VolumeId),
    ctx,
  );

/** The one that runs under this name. Errors: HOST_ABSENT. */
export async function knownInstance(cloud: Cloud, name: string) {
  const [one] = (await instancesOf(cloud, name)).living;
  if (one) return one;
  throw new OpsError('HOST_ABSENT', `cannot find the machine ${name}: ${cloud.site.name} has none of this name (yet)`);
}
