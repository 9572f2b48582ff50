import type {
  AvailabilityZone,
  DescribeAvailabilityZonesRequest,
  DescribeAvailabilityZonesResult,
  DescribeRegionsRequest,
  DescribeRegionsResult,
} from '@aws-sdk/client-ec2';
import { AwsError } from '../errors.ts';
import type { Rules } from '../service.ts';
import { list } from './list.ts';
import { kind, Table } from './table.ts';

/** Regions of this stand-in, by their number of zones. */
const regions: Record<string, number> = {
  'eu-central-1': 3,
  'eu-west-1': 3,
  'eu-north-1': 3,
  'us-east-1': 6,
  'us-west-2': 4,
};

export function zonesOf(region: string): string[] {
  const count = regions[region];
  if (count === undefined) throw new AwsError('AuthFailure', `the stand-in has no region ${region}`, 401);
  return Array.from('abcdef')
    .slice(0, count)
    .map(letter => `${region}${letter}`);
}

/** Names are an account's own: in this one us-east-1e is the old zone that most services have left. */
export const zoneId = (zone: string): string => {
  const letters = zone.startsWith('us-east-1') ? 'abedcf' : 'abcdef';
  return `${zone.slice(0, -1).replace(/^(..)-(.)\w*-(\d)$/, '$1$2$3')}-az${letters.indexOf(zone.slice(-1)) + 1}`;
};

const filters = {
  'zone-name': ({ ZoneName }: AvailabilityZone) => ZoneName,
  'zone-id': ({ ZoneId }: AvailabilityZone) => ZoneId,
  'zone-type': ({ ZoneType }: AvailabilityZone) => ZoneType,
  'region-name': ({ RegionName }: AvailabilityZone) => RegionName,
  'opt-in-status': ({ OptInStatus }: AvailabilityZone) => OptInStatus,
  state: ({ State }: AvailabilityZone) => State,
};

export const zoneRules: Rules = {
  DescribeAvailabilityZones(input: DescribeAvailabilityZonesRequest, call): DescribeAvailabilityZonesResult {
    const table = new Table<AvailabilityZone>(kind('zone', 'zone', 'InvalidZone'), call.world);
    const { ZoneNames, ZoneIds, AllAvailabilityZones } = input;
    const near = zonesOf(call.region).map(zone => ({
      zone,
      type: 'availability-zone',
      optIn: 'opt-in-not-required' as const,
    }));
    // Local zones are there too, and nothing can be started in one that the account has not opted in to.
    const far = { zone: `${call.region}-ham-1a`, type: 'local-zone', optIn: 'not-opted-in' as const };
    for (const { zone, type, optIn } of AllAvailabilityZones ? [...near, far] : near)
      table.add(
        zone,
        {
          ...{
            ZoneName: zone,
            ZoneId: zoneId(zone),
            ZoneType: type,
            OptInStatus: optIn,
            State: 'available',
            Messages: [],
          },
          ...{ RegionName: call.region, NetworkBorderGroup: call.region, GroupName: call.region },
        },
        true,
      );
    const wrong = ZoneNames?.find(name => !table.get(name));
    if (wrong !== undefined) throw new AwsError('InvalidParameterValue', `Invalid availability zone: [${wrong}]`);
    const { page } = list({ table, id: () => undefined, filters, whole: true }, { Filters: input.Filters }, call);
    const asked = page.filter(
      ({ ZoneName = '', ZoneId = '' }) =>
        (ZoneNames?.includes(ZoneName) ?? true) && (ZoneIds?.includes(ZoneId) ?? true),
    );
    return { AvailabilityZones: asked };
  },

  DescribeRegions({ RegionNames }: DescribeRegionsRequest): DescribeRegionsResult {
    const wrong = RegionNames?.find(name => !(name in regions));
    if (wrong !== undefined) throw new AwsError('InvalidParameterValue', `Invalid region: [${wrong}]`);
    return {
      Regions: (RegionNames ?? Object.keys(regions)).map(RegionName => ({
        ...{ RegionName, Endpoint: `ec2.${RegionName}.amazonaws.com`, OptInStatus: 'opt-in-not-required' },
      })),
    };
  },
};
