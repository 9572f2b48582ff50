import type { Change, Ctx, Decision } from '../../engine/index.ts';
import type { HostWant } from '../../inventory/index.ts';
import { minutes } from '../../time/index.ts';
import { allocate, release } from './addresses.ts';
import { instancesOf } from './instances.ts';
import { knownInstance } from './machine.ts';
import { patiently, until } from './patience.ts';
import { type Cloud, changes, cloudStep, done, repeat, twice } from './step.ts';
import { roleOf } from './tags.ts';

interface ElasticWant {
  name: string;
}

export interface ElasticFacts {
  name: string;
  addresses: { id: string; address: string; instance?: string }[];
  instance?: string;
}

const role = (name: string) => `address/${name}`;
const ADDRESS = 'fixed address';

/** ec2.address: an address that stays when the machine is stopped. */
export const elasticStep = (cloud: Cloud, host: HostWant) =>
  cloudStep<ElasticWant, ElasticFacts>(cloud, {
    id: 'ec2.address',
    title: `Give ${host.name} an address that stays`,
    host: host.name,
    want: { name: host.name },
    needs: [{ step: 'machine.power', scope: 'same' }],
    deadline: minutes(15),
    nothing: { name: host.name, addresses: [] },
    async observe() {
      const [addresses, { living }] = await Promise.all([cloud.view.see('addresses'), instancesOf(cloud, host.name)]);
      const instance = living[0]?.InstanceId;
      return {
        name: host.name,
        addresses: addresses
          .filter(address => roleOf(address) === role(host.name))
          .map(({ AllocationId = '', PublicIp = '', InstanceId }) => ({
            ...{ id: AllocationId, address: PublicIp },
            ...(InstanceId && { instance: InstanceId }),
          })),
        ...(instance !== undefined && { instance }),
      };
    },
    decide: decideElastic,
    changes: ['addresses', 'instances'],
    apply: (change, ctx) => apply(cloud, host.name, change, ctx),
  });

export function decideElastic(want: ElasticWant | undefined, facts: ElasticFacts): Decision {
  const { name, addresses, instance } = facts;
  const [one] = addresses;
  if (want === undefined)
    return one
      ? changes(...addresses.map(({ id }) => ({ action: 'delete', what: `${ADDRESS} ${id}` }) as const))
      : done('there is none');
  if (addresses.length > 1)
    return twice(
      `the address of ${name}`,
      addresses.map(({ id }) => id),
    );
  const bind = { action: 'update', what: `${ADDRESS} at ${name}` } as const;
  if (!one) return changes({ action: 'create', what: ADDRESS }, bind);
  if (one.instance === undefined || one.instance !== instance) return changes({ ...bind, to: one.address });
  return done(`${one.address}`);
}

async function apply(cloud: Cloud, name: string, change: Change, ctx: Ctx): Promise<unknown> {
  if (change.action === 'delete') return release(cloud, change.what.replace(`${ADDRESS} `, ''), ctx);
  if (change.action === 'create') return allocate(cloud, role(name), change, ctx);
  const address = (await cloud.view.look('addresses')).find(each => roleOf(each) === role(name));
  const { InstanceId } = await knownInstance(cloud, name);
  const request = { AllocationId: address?.AllocationId, InstanceId };
  const call = () => repeat(cloud, `give ${name} its address`, sdk => new sdk.AssociateAddressCommand(request));
  await patiently(change.what, call, ctx);
  const there = async () =>
    (await cloud.view.look('addresses')).some(each => roleOf(each) === role(name) && each.InstanceId === InstanceId) ||
    undefined;
  return until(change.what, minutes(1), there, ctx, 'not there yet');
}
