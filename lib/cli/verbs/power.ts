import { planSite, startSite, stopSite } from '../../site/index.ts';
import { onSite, ranText, showPlan } from '../on-site.ts';
import { json } from '../output.ts';
import { planText } from '../plan-text.ts';

/** Machines off; disks, ports and secrets stay. */
export const stop = onSite(async (open, call) => {
  const { flags, out, site } = call;
  const off = open.site.hosts.map(host => open.provider.power(host.name, 'off'));
  if (flags['dry-run']) return showPlan(open, off, call);
  const ran = await stopSite(open);
  out.status(ranText(ran));
  return out.data(flags.json ? json(ran) : `next  ./muster start --site ${site}`);
});

/** Machines on, and the site as its inventory says. */
export const start = onSite(async (open, { flags, out, site }) => {
  if (flags['dry-run']) return out.data(planText(await planSite(open), flags.json ?? false));
  const ran = await startSite(open);
  out.status(ranText(ran));
  return out.data(flags.json ? json(ran) : `next  ./muster status --site ${site}`);
});
