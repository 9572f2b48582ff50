import { createHash } from 'node:crypto';
import type { DescribeImagesRequest, DescribeImagesResult, Image } from '@aws-sdk/client-ec2';
import type { Rules } from '../service.ts';
import { list } from './list.ts';
import { type Ec2State, ec2Of } from './state.ts';
import { tagsOf } from './tags.ts';

/** The images that the stand-in offers, with the SSM parameters that name them. */
interface Offer {
  name: string;
  owner: string;
  arch: 'x86_64' | 'arm64';
  rootDevice: string;
  parameters: string[];
}

const debian = (release: string, arch: 'amd64' | 'arm64'): Offer => ({
  ...{ name: `debian-${release}-${arch}-20261110-2287`, owner: '136693071363', rootDevice: '/dev/xvda' },
  arch: arch === 'amd64' ? 'x86_64' : 'arm64',
  parameters: [`/aws/service/debian/release/${release}/latest/${arch}`],
});

const offers: readonly Offer[] = [
  ...['12', '13'].flatMap(release => [debian(release, 'amd64'), debian(release, 'arm64')]),
  {
    ...{ name: 'ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-20261112', owner: '099720109477' },
    ...{ arch: 'x86_64', rootDevice: '/dev/sda1' },
    parameters: ['/aws/service/canonical/ubuntu/server/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id'],
  },
  {
    ...{ name: 'al2023-ami-2023.9.20261109.0-kernel-6.12-x86_64', owner: '137112412989', rootDevice: '/dev/xvda' },
    arch: 'x86_64',
    parameters: ['/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64'],
  },
];

/** Each region has ids of its own. */
const digest = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 16);
const imageId = (region: string, { name }: Offer) => `ami-0${digest(`${region} ${name}`)}`;

/** By name of the public SSM parameter. */
export const imageParameters = (region: string): Map<string, string> =>
  new Map(offers.flatMap(offer => offer.parameters.map(name => [name, imageId(region, offer)])));

export function seedImages(state: Ec2State): void {
  for (const offer of offers) {
    const ImageId = imageId(state.region, offer);
    const SnapshotId = `snap-0${digest(`${ImageId} snapshot`)}`;
    state.images.add(
      ImageId,
      {
        ...{
          ImageId,
          Name: offer.name,
          OwnerId: offer.owner,
          Architecture: offer.arch,
          RootDeviceName: offer.rootDevice,
        },
        ...{ State: 'available', Public: true, RootDeviceType: 'ebs', VirtualizationType: 'hvm', EnaSupport: true },
        ...{
          CreationDate: '2026-11-12T08:00:00.000Z',
          ImageType: 'machine',
          Hypervisor: 'xen',
          BootMode: 'uefi-preferred',
        },
        BlockDeviceMappings: [
          {
            DeviceName: offer.rootDevice,
            Ebs: { SnapshotId, VolumeSize: 8, VolumeType: 'gp3', DeleteOnTermination: true, Encrypted: false },
          },
        ],
      },
      true,
    );
  }
}

const filters = {
  'image-id': ({ ImageId }: Image) => ImageId,
  name: ({ Name }: Image) => Name,
  architecture: ({ Architecture }: Image) => Architecture,
  'owner-id': ({ OwnerId }: Image) => OwnerId,
  'root-device-type': ({ RootDeviceType }: Image) => RootDeviceType,
  'virtualization-type': ({ VirtualizationType }: Image) => VirtualizationType,
  state: ({ State }: Image) => State,
};

export const imageRules: Rules = {
  DescribeImages(input: DescribeImagesRequest, call): DescribeImagesResult {
    const state = ec2Of(call);
    const { Owners, ImageIds } = input;
    const id = (each: Image) => each.ImageId;
    const { page, NextToken } = list({ table: state.images, id, filters, ids: ImageIds }, input, call);
    const owners = Owners?.map(owner => (owner === 'self' ? state.account : owner));
    const asked = page.filter(({ OwnerId = '' }) => owners?.includes(OwnerId) ?? true);
    return { Images: asked.map(image => ({ ...image, Tags: tagsOf(image.ImageId ?? '', state) })), NextToken };
  },
};
