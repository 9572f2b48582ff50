import type { BlockDeviceMapping, Image, RunInstancesRequest, Subnet } from '@aws-sdk/client-ec2';
import { AwsError } from '../errors.ts';
import { checkCapacity } from './capacity.ts';
import { profileOf } from './instance-profile.ts';
import type { InstanceRecord } from './instance-record.ts';
import { instanceTypes } from './instance-types.ts';
import type { Ec2State } from './state.ts';
import { wantedTags } from './tags.ts';
import type { VolumeWant } from './volumes.ts';

type LaunchVolume = Omit<VolumeWant, 'zone'> & { device: string; deleteOnTermination: boolean };

/** What RunInstances was asked for, once every rule is met. */
export interface Launch {
  count: number;
  subnet: Subnet;
  groups: string[];
  privateIp: string | undefined;
  publicIp: boolean;
  interfaceGoes: boolean;
  volumes: LaunchVolume[];
  profile: string | undefined;
  tag: ReturnType<typeof wantedTags>;
  kept: InstanceRecord['asked'];
  input: RunInstancesRequest;
}

/** `again`: its token is known, so that it asks for no capacity. */
export function checkLaunch(input: RunInstancesRequest, state: Ec2State, again: boolean): Launch {
  const { MinCount = 0, MaxCount = 0, InstanceType = 'm1.small', ImageId, KeyName } = input;
  // RunInstances: "between 1 and the quota"; MinCount not above MaxCount.
  if (MinCount < 1 || MaxCount < MinCount)
    throw new AwsError(
      'InvalidParameterValue',
      `Value (${MinCount}) for parameter minCount is invalid, with maxCount ${MaxCount}`,
    );
  // RunInstances: "An AMI ID is required to launch an instance".
  if (ImageId === undefined) throw new AwsError('MissingParameter', 'The request must contain the parameter ImageId');
  const image = state.images.need(ImageId);
  const offer = instanceTypes.get(InstanceType);
  if (!offer)
    throw new AwsError('InvalidParameterValue', `the stand-in does not offer the instance type ${InstanceType}`);
  // Observed by others: skypilot-org/skypilot#6315.
  if (offer.arch !== image.Architecture)
    throw new AwsError(
      'InvalidParameterValue',
      `The architecture '${offer.arch}' of the specified instance type does not match the architecture '${image.Architecture}' of the specified AMI. Specify an instance type and an AMI that have matching architectures, and try again.`,
    );
  if (KeyName !== undefined && !state.keyPairs.listed().some(each => each.KeyName === KeyName))
    throw new AwsError('InvalidKeyPair.NotFound', `The key pair '${KeyName}' does not exist`);
  checkUserData(input.UserData);
  const place = placement(input, state);
  const tag = wantedTags(input.TagSpecifications, 'instance', 'volume', 'network-interface');
  const { EbsOptimized, InstanceInitiatedShutdownBehavior } = input;
  const launch: Launch = {
    ...{ ...place, count: MaxCount, tag, input, volumes: volumesOf(input.BlockDeviceMappings ?? [], image) },
    profile: profileOf(input.IamInstanceProfile, state),
    kept: {
      ImageId,
      InstanceType: input.InstanceType,
      KeyName,
      EbsOptimized,
      InstanceInitiatedShutdownBehavior,
      MetadataOptions: metadata(input),
    },
  };
  // Of no effect here, and allowed.
  void [input.Monitoring?.Enabled, input.CreditSpecification?.CpuCredits, input.DisableApiTermination];
  if (!again) checkCapacity(InstanceType, launch.subnet.AvailabilityZone ?? '', MaxCount, state);
  return launch;
}

/** "You must base64-encode"; "User data is limited to 16 KB, in raw form, before it is base64-encoded." */
function checkUserData(text: string | undefined): void {
  if (text === undefined) return;
  if (!/^[A-Za-z0-9+/\s]*={0,2}$/.test(text))
    throw new AwsError('InvalidParameterValue', 'Invalid BASE64 encoding of user data');
  // "User data is limited to 16 KB, in raw form, before it is base64-encoded" (EC2 User Guide).
  if (Buffer.from(text, 'base64').length > 16_384)
    throw new AwsError('InvalidParameterValue', 'User data is limited to 16384 bytes');
}

function metadata({ MetadataOptions }: RunInstancesRequest) {
  if (!MetadataOptions) return undefined;
  const { HttpTokens, HttpEndpoint, HttpPutResponseHopLimit, InstanceMetadataTags } = MetadataOptions;
  // HttpPutResponseHopLimit: "Possible values: Integers from 1 to 64".
  if (HttpPutResponseHopLimit !== undefined && (HttpPutResponseHopLimit < 1 || HttpPutResponseHopLimit > 64))
    throw new AwsError(
      'InvalidParameterValue',
      `Value (${HttpPutResponseHopLimit}) for parameter HttpPutResponseHopLimit is invalid.`,
    );
  return { HttpTokens, HttpEndpoint, HttpPutResponseHopLimit, InstanceMetadataTags };
}

