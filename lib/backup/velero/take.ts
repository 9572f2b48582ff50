import type { AnyStep, Change, Ctx, Decision, Step } from '../../engine/index.ts';
import { OpsError } from '../../errors/index.ts';
import type { Site } from '../../inventory/index.ts';
import { minutes } from '../../time/index.ts';
import { KEYS } from '../set.ts';
import { backupObject } from './backup-spec.ts';
import { backupName } from './names.ts';
import { writePart } from './part.ts';
import { preflightStep, readCoverage } from './preflight.ts';
import { backupOf, steadily, waitForBackup } from './progress.ts';
import { listVolumes, type VolumeListing } from './volumes.ts';

export interface TakeFacts {
  /** The part lies in the store. */
  taken: boolean;
  /** The files before the backup lie there. */
  listed: boolean;
  /** Phase of the Backup object; undefined: there is none. */
  phase?: string;
}

const listing = (setId: string) => KEYS.file(setId, 'velero-files-before.json');
const LIST = 'list of the files before the backup';
const PART = 'part of the set: velero';

/** Velero's part of a set; its preflight refuses before anything is taken. */
export const veleroTake = (site: Site, setId: string): AnyStep[] => [preflightStep(site), takeStep(site, setId)];

/** velero.take: each of its changes is found again by a run that goes on. */
const takeStep = (site: Site, setId: string): Step<{ set: string }, TakeFacts> => ({
  id: 'velero.take',
  title: 'Back up objects and volumes with Velero, and read them back',
  target: { site: site.name, kind: 'cluster', name: site.name },
  want: { set: setId },
  needs: [{ step: 'velero.preflight', scope: 'same' }],
  deadline: minutes(30),
  observe: ctx => observe(site, setId, ctx),
  decide: decideTake,
  apply: (change, ctx) => ctx.effect(change, () => act(change, site, setId, ctx)),
});

export function decideTake(want: { set: string } | undefined, { taken, listed, phase }: TakeFacts): Decision {
  if (!want || taken) return { is: 'done', reason: want ? `in set ${want.set}` : 'a set is removed as a whole' };
  const name = backupName(want.set);
  const changes: Change[] = [];
  // A Backup without the list before it proves nothing of the files: both are made anew, under the next set's name.
  if (!listed) changes.push({ action: 'create', what: LIST, grade: 'known' });
  if (phase === undefined) changes.push({ action: 'create', what: `Backup velero/${name}`, grade: 'known' });
  changes.push({ action: 'create', what: PART, grade: 'known' });
  return { is: 'changes', changes };
}

async function observe(site: Site, setId: string, ctx: Ctx): Promise<TakeFacts> {
  const [store, api] = await Promise.all([ctx.store(site.name), ctx.cluster(site.name)]);
  const [part, list, backup] = await Promise.all([
    store.head(KEYS.part(setId, 'velero')),
    store.head(listing(setId)),
    backupOf(api, backupName(setId)),
  ]);
  const facts = { taken: part !== undefined, listed: list !== undefined };
  return backup ? { ...facts, phase: backup.phase } : facts;
}

async function act({ what }: Change, site: Site, setId: string, ctx: Ctx): Promise<void> {
  const [store, api] = await Promise.all([ctx.store(site.name), ctx.cluster(site.name)]);
  const name = backupName(setId);
  if (what === LIST) {
    if (await backupOf(api, name))
      throw new OpsError('VELERO_PARTIAL', `cannot use Backup ${name}: it began before its files were listed`);
    const { expected } = await readCoverage(site, ctx);
    await store.put(listing(setId), JSON.stringify(await listVolumes(expected, ctx)));
  } else if (what === PART) {
    const backup = await waitForBackup(name, ctx);
    await writePart({ site, setId, backup, before: await before(setId, site, ctx) }, ctx);
  } else {
    await everyKindKnown(ctx);
    await api.apply(backupObject({ name, namespaces: site.backup?.namespaces ?? [] }));
  }
}

/** Velero takes a kind that the API cannot tell for an error of the backup; after a start of k3s that is so for a minute. */
const everyKindKnown = (ctx: Ctx) =>
  ctx.wait({
    what: 'the API to know every kind',
    deadline: minutes(5),
    every: 1000,
    hint: 'kubectl get apiservices: one that is not available is to be mended or deleted, or no backup is whole',
    probe: steadily(ctx, async api => {
      const stale = await api.stale();
      return stale.length === 0 ? { value: true } : { saw: `stale: ${stale.join(', ')}` };
    }),
  });

async function before(setId: string, site: Site, ctx: Ctx): Promise<VolumeListing[]> {
  const bytes = await (await ctx.store(site.name)).get(listing(setId));
  if (!bytes) throw new OpsError('SET_ARTEFACT_MISSING', `cannot go on: ${listing(setId)} is not in the store`);
  // Written above by this very step.
  return JSON.parse(Buffer.from(bytes).toString('utf8')) as VolumeListing[];
}
