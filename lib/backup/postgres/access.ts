import { FIELD_MANAGER, isRecord, MANAGED_BY, ourObject } from '../../cluster/index.ts';
import type { Change, Ctx, Decision, KubeObject, KubeRef, Need, Step } from '../../engine/index.ts';
import type { Provider } from '../../host/provider.ts';
import type { Site } from '../../inventory/index.ts';
import { type Role, storeAccess } from '../../store/access.ts';
import { minutes } from '../../time/index.ts';
import { clusterOf, NAMESPACE } from './names.ts';
import { knownKeys, makeKeys, type RepositoryKeys, repositoryFiles, retiredKeys } from './repository.ts';

const SECRET_KIND = { apiVersion: 'v1', kind: 'Secret' };
const SECRET_NAME = { namespace: NAMESPACE, name: 'pgbackrest' };
const SECRET: KubeRef = { ...SECRET_KIND, ...SECRET_NAME };
const SHOWN = `Secret ${NAMESPACE}/${SECRET.name}`;

/** `lost`: the cluster archives to a stanza that this computer does not know. */
export type AccessSeen = 'good' | 'absent' | 'different' | 'lost';

/** Whose archive, and as whom. */
export interface Archive {
  of: Site;
  role: Exclude<Role, 'admin'>;
}

/**
 * postgres.access: the pod knows its repository. Before the database's own pod, which reads it when it starts.
 * @param archive of a rehearsal: that of its source, which it only reads.
 */
export const accessStep = (
  site: Site,
  provider: Provider,
  needs: readonly Need[],
  archive: Archive = { of: site, role: 'site' },
): Step<{ role: Role }, AccessSeen> => ({
  id: 'postgres.access',
  title: 'Give the database its archive',
  target: clusterOf(site),
  want: { role: archive.role },
  needs,
  deadline: minutes(2),
  async observe(ctx) {
    return this.want === undefined ? 'good' : observe(site, provider, archive, ctx);
  },
  decide: decideAccess,
  apply: (change, ctx) => ctx.effect(change, () => act(site, provider, archive, ctx)),
});

export function decideAccess(want: object | undefined, seen: AccessSeen): Decision {
  if (want === undefined) return { is: 'done', reason: 'goes with its namespace' };
  const change = (action: Change['action'], what = SHOWN): Decision => ({
    is: 'changes',
    changes: [{ action, what, grade: 'known', secret: true }],
  });
  if (seen === 'good') return { is: 'done', reason: `${SHOWN} says where the archive is` };
  if (seen === 'lost') return change('update', `${SHOWN} kept here too`);
  return change(seen === 'absent' ? 'create' : 'update');
}

async function observe(site: Site, provider: Provider, archive: Archive, ctx: Ctx): Promise<AccessSeen> {
  const [api, keys] = await Promise.all([ctx.cluster(site.name), knownKeys(ctx.secrets)]);
  const live = await ourObject(api, SECRET);
  if (!live) return 'absent';
  if (!keys) return 'lost';
  const wanted = await files(archive, provider, keys, ctx);
  return Object.entries(wanted).every(([name, text]) => decoded(live, name) === text) ? 'good' : 'different';
}

function decoded(object: KubeObject | undefined, key: string): string | undefined {
  const value = isRecord(object?.data) ? object.data[key] : undefined;
  return typeof value === 'string' ? Buffer.from(value, 'base64').toString('utf8') : undefined;
}

async function files({ of, role }: Archive, provider: Provider, keys: RepositoryKeys, ctx: Ctx) {
  const { dirs } = ctx.run;
  const access = await storeAccess(of, role, { dirs, secrets: ctx.secrets, gateway: provider.gateway });
  return repositoryFiles({ access, from: 'there', ...keys, retired: await retiredKeys(ctx.secrets) });
}

async function act(site: Site, provider: Provider, archive: Archive, ctx: Ctx): Promise<void> {
  const api = await ctx.cluster(site.name);
  const keys = await makeKeys(ctx.secrets, decoded(await api.get(SECRET), 'stanza')?.trim());
  const wanted = await files(archive, provider, keys, ctx);
  const data = Object.fromEntries(
    Object.entries(wanted).map(([name, text]) => [name, Buffer.from(text).toString('base64')]),
  );
  const labels = {
    [MANAGED_BY]: FIELD_MANAGER,
    // A restored site gets another one: a rehearsal must not write to its source's archive.
    'velero.io/exclude-from-backup': 'true',
  };
  await api.apply({ ...SECRET_KIND, metadata: { ...SECRET_NAME, labels }, type: 'Opaque', data });
}
