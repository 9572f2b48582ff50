import { euros, HOURS_A_MONTH } from '../../cost/index.ts';
import { isRed, type Proof, proofText, siteProofs } from '../../drill/proofs.ts';
import { subjectsOf } from '../../drill/scenarios/index.ts';
import { drillsOf } from '../../drill/shared-evidence.ts';
import { EXIT, type ExitStatus } from '../../errors/index.ts';
import { addresses, type Health, type SiteStatus, type Spent, siteStatus } from '../../site/index.ts';
import { onSite } from '../on-site.ts';
import { json, table } from '../output.ts';
import { isLate, type JobStatus, scheduleStatus } from '../schedule/status.ts';

const MEANING: Readonly<Record<Health, string>> = {
  ok: 'everything is as the inventory says',
  drift: 'something is not as the inventory says',
  unknown: 'something could not be seen',
  absent: 'nothing is there',
  stopped: 'its machines are off',
};

const NEXT: Readonly<Record<Exclude<Health, 'absent'>, string>> = {
  ok: 'kubectl get pods -A',
  drift: 'bootstrap',
  unknown: 'doctor',
  stopped: 'start',
};

/** What to type. A site that is gone and has sets comes back with its data: a bootstrap would make an empty one. */
export function nextOf({ site, health, sets, stale }: Pick<SiteStatus, 'site' | 'health' | 'sets' | 'stale'>): string {
  if (stale && health !== 'absent') return 'join';
  if (health !== 'absent') return NEXT[health];
  if (sets === undefined) return 'rebuild --dry-run';
  return sets ? `rebuild --confirm=${site}` : 'bootstrap';
}

const exitOf = (health: Health): ExitStatus =>
  health === 'ok' ? EXIT.done : health === 'unknown' ? EXIT.unknown : EXIT.failed;

/** A site that works, and of which nobody knows any more that it would come back, is not as its inventory says. */
export const healthWith = (proofs: readonly Proof[], health: Health): Health =>
  health === 'ok' && proofs.some(isRed) ? 'drift' : health;

/** What of the site is there. Exit status 0 only when all of it is, works, and no proof of a drill has expired. */
export const status = onSite(async (open, { flags, out }) => {
  const { site, dirs, ports } = open;
  const now = ports.clock.now();
  const schedule = site.backup?.schedule;
  const shell = await ports.shell('localhost');
  const [built, proofs, jobs] = await Promise.all([
    siteStatus(open),
    siteProofs(site, dirs.state, await subjectsOf(site), now, () => drillsOf(open)),
    schedule ? scheduleStatus({ site: site.name, schedule, state: dirs.state, shell, now }) : [],
  ]);
  const health = healthWith(proofs, built.health);
  const seen: SiteStatus = { ...built, health: health === 'ok' && jobs.some(isLate) ? 'drift' : health };
  const where = seen.health === 'absent' ? {} : await addresses(open).catch(() => ({}));
  out.data(flags.json ? json({ ...seen, ...where, proofs, schedule: jobs }) : statusText(seen, where, proofs, jobs));
  return exitOf(seen.health);
});

function statusText(
  { site, health, machines, steps, running, spent, ...more }: SiteStatus,
  where: { app?: string; kubeconfig?: string },
  proofs: readonly Proof[],
  jobs: readonly JobStatus[],
): string {
  const open = steps.filter(({ is }) => is !== 'done');
  const built = health === 'drift' && open.length === 0;
  const red = built ? proofs.find(isRed) : undefined;
  const late = built && jobs.some(isLate);
  const next = red ? `drill ${nameOf(red)}` : late ? 'schedule status' : nextOf({ site, health, ...more });
  return table([
    ['site', `${site}: ${health}, ${MEANING[health]}`],
    ...machines.map(({ name, power, id }) => ['machine', `${name}: ${power} (${id})`]),
    ...open.map(({ title, is, ...step }) => ['step', `${title}: ${'reason' in step ? step.reason : is}`]),
    ...(more.stale ? [['secrets', staleText(more.stale)]] : []),
    ...(where.app ? [['app', where.app]] : []),
    ...(where.kubeconfig ? [['kubeconfig', where.kubeconfig]] : []),
    ...(spent ? spentRows(spent) : []),
    ...proofs.map(proof => ['proof', `${nameOf(proof)}: ${proofText(proof)}`]),
    ...jobs.map(({ job, says }) => ['schedule', `${job}: ${says}`]),
    ...(running
      ? [
          [
            'running',
            `'${running.verb}' since ${running.since}, pid ${running.pid} (${running.user}${running.host === undefined ? '' : ` on ${running.host}`})`,
          ],
        ]
      : []),
    ['next', `./muster ${next} --site ${site}`],
  ]);
}

export const staleText = ({ by, at, generation, here }: NonNullable<SiteStatus['stale']>) =>
  `${by} made generation ${generation} of the escrow at ${at}, here is ${here === 0 ? 'none' : `generation ${here}`}`;

const nameOf = ({ scenario, namespace }: Proof) => [scenario, namespace].filter(Boolean).join(' ');

/** A month of what nobody planned is what one asks about. */
const spentRows = ({ hour, total, since, beside = [], lacks = [], warnings = [] }: Spent): string[][] => [
  [
    'cost',
    `${lacks.length > 0 ? 'at least ' : ''}${euros(hour)} an hour${total === undefined ? '' : `; about ${euros(total)} since ${since}`}`,
  ],
  ...beside.map(({ what, hour: each = 0 }) => [
    'cost',
    `beside the plan ${what}: ${euros(each * HOURS_A_MONTH)} a month`,
  ]),
  ...lacks.map(what => ['cost', `not counted: ${what}`]),
  ...warnings.map(warning => ['cost', warning]),
];
