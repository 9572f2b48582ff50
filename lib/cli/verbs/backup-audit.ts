import { OpsError } from '../../errors/index.ts';
import { auditSite } from '../../site/audit.ts';
import { checkRows, exitOfChecks } from '../check-text.ts';
import { onSite } from '../on-site.ts';
import { json, table } from '../output.ts';

/** Whether the backups would bring the site back: 0 as far as the store can tell, 1 something is wrong, 2 something is not known. */
export const backupAudit = onSite(async (open, { flags, out, site }) => {
  if (!open.site.backup)
    throw new OpsError('USAGE', `cannot audit the backups of ${site}: its inventory has no section backup`, {
      hint: `write one into ${open.site.path}; ./muster schema describes it`,
    });
  const results = await auditSite(open);
  const first = results.find(({ state }) => state !== 'passed');
  const next = first ? `./muster explain ${first.code ?? 'CHECK_UNRUN'}` : `./muster drill site-rebuild --site ${site}`;
  out.data(flags.json ? json(results) : table([...checkRows(results), ['next', next]]));
  return exitOfChecks(results);
});
