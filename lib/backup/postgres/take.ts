import type { AnyStep, Change, Ctx, Decision, Need, Step } from '../../engine/index.ts';
import { OpsError } from '../../errors/index.ts';
import type { Site } from '../../inventory/index.ts';
import { minutes } from '../../time/index.ts';
import { KEYS } from '../set.ts';
import { readInfo, type StanzaInfo } from './info.ts';
import { clusterOf } from './names.ts';
import { isOfSet, takePart } from './point.ts';
import { repositoryKeysOf } from './repository.ts';
import { podPostgres } from './server.ts';
import { backupAnew } from './unfinished.ts';

const same = (...steps: string[]): Need[] => steps.map(step => ({ step, scope: 'same' }));

/** postgres.backup, then postgres.take: the point comes after the base backup, or it could not be restored to. */
export const postgresTake = (site: Site, set: string): AnyStep[] => [backupStep(site, set), takeStep(site, set)];

interface Want {
  set: string;
}

const backupStep = (site: Site, set: string): Step<Want, { label: string | undefined }> => ({
  id: 'postgres.backup',
  title: "Back up the database's files",
  target: clusterOf(site),
  want: { set },
  deadline: minutes(60),
  async observe(ctx) {
    const { postgres, stanza } = await open(site, ctx);
    return { label: (await readInfo(postgres, stanza)).backups.find(isOfSet(set))?.label };
  },
  decide: decideBackup,
  apply: (change, ctx) =>
    ctx.effect(change, async () => backupAnew({ set, ...(await open(site, ctx)), store: await ctx.store(site.name) })),
});

export function decideBackup(want: Want | undefined, { label }: { label: string | undefined }): Decision {
  if (!want) return { is: 'done', reason: 'a set is removed as a whole' };
  if (label !== undefined) return { is: 'done', reason: `${label} in the repository` };
  const change: Change = { action: 'create', what: `base backup of set ${want.set}`, grade: 'known' };
  return { is: 'changes', changes: [change] };
}

const takeStep = (site: Site, set: string): Step<Want, { taken: boolean }> => ({
  id: 'postgres.take',
  title: 'Mark the point of the set, read what the database holds there, and dump it',
  target: clusterOf(site),
  want: { set },
  needs: same('postgres.backup'),
  deadline: minutes(60),
  observe: async ctx => ({
    taken: (await (await ctx.store(site.name)).head(KEYS.part(set, 'postgres'))) !== undefined,
  }),
  decide: decideTake,
  apply: (change, ctx) => ctx.effect(change, () => take(site, set, ctx)),
});

export function decideTake(want: Want | undefined, { taken }: { taken: boolean }): Decision {
  if (taken || !want) return { is: 'done', reason: want ? `in set ${want.set}` : 'a set is removed as a whole' };
  const change: Change = { action: 'create', what: `point and dump of set ${want.set}`, grade: 'known' };
  return { is: 'changes', changes: [change] };
}

async function take(site: Site, set: string, ctx: Ctx): Promise<void> {
  const { postgres, stanza } = await open(site, ctx);
  const store = await ctx.store(site.name);
  const backup = newest(await readInfo(postgres, stanza), set);
  if (!backup)
    throw new OpsError('SET_INCOMPLETE', `cannot take the point of ${set}: it has no base backup in the repository`);
  ctx.progress('holding writers for the restore point, then dumping');
  const part = await takePart({ set, stanza, postgres, store }, backup, ctx);
  await store.put(KEYS.part(set, 'postgres'), JSON.stringify(part));
}

const newest = ({ backups }: StanzaInfo, set: string) => backups.filter(isOfSet(set)).at(-1);

/** The database of a site and the stanza that it archives to. */
export async function open(site: Site, ctx: Pick<Ctx, 'cluster' | 'secrets'>) {
  const [api, { stanza }] = await Promise.all([ctx.cluster(site.name), repositoryKeysOf(ctx.secrets)]);
  return { api, postgres: podPostgres(api, site.name), stanza };
}
