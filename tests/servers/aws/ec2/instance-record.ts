import type { Instance, InstanceStateName, RunInstancesRequest, StateReason } from '@aws-sdk/client-ec2';
import type { Ec2State } from './state.ts';
import { tagsOf } from './tags.ts';

/** An instance as the stand-in keeps it; what it is attached to lies in the other tables. */
export interface InstanceRecord {
  id: string;
  reservationId: string;
  state: InstanceStateName;
  reason?: StateReason;
  launched: Date;
  interfaceId: string;
  subnetId: string;
  vpcId: string;
  zone: string;
  /** The public address of its own, which a stop gives back; an Elastic IP lies over it. */
  publicIp?: string;
  volumes: { device: string; id: string; deleteOnTermination: boolean }[];
  /** As it came, base64. */
  userData?: string;
  clientToken?: string;
  terminationProtected: boolean;
  /** ARN of its profile. */
  profile?: string;
  asked: Pick<
    RunInstancesRequest,
    'ImageId' | 'InstanceType' | 'KeyName' | 'MetadataOptions' | 'EbsOptimized' | 'InstanceInitiatedShutdownBehavior'
  >;
  index: number;
}

const codes: Record<string, number> = {
  ...{ pending: 0, running: 16, 'shutting-down': 32, terminated: 48, stopping: 64, stopped: 80 },
};
export const stateOf = (name: InstanceStateName) => ({ Code: codes[name], Name: name });

/** What one can talk to: the Elastic IP if there is one. */
export const publicAddress = (record: InstanceRecord, state: Ec2State): string | undefined =>
  state.networkInterfaces.get(record.interfaceId)?.Association?.PublicIp ?? record.publicIp;

export function shownInstance(record: InstanceRecord, state: Ec2State): Instance {
  const { id, asked, subnetId, vpcId, zone, launched, reason } = record;
  const image = state.images.get(asked.ImageId);
  const gone = record.state === 'terminated';
  const options = asked.MetadataOptions;
  return {
    ...{ InstanceId: id, State: stateOf(record.state), ImageId: asked.ImageId, InstanceType: asked.InstanceType },
    ...{ KeyName: asked.KeyName, LaunchTime: launched, AmiLaunchIndex: record.index, ClientToken: record.clientToken },
    ...{ Architecture: image?.Architecture, RootDeviceName: image?.RootDeviceName, RootDeviceType: 'ebs' as const },
    ...{
      VirtualizationType: 'hvm' as const,
      Hypervisor: 'xen' as const,
      EnaSupport: true,
      EbsOptimized: asked.EbsOptimized ?? false,
    },
    ...{
      Placement: { AvailabilityZone: zone, Tenancy: 'default' as const },
      Monitoring: { State: 'disabled' as const },
    },
    ...{ Tags: tagsOf(id, state), StateReason: reason, StateTransitionReason: reason?.Message ?? '', ProductCodes: [] },
    MetadataOptions: {
      ...{
        State: 'applied',
        HttpEndpoint: options?.HttpEndpoint ?? 'enabled',
        HttpTokens: options?.HttpTokens ?? 'optional',
      },
      HttpPutResponseHopLimit: options?.HttpPutResponseHopLimit ?? 1,
      InstanceMetadataTags: options?.InstanceMetadataTags ?? 'disabled',
      HttpProtocolIpv6: 'disabled',
    },
    ...(record.profile && { IamInstanceProfile: { Arn: record.profile, Id: `AIPA${id.slice(-12).toUpperCase()}` } }),
    // "Terminated instances": they stay visible for about an hour, without network and volumes.
    ...(!gone && attached(record, state)),
    ...(!gone && { SubnetId: subnetId, VpcId: vpcId }),
  };
}

function attached(record: InstanceRecord, state: Ec2State): Instance {
  const eni = state.networkInterfaces.own(record.interfaceId);
  const PublicIpAddress = publicAddress(record, state);
  const dns = state.vpcAttributes.get(record.vpcId)?.dnsHostnames ?? false;
  const name =
    PublicIpAddress && dns ? `ec2-${PublicIpAddress.replaceAll('.', '-')}.${state.region}.compute.amazonaws.com` : '';
  return {
    ...{
      PrivateIpAddress: eni.PrivateIpAddress,
      PrivateDnsName: eni.PrivateDnsName,
      PublicIpAddress,
      PublicDnsName: name,
    },
    ...{ SecurityGroups: eni.Groups, SourceDestCheck: true },
    BlockDeviceMappings: record.volumes.map(({ device, id, deleteOnTermination }) => ({
      DeviceName: device,
      Ebs: { VolumeId: id, Status: 'attached', DeleteOnTermination: deleteOnTermination, AttachTime: record.launched },
    })),
    NetworkInterfaces: [
      {
        ...{ NetworkInterfaceId: eni.NetworkInterfaceId, SubnetId: eni.SubnetId, VpcId: eni.VpcId, Groups: eni.Groups },
        ...{
          PrivateIpAddress: eni.PrivateIpAddress,
          Status: 'in-use',
          OwnerId: state.account,
          Description: eni.Description,
        },
        Attachment: {
          AttachmentId: eni.Attachment?.AttachmentId,
          DeviceIndex: 0,
          Status: 'attached',
          DeleteOnTermination: eni.Attachment?.DeleteOnTermination,
        },
        ...(PublicIpAddress && {
          Association: { PublicIp: PublicIpAddress, IpOwnerId: eni.Association ? state.account : 'amazon' },
        }),
      },
    ],
  };
}