function placement(input: RunInstancesRequest, state: Ec2State) {
  const [eni, ...more] = input.NetworkInterfaces ?? [];
  if (more.length > 0) throw new AwsError('InvalidParameterValue', 'the stand-in attaches one network interface');
  // "If you specify a network interface, you must specify any subnet [and security groups] as part of the network interface."
  if (eni && (input.SubnetId ?? input.SecurityGroupIds ?? input.PrivateIpAddress) !== undefined)
    throw new AwsError(
      'InvalidParameterCombination',
      'Network interfaces and an instance-level subnet ID may not be specified on the same request',
    );
  // "A primary network interface has a device index of 0."
  if (eni && eni.DeviceIndex !== 0)
    throw new AwsError('InvalidParameterValue', 'The first network interface needs device index 0');
  const zone = input.Placement?.AvailabilityZone;
  const subnet = subnetOf(eni ? eni.SubnetId : input.SubnetId, zone, state);
  const groups = [...new Set(eni ? eni.Groups : input.SecurityGroupIds)];
  // Observed by others: getmoto/moto#5484.
  for (const id of groups)
    if (state.securityGroups.need(id).VpcId !== subnet.VpcId)
      throw new AwsError('InvalidGroup.NotFound', `The security group '${id}' does not exist in VPC '${subnet.VpcId}'`);
  const first = state.securityGroups.all().find(each => each.VpcId === subnet.VpcId && each.GroupName === 'default');
  return {
    ...{ subnet, groups: groups.length > 0 ? groups : [first?.GroupId ?? ''] },
    privateIp: eni ? eni.PrivateIpAddress : input.PrivateIpAddress,
    publicIp: eni?.AssociatePublicIpAddress ?? subnet.MapPublicIpOnLaunch ?? false,
    interfaceGoes: eni?.DeleteOnTermination ?? true,
  };
}

function subnetOf(id: string | undefined, zone: string | undefined, state: Ec2State): Subnet {
  const found =
    id === undefined
      ? state.subnets.all().find(each => each.DefaultForAz && each.AvailabilityZone === (zone ?? each.AvailabilityZone))
      : state.subnets.need(id);
  if (!found) throw new AwsError('MissingInput', 'No subnets found for the default VPC. Please specify a subnet.');
  // Assumed: where a subnet is, it is.
  if (zone !== undefined && found.AvailabilityZone !== zone)
    throw new AwsError(
      'InvalidParameterValue',
      `Value (${zone}) for parameter availabilityZone does not match that of subnet ${id}`,
    );
  return found;
}

function volumesOf(mappings: BlockDeviceMapping[], image: Image): LaunchVolume[] {
  const root = image.BlockDeviceMappings?.[0];
  const wanted = mappings.some(({ DeviceName }) => DeviceName === image.RootDeviceName)
    ? mappings
    : [root ?? {}, ...mappings];
  const devices = wanted.map(({ DeviceName }) => DeviceName);
  if (new Set(devices).size < devices.length)
    throw new AwsError('InvalidBlockDeviceMapping', 'device names are there twice');
  return wanted.map(({ DeviceName, Ebs }) => {
    if (!DeviceName || !Ebs)
      throw new AwsError('InvalidBlockDeviceMapping', 'the stand-in maps EBS volumes with a device name');
    const isRoot = DeviceName === image.RootDeviceName;
    const least = isRoot ? (root?.Ebs?.VolumeSize ?? 1) : 1;
    const { VolumeSize: Size = isRoot ? least : undefined, VolumeType, Encrypted, Iops, Throughput, KmsKeyId } = Ebs;
    const SnapshotId = isRoot ? root?.Ebs?.SnapshotId : Ebs.SnapshotId;
    // Error codes: InvalidBlockDeviceMapping, "the size of the volume is smaller than the snapshot".
    if (Size !== undefined && Size < least)
      throw new AwsError(
        'InvalidBlockDeviceMapping',
        `Volume of size ${Size}GB is smaller than snapshot '${SnapshotId}', expect size >= ${least}GB`,
      );
    // Without a type a volume of a launch has that of the image.
    const type = VolumeType ?? (isRoot ? root?.Ebs?.VolumeType : undefined);
    return {
      ...{ device: DeviceName, Size, VolumeType: type, Encrypted, Iops, Throughput, KmsKeyId, SnapshotId },
      deleteOnTermination: Ebs.DeleteOnTermination ?? isRoot,
    };
  });
}
