import { type CheckResult, partOf } from '../../backup/index.ts';
import { repositoryKeys } from '../../backup/postgres/repository.ts';
import { archivedSegments, segmentOf } from '../../backup/postgres/wal.ts';
import type { StoredObject } from '../../engine/index.ts';
import { asOpsError, OpsError, oneLine } from '../../errors/index.ts';
import { minutes, seconds, wait } from '../../time/index.ts';
import type { Drill } from '../scenario.ts';

/** PostgreSQL's archive_timeout is 60 s: a database that lives and is written to gives a sign of it within this time. */
const QUIET = seconds(80);

interface Segment {
  name: string;
  archived: number;
}

/**
 * Pure. The newest WAL on timelines that were there at a moment; undefined: there was none. What a restored database
 * archives is on a timeline of its own, that is younger.
 */
export function newestOfOld(objects: readonly StoredObject[], at: Date): Segment | undefined {
  const segments = objects.flatMap(({ key, modified }) =>
    [...archivedSegments([key]).keys()].map(name => ({ name, archived: Date.parse(modified) })),
  );
  const timelineOf = ({ name }: Segment) => segmentOf(name).timeline;
  const old = new Set(segments.filter(({ archived }) => archived <= at.getTime()).map(timelineOf));
  return segments
    .filter(segment => old.has(timelineOf(segment)))
    .reduce<Segment | undefined>((best, each) => (best && best.archived >= each.archived ? best : each), undefined);
}

/**
 * L0 of a rebuild: no provider here sees machines of another computer, or of another checkout; the archive sees their
 * database. Before data comes back it has been silent for longer than a living one is.
 */
export async function silentResult(drill: Drill): Promise<CheckResult> {
  const about = {
    id: 'site.silent',
    title: 'The lost database writes no more',
    source: 'site',
    level: 'L0',
    required: true,
    expected: `nothing new in its archive for ${QUIET / 1000} s`,
  } as const;
  try {
    return { ...about, state: 'passed', got: await silence(drill) };
  } catch (error) {
    drill.target.signal.throwIfAborted();
    return { ...about, state: 'unrun', code: asOpsError(error).code, got: oneLine(error) };
  }
}

/** Errors: RESTORE_TARGET: it lives. */
async function silence({ target, set, t0 }: Drill): Promise<string> {
  const { site, ports, signal, emit } = target;
  const part = partOf(set.manifest, 'postgres');
  if (!part) return 'there is none in the set';
  const store = await ports.store(site.name);
  const { archive } = repositoryKeys(part.facts.pgbackrest.stanza);
  const look = async () => newestOfOld(await store.list(archive), t0);
  const first = await look();
  if (!first) return 'nothing is in its archive';
  const age = (last: Segment) => ports.clock.now() - last.archived;
  const text = `waiting until the archive is silent for ${QUIET / 1000} s: ${first.name} came ${Math.round(age(first) / 1000)} s ago`;
  if (age(first) <= QUIET) emit({ type: 'notice', text });
  return wait<string>(
    {
      what: 'the archive of the lost database to be silent',
      deadline: minutes(4),
      every: seconds(2),
      hint: `./muster backup-audit --site ${site.name}: who writes to the store?`,
      probe: async () => {
        const last = (await look()) ?? first;
        if (last.name !== first.name)
          throw new OpsError(
            'RESTORE_TARGET',
            `cannot go on: the database lives elsewhere, and archived ${last.name} just now`,
          );
        const saw = `${last.name}, ${Math.round(age(last) / 1000)} s ago`;
        return age(last) > QUIET ? { value: saw } : { saw };
      },
    },
    { clock: ports.clock, signal },
  );
}
