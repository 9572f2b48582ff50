import type { ArtifactDeps } from '../../artifact/index.ts';
import { isOpsError, type OpsError, oneLine } from '../../errors/index.ts';
import type { Check, CheckResult } from '../check.ts';
import { runChecks } from '../run-checks.ts';
import type { PartOf } from '../set.ts';
import type { Postgres } from '../source.ts';
import { checksAtPoint, checksOfDump, meaningChecks } from './checks.ts';
import { loadDump } from './dump.ts';
import { restoreCommand, waitForTarget } from './paused.ts';
import type { TakeEnv } from './point.ts';
import type { Repository } from './repository.ts';
import { type Scratch, startScratch } from './scratch.ts';

export type ProveDeps = ArtifactDeps & Pick<TakeEnv, 'wait'>;

type Part = PartOf<'postgres'>;

/**
 * A scratch database of this computer at the set's point, open, archiving nothing. The caller closes it.
 * Errors: those of startScratch and waitForTarget.
 */
export async function restoreScratch(
  part: Part,
  repository: Omit<Repository, 'from' | 'stanza'>,
  deps: ProveDeps,
  at?: Date,
): Promise<Scratch> {
  const { stanza } = part.facts.pgbackrest;
  const command = restoreCommand(part.facts, 'scratch', { ...(at && { at }), archive: 'off', action: 'promote' });
  const scratch = await startScratch({ repository: { ...repository, from: 'here', stanza }, command }, deps);
  try {
    await waitForTarget(scratch.postgres, () => ended(scratch), deps, 'promote');
    return scratch;
  } catch (error) {
    await scratch.close();
    throw error;
  }
}

const ended = async (scratch: Scratch) => ((await scratch.running()) ? undefined : await scratch.log());

/** What a restore said that makes it a failed check: everything else leaves it open. */
const WRONG = [
  'RESTORE_FAILED',
  'KEY_WRONG',
  'WAL_GAP',
  'DUMP_EMPTY',
  'DUMP_UNREADABLE',
] as const satisfies OpsError['code'][];

/** Restores the set into a scratch database and its dump into another, and climbs L2 to L5 on both. Nothing stays. */
export async function proveInScratch(
  part: Part,
  repository: Omit<Repository, 'from' | 'stanza'>,
  deps: ProveDeps,
): Promise<CheckResult[]> {
  let scratch: Scratch | undefined;
  try {
    const restored = await lane(
      'postgres.restores',
      'the base backup restores to its point',
      async () => {
        scratch = await restoreScratch(part, repository, deps);
        return scratch.postgres;
      },
      [...checksAtPoint(part), ...meaningChecks()],
    );
    const loaded = await lane(
      'postgres.dump.loads',
      'the dump loads',
      async () => {
        scratch ??= await startScratch(
          {
            repository: { ...repository, from: 'here', stanza: part.facts.pgbackrest.stanza },
            command: ['sleep', '3600'],
          },
          deps,
        );
        return loadDump(scratch, part.facts);
      },
      checksOfDump(part),
    );
    return [...restored, ...loaded];
  } finally {
    await scratch?.close();
  }
}

/** L2, then everything above it; without L2 nothing above can be told. */
async function lane(
  id: string,
  title: string,
  restore: () => Promise<Postgres>,
  above: readonly Check<Postgres>[],
): Promise<CheckResult[]> {
  const first = { id, title, source: 'postgres', level: 'L2', required: true, expected: 'without error' } as const;
  try {
    const postgres = await restore();
    return [{ ...first, state: 'passed', got: 'without error' }, ...(await runChecks(above, postgres))];
  } catch (error) {
    const code = isOpsError(error) ? error.code : 'INTERNAL';
    const details = isOpsError(error) ? error.details : [];
    const state = WRONG.some(wrong => wrong === code) ? 'failed' : 'unrun';
    const open = above.map(
      ({ look: _, ...check }): CheckResult => ({
        ...check,
        state: 'unrun',
        got: `${title}: it did not`,
        code: 'CHECK_UNRUN',
      }),
    );
    return [{ ...first, state, got: oneLine(error), code, details }, ...open];
  }
}
