import { type CheckResult, type Manifest, partOf, runChecks } from '../backup/index.ts';
import { checksAfterRestore, checksAtPoint, checksAtTime, meaningChecks } from '../backup/postgres/checks.ts';
import { lookCommand } from '../backup/postgres/scratch.ts';
import { podPostgres } from '../backup/postgres/server.ts';
import { besideOf, replayedCheck, scopedPart, scratchOfRun } from '../backup/restore/index.ts';
import { objectsCheck, restoreCheck, volumeChecks } from '../backup/velero/checks.ts';
import { siteVolumes } from '../backup/velero/readers.ts';
import type { Run } from '../engine/index.ts';
import type { OpenSite } from './open.ts';

export interface RestoreWant {
  what: 'set' | 'database' | 'namespace';
  /** Of a namespace. */
  name?: string;
  /** Absent: the newest complete one, or the newest from which WAL leads to `at`. */
  set?: string;
  /** UTC; of a database. */
  at?: string;
  /** In place: the site's name was typed. Else beside the original. */
  inPlace: boolean;
}

/** What is restored, after everything that a person left open was settled. */
export interface Restoring extends RestoreWant {
  manifest: Manifest;
  /** Of the set, or the one that was named. */
  namespaces: readonly string[];
  /** The database is part of it. */
  database: boolean;
  moment?: Date;
}

/** What came back, against the manifest, and how a person looks at it. */
export interface Compared {
  checks: CheckResult[];
  /** Where it is: 'container ...', 'namespace app-restored'. */
  places: string[];
  /** Commands that show it. */
  look: string[];
}

export async function compareRestored(open: OpenSite, restoring: Restoring, run: Run): Promise<Compared> {
  const found = [
    ...(restoring.namespaces.length > 0 ? [await compareNamespaces(open, restoring, run)] : []),
    ...(restoring.database ? [await compareDatabase(open, restoring, run)] : []),
  ];
  return {
    checks: found.flatMap(({ checks }) => checks),
    places: found.flatMap(({ places }) => places),
    look: found.flatMap(({ look }) => look),
  };
}

/** The reading half of a step's context. */
function surroundings({ ports, signal, emit }: OpenSite, run: Run) {
  const progress = (text: string) => emit({ type: 'notice', text });
  const { clock, shell, cluster, secrets } = ports;
  return { run, signal, clock, shell, cluster, secrets, progress };
}

async function compareDatabase(open: OpenSite, { manifest, moment, inPlace }: Restoring, run: Run): Promise<Compared> {
  const { site, ports, dirs } = open;
  const part = partOf(manifest, 'postgres');
  if (!part) return { checks: [], places: [], look: [] };
  const atMoment = moment && [...checksAtTime(part, moment), ...meaningChecks()];
  if (inPlace) {
    const postgres = podPostgres(await ports.cluster(site.name), site.name);
    const replayed = replayedCheck(part, () => ports.store(site.name));
    const checks = await runChecks(atMoment ?? [...checksAfterRestore(part), replayed], postgres);
    return { checks, places: [`the database of ${site.name}`], look: [] };
  }
  const scratch = await scratchOfRun(site, surroundings(open, run));
  if (!scratch) return { checks: [], places: [], look: [] };
  const checks = await runChecks(atMoment ?? [...checksAtPoint(part), ...meaningChecks()], scratch.postgres);
  return { checks, places: [`container ${scratch.name}, for a day`], look: [await lookCommand(scratch.name, dirs)] };
}

async function compareNamespaces(
  open: OpenSite,
  { manifest, namespaces, inPlace }: Restoring,
  run: Run,
): Promise<Compared> {
  const { site, ports } = open;
  const whole = partOf(manifest, 'velero');
  if (!whole) return { checks: [], places: [], look: [] };
  const part = scopedPart(whole, namespaces);
  const mapping = inPlace ? {} : besideOf(namespaces);
  const api = await ports.cluster(site.name);
  const checks = [
    ...(await runChecks([restoreCheck(part), objectsCheck(part, mapping)], api)),
    ...(await runChecks(volumeChecks(part), siteVolumes(site, surroundings(open, run), mapping))),
  ];
  const names = namespaces.map(name => (inPlace ? name : (besideOf(namespaces)[name] ?? name)));
  return {
    checks,
    places: names.map(name => `namespace ${name}`),
    look: names.map(name => `./muster kubectl --site ${site.name} -n ${name} get all,pvc`),
  };
}
