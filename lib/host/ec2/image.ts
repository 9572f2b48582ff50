import type { Ctx, Decision } from '../../engine/index.ts';
import { OpsError } from '../../errors/index.ts';
import { minutes } from '../../time/index.ts';
import { groupId, machineGroups } from './firewall.ts';
import { after, type Cloud, changes, cloudStep, done, repeat } from './step.ts';
import { TAG, tagOf } from './tags.ts';

interface ImageWant {
  /** 'debian-12', 'ami-0a1b2c3d'. */
  image: string;
}

export interface ImageFacts {
  /** 'debian-12=ami-0a1b2c3d' */
  pinned?: string;
}

/**
 * ec2.image: which AMI a name meant on the day on which it was first asked for. A later Debian is another image: it comes
 * when somebody wants it, not when a machine happens to be made anew.
 */
export const imageStep = (cloud: Cloud) =>
  cloudStep<ImageWant, ImageFacts>(cloud, {
    id: 'ec2.image',
    title: `Find the image ${cloud.want.image}`,
    want: { image: cloud.want.image },
    needs: after('ec2.firewall'),
    deadline: minutes(2),
    nothing: {},
    async observe() {
      const [group] = await machineGroups(cloud, 'see');
      const pinned = group && tagOf(group, TAG.image);
      return pinned === undefined ? {} : { pinned };
    },
    decide: decideImage,
    changes: ['groups'],
    apply: (_, ctx) => pin(cloud, ctx),
  });

const isId = (image: string) => image.startsWith('ami-');

export function decideImage(want: ImageWant | undefined, { pinned }: ImageFacts): Decision {
  if (want === undefined) return done("goes with the site's security group");
  if (isId(want.image)) return done(`the inventory names ${want.image}`);
  const [name, id] = pinned?.split('=') ?? [];
  if (name === want.image) return done(`${name} is ${id}`);
  return changes({ action: 'update', what: `image ${want.image}`, ...(pinned !== undefined && { from: pinned }) });
}

/** Of the site. Errors: AWS_REFUSED before it is pinned. */
export async function imageId(cloud: Cloud): Promise<string> {
  const { image } = cloud.want;
  if (isId(image)) return image;
  const [group] = await machineGroups(cloud, 'see');
  const [name, id] = group ? (tagOf(group, TAG.image)?.split('=') ?? []) : [];
  if (name === image && id !== undefined) return id;
  throw new OpsError('AWS_REFUSED', `cannot start a machine of ${cloud.site.name}: no image is pinned for ${image}`);
}

/** Types of AWS's own processors have a g behind their number: t4g, m7gd. */
export const archOf = (instance: string): 'arm64' | 'amd64' => (/^[a-z]+\d+[a-z]*g/.test(instance) ? 'arm64' : 'amd64');

/** Published by Debian for every region; the policy lets no other be read. */
export const imageParameter = (image: string, arch: string) =>
  `/aws/service/debian/release/${image.replace('debian-', '')}/latest/${arch}`;

async function pin(cloud: Cloud, ctx: Ctx): Promise<void> {
  const { aws, want, site, view } = cloud;
  const Name = imageParameter(want.image, archOf(site.hosts[0]?.instance ?? ''));
  const found = await aws.call('ssm', `find the image ${want.image}`, sdk => new sdk.GetParameterCommand({ Name }));
  const id = found.Parameter?.Value ?? '';
  if (!isId(id)) throw new OpsError('AWS_REFUSED', `cannot find the image ${want.image}: ${Name} is '${id}'`);
  ctx.progress(`${want.image} is ${id}`);
  const Resources = [await groupId(cloud)];
  const Tags = [{ Key: TAG.image, Value: `${want.image}=${id}` }];
  await repeat(cloud, `pin the image ${id}`, sdk => new sdk.CreateTagsCommand({ Resources, Tags }));
  view.forget('groups');
}
