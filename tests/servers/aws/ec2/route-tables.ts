import type {
  AssociateRouteTableRequest,
  AssociateRouteTableResult,
  CreateRouteRequest,
  CreateRouteTableRequest,
  CreateRouteTableResult,
  DeleteRouteRequest,
  DeleteRouteTableRequest,
  DescribeRouteTablesRequest,
  DescribeRouteTablesResult,
  DisassociateRouteTableRequest,
  ReplaceRouteRequest,
  ReplaceRouteTableAssociationRequest,
  ReplaceRouteTableAssociationResult,
  RouteTable,
  RouteTableAssociation,
  Subnet,
} from '@aws-sdk/client-ec2';
import { AwsError } from '../errors.ts';
import type { Call, Rules } from '../service.ts';
import { readCidr } from './cidr.ts';
import { list } from './list.ts';
import { type Ec2State, ec2Of } from './state.ts';
import { newId } from './table.ts';
import { dropTags, tagsOf, wantedTags } from './tags.ts';
import { once } from './tokens.ts';

const filters = {
  'route-table-id': ({ RouteTableId }: RouteTable) => RouteTableId,
  'vpc-id': ({ VpcId }: RouteTable) => VpcId,
  'association.main': ({ Associations }: RouteTable) => Associations?.map(({ Main }) => String(Main)),
  'association.subnet-id': ({ Associations }: RouteTable) => Associations?.map(({ SubnetId }) => SubnetId),
  'association.route-table-association-id': ({ Associations }: RouteTable) =>
    Associations?.map(each => each.RouteTableAssociationId),
  'route.gateway-id': ({ Routes }: RouteTable) => Routes?.map(({ GatewayId }) => GatewayId),
  'route.nat-gateway-id': ({ Routes }: RouteTable) => Routes?.map(({ NatGatewayId }) => NatGatewayId),
  'route.destination-cidr-block': ({ Routes }: RouteTable) => Routes?.map(each => each.DestinationCidrBlock),
};

const shown = (table: RouteTable, state: Ec2State): RouteTable => ({
  ...table,
  Tags: tagsOf(table.RouteTableId ?? '', state),
});

export const routeTableRules: Rules = {
  CreateRouteTable(input: CreateRouteTableRequest, call): CreateRouteTableResult {
    const state = ec2Of(call);
    const { CidrBlock } = state.vpcs.need(input.VpcId);
    return once(
      'CreateRouteTable',
      input.ClientToken,
      call,
      id => ({ RouteTable: shown(state.routeTables.own(id), state) }),
      () => {
        const tag = wantedTags(input.TagSpecifications, 'route-table');
        const RouteTableId = newId('rtb');
        state.routeTables.add(RouteTableId, {
          ...{ RouteTableId, VpcId: input.VpcId, OwnerId: state.account, Associations: [], PropagatingVgws: [] },
          Routes: [
            { DestinationCidrBlock: CidrBlock, GatewayId: 'local', State: 'active', Origin: 'CreateRouteTable' },
          ],
        });
        tag(RouteTableId, state);
        return RouteTableId;
      },
    );
  },

  DescribeRouteTables(input: DescribeRouteTablesRequest, call): DescribeRouteTablesResult {
    const state = ec2Of(call);
    const listing = {
      table: state.routeTables,
      id: (each: RouteTable) => each.RouteTableId,
      filters,
      ids: input.RouteTableIds,
    };
    const { page, NextToken } = list(listing, input, call);
    return { RouteTables: page.map(each => shown(each, state)), NextToken };
  },

  CreateRoute(input: CreateRouteRequest, call): object {
    const { Routes = [] } = ec2Of(call).routeTables.need(input.RouteTableId);
    const DestinationCidrBlock = readCidr(input.DestinationCidrBlock).text;
    const found = Routes.find(route => route.DestinationCidrBlock === DestinationCidrBlock);
    const way = target(input, call);
    // The same route again is fine; another target is not (Error codes: RouteAlreadyExists).
    if (found && found.GatewayId === way.GatewayId && found.NatGatewayId === way.NatGatewayId) return { Return: true };
    if (found)
      throw new AwsError('RouteAlreadyExists', `The route identified by ${DestinationCidrBlock} already exists.`);
    Routes.push({ DestinationCidrBlock, ...way, State: 'active', Origin: 'CreateRoute' });
    return { Return: true };
  },

  ReplaceRoute(input: ReplaceRouteRequest, call): object {
    const route = findRoute(input, call);
    const { GatewayId, NatGatewayId } = target(input, call);
    Object.assign(route, { GatewayId, NatGatewayId, State: 'active' });
    return {};
  },

  DeleteRoute(input: DeleteRouteRequest, call): object {
    const table = ec2Of(call).routeTables.need(input.RouteTableId);
    const route = findRoute(input, call);
    // "You can't delete the local route."
    if (route.GatewayId === 'local')
      throw new AwsError(
        'InvalidParameterValue',
        `cannot remove local route ${route.DestinationCidrBlock} in route table ${input.RouteTableId}`,
      );
    table.Routes = table.Routes?.filter(each => each !== route) ?? [];
    return {};
  },

  AssociateRouteTable(
    { RouteTableId, SubnetId, GatewayId }: AssociateRouteTableRequest,
    call,
  ): AssociateRouteTableResult {
    const state = ec2Of(call);
    const table = state.routeTables.need(RouteTableId);
    if (GatewayId !== undefined) throw new AwsError('InvalidParameterValue', 'the stand-in associates subnets only');
    refuseOtherNetwork(state.subnets.need(SubnetId), table);
    // Error codes: Resource.AlreadyAssociated, "the specified route table is already associated with a subnet"; the same pair is fine.
    const there = state.routeTables
      .all()
      .flatMap(each => each.Associations ?? [])
      .find(each => each.SubnetId === SubnetId);
    if (there && there.RouteTableId === RouteTableId)
      return { AssociationId: there.RouteTableAssociationId, AssociationState: { State: 'associated' } };
    if (there)
      throw new AwsError(
        'Resource.AlreadyAssociated',
        `the specified association for route table ${RouteTableId} conflicts with an existing association`,
      );
    const AssociationId = lead(table, SubnetId);
    return { AssociationId, AssociationState: { State: 'associated' } };
  },

  // "Changes the route table associated with a given subnet": the association gets another id.
  ReplaceRouteTableAssociation(
    { AssociationId, RouteTableId }: ReplaceRouteTableAssociationRequest,
    call,
  ): ReplaceRouteTableAssociationResult {
    const state = ec2Of(call);
    const [from, there] = findAssociation(AssociationId, call);
    const table = state.routeTables.need(RouteTableId);
    if (there.Main) throw new AwsError('InvalidParameterValue', 'the stand-in leaves the main route table as it is');
    refuseOtherNetwork(state.subnets.need(there.SubnetId), table);
    from.Associations = from.Associations?.filter(each => each !== there) ?? [];
    return { NewAssociationId: lead(table, there.SubnetId), AssociationState: { State: 'associated' } };
  },

  DisassociateRouteTable({ AssociationId }: DisassociateRouteTableRequest, call): object {
    const [table, there] = findAssociation(AssociationId, call);
    // "You cannot disassociate the main route table."
    if (there.Main)
      throw new AwsError(
        'InvalidParameterValue',
        `cannot disassociate the main route table association ${AssociationId}`,
      );
    table.Associations = table.Associations?.filter(each => each !== there) ?? [];
    return {};
  },

  DeleteRouteTable({ RouteTableId }: DeleteRouteTableRequest, call): object {
    const state = ec2Of(call);
    // "You must disassociate the route table from any subnets before you can delete it. You can't delete the main route table."
    if (state.routeTables.need(RouteTableId).Associations?.length)
      throw new AwsError(
        'DependencyViolation',
        `The routeTable '${RouteTableId}' has dependencies and cannot be deleted.`,
      );
    state.routeTables.remove(RouteTableId ?? '');
    dropTags(RouteTableId ?? '', state);
    return {};
  },
};

