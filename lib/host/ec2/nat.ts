import { createHash } from 'node:crypto';
import type { Change, Ctx, Decision } from '../../engine/index.ts';
import { OpsError } from '../../errors/index.ts';
import { minutes } from '../../time/index.ts';
import { allocate, release } from './addresses.ts';
import { patiently, removeWhole, until } from './patience.ts';
import { after, ask, type Cloud, changes, cloudStep, done, repeat, tagged, twice } from './step.ts';
import { subnetRole } from './subnets.ts';
import { roleOf } from './tags.ts';

const NAT = 'NAT gateway';
const ADDRESS = 'address of the NAT gateway';
const ROLE = 'nat';

export interface NatFacts {
  /** Deleted ones are shown for an hour, and are none. */
  nats: { id: string; state: string }[];
  addresses: string[];
}

/** ec2.nat: how the private subnets reach the internet. It costs, so it is made only when the inventory asks. */
export const natStep = (cloud: Cloud) =>
  cloudStep<object, NatFacts>(cloud, {
    id: 'ec2.nat',
    title: 'Make a NAT gateway for the private subnets',
    want: {},
    needs: after('ec2.subnets', 'ec2.gateway'),
    deadline: minutes(20),
    nothing: { nats: [], addresses: [] },
    async observe() {
      const [nats, addresses] = await Promise.all([living(cloud, 'see'), cloud.view.see('addresses')]);
      return {
        nats: nats.map(({ NatGatewayId = '', State = '' }) => ({ id: NatGatewayId, state: State })),
        addresses: addresses.filter(address => roleOf(address) === ROLE).map(({ AllocationId = '' }) => AllocationId),
      };
    },
    decide: decideNat,
    changes: ['nats', 'addresses', 'tables'],
    apply: (change, ctx) => apply(cloud, change, ctx),
  });

const living = async ({ view }: Cloud, how: 'see' | 'look') =>
  (await view[how]('nats')).filter(({ State }) => State !== 'deleted' && State !== 'failed');

/** '' while there is none. */
export const natId = async (cloud: Cloud): Promise<string> => (await living(cloud, 'see'))[0]?.NatGatewayId ?? '';

export function decideNat(want: object | undefined, { nats, addresses }: NatFacts): Decision {
  const [nat] = nats;
  if (want === undefined) {
    const gone = [
      ...nats.map(({ id }) => ({ action: 'delete', what: `${NAT} ${id}` }) as const),
      ...addresses.map(id => ({ action: 'delete', what: `${ADDRESS} ${id}` }) as const),
    ];
    return gone.length > 0 ? changes(...gone) : done('there is none');
  }
  if (nats.length > 1)
    return twice(
      'its NAT gateway',
      nats.map(({ id }) => id),
    );
  if (nat?.state === 'available') return done(`${nat.id} is available`);
  const allocated = addresses.length > 0 || nat ? [] : [{ action: 'create', what: ADDRESS } as const];
  return changes(...allocated, { action: 'create', what: NAT, ...(nat && { from: nat.state }) });
}

async function apply(cloud: Cloud, change: Change, ctx: Ctx): Promise<unknown> {
  const id = change.what.split(' ').at(-1) ?? '';
  if (change.action === 'delete')
    return change.what.startsWith(ADDRESS) ? release(cloud, id, ctx) : remove(cloud, id, ctx);
  if (change.what === ADDRESS) return allocate(cloud, ROLE, change, ctx);
  if ((await living(cloud, 'look')).length === 0) await create(cloud, ctx);
  const available = async () => {
    const [nat] = await living(cloud, 'look');
    const failed = (await cloud.view.see('nats')).findLast(({ State }) => State === 'failed');
    if (!nat && failed)
      throw new OpsError('AWS_REFUSED', `cannot make a NAT gateway: ${failed.FailureMessage ?? failed.FailureCode}`);
    return nat?.State === 'available' ? true : undefined;
  };
  return until('NAT gateway available', minutes(10), available, ctx, 'pending');
}

async function create(cloud: Cloud, ctx: Ctx): Promise<void> {
  const [subnets, addresses, nats] = await Promise.all([
    cloud.view.see('subnets'),
    cloud.view.look('addresses'),
    cloud.view.look('nats'),
  ]);
  const SubnetId = subnets.find(subnet => roleOf(subnet) === subnetRole('public-a'))?.SubnetId ?? '';
  const AllocationId = addresses.find(address => roleOf(address) === ROLE)?.AllocationId ?? '';
  // One that is gone still owns its token.
  const gone = nats.map(({ NatGatewayId }) => NatGatewayId).sort();
  const ClientToken = createHash('sha256')
    .update(JSON.stringify([SubnetId, AllocationId, gone, ctx.run.id]))
    .digest('hex');
  const request = { SubnetId, AllocationId, ClientToken, ...tagged(cloud, ctx, ROLE, 'natgateway') };
  const make = () => repeat(cloud, 'make a NAT gateway', sdk => new sdk.CreateNatGatewayCommand(request));
  await patiently(NAT, make, ctx);
  await until(NAT, minutes(1), async () => (await living(cloud, 'look'))[0], ctx);
}

const remove = (cloud: Cloud, NatGatewayId: string, ctx: Ctx) =>
  removeWhole(
    `${NAT} ${NatGatewayId}`,
    () => ask(cloud, `remove ${NatGatewayId}`, sdk => new sdk.DeleteNatGatewayCommand({ NatGatewayId }), true),
    async () => (await living(cloud, 'look')).some(nat => nat.NatGatewayId === NatGatewayId),
    ctx,
  );
