import type { Change, Ctx, Decision } from '../../engine/index.ts';
import { minutes } from '../../time/index.ts';
import { createOnce, patiently, removeWhole, unlessDone, until } from './patience.ts';
import { after, ask, type Cloud, changes, cloudStep, done, repeat, tagged, twice } from './step.ts';
import { vpcId } from './vpc.ts';

export interface GatewayFacts {
  gateways: { id: string; vpc?: string }[];
}

const GATEWAY = 'internet gateway';
const ATTACHED = 'internet gateway at the VPC';

/** ec2.gateway: the way out of the public subnets. */
export const gatewayStep = (cloud: Cloud) =>
  cloudStep<object, GatewayFacts>(cloud, {
    id: 'ec2.gateway',
    title: 'Make its way to the internet',
    want: {},
    needs: after('ec2.vpc'),
    deadline: minutes(15),
    nothing: { gateways: [] },
    observe: async () => ({
      gateways: (await cloud.view.see('gateways')).map(({ InternetGatewayId = '', Attachments }) => {
        const vpc = Attachments?.[0]?.VpcId;
        return { id: InternetGatewayId, ...(vpc !== undefined && { vpc }) };
      }),
    }),
    decide: decideGateway,
    changes: ['gateways'],
    apply: (change, ctx) => apply(cloud, change, ctx),
  });

/** '' while there is none. */
export const gatewayId = async ({ view }: Cloud): Promise<string> =>
  (await view.see('gateways'))[0]?.InternetGatewayId ?? '';

export function decideGateway(want: object | undefined, { gateways }: GatewayFacts): Decision {
  const [gateway] = gateways;
  if (want === undefined)
    return gateway
      ? changes(...gateways.map(({ id }) => ({ action: 'delete', what: `${GATEWAY} ${id}` }) as const))
      : done('there is none');
  if (gateways.length > 1)
    return twice(
      'its internet gateway',
      gateways.map(({ id }) => id),
    );
  const attach = { action: 'update', what: ATTACHED } as const;
  if (!gateway) return changes({ action: 'create', what: GATEWAY }, attach);
  return gateway.vpc === undefined ? changes(attach) : done(`${gateway.id} is at ${gateway.vpc}`);
}

async function apply(cloud: Cloud, change: Change, ctx: Ctx): Promise<unknown> {
  if (change.action === 'delete') return remove(cloud, change.what, ctx);
  if (change.what === ATTACHED) return attach(cloud, ctx);
  const create = () =>
    ask(
      cloud,
      'make an internet gateway',
      sdk => new sdk.CreateInternetGatewayCommand(tagged(cloud, ctx, 'gateway', 'internet-gateway')),
    );
  return createOnce({ change, find: async () => (await cloud.view.look('gateways'))[0], create }, ctx);
}

async function attach(cloud: Cloud, ctx: Ctx): Promise<void> {
  const [InternetGatewayId, VpcId] = await Promise.all([gatewayId(cloud), vpcId(cloud)]);
  await patiently(
    ATTACHED,
    () =>
      unlessDone(
        repeat(
          cloud,
          `attach ${InternetGatewayId} to ${VpcId}`,
          sdk => new sdk.AttachInternetGatewayCommand({ InternetGatewayId, VpcId }),
        ),
        'Resource.AlreadyAssociated',
      ),
    ctx,
  );
  const attached = async () => (await cloud.view.look('gateways'))[0]?.Attachments?.[0]?.VpcId;
  await until(ATTACHED, minutes(1), attached, ctx);
}

async function remove(cloud: Cloud, what: string, ctx: Ctx): Promise<void> {
  const InternetGatewayId = what.replace(`${GATEWAY} `, '');
  const find = async () =>
    (await cloud.view.look('gateways')).find(gateway => gateway.InternetGatewayId === InternetGatewayId);
  const take = async () => {
    for (const { VpcId } of (await find())?.Attachments ?? [])
      await unlessDone(
        repeat(
          cloud,
          `detach ${InternetGatewayId}`,
          sdk => new sdk.DetachInternetGatewayCommand({ InternetGatewayId, VpcId }),
        ),
        'Gateway.NotAttached',
      );
    await repeat(cloud, `remove ${what}`, sdk => new sdk.DeleteInternetGatewayCommand({ InternetGatewayId }));
  };
  await removeWhole(what, take, async () => (await find()) !== undefined, ctx);
}
