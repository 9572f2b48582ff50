import { isAws } from '../../aws/index.ts';
import type { Change, Ctx, Decision } from '../../engine/index.ts';
import { minutes } from '../../time/index.ts';
import { gatewayId } from './gateway.ts';
import { natId } from './nat.ts';
import { createOnce, patiently, removeWhole, unlessDone, until } from './patience.ts';
import { after, ask, type Cloud, changes, cloudStep, done, repeat, tagged, unknown } from './step.ts';
import { SUBNETS, subnetRole } from './subnets.ts';
import { roleOf } from './tags.ts';
import { vpcId } from './vpc.ts';

const TABLES = ['public', 'private'] as const;
type TableName = (typeof TABLES)[number];
const role = (name: string) => `routes/${name}`;
const WORLD = '0.0.0.0/0';

interface RoutesWant {
  nat: boolean;
}

export interface TableFacts {
  id: string;
  name: string;
  /** Of 0.0.0.0/0: an igw-, a nat- ... */
  way?: string;
  /** Roles of the subnets that it is for. */
  subnets: string[];
}

export interface RoutesFacts {
  tables: TableFacts[];
  /** '' while there is none. */
  gateway: string;
  nat: string;
}

/** ec2.routes: what leads where. */
export const routesStep = (cloud: Cloud) =>
  cloudStep<RoutesWant, RoutesFacts>(cloud, {
    id: 'ec2.routes',
    title: 'Lead its subnets to the internet',
    want: { nat: cloud.want.network.nat },
    needs: after('ec2.subnets', 'ec2.gateway', 'ec2.nat'),
    deadline: minutes(15),
    nothing: { tables: [], gateway: '', nat: '' },
    observe: () => observe(cloud),
    decide: decideRoutes,
    changes: ['tables'],
    apply: (change, ctx) => apply(cloud, change, ctx),
  });

async function observe(cloud: Cloud): Promise<RoutesFacts> {
  const [tables, subnets, gateway, nat] = await Promise.all([
    cloud.view.see('tables'),
    cloud.view.see('subnets'),
    gatewayId(cloud),
    natId(cloud),
  ]);
  const roleById = new Map(subnets.map(subnet => [subnet.SubnetId, roleOf(subnet)]));
  return {
    gateway,
    nat,
    tables: tables.map(table => {
      const route = table.Routes?.find(each => each.DestinationCidrBlock === WORLD);
      const way = route?.State === 'blackhole' ? 'nothing' : (route?.GatewayId ?? route?.NatGatewayId);
      return {
        id: table.RouteTableId ?? '',
        name: roleOf(table).replace('routes/', ''),
        ...(route && { way: way ?? 'another place' }),
        subnets: (table.Associations ?? []).flatMap(({ SubnetId }) => roleById.get(SubnetId) ?? []),
      };
    }),
  };
}

const tableOf = (name: string) => `route table ${name}`;
const wayOf = (name: string) => `way out of route table ${name}`;
const subnetOf = (name: string, table: string) => `subnet ${name} by route table ${table}`;

export function decideRoutes(want: RoutesWant | undefined, facts: RoutesFacts): Decision {
  const { tables } = facts;
  if (want === undefined)
    return tables.length === 0
      ? done('there are none')
      : changes(...tables.map(({ id }) => ({ action: 'delete', what: tableOf(id) }) as const));
  const double = TABLES.find(name => tables.filter(table => table.name === name).length > 1);
  if (double) return unknown(`there are two route tables ${double}; remove the one that nothing uses`);
  const all = TABLES.flatMap(name => changesOf(name, want, facts));
  return all.length > 0 ? changes(...all) : done(want.nat ? 'public by the gateway, private by NAT' : 'public only');
}

function changesOf(name: TableName, { nat }: RoutesWant, facts: RoutesFacts): Omit<Change, 'grade'>[] {
  const table = facts.tables.find(each => each.name === name);
  const wanted = name === 'public' ? facts.gateway || 'the internet gateway' : nat ? facts.nat || 'NAT' : undefined;
  const made: Omit<Change, 'grade'>[] = table ? [] : [{ action: 'create', what: tableOf(name) }];
  if (wanted !== table?.way)
    made.push({
      ...{ action: wanted === undefined ? 'delete' : 'update', what: wayOf(name) },
      ...(table?.way !== undefined && { from: table.way }),
      ...(wanted !== undefined && { to: wanted }),
    });
  for (const subnet of SUBNETS.filter(each => each.startsWith(name)))
    if (!table?.subnets.includes(subnetRole(subnet))) made.push({ action: 'update', what: subnetOf(subnet, name) });
  return made;
}

