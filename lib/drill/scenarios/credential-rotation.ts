import { openCopy } from '../../backup/control-plane/copy.ts';
import { CIPHER } from '../../backup/control-plane/take.ts';
import { type CheckResult, partOf, runChecks } from '../../backup/index.ts';
import { isOpsError, OpsError } from '../../errors/index.ts';
import { oldOf, rotationUnderWay } from '../../secret/index.ts';
import { NOT_CHANGED_IN_LAB } from '../../site/credentials.ts';
import type { InSession } from '../../site/index.ts';
import { alone, credentialNames, rotationEnd, rotationLast, rotationPhases } from '../../site/rotate.ts';
import { appResults } from '../checks/app.ts';
import { canaryResults, rowRpo } from '../checks/canaries.ts';
import { credentialResults } from '../checks/credentials.ts';
import { nextBackup } from '../checks/next-backup.ts';
import { lookAtStored } from '../checks/stored.ts';
import { trialsOf } from '../checks/trials.ts';
import { SCRATCH, STORED } from '../prove.ts';
import type { Drill, Phase, Scenario } from '../scenario.ts';

/** Somebody has every secret of the site: they are changed, and then tried. */
export const credentialRotation: Scenario = {
  id: 'credential-rotation',
  title: 'Every secret of the site is changed, the old ones open nothing, and older backups still restore',
  loses: 'every secret of the site as it is now',
  modes: ['destroy'],
  sources: ['postgres', 'velero', 'control-plane'],
  notTried: () => NOT_CHANGED_IN_LAB,
  phases,
  checks: async drill => [...(await olderSet(drill)), ...(await canaryResults(drill)), ...(await appResults(drill))],
  // The objects of before went with time, not with a loss: the heartbeat keeps twenty.
  rpo: rowRpo,
  after,
};

/** As ./muster rotate, up to the backup: the old values are kept until they were tried. */
async function phases({ id, target }: Drill): Promise<Phase[]> {
  const begun = await rotationUnderWay(target.ports.secrets);
  if (begun && begun.id !== id)
    throw new OpsError(
      'DRILL_TARGET',
      `cannot change the secrets: a rotation of ${begun.credentials.join(', ')} is not ended`,
      {
        hint: `./muster rotate --site ${target.site.name} goes on with it`,
      },
    );
  const parts = await rotationPhases(target, rotationOf(id, target));
  return parts.map(({ name, steps }, n) => ({
    name,
    steps: () => alone(steps),
    ...(n === parts.length - 1 && { end: 't7' as const }),
  }));
}

const rotationOf = (id: string, target: Drill['target']) => ({ id, credentials: credentialNames(target) });

/** The set of before, opened with its own generation of the escrow: every source of it, the database restored beside. */
async function olderSet({ target, set }: Drill): Promise<CheckResult[]> {
  const now = new Date(target.ports.clock.now());
  const { checks } = await lookAtStored(target, set.manifest.id, now, { rungs: SCRATCH });
  return checks.map(check => ({ ...check, id: `older.${check.id}`, title: `The set of before: ${check.title}` }));
}

/** With the new values: the next backup, whole and opened again; then each old value is tried, and forgotten if it opens nothing. */
async function after(drill: Drill, session: InSession): Promise<CheckResult[]> {
  const { target } = drill;
  const rotation = rotationOf(drill.id, target);
  const taken = await nextBackup(drill, session);
  const set = taken.find(({ state }) => state === 'passed')?.got.replace(/^set /, '');
  if (set === undefined) return taken;
  await session.apply(alone(rotationLast(target, rotation)));
  const newer = await lookAtStored(target, set, new Date(target.ports.clock.now()), { rungs: STORED });
  const tried = [
    ...newer.checks.map(check => ({ ...check, id: `newer.${check.id}`, title: `The set of after: ${check.title}` })),
    ...(await runChecks([copyCheck(set)], drill)),
    ...(await credentialResults(trialsOf(target))),
  ];
  // What still opens something is not forgotten: ./muster rotate goes on with it.
  if (tried.every(({ required, state }) => !required || state === 'passed'))
    await session.apply([rotationEnd(target, rotation)]);
  return [...taken, ...tried];
}

/** The copy of the datastore in the newest set, which no older cipher opens. */
const copyCheck = (id: string) => ({
  id: 'credential.control-plane',
  title: 'The old control-plane credential does not open the newest copy',
  source: 'control-plane' as const,
  level: 'L7' as const,
  required: true,
  expected: 'the old one refused, the new one let in',
  async look({ target }: Drill) {
    const { ports, site } = target;
    const [store, old] = [await ports.store(site.name), await oldOf(ports.secrets, CIPHER)];
    const { set } = await lookAtStored(target, id, new Date(ports.clock.now()), { rungs: [] });
    const part = set && partOf(set.manifest, 'control-plane');
    if (!part) return { state: 'unrun' as const, code: 'CHECK_UNRUN' as const, got: `set ${id} has no such copy` };
    if (!old) return { state: 'failed' as const, code: 'CREDENTIAL_LIVES' as const, got: 'it was not changed' };
    await openCopy(part, { store, secrets: ports.secrets });
    const opened = await openCopy(part, { store, secrets: { get: async () => old } }).then(
      () => true,
      error => {
        if (isOpsError(error, 'KEY_WRONG')) return false;
        throw error;
      },
    );
    if (opened) return { state: 'failed' as const, code: 'CREDENTIAL_LIVES' as const, got: 'the old one opens it' };
    return { state: 'passed' as const, got: 'refused and let in' };
  },
});
