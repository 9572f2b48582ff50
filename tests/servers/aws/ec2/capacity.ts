import { AwsError } from '../errors.ts';
import { instanceTypes, offeredIn } from './instance-types.ts';
import type { Ec2State } from './state.ts';
import { zonesOf } from './zones.ts';

/** Errors: Unsupported, VcpuLimitExceeded, InsufficientInstanceCapacity, in the words of "Error codes for the Amazon EC2 API". */
export function checkCapacity(type: string, zone: string, count: number, { instances, world, region }: Ec2State): void {
  const { noCapacity, quotas } = world.faults;
  const others = (fits: (zone: string) => boolean) => zonesOf(region).filter(fits).join(', ');
  if (!offeredIn(type, zone))
    throw new AwsError(
      'Unsupported',
      `Your requested instance type (${type}) is not supported in your requested Availability Zone (${zone}). Please retry your request by not specifying an Availability Zone or choosing ${others(each => offeredIn(type, each))}.`,
    );
  const vcpus = (name: string | undefined) => instanceTypes.get(name ?? '')?.vcpus ?? 0;
  // "On-Demand instance quotas": vCPUs of instances that are pending or running.
  const used = instances
    .all()
    .filter(({ state }) => state === 'pending' || state === 'running')
    .reduce((sum, { asked }) => sum + vcpus(asked.InstanceType), 0);
  if (used + vcpus(type) * count > quotas.vcpus)
    throw new AwsError(
      'VcpuLimitExceeded',
      `You have requested more vCPU capacity than your current vCPU limit of ${quotas.vcpus} allows for the instance bucket that the specified instance type belongs to. Please visit http://aws.amazon.com/contact-us/ec2-request to request an adjustment to this limit.`,
    );
  if (noCapacity.has(zone) || noCapacity.has(type) || noCapacity.has(region))
    throw new AwsError(
      'InsufficientInstanceCapacity',
      `We currently do not have sufficient ${type} capacity in the Availability Zone you requested (${zone}). Our system will be working on provisioning additional capacity. You can currently get ${type} capacity by not specifying an Availability Zone in your request or choosing ${others(each => !noCapacity.has(each))}.`,
      500,
    );
}
