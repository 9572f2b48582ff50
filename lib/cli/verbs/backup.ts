import { backupSite, backupSteps, newSetId } from '../../site/index.ts';
import { onSite, ranText, showPlan } from '../on-site.ts';
import { json, table } from '../output.ts';

/** Takes a set: every source of the inventory, read back and signed. A part of it is no backup. */
export const backup = onSite(async (open, call) => {
  const { flags, out, site } = call;
  const trigger = flags.scheduled ? 'schedule' : 'person';
  if (flags['dry-run']) return showPlan(open, backupSteps(open.site, open, newSetId(Date.now()), trigger), call);
  const taken = await backupSite(open, trigger);
  out.status(ranText(taken));
  if (flags.json) return out.data(json(taken));
  return out.data(
    table([
      ['set', `${taken.set}: complete, read back, signed`],
      ['next', `./muster drill site-rebuild --site ${site}`],
      ['', `./muster backups --site ${site}`],
    ]),
  );
});
