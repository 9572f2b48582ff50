import { OpsError } from '../../errors/index.ts';
import { joinSite, joinSteps } from '../../site/index.ts';
import { checkRows, exitOfChecks } from '../check-text.ts';
import { onSite, ranText, showPlan } from '../on-site.ts';
import { json, table } from '../output.ts';
import type { Act } from '../verb.ts';

/** Takes over what another computer runs the site with. Exit 1: something does not let this computer in; 2: it could not be told. */
export const join: Act = async call => {
  const { flags, out, site } = call;
  if (flags.confirm !== undefined && flags.confirm !== site)
    throw new OpsError('CONFIRM_MISSING', `cannot join ${site}: --confirm is '${flags.confirm}', expected '${site}'`);
  const replace = flags.confirm !== undefined;
  return onSite(async open => {
    if (flags['dry-run']) return showPlan(open, joinSteps(open, replace), call);
    const { checks, ...ran } = await joinSite(open, { replace });
    out.status(ranText(ran));
    const next = checks.every(({ state }) => state === 'passed') ? 'status' : 'join';
    out.data(
      flags.json
        ? json({ ...ran, checks })
        : table([
            ...checkRows(checks),
            ['not here', 'journals of runs, and the private halves of host keys: they stay where they were made'],
            ['next', `./muster ${next} --site ${site}`],
          ]),
    );
    return exitOfChecks(checks);
  })(call);
};
