import type { Instance } from '@aws-sdk/client-ec2';
import type { Aws } from '../../aws/index.ts';
import type { AnyStep } from '../../engine/index.ts';
import { OpsError } from '../../errors/index.ts';
import { type Ec2Want, existingCluster, type HostWant, type Site } from '../../inventory/index.ts';
import type { Fence } from '../fence.ts';
import { OPERATOR_KEY } from '../keys.ts';
import type { Endpoint, EndpointKind, Machine, Network, Provider } from '../provider.ts';
import { behindOurBack } from './behind-our-back.ts';
import { elasticStep } from './elastic.ts';
import { firewallStep, NODE_PORT } from './firewall.ts';
import { gatewayStep } from './gateway.ts';
import { imageStep } from './image.ts';
import { stateOf } from './instances.ts';
import { keyStep } from './key.ts';
import { taggedResources } from './leaks.ts';
import { balancersStep } from './left-balancers.ts';
import { leftNodesStep } from './left-nodes.ts';
import { knownInstance, machineStep } from './machine.ts';
import { meteredOf } from './metered.ts';
import { natStep } from './nat.ts';
import { powerStep, sshStep } from './power.ts';
import { routesStep } from './routes.ts';
import { type Cloud, without } from './step.ts';
import { subnetsStep } from './subnets.ts';
import { roleOf, TAG, tagOf } from './tags.ts';
import { viewOf } from './view.ts';
import { vpcStep } from './vpc.ts';

/** Machines of AWS. Everything is found again by its tags; nothing of it is remembered here. */
export function ec2Provider(site: Site, want: Ec2Want, aws: Aws, fence?: Fence): Provider {
  const view = viewOf({ aws, site: site.name, network: want.network });
  const cloud: Cloud = { site, want, aws, view, ...(fence && { fence }) };
  return {
    kind: 'ec2',
    owned: true,
    steps: (_, hosts) => {
      // What a cluster of another hand made in its network is that hand's.
      if (existingCluster(site) !== undefined) return [];
      return hosts ? wantedSteps(cloud, hosts) : allSteps(cloud, site.hosts).map(without);
    },
    machines: async () => (await view.see('instances')).flatMap(instance => machineOf(instance)),
    endpoint: (machine, kind) => endpointOf(cloud, machine, kind),
    // The address of its default route is the one inside the VPC.
    nodeAddress: () => undefined,
    async login(machine, secrets) {
      const identity = await secrets.get(OPERATOR_KEY);
      if (identity) return { user: 'root', identity };
      throw new OpsError('SSH_IDENTITY', `cannot log in to ${machine}: the operator's key is not on this computer`, {
        hint: `./muster join --site ${site.name} takes it out of the escrow; without one bring .muster/${site.name}/secrets`,
      });
    },
    aws,
    network: () => networkOf(cloud),
    metered: () => meteredOf(cloud),
    pace: async () => 1,
    power: (machine, power) => powerStep(cloud, machine, power),
    list: async () =>
      existingCluster(site) === undefined
        ? (await Promise.all([taggedResources(view), behindOurBack(aws, site.name)])).flat()
        : taggedResources(view, ({ Tags }) => tagOf({ Tags }, TAG.site) === site.name),
  };
}

/** Of a network that was brought nothing is made, changed or removed. */
const networkSteps = (cloud: Cloud): AnyStep[] =>
  cloud.want.network.vpc === undefined
    ? [
        vpcStep(cloud),
        gatewayStep(cloud),
        subnetsStep(cloud),
        cloud.want.network.nat ? natStep(cloud) : without(natStep(cloud)),
        routesStep(cloud),
      ]
    : [];

async function networkOf({ view }: Cloud): Promise<Network | undefined> {
  const [vpcs, subnets] = await Promise.all([view.see('vpcs'), view.see('subnets')]);
  const [vpc] = vpcs;
  if (vpc?.VpcId === undefined || subnets.length === 0) return undefined;
  return {
    vpc: vpc.VpcId,
    subnets: subnets.map(subnet => ({
      id: subnet.SubnetId ?? '',
      zone: subnet.AvailabilityZone ?? '',
      public: subnet.MapPublicIpOnLaunch === true,
    })),
  };
}

/** A cluster that brings its own machines needs the network only. */
const wantedSteps = (cloud: Cloud, hosts: readonly HostWant[]): AnyStep[] =>
  hosts.length === 0 ? networkAround(cloud) : allSteps(cloud, hosts);

function networkAround(cloud: Cloud): AnyStep[] {
  const made = networkSteps(cloud);
  const ids = made.map(({ id }) => id);
  return [...made, balancersStep(cloud, ids), leftNodesStep(cloud, ids)];
}

/** Without machines too: what was made for them may have outlived them. */
function allSteps(cloud: Cloud, hosts: readonly HostWant[]): AnyStep[] {
  const network = networkAround(cloud);
  const names = network.map(({ id }) => id);
  const perHost = hosts.flatMap(host => [
    machineStep(cloud, host, names),
    powerStep(cloud, host.name, 'on', 'machine.power'),
    cloud.want.elasticIp ? elasticStep(cloud, host) : without(elasticStep(cloud, host)),
    sshStep(cloud, host.name, 'ec2.address'),
  ]);
  return [...network, firewallStep(cloud), keyStep(cloud), imageStep(cloud), ...perHost];
}

function machineOf(instance: Instance): Machine[] {
  const state = stateOf(instance);
  const [, name] = /^host\/(.+)$/.exec(roleOf(instance)) ?? [];
  if (name === undefined || state === 'terminated' || state === 'shutting-down') return [];
  const tag = (key: string) => tagOf(instance, key) ?? '';
  return [
    {
      name,
      id: instance.InstanceId ?? '',
      power: state === 'running' ? 'on' : state === 'stopped' || state === 'stopping' ? 'off' : 'unknown',
      tags: { site: tag(TAG.site), owner: tag(TAG.owner), run: tag(TAG.run) },
    },
  ];
}

const PORTS: Readonly<Record<EndpointKind, number>> = { ssh: 22, api: 6443, web: NODE_PORT, 'node-port': NODE_PORT };

async function endpointOf(cloud: Cloud, name: string, kind: EndpointKind): Promise<Endpoint> {
  const instance = await knownInstance(cloud, name);
  const address = instance.PublicIpAddress;
  if (!address)
    throw new OpsError(
      'HOST_ABSENT',
      `cannot reach ${name} (${instance.InstanceId}): it has no public address while off`,
    );
  const hostKey = tagOf(instance, TAG.hostKey);
  return { address, port: PORTS[kind], ...(kind === 'ssh' && hostKey !== undefined && { hostKey }) };
}
