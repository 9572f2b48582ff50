import { z } from 'zod';
import { type CheckResult, partOf, runChecks } from '../../backup/index.ts';
import { podPostgres } from '../../backup/postgres/server.ts';
import type { SourceName } from '../../backup/set.ts';
import { seeClaims } from '../../backup/velero/claims.ts';
import { onHost } from '../../backup/velero/where.ts';
import { isRecord } from '../../cluster/index.ts';
import { OpsError } from '../../errors/index.ts';
import { type Canary, chainFaults, newestBefore, type Range, rpoOf } from '../canary.ts';
import type { RpoOfSource } from '../report.ts';
import type { Drill } from '../scenario.ts';
import type { Marked } from '../timeline.ts';
import { metBy } from '../verdict.ts';
import { surroundingsOf } from './surroundings.ts';

const canary = z.object({ number: z.int().min(1), written: z.string(), hash: z.string() });
const canaries = z.array(canary);
const NAMESPACE = 'app';
/** Where the heartbeat keeps its files: the claim, and the folder in it. */
const FILES = { claim: 'avatars', folder: 'canary' };
/** How far the heartbeat's clock and ours may be apart where nobody measured it, as on nodes of EKS: NTP keeps them closer. */
const UNMEASURED = 1000;

const ROWS = `SELECT coalesce(json_agg(json_build_object('number', number, 'hash', hash, 'written',
  to_char(written AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) ORDER BY number), '[]') FROM canary`;

/** One kind of canary that came back. */
interface Flock {
  id: 'rows' | 'files' | 'objects';
  source: 'postgres' | 'velero';
  read(drill: Drill): Promise<readonly Canary[]>;
  /** Of those that were there at the set's point. */
  need(drill: Drill): Range | undefined;
}

export async function readRows({ target }: Drill): Promise<readonly Canary[]> {
  const api = await target.ports.cluster(target.site.name);
  return canaries.parse(JSON.parse(await podPostgres(api, target.site.name).psql(ROWS)));
}

const ROW_FLOCK: Flock = {
  id: 'rows',
  source: 'postgres',
  read: readRows,
  need({ set }) {
    const tables = partOf(set.manifest, 'postgres')?.facts.tables;
    return { from: 1, to: tables?.find(({ name }) => name === 'canary')?.rows ?? 0 };
  },
};

const FLOCKS: readonly Flock[] = [
  ROW_FLOCK,
  { id: 'files', source: 'velero', read: readFiles, need: () => undefined },
  {
    id: 'objects',
    source: 'velero',
    async read({ target }) {
      const api = await target.ports.cluster(target.site.name);
      const found = await api.get({ apiVersion: 'v1', kind: 'ConfigMap', namespace: NAMESPACE, name: 'canary' });
      const text = isRecord(found?.data) ? found.data['canaries.json'] : undefined;
      return canaries.parse(JSON.parse(typeof text === 'string' ? text : '[]'));
    },
    need: () => undefined,
  },
];

/** Names as the heartbeat gives them; read on the host, since the volume's pod may not run yet. */
const CAT = `cd -- "$1" 2>/dev/null || exit 0
find . -maxdepth 1 -name '*.json' -exec cat {} + -exec echo \\;`;

async function readFiles({ target }: Drill): Promise<readonly Canary[]> {
  const { cluster, shell } = surroundingsOf(target);
  const { claims, volumes } = await seeClaims(await cluster(target.site.name), [NAMESPACE]);
  const claim = claims.find(({ metadata }) => metadata.name.includes(FILES.claim));
  const name = isRecord(claim?.spec) ? claim.spec.volumeName : undefined;
  const volume = volumes.find(({ metadata }) => metadata.name === name);
  const at = isRecord(volume?.spec) ? onHost(volume.spec) : undefined;
  if (!at) throw new OpsError('CHECK_UNRUN', `cannot look for canaries: the volume ${FILES.claim} lies on no host`);
  const script = await (await shell(at.host)).run(
    { script: CAT, args: [`${at.path}/${FILES.folder}`] },
    { sudo: true },
  );
  return canaries.parse(
    script
      .split(/(?<=\})\s*/)
      .filter(text => text.trim() !== '')
      .map(text => JSON.parse(text)),
  );
}

/** Of everything, and of the database alone. */
export const canaryResults = (drill: Drill) => results(FLOCKS, drill);
export const rowResults = (drill: Drill) => results([ROW_FLOCK], drill);
export const canaryRpo = (drill: Drill, t0: Marked) => rpo(FLOCKS, drill, t0);
export const rowRpo = (drill: Drill, t0: Marked) => rpo([ROW_FLOCK], drill, t0);

/** It lives in the application. */
const hasHeartbeat = ({ source: { site } }: Drill): boolean => site.app !== undefined && site.drills !== undefined;

/** L5: what came back is an unbroken chain, and at the set's point nothing of it was missing. */
async function results(flocks: readonly Flock[], drill: Drill): Promise<CheckResult[]> {
  if (!hasHeartbeat(drill)) return [];
  const checks = flocks.map(({ id, source, read, need }) => ({
    id: `canary.${id}`,
    title: `The canaries' ${id} came back, unbroken`,
    source,
    level: 'L5' as const,
    required: true,
    expected: 'a chain without a gap',
    async look(of: Drill) {
      const seen = await read(of);
      const faults = seen.length === 0 ? ['no canary came back'] : chainFaults(seen, need(of));
      if (faults.length === 0) return { state: 'passed' as const, got: `${seen.length} canaries` };
      return { state: 'failed' as const, code: 'CANARY_LOST' as const, got: faults[0] ?? '', details: faults };
    },
  }));
  return runChecks(checks, drill);
}

/** How new the newest data is that came back: of a site whose loss nobody timed. */
export async function newestResult(drill: Drill): Promise<CheckResult[]> {
  if (!hasHeartbeat(drill)) return [];
  const check = {
    id: 'canary.newest',
    title: 'The newest data that came back',
    source: 'site' as const,
    level: 'L5' as const,
    required: false,
    expected: 'as new as what was backed up last',
    async look(of: Drill) {
      const seen = FLOCKS.map(async ({ id, read }) => {
        const newest = newestBefore(await read(of), of.t0);
        return newest ? `${id} of ${newest.written}` : `no ${id}`;
      });
      return { state: 'passed' as const, got: (await Promise.all(seen)).join(', ') };
    },
  };
  return runChecks([check], drill);
}

/** By the newest canary of each kind that was written before the loss and came back; of a source the worst counts. */
async function rpo(flocks: readonly Flock[], drill: Drill, t0: Marked): Promise<readonly RpoOfSource[]> {
  const { backup, app } = drill.source.site;
  if (!app) return pointRpo(drill, t0, 'velero');
  if (!hasHeartbeat(drill) || !backup) return [];
  return Promise.all(
    flocks.map(async ({ source, read }) =>
      rpoOf({
        source,
        canaries: await read(drill).catch(() => []),
        t0: new Date(t0.at),
        bound: drill.apart ?? UNMEASURED,
        target: backup.rpo[source],
      }),
    ),
  );
}

/** Without canaries in it a source's own moment says how old what came back is. */
export function pointRpo({ source, set }: Drill, t0: Marked, name: SourceName): RpoOfSource[] {
  const part = partOf(set.manifest, name);
  const target = source.site.backup?.rpo[name];
  if (!part || target === undefined) return [];
  const ms = Date.parse(t0.at) - Date.parse(part.point);
  return [{ source: name, newestCanary: null, ms, bound: 0, target, met: metBy(ms, 0, target) }];
}
