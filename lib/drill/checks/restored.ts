import { controlPlaneChecks } from '../../backup/control-plane/checks.ts';
import { type CheckResult, partOf, runChecks } from '../../backup/index.ts';
import { checksAfterRestore } from '../../backup/postgres/checks.ts';
import { podPostgres } from '../../backup/postgres/server.ts';
import { replayedCheck, scopedPart } from '../../backup/restore/index.ts';
import { objectsCheck, restoreCheck, volumeChecks } from '../../backup/velero/checks.ts';
import { siteVolumes } from '../../backup/velero/readers.ts';
import type { Drill } from '../scenario.ts';
import { surroundingsOf } from './surroundings.ts';

/** The database that runs again, and what was compared while it stood at the set's point. */
export async function postgresResults({ target, set, mode, ...drill }: Drill, at = drill.at): Promise<CheckResult[]> {
  const part = partOf(set.manifest, 'postgres');
  if (!part) return [];
  const { ports, site } = target;
  const replayed = replayedCheck(part, () => ports.store(site.name));
  // Beside a living source the archive goes on; at a moment it is not to be replayed to its end.
  const whole = mode !== 'rehearse' && !at ? [replayed] : [];
  const api = await ports.cluster(site.name);
  return runChecks([...checksAfterRestore(part, at), ...whole], podPostgres(api, site.name));
}

/** Objects and volumes, on the hosts themselves; absent namespaces: of all that the set has. */
export async function veleroResults({ target, set }: Drill, namespaces?: readonly string[]): Promise<CheckResult[]> {
  const whole = partOf(set.manifest, 'velero');
  if (!whole) return [];
  const part = namespaces ? scopedPart(whole, namespaces) : whole;
  const api = await target.ports.cluster(target.site.name);
  return [
    ...(await runChecks([restoreCheck(part), objectsCheck(part)], api)),
    ...(await runChecks(volumeChecks(part), siteVolumes(target.site, surroundingsOf(target)))),
  ];
}

export async function controlPlaneResults({ target, set }: Drill): Promise<CheckResult[]> {
  const part = partOf(set.manifest, 'control-plane');
  if (!part) return [];
  return runChecks(controlPlaneChecks(part), await target.ports.cluster(target.site.name));
}
