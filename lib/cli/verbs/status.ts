import { EXIT, type ExitStatus } from '../../errors/index.ts';
import { addresses, type Health, type SiteStatus, siteStatus } from '../../site/index.ts';
import { onSite } from '../on-site.ts';
import { json, table } from '../output.ts';

const MEANING: Readonly<Record<Health, string>> = {
  ok: 'everything is as the inventory says',
  drift: 'something is not as the inventory says',
  unknown: 'something could not be seen',
  absent: 'nothing is there',
  stopped: 'its machines are off',
};

const NEXT: Readonly<Record<Health, string>> = {
  ok: 'kubectl get pods -A',
  drift: 'bootstrap',
  unknown: 'doctor',
  absent: 'bootstrap',
  stopped: 'start',
};

const exitOf = (health: Health): ExitStatus =>
  health === 'ok' ? EXIT.done : health === 'unknown' ? EXIT.unknown : EXIT.failed;

/** What of the site is there. Exit status 0 only when all of it is, and works. */
export const status = onSite(async (open, { flags, out }) => {
  const seen = await siteStatus(open);
  const where = seen.health === 'absent' ? {} : await addresses(open).catch(() => ({}));
  out.data(flags.json ? json({ ...seen, ...where }) : statusText(seen, where));
  return exitOf(seen.health);
});

function statusText(
  { site, health, machines, steps, running }: SiteStatus,
  where: { app?: string; kubeconfig?: string },
): string {
  const open = steps.filter(({ is }) => is !== 'done');
  return table([
    ['site', `${site}: ${health}, ${MEANING[health]}`],
    ...machines.map(({ name, power, id }) => ['machine', `${name}: ${power} (${id})`]),
    ...open.map(({ title, is, ...step }) => ['step', `${title}: ${'reason' in step ? step.reason : is}`]),
    ...(where.app ? [['app', where.app]] : []),
    ...(where.kubeconfig ? [['kubeconfig', where.kubeconfig]] : []),
    ...(running ? [['running', `'${running.verb}' since ${running.since}, pid ${running.pid} (${running.user})`]] : []),
    ['next', `./muster ${NEXT[health]} --site ${site}`],
  ]);
}
