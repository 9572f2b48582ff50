import type {
  CreateSnapshotRequest,
  CreateVolumeRequest,
  DeleteSnapshotRequest,
  DeleteVolumeRequest,
  DescribeSnapshotsRequest,
  DescribeSnapshotsResult,
  DescribeVolumesRequest,
  DescribeVolumesResult,
  Snapshot,
  Volume,
} from '@aws-sdk/client-ec2';
import { AwsError } from '../errors.ts';
import type { Rules } from '../service.ts';
import { list } from './list.ts';
import { type Ec2State, ec2Of } from './state.ts';
import { newId } from './table.ts';
import { dropTags, tagsOf, wantedTags } from './tags.ts';
import { once } from './tokens.ts';
import { zonesOf } from './zones.ts';

const filters = {
  'volume-id': ({ VolumeId }: Volume) => VolumeId,
  'attachment.instance-id': ({ Attachments }: Volume) => Attachments?.map(({ InstanceId }) => InstanceId),
  'availability-zone': ({ AvailabilityZone }: Volume) => AvailabilityZone,
  encrypted: ({ Encrypted }: Volume) => Encrypted,
  status: ({ State }: Volume) => State,
};

const snapshotFilters = {
  'snapshot-id': ({ SnapshotId }: Snapshot) => SnapshotId,
  'volume-id': ({ VolumeId }: Snapshot) => VolumeId,
  status: ({ State }: Snapshot) => State,
};

const shown = (volume: Volume, state: Ec2State): Volume => ({ ...volume, Tags: tagsOf(volume.VolumeId ?? '', state) });
const shownSnapshot = (snapshot: Snapshot, state: Ec2State): Snapshot => ({
  ...snapshot,
  Tags: tagsOf(snapshot.SnapshotId ?? '', state),
});

export const volumeRules: Rules = {
  CreateVolume(input: CreateVolumeRequest, call): Volume {
    const state = ec2Of(call);
    const zone = input.AvailabilityZone ?? '';
    if (!zonesOf(call.region).includes(zone))
      throw new AwsError('InvalidZone.NotFound', `The zone '${zone}' does not exist.`);
    return once(
      'CreateVolume',
      input.ClientToken,
      call,
      id => shown(state.volumes.own(id), state),
      () => {
        const tag = wantedTags(input.TagSpecifications, 'volume');
        const volume = makeVolume({ ...input, zone }, state);
        tag(volume.VolumeId ?? '', state);
        return volume.VolumeId ?? '';
      },
    );
  },

  DescribeVolumes(input: DescribeVolumesRequest, call): DescribeVolumesResult {
    const state = ec2Of(call);
    const listing = { table: state.volumes, id: (each: Volume) => each.VolumeId, filters, ids: input.VolumeIds };
    const { page, NextToken } = list(listing, input, call);
    return { Volumes: page.map(each => shown(each, state)), NextToken };
  },

  DeleteVolume({ VolumeId }: DeleteVolumeRequest, call): object {
    const state = ec2Of(call);
    const volume = state.volumes.need(VolumeId);
    // "The volume must be in the available state": VolumeInUse.
    if (volume.Attachments?.length)
      throw new AwsError(
        'VolumeInUse',
        `Volume ${VolumeId} is currently attached to ${volume.Attachments[0]?.InstanceId}`,
      );
    state.volumes.remove(VolumeId ?? '');
    dropTags(VolumeId ?? '', state);
    return {};
  },

  CreateSnapshot({ VolumeId, Description, TagSpecifications }: CreateSnapshotRequest, call): Snapshot {
    const state = ec2Of(call);
    const { Size, Encrypted } = state.volumes.need(VolumeId);
    const tag = wantedTags(TagSpecifications, 'snapshot');
    const SnapshotId = newId('snap');
    const snapshot: Snapshot = {
      ...{ SnapshotId, VolumeId, VolumeSize: Size, Encrypted, Description, OwnerId: state.account },
      ...{ State: 'pending', Progress: '0%', StartTime: new Date(state.world.now()) },
    };
    state.snapshots.add(SnapshotId, snapshot);
    tag(SnapshotId, state);
    state.world.later(state.world.settleMs, () => Object.assign(snapshot, { State: 'completed', Progress: '100%' }));
    return shownSnapshot(snapshot, state);
  },

  DescribeSnapshots(input: DescribeSnapshotsRequest, call): DescribeSnapshotsResult {
    const state = ec2Of(call);
    // Public snapshots are in a list without owners too: thousands of them. A leak check asks for its own.
    if (!input.SnapshotIds?.length && !input.OwnerIds?.length && !input.Filters?.length)
      throw new AwsError(
        'InvalidParameterCombination',
        'the stand-in refuses to list the snapshots of all accounts: name OwnerIds',
      );
    const listing = {
      table: state.snapshots,
      id: (each: Snapshot) => each.SnapshotId,
      filters: snapshotFilters,
      ids: input.SnapshotIds,
    };
    const { page, NextToken } = list(listing, input, call);
    const owners = input.OwnerIds?.map(owner => (owner === 'self' ? state.account : owner));
    const asked = page.filter(({ OwnerId = '' }) => owners?.includes(OwnerId) ?? true);
    return { Snapshots: asked.map(each => shownSnapshot(each, state)), NextToken };
  },

  DeleteSnapshot({ SnapshotId }: DeleteSnapshotRequest, call): object {
    const state = ec2Of(call);
    state.snapshots.need(SnapshotId);
    state.snapshots.remove(SnapshotId ?? '');
    dropTags(SnapshotId ?? '', state);
    return {};
  },
};

