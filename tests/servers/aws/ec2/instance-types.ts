import type {
  DescribeInstanceTypeOfferingsRequest,
  DescribeInstanceTypeOfferingsResult,
  DescribeInstanceTypesRequest,
  DescribeInstanceTypesResult,
  InstanceTypeInfo,
  InstanceTypeOffering,
} from '@aws-sdk/client-ec2';
import { AwsError } from '../errors.ts';
import type { Rules } from '../service.ts';
import { list } from './list.ts';
import { kind, Table } from './table.ts';
import { zonesOf } from './zones.ts';

export interface TypeOffer {
  vcpus: number;
  /** MiB. */
  memory: number;
  arch: 'x86_64' | 'arm64';
}

const sizes = (family: string, arch: 'x86_64' | 'arm64', ...all: [string, number, number][]): [string, TypeOffer][] =>
  all.map(([size, vcpus, gib]) => [`${family}.${size}`, { vcpus, memory: gib * 1024, arch }]);

/** "Amazon EC2 instance types": a part of them. */
export const instanceTypes: ReadonlyMap<string, TypeOffer> = new Map([
  ...sizes(
    't3',
    'x86_64',
    ['micro', 2, 1],
    ['small', 2, 2],
    ['medium', 2, 4],
    ['large', 2, 8],
    ['xlarge', 4, 16],
    ['2xlarge', 8, 32],
  ),
  ...sizes('t3a', 'x86_64', ['small', 2, 2], ['medium', 2, 4], ['large', 2, 8], ['xlarge', 4, 16]),
  ...sizes('t4g', 'arm64', ['micro', 2, 1], ['small', 2, 2], ['medium', 2, 4], ['large', 2, 8], ['xlarge', 4, 16]),
  ...sizes('m6i', 'x86_64', ['large', 2, 8], ['xlarge', 4, 16], ['2xlarge', 8, 32]),
  ...sizes('m7i', 'x86_64', ['large', 2, 8], ['xlarge', 4, 16], ['2xlarge', 8, 32]),
  ...sizes('m7g', 'arm64', ['large', 2, 8], ['xlarge', 4, 16]),
  ...sizes('c7i', 'x86_64', ['large', 2, 4], ['xlarge', 4, 8]),
]);

/** us-east-1e is the oldest zone: the newer types are not offered there (error code Unsupported). */
export const offeredIn = (type: string, zone: string): boolean =>
  instanceTypes.has(type) && (zone !== 'us-east-1e' || /^t3a?\./.test(type));

const typeFilters = {
  'instance-type': ({ InstanceType }: InstanceTypeInfo) => InstanceType,
  'processor-info.supported-architecture': ({ ProcessorInfo }: InstanceTypeInfo) =>
    ProcessorInfo?.SupportedArchitectures,
  'current-generation': ({ CurrentGeneration }: InstanceTypeInfo) => CurrentGeneration,
};

const offeringFilters = {
  'instance-type': ({ InstanceType }: InstanceTypeOffering) => InstanceType,
  location: ({ Location }: InstanceTypeOffering) => Location,
};

export const instanceTypeRules: Rules = {
  DescribeInstanceTypes(input: DescribeInstanceTypesRequest, call): DescribeInstanceTypesResult {
    const table = new Table<InstanceTypeInfo>(kind('type', 'type', 'InvalidInstanceType'), call.world);
    for (const [name, { vcpus, memory, arch }] of instanceTypes)
      table.add(
        name,
        {
          ...{
            InstanceType: name as never,
            CurrentGeneration: true,
            Hypervisor: 'nitro',
            SupportedVirtualizationTypes: ['hvm'],
          },
          VCpuInfo: { DefaultVCpus: vcpus },
          MemoryInfo: { SizeInMiB: memory as never },
          ProcessorInfo: { SupportedArchitectures: [arch] },
          NetworkInfo: { MaximumNetworkInterfaces: 3, Ipv4AddressesPerInterface: 12 },
          BurstablePerformanceSupported: name.startsWith('t'),
        },
        true,
      );
    const wrong = input.InstanceTypes?.find(name => !table.get(name));
    if (wrong !== undefined)
      throw new AwsError('InvalidInstanceType', `The following supplied instance types do not exist: [${wrong}]`);
    const listing = { table, id: () => undefined, filters: typeFilters, ids: input.InstanceTypes };
    const { page, NextToken } = list(listing, input, call);
    return { InstanceTypes: page, NextToken };
  },

  DescribeInstanceTypeOfferings(
    input: DescribeInstanceTypeOfferingsRequest,
    call,
  ): DescribeInstanceTypeOfferingsResult {
    const table = new Table<InstanceTypeOffering>(kind('offering', 'offering', 'InvalidOffering'), call.world);
    const { LocationType = 'region' } = input;
    if (LocationType === 'availability-zone-id')
      throw new AwsError('InvalidParameterValue', 'the stand-in offers by zone name');
    const places = LocationType === 'region' ? [call.region] : zonesOf(call.region);
    for (const Location of places)
      for (const name of instanceTypes.keys())
        if (offeredIn(name, Location))
          table.add(`${Location} ${name}`, { InstanceType: name as never, LocationType, Location }, true);
    const { page, NextToken } = list({ table, id: () => undefined, filters: offeringFilters }, input, call);
    return { InstanceTypeOfferings: page, NextToken };
  },
};
