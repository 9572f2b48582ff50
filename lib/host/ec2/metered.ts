import type { Snapshot, Volume } from '@aws-sdk/client-ec2';
import type { Metered } from '../../cost/index.ts';
import { type Balancer, balancersOf } from './balancers.ts';
import type { Cloud } from './step.ts';
import { isOfCluster, tagOf } from './tags.ts';

/** What Kubernetes made for the site's cluster, at what it costs and since when. Throws when it cannot tell. */
export async function meteredOf({ aws, view, site }: Cloud): Promise<Metered[]> {
  const [balancers, volumes, snapshots] = await Promise.all([
    balancersOf(aws),
    view.look('volumes'),
    view.look('snapshots'),
  ]);
  return [
    ...balancers.filter(one => isOfCluster(one, site.name)).flatMap(balancerDemands),
    ...volumes.filter(isClaimed).map(volumeDemand),
    ...snapshots.map(snapshotDemand),
  ];
}

/** By the driver's own tag (docs/tagging.md of aws-ebs-csi-driver): disks of machines are in the inventory. */
const isClaimed = (volume: Volume) => tagOf(volume, 'CSIVolumeName') !== undefined;

const at = (made: Date | undefined) => made && { since: made.getTime() };

/** A target group costs nothing. */
function balancerDemands({ kind, id, addresses = 0, since }: Balancer): Metered[] {
  if (kind === 'target group') return [];
  // ARNs end in loadbalancer/net/NAME/ID.
  const name = id.split('/').at(-2) ?? id;
  const made = since !== undefined && { since };
  return [
    { what: `${kind} ${name}`, count: 1, kind: 'load-balancer', ...made },
    { what: `public address of ${kind} ${name}`, count: addresses, kind: 'address', ...made },
  ];
}

function volumeDemand({ VolumeId, Size = 0, VolumeType, CreateTime }: Volume): Metered {
  const what = `volume ${VolumeId}: ${Size} GiB ${VolumeType}`;
  const priced = VolumeType === 'gp3' ? { kind: VolumeType, gib: Size } : { kind: 'unpriced' as const };
  return { what, count: 1, ...priced, ...at(CreateTime) };
}

/** "Amazon EBS pricing": what changed since the one before. How much that is no list says: at most the whole volume. */
const snapshotDemand = ({ SnapshotId, VolumeSize = 0, StartTime }: Snapshot): Metered => ({
  ...{ what: `snapshot ${SnapshotId}: at most ${VolumeSize} GiB`, count: 1, kind: 'snapshot', gib: VolumeSize },
  ...at(StartTime),
});