export interface VolumeWant {
  Size?: number | undefined;
  VolumeType?: Volume['VolumeType'];
  Encrypted?: boolean | undefined;
  Iops?: number | undefined;
  Throughput?: number | undefined;
  SnapshotId?: string | undefined;
  KmsKeyId?: string | undefined;
  zone: string;
}

/** The limits of "Amazon EBS volume types" and of CreateVolume. */
export function makeVolume(want: VolumeWant, state: Ec2State): Volume {
  const { Size, VolumeType = 'gp2', Encrypted = false, SnapshotId, KmsKeyId, zone } = want;
  const gp3 = VolumeType === 'gp3';
  // CreateVolume, Size: "gp2: 1 - 16,384 GiB gp3: 1 - 65,536 GiB".
  if (Size === undefined || Size < 1 || Size > 65_536)
    throw new AwsError('InvalidParameterValue', `Volume size ${Size} GiB is not in the range of ${VolumeType}`);
  // CreateVolume, Throughput: "Supported for gp3 volumes only."
  if (want.Throughput !== undefined && !gp3)
    throw new AwsError(
      'InvalidParameterCombination',
      `The parameter throughput is not supported for ${VolumeType} volumes.`,
    );
  // CreateVolume, Iops: "Required for io1 and io2 volumes. Optional for gp3 volumes. Omit for all other volume types."
  if (want.Iops !== undefined && VolumeType === 'gp2')
    throw new AwsError('InvalidParameterCombination', 'The parameter iops is not supported for gp2 volumes.');
  const Iops = want.Iops ?? (gp3 ? 3000 : undefined);
  const Throughput = want.Throughput ?? (gp3 ? 125 : undefined);
  // CreateVolume: gp3 from 3,000 IOPS and "125 - 2000 MiB/s".
  if (gp3 && ((Iops ?? 0) < 3000 || (Throughput ?? 0) < 125 || (Throughput ?? 0) > (Iops ?? 0) / 4))
    throw new AwsError('InvalidParameterValue', `Iops ${Iops} and throughput ${Throughput} are not a pair for gp3`);
  // CreateVolume: "If KmsKeyId is specified, the encrypted state must be true."
  if (KmsKeyId !== undefined && !Encrypted)
    throw new AwsError(
      'InvalidParameterDependency',
      'The parameter KmsKeyId requires the parameter Encrypted to be set.',
    );
  const VolumeId = newId('vol');
  const volume: Volume = {
    ...{ VolumeId, Size, VolumeType, Encrypted, SnapshotId, AvailabilityZone: zone, Iops, Throughput, Attachments: [] },
    ...{ State: 'creating', MultiAttachEnabled: false, CreateTime: new Date(state.world.now()), KmsKeyId },
  };
  state.volumes.add(VolumeId, volume);
  state.world.later(state.world.settleMs, () => {
    if (volume.State === 'creating') volume.State = 'available';
  });
  return volume;
}
