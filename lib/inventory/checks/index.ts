import type { Problem } from '../problem.ts';
import type { Inventory } from '../schema.ts';
import { checkApp } from './app.ts';
import { checkBackup } from './backup.ts';
import { checkEks } from './eks.ts';
import { checkHosts } from './hosts.ts';
import type { Known } from './known.ts';
import { checkName } from './name.ts';
import { checkPorts } from './ports.ts';
import { checkProvider } from './provider.ts';
import { checkSources } from './sources.ts';
import { checkVersion } from './version.ts';

/** The third circle: what several keys say together. */
export const checkTogether = (inventory: Inventory, known: Known): Problem[] =>
  [
    checkName,
    checkSources,
    checkProvider,
    checkHosts,
    checkPorts,
    checkVersion,
    checkApp,
    checkBackup,
    checkEks,
  ].flatMap(check => check(inventory, known));
