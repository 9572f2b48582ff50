import type { Ctx } from '../../engine/index.ts';
import { OpsError } from '../../errors/index.ts';
import type { VolumeFile } from '../set.ts';
import type { Expected } from './claims.ts';
import { listFiles } from './files.ts';

/** A claim, and its files as its host has them. */
export interface VolumeListing extends Expected {
  files: VolumeFile[];
  notKept: string[];
}

/** Of every volume, side by side. Errors: VOLUME_UNCOVERED for one that is on no host: its files cannot be compared. */
export const listVolumes = (
  expected: readonly Expected[],
  ctx: Pick<Ctx, 'shell' | 'signal' | 'progress'>,
): Promise<VolumeListing[]> =>
  Promise.all(
    expected.map(async volume => {
      const { namespace, claim, at } = volume;
      const listed = at && (await listFiles(await ctx.shell(at.host), at.path, ctx.signal));
      if (!listed)
        throw new OpsError(
          'VOLUME_UNCOVERED',
          `cannot list the files of ${namespace}/${claim}: ${at ? `${at.host} has no ${at.path}` : 'it is on no host'}`,
        );
      if (listed.notKept.length > 0)
        ctx.progress(`${namespace}/${claim}: Velero does not keep ${listed.notKept.join(', ')} as they are`);
      return { ...volume, ...listed };
    }),
  );