async function apply(cloud: Cloud, change: Change, ctx: Ctx): Promise<unknown> {
  const { action, what } = change;
  const name = what.split(' ').at(-1) ?? '';
  const find = async () => (await cloud.view.look('tables')).find(table => roleOf(table) === role(name));
  if (what.startsWith('subnet ')) return associate(cloud, what.split(' ')[1] ?? '', await find(), ctx);
  if (what === wayOf(name)) return lead(cloud, change, (await find())?.RouteTableId ?? '', ctx);
  if (action === 'delete') return remove(cloud, name, ctx);
  const request = { VpcId: await vpcId(cloud), ...tagged(cloud, ctx, role(name), 'route-table') };
  const make = () => ask(cloud, `make the ${what}`, sdk => new sdk.CreateRouteTableCommand(request));
  return createOnce({ change, find, create: () => patiently(what, make, ctx) }, ctx);
}

interface Table {
  RouteTableId?: string | undefined;
}

async function associate(cloud: Cloud, subnet: string, table: Table | undefined, ctx: Ctx): Promise<unknown> {
  const subnets = await cloud.view.see('subnets');
  const SubnetId = subnets.find(each => roleOf(each) === `subnet/${subnet}`)?.SubnetId ?? '';
  const RouteTableId = table?.RouteTableId ?? '';
  const what = `${subnet} by ${RouteTableId}`;
  const act = async () => {
    try {
      await repeat(cloud, `lead ${what}`, sdk => new sdk.AssociateRouteTableCommand({ RouteTableId, SubnetId }));
    } catch (error) {
      // With this table by a call whose answer was lost, or with another by hand.
      if (!isAws(error, 'Resource.AlreadyAssociated')) throw error;
      await takeOver(cloud, SubnetId, RouteTableId);
    }
  };
  await patiently(what, act, ctx);
  const led = async () =>
    (await cloud.view.look('tables')).some(
      each => each.RouteTableId === RouteTableId && each.Associations?.some(one => one.SubnetId === SubnetId),
    ) || undefined;
  return until(what, minutes(1), led, ctx);
}

/** A subnet has one route table. The one that it has may be anybody's, and bear no tag of ours. */
async function takeOver(cloud: Cloud, subnet: string, RouteTableId: string): Promise<void> {
  const Filters = [{ Name: 'association.subnet-id', Values: [subnet] }];
  const look = `look for the route table of ${subnet}`;
  const { RouteTables = [] } = await repeat(cloud, look, sdk => new sdk.DescribeRouteTablesCommand({ Filters }));
  const there = RouteTables.flatMap(({ Associations = [] }) => Associations).find(each => each.SubnetId === subnet);
  const AssociationId = there?.RouteTableAssociationId;
  if (AssociationId === undefined || there?.RouteTableId === RouteTableId) return;
  await repeat(
    cloud,
    `lead ${subnet} by ${RouteTableId}`,
    sdk => new sdk.ReplaceRouteTableAssociationCommand({ AssociationId, RouteTableId }),
  );
}

/** A route that is there is replaced: its way may be another, or be gone. */
async function lead(cloud: Cloud, { action, what, from, to = '' }: Change, RouteTableId: string, ctx: Ctx) {
  const DestinationCidrBlock = WORLD;
  const table = { RouteTableId, DestinationCidrBlock };
  if (action === 'delete') {
    const gone = repeat(cloud, `take ${what} away`, sdk => new sdk.DeleteRouteCommand(table));
    return unlessDone(gone, 'InvalidRoute.NotFound');
  }
  const id = to.startsWith('igw-') || to.startsWith('nat-') ? to : undefined;
  const way = what.endsWith('public')
    ? { GatewayId: id ?? (await gatewayId(cloud)) }
    : { NatGatewayId: id ?? (await natId(cloud)) };
  const make = () =>
    from === undefined
      ? unlessDone(
          repeat(cloud, `make the ${what}`, sdk => new sdk.CreateRouteCommand({ ...table, ...way })),
          'RouteAlreadyExists',
        )
      : repeat(cloud, `change the ${what}`, sdk => new sdk.ReplaceRouteCommand({ ...table, ...way }));
  await patiently(what, async () => void (await make()), ctx);
}

async function remove(cloud: Cloud, RouteTableId: string, ctx: Ctx): Promise<void> {
  const find = async () => (await cloud.view.look('tables')).find(table => table.RouteTableId === RouteTableId);
  const take = async () => {
    for (const { RouteTableAssociationId: AssociationId } of (await find())?.Associations ?? [])
      await unlessDone(
        repeat(cloud, `free ${RouteTableId}`, sdk => new sdk.DisassociateRouteTableCommand({ AssociationId })),
        'InvalidAssociationID.NotFound',
      );
    await repeat(cloud, `remove ${RouteTableId}`, sdk => new sdk.DeleteRouteTableCommand({ RouteTableId }));
  };
  await removeWhole(tableOf(RouteTableId), take, async () => (await find()) !== undefined, ctx);
}
