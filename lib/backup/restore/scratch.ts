import { type ArtifactDeps, artifactDeps } from '../../artifact/index.ts';
import type { Ctx, Step } from '../../engine/index.ts';
import { OpsError } from '../../errors/index.ts';
import type { Site } from '../../inventory/index.ts';
import { storeAccess } from '../../store/index.ts';
import { minutes } from '../../time/index.ts';
import { openAtTarget } from '../postgres/open.ts';
import { cipherOf } from '../postgres/repository.ts';
import { keptScratches, type Scratch, startScratch } from '../postgres/scratch.ts';
import type { PartOf } from '../set.ts';
import { refuseUnfit } from './fit.ts';

type ScratchCtx = Pick<Ctx, 'run' | 'signal' | 'clock' | 'shell' | 'progress' | 'secrets'>;

const nameOf = (site: string, { run }: Pick<Ctx, 'run'>) => `muster-restored-${site}-${run.id.slice(-8)}`;
const namesOf = (site: string) => new RegExp(`^muster-restored-${site}-[0-9a-f]{8}$`);

/** This run's database beside; undefined: it is not there. */
export async function scratchOfRun(site: Site, ctx: ScratchCtx): Promise<Scratch | undefined> {
  const name = nameOf(site.name, ctx);
  return (await keptScratches(namesOf(site.name), await artifactDeps(site, ctx))).find(one => one.name === name);
}

interface Facts {
  scratch?: Scratch;
  open: boolean;
}

/** restore.scratch: the set's database in a container of this computer, open, archiving nothing; it stays. */
export const scratchStep = (part: PartOf<'postgres'>, site: Site, at?: Date): Step<{ point: string }, Facts> => ({
  id: 'restore.scratch',
  title: 'Bring the database up beside, on this computer',
  target: { site: site.name, kind: 'host', name: 'localhost' },
  want: { point: at?.toISOString() ?? part.facts.restorePoint.name },
  deadline: minutes(35),
  async observe(ctx) {
    const scratch = await scratchOfRun(site, ctx);
    return scratch ? { scratch, open: await isOpen(scratch) } : { open: false };
  },
  decide: (_, { scratch, open }) =>
    open
      ? { is: 'done', reason: `${scratch?.name} is open` }
      : {
          is: 'changes',
          changes: [{ action: scratch ? 'replace' : 'create', what: 'scratch database', grade: 'known' }],
        },
  apply: (change, ctx) => ctx.effect(change, () => bringUp(part, site, at, ctx)),
});

async function isOpen({ postgres }: Scratch): Promise<boolean> {
  const argv = ['psql', '-XqAt', '-d', 'postgres', '-c', 'SELECT pg_is_in_recovery()'];
  return (await postgres.exec(argv)).stdout.text.trim() === 'f';
}

async function bringUp(part: PartOf<'postgres'>, site: Site, at: Date | undefined, ctx: ScratchCtx): Promise<void> {
  const deps: ArtifactDeps = await artifactDeps(site, ctx);
  await (await scratchOfRun(site, ctx))?.close();
  const access = await storeAccess(site, 'reader', { dirs: ctx.run.dirs, secrets: ctx.secrets });
  const { stanza } = part.facts.pgbackrest;
  const cipher = await cipherOf(ctx.secrets, stanza);
  const repository = { access, cipher, from: 'here', stanza } as const;
  const command = ['sleep', 'infinity'];
  const scratch = await startScratch({ repository, command, name: nameOf(site.name, ctx) }, deps);
  try {
    await refuseUnfit(scratch.postgres, part);
    ctx.progress('copying the base backup, then replaying WAL up to the target');
    await openAtTarget(scratch.exec, part.facts, { ...(at && { at }), archive: 'off' });
  } catch (error) {
    await scratch.close();
    throw error;
  }
}

/** restore.discard: every database that a restore left on this computer. */
export const discardScratchStep = (site: Site): Step<undefined, readonly Scratch[]> => ({
  id: 'restore.discard',
  title: 'Remove restored databases of this computer',
  target: { site: site.name, kind: 'host', name: 'localhost' },
  deadline: minutes(5),
  observe: async ctx => keptScratches(namesOf(site.name), await artifactDeps(site, ctx)),
  decide: (_, scratches) =>
    scratches.length === 0
      ? { is: 'done', reason: 'there is none' }
      : {
          is: 'changes',
          changes: scratches.map(({ name }) => ({ action: 'delete', what: `container ${name}`, grade: 'known' })),
        },
  apply: (change, ctx) =>
    ctx.effect(change, async () => {
      const all = await keptScratches(namesOf(site.name), await artifactDeps(site, ctx));
      const found = all.find(({ name }) => change.what === `container ${name}`);
      if (!found) throw new OpsError('INTERNAL', `cannot remove the ${change.what}: it is gone`);
      await found.close();
    }),
});
