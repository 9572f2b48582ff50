import type { Change, Ctx, Decision, Step } from '../../engine/index.ts';
import { OpsError } from '../../errors/index.ts';
import type { Site } from '../../inventory/index.ts';
import { minutes } from '../../time/index.ts';
import { hashObjects } from '../artefacts.ts';
import { seal } from '../cipher.ts';
import { KEYS, type PartOf } from '../set.ts';
import { COPY, DATASTORE } from './scripts.ts';
import { readUids, strangers } from './uids.ts';

/** The SecretStore's name of what seals the copy; 32 characters. */
export const CIPHER = 'backup/control-plane-cipher';
/** A datastore that does not fit through memory is for etcd, which has snapshots of its own. */
const LARGEST = 2 ** 30;

export const serverOf = (site: Site): string => site.hosts.find(({ role }) => role === 'server')?.name ?? '';

/** control-plane.take: a whole copy of the server's datastore lies in the store, sealed, and was read back. */
export const controlPlaneTake = (site: Site, setId: string): Step<{ set: string }, { taken: boolean }> => ({
  id: 'control-plane.take',
  title: 'Copy the datastore of the control plane',
  target: { site: site.name, kind: 'cluster', name: site.name },
  want: { set: setId },
  deadline: minutes(10),
  observe: async ctx => ({
    taken: (await (await ctx.store(site.name)).head(KEYS.part(setId, 'control-plane'))) !== undefined,
  }),
  decide: decideTake,
  apply: (change, ctx) => ctx.effect(change, () => take(site, setId, ctx)),
});

export const decideTake = (want: { set: string } | undefined, { taken }: { taken: boolean }): Decision => {
  if (taken || !want) return { is: 'done', reason: want ? `in set ${want.set}` : 'a set is removed as a whole' };
  const change: Change = { action: 'create', what: `copy of the datastore in set ${want.set}`, grade: 'known' };
  return { is: 'changes', changes: [change] };
};

async function take(site: Site, setId: string, ctx: Ctx): Promise<void> {
  const [store, api, shell] = await Promise.all([
    ctx.store(site.name),
    ctx.cluster(site.name),
    ctx.shell(serverOf(site)),
  ]);
  const before = await readUids(api);
  const point = new Date(ctx.clock.now()).toISOString();
  const { code, stdout, stderr } = await shell.exec(
    { script: COPY, args: [DATASTORE] },
    { sudo: true, keep: LARGEST, signal: ctx.signal, timeout: minutes(8) },
  );
  if (code !== 0 || stdout.dropped > 0)
    throw new OpsError('SET_INCOMPLETE', `cannot copy the datastore of ${shell.host}: the copy ended with ${code}`, {
      details: stderr.text.trim().split('\n').slice(-5),
    });
  const after = await readUids(api);
  const moved = new Set(strangers(before, after));
  const uids = Object.fromEntries(Object.entries(before).filter(([name]) => !moved.has(name)));
  const copy = KEYS.file(setId, 'control-plane.sqlite.gz.sealed');
  await store.put(copy, seal(stdout.bytes, await ctx.secrets.generate(CIPHER, { length: 32 })));
  const part: PartOf<'control-plane'> = {
    source: 'control-plane',
    tool: 'sqlite online backup',
    version: site.cluster.version,
    point,
    artefacts: await hashObjects(store, [copy]),
    facts: { kind: 'sqlite', copy, uids },
  };
  await store.put(KEYS.part(setId, 'control-plane'), JSON.stringify(part));
}
