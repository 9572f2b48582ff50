import type { ArtifactDeps } from '../../artifact/index.ts';
import { isOpsError, type OpsError, oneLine } from '../../errors/index.ts';
import type { Check, CheckResult } from '../check.ts';
import { runChecks } from '../run-checks.ts';
import type { PartOf } from '../set.ts';
import type { Postgres } from '../source.ts';
import { checksAtPoint, checksOfDump, meaningChecks } from './checks.ts';
import { loadDump } from './dump.ts';
import { openAtTarget } from './open.ts';
import type { TakeEnv } from './point.ts';
import type { Repository } from './repository.ts';
import { repositoryCheck } from './repository-checks.ts';
import { type Scratch, startScratch } from './scratch.ts';

export type ProveDeps = ArtifactDeps & Pick<TakeEnv, 'wait'>;
/** The bucket with the set, and what opens it: of a site, or of a copy. */
export type Where = Pick<Repository, 'access' | 'cipher'>;

type Part = PartOf<'postgres'>;

/** An idle container that knows the set's repository. */
export const idleScratch = ({ access, cipher }: Where, { facts }: Part, deps: ArtifactDeps): Promise<Scratch> => {
  const { stanza } = facts.pgbackrest;
  return startScratch({ repository: { access, cipher, from: 'here', stanza }, command: ['sleep', '3600'] }, deps);
};

/**
 * A scratch database of this computer at the set's point, or at a moment after it: open, and archiving nothing.
 * The caller closes it. Errors: those of startScratch and openAtTarget.
 */
export async function restoreScratch(part: Part, where: Where, deps: ProveDeps, at?: Date): Promise<Scratch> {
  const scratch = await idleScratch(where, part, deps);
  try {
    await openAtTarget(scratch.exec, part.facts, { ...(at && { at }), archive: 'off' });
    return scratch;
  } catch (error) {
    await scratch.close();
    throw error;
  }
}

/**
 * pgBackRest's own look at the repository; the base backup restored, and the dump loaded beside it, each against the
 * manifest: L1 to L5. Nothing stays. Errors: those of startScratch.
 */
export async function proveInScratch(part: Part, where: Where, deps: ProveDeps): Promise<CheckResult[]> {
  const scratch = await idleScratch(where, part, deps);
  const restore = async () => {
    await openAtTarget(scratch.exec, part.facts, { archive: 'off' });
    return scratch.postgres;
  };
  try {
    const results = await Promise.all([
      runChecks([repositoryCheck(part)], scratch.postgres),
      climb('restores', 'the base backup restores to its point', restore, [...checksAtPoint(part), ...meaningChecks()]),
      climb('dump.loads', 'the dump loads', () => loadDump(scratch, part.facts), checksOfDump(part)),
    ]);
    return results.flat();
  } finally {
    await scratch.close();
  }
}

/** What a restore said that makes it a failed check: everything else leaves it open. */
const WRONG: readonly OpsError['code'][] = ['RESTORE_FAILED', 'KEY_WRONG', 'WAL_GAP', 'DUMP_EMPTY', 'DUMP_UNREADABLE'];

/** L2, then everything above it; without L2 nothing above can be told. */
async function climb(
  id: string,
  title: string,
  restore: () => Promise<Postgres>,
  above: readonly Check<Postgres>[],
): Promise<CheckResult[]> {
  const about = { title, source: 'postgres', level: 'L2', required: true, expected: 'without error' } as const;
  const first = { id: `postgres.${id}`, ...about };
  try {
    const postgres = await restore();
    return [{ ...first, state: 'passed', got: 'without error' }, ...(await runChecks(above, postgres))];
  } catch (error) {
    const { code, details } = isOpsError(error) ? error : { code: 'INTERNAL' as const, details: [] };
    const unrun = { state: 'unrun', got: `not reached: ${oneLine(error)}`, code: 'CHECK_UNRUN' } as const;
    return [
      { ...first, state: WRONG.includes(code) ? 'failed' : 'unrun', got: oneLine(error), code, details },
      ...above.map(({ look: _, ...check }): CheckResult => ({ ...check, ...unrun })),
    ];
  }
}
