import type { CheckResult } from '../../backup/index.ts';
import { asOpsError, oneLine } from '../../errors/index.ts';
import { backupSteps, type InSession, newSetId, rebuildOf } from '../../site/index.ts';
import type { Drill } from '../scenario.ts';

/**
 * L7: a site that cannot be backed up again is not back. In mode destroy the set is a real one. The heartbeat is woken only
 * now: it takes copies away that the restored database does not have.
 */
export async function nextBackup({ target }: Drill, { apply }: InSession): Promise<CheckResult[]> {
  const about = {
    id: 'site.next-backup',
    title: 'The next backup works',
    source: 'site',
    level: 'L7',
    required: true,
    expected: 'a complete set, read back',
  } as const;
  const id = newSetId(target.ports.clock.now());
  try {
    const { steps, heartbeat } = await rebuildOf(target.site, target);
    await apply(steps, heartbeat);
    await apply(backupSteps(target.site, target, id, 'person'));
    return [{ ...about, state: 'passed', got: `set ${id}` }];
  } catch (error) {
    target.signal.throwIfAborted();
    const { code, exit } = asOpsError(error);
    return [{ ...about, state: exit === 2 ? 'unrun' : 'failed', code, got: oneLine(error) }];
  }
}
