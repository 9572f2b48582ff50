import { OpsError } from '../../errors/index.ts';
import type { PartOf } from '../set.ts';
import type { SetCopy } from '../source.ts';
import { type DamageDeps, type OpenCopy, postgresPart } from './damages/deps.ts';
import { readInfo } from './info.ts';
import { openAtTarget } from './open.ts';
import { baseBackup, isOfSet, placeInfo, takePart } from './point.ts';
import { idleScratch, type ProveDeps, type Where } from './prove.ts';

/** Databases for damages: containers of this computer, writing into the bucket of a copy. */
export const breaking = (where: Where, deps: ProveDeps): DamageDeps => ({
  async database(copy, use) {
    const part = postgresPart(copy);
    const { stanza } = part.facts.pgbackrest;
    await placeInfo(copy.store, part.facts);
    const scratch = await idleScratch({ ...where, access: { ...where.access, bucket: copy.store.bucket } }, part, deps);
    try {
      await openAtTarget(scratch.exec, part.facts, { archive: 'on' });
      return await use({ postgres: scratch.postgres, retake: () => retake(copy, stanza, scratch.postgres, deps) });
    } finally {
      await scratch.close();
    }
  },
});

async function retake(
  copy: SetCopy,
  stanza: string,
  postgres: OpenCopy['postgres'],
  deps: ProveDeps,
): Promise<PartOf<'postgres'>> {
  const set = copy.set.manifest.id;
  await baseBackup({ set, stanza, postgres });
  const backup = (await readInfo(postgres, stanza)).backups.filter(isOfSet(set)).at(-1);
  if (!backup)
    throw new OpsError('SET_INCOMPLETE', `cannot break ${set}: its new base backup is not in the repository`);
  return takePart({ set, stanza, postgres, store: copy.store }, backup, deps);
}
