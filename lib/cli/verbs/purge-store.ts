import { rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { purgeStore } from '../../backup/store/purge.ts';
import { fileLock } from '../../engine/index.ts';
import { OpsError } from '../../errors/index.ts';
import { FileSecretStore, Masker } from '../../secret/index.ts';
import { siteDirs } from '../../site/index.ts';
import { storeFiles } from '../../store/index.ts';
import { systemClock } from '../../time/index.ts';
import { json, table } from '../output.ts';
import type { Act, Call } from '../verb.ts';

/** Removes a lab's own store with every backup in it. The inventory is not asked: the site may be long gone. */
export const purge: Act = async call => {
  const { site, flags, out, project } = call;
  const { dir } = storeFiles(project, site);
  if (flags['dry-run']) {
    out.data(flags.json ? json({ dir }) : table([['would go', `${dir}, with its server and every backup in it`]]));
    return undefined;
  }
  if (flags.confirm !== site) throw unconfirmed(site, flags.confirm);
  const gone = await underLock(call);
  if (flags.json) out.data(json(gone));
  else if (gone.dir === undefined && gone.pid === undefined) out.data(`there is no store of ${site} in ${dir}`);
  else
    out.data(
      table([
        ['store', `${dir} is gone, and every backup in it`],
        ...(gone.pid === undefined ? [] : [['server', `pid ${gone.pid} was ended`]]),
      ]),
    );
  return undefined;
};

/** A backup that runs meanwhile would fail half-way. */
async function underLock({ verb, project, site }: Call) {
  const { state } = siteDirs(project, site);
  const held = await fileLock(state, systemClock.now).acquire(verb);
  try {
    const secrets = new FileSecretStore(join(state, 'secrets'), new Masker());
    return await purgeStore(project, site, { secrets, clock: systemClock });
  } finally {
    await held.release();
    // Of a site that is gone the lock was all: a folder that holds anything stays.
    await rmdir(state).catch(() => {});
  }
}

function unconfirmed(site: string, got: string | undefined): OpsError {
  const is = got === undefined ? 'missing' : `'${got}'`;
  return new OpsError('CONFIRM_MISSING', `cannot purge the store of ${site}: --confirm is ${is}, expected '${site}'`, {
    hint: `./muster purge-store --site ${site} --confirm=${site}: every backup of it is lost`,
  });
}
