import type { VpcConfigRequest } from '@aws-sdk/client-eks';
import { ec2Of } from '../ec2/state.ts';
import { zoneId, zonesOf } from '../ec2/zones.ts';
import { AwsError } from '../errors.ts';
import type { Call } from '../service.ts';
import { invalid } from './state.ts';

/** From where the API is reached. */
export const endpoint = ({
  endpointPublicAccess = true,
  endpointPrivateAccess = false,
  publicAccessCidrs = ['0.0.0.0/0'],
}: VpcConfigRequest) => {
  // VpcConfigRequest: "If you disable both ... the API server is not reachable".
  if (!endpointPublicAccess && !endpointPrivateAccess)
    throw invalid('Private and public endpoint access cannot both be disabled');
  const reserved = publicAccessCidrs.find(
    cidr => !/^\d+\.\d+\.\d+\.\d+\/\d+$/.test(cidr) || /^(10|127|172\.(1[6-9]|2\d|3[01])|192\.168)\./.test(cidr),
  );
  // "publicAccessCidrs": "The CIDRs can't include reserved addresses".
  if (reserved) throw invalid(`The following CIDRs are invalid in publicAccessCidrs: [${reserved}]`);
  return { endpointPublicAccess, endpointPrivateAccess, publicAccessCidrs: [...publicAccessCidrs] };
};

/** "View Amazon EKS networking requirements for VPC and subnets": ids of zones that it does not take. */
const CLOSED = ['use1-az3', 'usw1-az2', 'cac1-az3'];

export function checkNetwork({ subnetIds = [] }: VpcConfigRequest, call: Call) {
  const state = ec2Of(call);
  const subnets = subnetIds.map(id => {
    const found = state.subnets.get(id);
    // Assumed: network_reqs.html says what subnets have to be, and not in which words.
    if (!found) throw invalid(`The subnet ID '${id}' does not exist`);
    return found;
  });
  const vpcs = new Set(subnets.map(({ VpcId }) => VpcId));
  // "The subnets must be in the same VPC" (UpdateClusterConfig).
  if (vpcs.size > 1) throw invalid('Subnets specified must be in the same VPC');
  // Observed by others: awsdocs/amazon-eks-user-guide#795.
  if (new Set(subnets.map(({ AvailabilityZone }) => AvailabilityZone)).size < 2)
    throw invalid('Subnets specified must be in at least two different AZs');
  const closed = subnets.find(({ AvailabilityZone: zone = '' }) => CLOSED.includes(zoneId(zone)));
  if (closed) {
    const validZones = zonesOf(call.region).filter(zone => !CLOSED.includes(zoneId(zone)));
    throw new AwsError(
      'UnsupportedAvailabilityZoneException',
      `Cannot create cluster because EKS does not support creating control plane instances in ${closed.AvailabilityZone}, the targeted availability zone. Retry cluster creation using control plane subnets that span at least two of these availability zones: ${validZones.join(', ')}.`,
      400,
      { validZones },
    );
  }
  return { vpcId: subnets[0]?.VpcId ?? '', subnets };
}
