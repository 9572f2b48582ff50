import { imageRefs } from '../../artifact/index.ts';
import { type CheckResult, type Manifest, partOf } from '../../backup/index.ts';
import type { OpenSite } from '../../site/index.ts';

/** Of images that are built from a checkout. */
const OURS = 'muster.lab/';

/**
 * Restored pods ask for the images that they ran with, and a checkout that moved on makes others. Nothing is wrong with
 * the backup then, and nothing would come up: it is told before anything is lost.
 */
export async function imageResults({ site, dirs }: OpenSite, set: Manifest): Promise<CheckResult[]> {
  const images = partOf(set, 'velero')?.facts.images;
  if (!images) return [];
  const made = new Set(Object.values(await imageRefs(site, dirs.project)));
  const missing = images.filter(image => image.startsWith(OURS) && !made.has(image));
  const about = {
    id: 'site.images',
    title: 'This checkout makes the images that the set ran with',
    source: 'site',
    level: 'L1',
    required: true,
    expected: `${images.length} images, as of commit ${set.commit}`,
  } as const;
  if (missing.length === 0) return [{ ...about, state: 'passed', got: `${images.length} images` }];
  const got = `${missing.length} others: check out ${set.commit.replace(/-dirty$/, '')}, or take a new set`;
  return [{ ...about, state: 'unrun', code: 'CHECK_UNRUN', got, details: missing }];
}
