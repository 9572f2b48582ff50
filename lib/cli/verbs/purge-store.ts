import { purgeStore } from '../../backup/store/purge.ts';
import { OpsError } from '../../errors/index.ts';
import { storeFiles } from '../../store/index.ts';
import { systemClock } from '../../time/index.ts';
import { json, table } from '../output.ts';
import type { Act } from '../verb.ts';

/** Removes a lab's own store with every backup in it. The inventory is not asked: the site may be long gone. */
export const purge: Act = async ({ site, flags, out, project }) => {
  const { dir } = storeFiles(project, site);
  if (flags['dry-run']) {
    out.data(flags.json ? json({ dir }) : table([['would go', `${dir}, with its server and every backup in it`]]));
    return undefined;
  }
  if (flags.confirm !== site) {
    const is = flags.confirm === undefined ? 'missing' : `'${flags.confirm}'`;
    throw new OpsError('CONFIRM_MISSING', `cannot purge the store of ${site}: --confirm is ${is}, expected '${site}'`, {
      hint: `./muster purge-store --site ${site} --confirm=${site}: every backup of it is lost`,
    });
  }
  const { pid, ...gone } = await purgeStore(project, site, systemClock);
  if (flags.json) out.data(json({ ...gone, ...(pid !== undefined && { pid }) }));
  else if (gone.dir === undefined && pid === undefined) out.data(`there is no store of ${site} in ${dir}`);
  else
    out.data(
      table([
        ['store', `${dir} is gone, and every backup in it`],
        ...(pid === undefined ? [] : [['server', `pid ${pid} was ended`]]),
      ]),
    );
  return undefined;
};
