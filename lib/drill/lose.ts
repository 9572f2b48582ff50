import { DATASTORE } from '../backup/control-plane/scripts.ts';
import { serverOf } from '../backup/control-plane/take.ts';
import { podPostgres } from '../backup/postgres/server.ts';
import { isRecord } from '../cluster/index.ts';
import type { AnyStep, Change, ClusterApi, Ctx, Decision, KubeRef } from '../engine/index.ts';
import { OpsError } from '../errors/index.ts';
import type { Site } from '../inventory/index.ts';
import { minutes } from '../time/index.ts';

interface Loss {
  id: string;
  title: string;
  what: string;
  /** Still there, in words; undefined: it is lost. */
  left(ctx: Ctx): Promise<string | undefined>;
  lose(ctx: Ctx): Promise<void>;
}

/** A loss is seen too: a drill whose fault did not happen would prove nothing. Wants --confirm=<site>. */
function lossStep(site: Site, { id, title, what, left, lose }: Loss): AnyStep {
  const there: Change = { action: 'delete', what, grade: 'known' };
  return {
    id,
    title,
    target: { site: site.name, kind: 'cluster', name: site.name },
    want: {},
    deadline: minutes(10),
    destroys: true,
    observe: left,
    decide: (_, seen: string | undefined): Decision =>
      seen === undefined
        ? { is: 'done', reason: `${what} is lost` }
        : { is: 'changes', changes: [{ ...there, from: seen }] },
    apply: (change, ctx) =>
      ctx.effect(change, async () => {
        await lose(ctx);
        await ctx.wait({
          what: `${what} to be lost`,
          deadline: minutes(5),
          every: 1000,
          hint: `./muster kubectl --site ${site.name} get all -A`,
          probe: async () => {
            const seen = await left(ctx);
            return seen === undefined ? { value: true } : { saw: seen };
          },
        });
      }),
  };
}

/** A namespace with everything in it, volumes included. */
export const loseNamespace = (site: Site, name: string): AnyStep => {
  const ref = { apiVersion: 'v1', kind: 'Namespace', name };
  const volumes = async (api: ClusterApi) =>
    (await api.list({ apiVersion: 'v1', kind: 'PersistentVolume' })).filter(
      ({ spec }) => isRecord(spec) && isRecord(spec.claimRef) && spec.claimRef.namespace === name,
    );
  return lossStep(site, {
    id: 'drill.lose-namespace',
    title: `Lose the namespace ${name}`,
    what: `namespace ${name}`,
    async left(ctx) {
      const api = await ctx.cluster(site.name);
      const [found, bound] = await Promise.all([api.get(ref), volumes(api)]);
      if (found) return isRecord(found.status) ? `${found.status.phase}` : 'there';
      return bound.length > 0 ? `volumes ${bound.map(({ metadata }) => metadata.name).join(', ')}` : undefined;
    },
    lose: async ctx => (await ctx.cluster(site.name)).remove(ref),
  });
};

interface DatabasePlace {
  workload: KubeRef & { namespace: string };
  claim: string;
}

/** The database's files, as by a disk that died: PostgreSQL is stopped first, since what it holds open is not lost. */
export const loseDatabase = (site: Site, { workload, claim }: DatabasePlace): AnyStep => {
  const { namespace, name } = workload;
  const root = async (ctx: Ctx) => `${await volumePath(await ctx.cluster(site.name), namespace, claim)}/pgdata`;
  return lossStep(site, {
    id: 'drill.lose-database',
    title: 'Lose the files of the database',
    what: `the database in ${namespace}/${claim}`,
    async left(ctx) {
      const [shell, path] = await Promise.all([ctx.shell(serverOf(site)), root(ctx)]);
      const { code } = await shell.exec(['test', '-e', path], { sudo: true });
      return code === 0 ? path : undefined;
    },
    async lose(ctx) {
      const api = await ctx.cluster(site.name);
      await api.scale(workload, 0);
      await ctx.wait({
        what: `${namespace}/${name} to stop`,
        deadline: minutes(4),
        every: 1000,
        hint: `./muster kubectl --site ${site.name} -n ${namespace} get pods`,
        probe: async () => {
          const status = (await api.get(workload))?.status;
          const pods = isRecord(status) ? Number(status.replicas ?? 0) : 0;
          return pods === 0 ? { value: true } : { saw: `${pods} pods` };
        },
      });
      await (await ctx.shell(serverOf(site))).run(['rm', '-rf', await root(ctx)], { sudo: true });
    },
  });
};

/** Where a local volume lies on its node. */
async function volumePath(api: ClusterApi, namespace: string, claim: string): Promise<string> {
  const pvc = await api.get({ apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name: claim });
  const name = isRecord(pvc?.spec) ? pvc.spec.volumeName : undefined;
  const volume =
    typeof name === 'string' ? await api.get({ apiVersion: 'v1', kind: 'PersistentVolume', name }) : undefined;
  const local = isRecord(volume?.spec) && isRecord(volume.spec.local) ? volume.spec.local.path : undefined;
  if (typeof local === 'string' && local.startsWith('/')) return local;
  throw new OpsError('DRILL_TARGET', `cannot lose ${namespace}/${claim}: it is no local volume of a node`);
}

/** The datastore of the only server, while it runs, as by a file system that died. */
export const loseControlPlane = (site: Site): AnyStep =>
  lossStep(site, {
    id: 'drill.lose-control-plane',
    title: 'Lose the datastore of the control plane',
    what: 'the datastore',
    async left(ctx) {
      const { code } = await (await ctx.shell(serverOf(site))).exec(['test', '-e', DATASTORE], { sudo: true });
      return code === 0 ? DATASTORE : undefined;
    },
    lose: async ctx => {
      const script = 'systemctl stop k3s; rm -f "$1" "$1-wal" "$1-shm"';
      await (await ctx.shell(serverOf(site))).run({ script, args: [DATASTORE] }, { sudo: true });
    },
  });

/** What a drill's bad write leaves in half of the names: its own, so that the next drill writes anew. */
export const spoiltName = (drill: string): string => `spoilt by drill ${drill}`;

/** Half of the people renamed by a statement without its WHERE, as releases do. The WAL that has it is archived. */
export const spoilUsers = (site: Site, drill: string): AnyStep => {
  const psql = async (ctx: Ctx, sql: string) => podPostgres(await ctx.cluster(site.name), site.name).psql(sql);
  return lossStep(site, {
    id: 'drill.spoil-users',
    title: 'Write what should not have been written',
    what: 'the names of the people',
    async left(ctx) {
      const spoilt = await psql(ctx, `SELECT count(*) FROM users WHERE name = '${spoiltName(drill)}'`);
      return Number(spoilt) > 0 ? undefined : 'as they should be';
    },
    lose: async ctx =>
      void (await psql(
        ctx,
        `UPDATE users SET name = '${spoiltName(drill)}' WHERE id % 2 = 0; SELECT pg_switch_wal();`,
      )),
  });
};
