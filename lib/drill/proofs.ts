import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { NAMESPACE as APP } from '../addon/app/app.ts';
import { parseJson } from '../backup/sign.ts';
import { sealedDir } from '../engine/journal.ts';
import { oneLine } from '../errors/index.ts';
import type { Site } from '../inventory/index.ts';
import { startOfRun } from '../site/run-verb.ts';
import { type Duration, formatDuration } from '../time/index.ts';
import { drillsDir, EVIDENCE, evidenceDir } from './evidence.ts';
import { type Report, report } from './report.ts';
import type { Scenario } from './scenario.ts';
import { verifyEvidence } from './verify-evidence.ts';

/** A drill of this computer, and what is wrong with its evidence. */
export interface Past {
  report: Report;
  /** undefined: sealed, and unchanged since. */
  flaw?: string;
}

/** What is proven: a scenario, and where it loses one namespace, of that one. */
export interface Subject {
  scenario: string;
  namespace?: string;
}

export const subjectOf = ({ id, namespace }: Pick<Scenario, 'id' | 'namespace'>): Subject => ({
  scenario: id,
  ...(namespace !== undefined && { namespace }),
});

/** Without a proof of it, nobody knows whether the site would come back at all. */
const REBUILD = 'site-rebuild';

/** What is known of it. */
export interface Proof extends Subject {
  /** failed: a drill after the newest proof found wrong data. never: nothing was ever proven. */
  is: 'proven' | 'expired' | 'failed' | 'never';
  /** Of the drill that says so; undefined: there was none. */
  id?: string;
  /** Since its t0. */
  age?: Duration;
  /** Never proven, though the site has been there for longer than a proof holds: of its rebuild alone. */
  due?: true;
  /** One line: 'verified, RTO missed'. */
  says: string;
}

/** Newest first. What is no report is left out: it proves nothing. */
export async function readDrills(state: string): Promise<Past[]> {
  const ids = await readdir(drillsDir(state)).catch(() => [] as string[]);
  const all = await Promise.all(
    ids
      .sort()
      .reverse()
      .map(id => readDrill(evidenceDir(state, id))),
  );
  return all.filter(past => past !== undefined);
}

async function readDrill(folder: string): Promise<Past | undefined> {
  const bytes = await readFile(join(folder, EVIDENCE.report)).catch(() => undefined);
  const read = bytes && report.safeParse(parseJson(bytes)).data;
  if (!read) return undefined;
  return verifyEvidence(folder).then(
    () => ({ report: read }),
    error => ({ report: read, flaw: oneLine(error) }),
  );
}

/** A report that names no namespace is of the time when there was one that could be lost. */
const isOf = ({ report }: Past, { scenario, namespace }: Subject): boolean =>
  report.scenario === scenario && (namespace === undefined || (report.namespace ?? APP) === namespace);

/** Pure. `limit`: drills.proof of the inventory; `now`, and `since`, when the site began: UTC in milliseconds. */
export function proofOf(
  subject: Subject,
  drills: readonly Past[],
  limit: Duration,
  { now, since = now }: { now: number; since?: number | undefined },
): Proof {
  const mine = newestFirst(drills).filter(past => isOf(past, subject));
  const told = mine.find(({ report, flaw }) => !flaw && report.verdict !== 'inconclusive');
  if (!told) {
    const due = subject.scenario === REBUILD && now - since > limit && { due: true as const };
    return { ...subject, is: 'never', ...newestWords(mine[0]), ...due };
  }
  const { id, verdict } = told.report;
  const age = Math.max(0, now - startOf(told.report));
  const is = verdict === 'not verified' ? 'failed' : age > limit ? 'expired' : 'proven';
  return { ...subject, is, id, age, says: words(told.report) };
}

/** Empty where the inventory says nothing of drills. */
export async function siteProofs(
  { drills }: Pick<Site, 'drills'>,
  state: string,
  subjects: readonly Subject[],
  now: number,
  /** Absent: those of this computer. */
  past: () => Promise<readonly Past[]> = () => readDrills(state),
): Promise<Proof[]> {
  if (!drills) return [];
  const [all, since] = await Promise.all([past(), beganAt(state)]);
  return subjects.map(subject => proofOf(subject, all, drills.proof, { now, since }));
}

/** Of the first journal, whose name is its run's id. */
async function beganAt(state: string): Promise<number | undefined> {
  const [first = ''] = (await readdir(sealedDir(state)).catch(() => [] as string[])).sort();
  const at = startOfRun(first);
  return at === undefined ? undefined : Date.parse(at);
}

/** A proof that is worth nothing any more, or that a later drill contradicted; and the one that every site needs. */
export const isRed = ({ is, due }: Proof): boolean => is === 'expired' || is === 'failed' || due === true;

/** 'verified, 3 h 07 min ago'. */
export function proofText({ is, says, age, due }: Proof): string {
  if (due) return `${says}: due`;
  const when = age === undefined ? says : `${says}, ${formatDuration(age)} ago`;
  return is === 'expired' ? `${when}: expired` : when;
}

/** Why a scenario that was drilled is not proven. */
function newestWords(newest: Past | undefined): Pick<Proof, 'id' | 'says'> {
  if (!newest) return { says: 'never drilled' };
  return { id: newest.report.id, says: newest.flaw ?? 'never proven, the newest drill was inconclusive' };
}

const words = ({ verdict, rto, rpo }: Report) =>
  [verdict, rto.met === false && 'RTO missed', rpo.sources.some(({ met }) => met === false) && 'RPO missed']
    .filter(Boolean)
    .join(', ');

/** Pure. For a report: earlier drills of the same, with sound evidence. */
export const historyOf = (subject: Subject, drills: readonly Past[]): Report['history'] =>
  newestFirst(drills)
    .filter(past => isOf(past, subject) && !past.flaw)
    .slice(0, 20)
    .map(({ report: { id, verdict, clocks, rto } }) => ({
      id,
      at: new Date(startOf({ id, clocks })).toISOString(),
      verdict,
      rto: rto.ms,
    }));

const newestFirst = (drills: readonly Past[]) => [...drills].sort((a, b) => (a.report.id < b.report.id ? 1 : -1));

/** t0, or the moment in the drill's id where it ended before that. */
function startOf({ id, clocks }: Pick<Report, 'id' | 'clocks'>): number {
  const [, ...parts] = /^(....)(..)(..)T(..)(..)(..)Z/.exec(id) ?? [];
  const [year, month, day, hour, minute, second] = parts;
  return Date.parse(clocks.marks[0]?.at ?? `${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}