function findAssociation(id: string | undefined, call: Call): [RouteTable, RouteTableAssociation] {
  for (const table of ec2Of(call).routeTables.all())
    for (const each of table.Associations ?? []) if (each.RouteTableAssociationId === id) return [table, each];
  throw new AwsError('InvalidAssociationID.NotFound', `The association ID '${id}' does not exist`);
}

function refuseOtherNetwork({ VpcId, SubnetId }: Subnet, table: RouteTable): void {
  if (VpcId === table.VpcId) return;
  // Observed by others for a gateway (smoketurner/serverless-vpc-plugin#147); assumed for a subnet.
  throw new AwsError(
    'InvalidParameterValue',
    `Route table ${table.RouteTableId} and subnet ${SubnetId} belong to different networks`,
  );
}

function lead(table: RouteTable, SubnetId: string | undefined): string {
  const RouteTableAssociationId = newId('rtbassoc');
  table.Associations?.push({
    ...{ RouteTableAssociationId, RouteTableId: table.RouteTableId, SubnetId, Main: false },
    AssociationState: { State: 'associated' },
  });
  return RouteTableAssociationId;
}

interface Way {
  RouteTableId?: string | undefined;
  DestinationCidrBlock?: string | undefined;
  GatewayId?: string | undefined;
  NatGatewayId?: string | undefined;
}

function findRoute({ RouteTableId, DestinationCidrBlock }: Way, call: Call) {
  const table = ec2Of(call).routeTables.need(RouteTableId);
  const route = table.Routes?.find(each => each.DestinationCidrBlock === DestinationCidrBlock);
  if (!route)
    throw new AwsError(
      'InvalidRoute.NotFound',
      `no route with destination-cidr-block ${DestinationCidrBlock} in route table ${RouteTableId}`,
    );
  return route;
}

/** "You must specify one of the targets"; an internet gateway must be attached to the table's VPC. */
function target({ RouteTableId, GatewayId, NatGatewayId }: Way, call: Call): Way {
  const state = ec2Of(call);
  const { VpcId } = state.routeTables.need(RouteTableId);
  // CreateRoute: "You must also specify exactly one of the resources from the parameter list."
  if ((GatewayId === undefined) === (NatGatewayId === undefined))
    throw new AwsError(
      'InvalidParameterCombination',
      'exactly one target must be given; the stand-in knows GatewayId and NatGatewayId',
    );
  if (NatGatewayId !== undefined) {
    if (state.natGateways.need(NatGatewayId).State !== 'available')
      throw new AwsError('InvalidNatGatewayID.NotFound', `The natGateway ID '${NatGatewayId}' does not exist`);
    return { NatGatewayId };
  }
  // Observed by others: smoketurner/serverless-vpc-plugin#147.
  if (!state.internetGateways.need(GatewayId).Attachments?.some(each => each.VpcId === VpcId))
    throw new AwsError(
      'InvalidParameterValue',
      `route table ${RouteTableId} and network gateway ${GatewayId} belong to different networks`,
    );
  return { GatewayId };
}
