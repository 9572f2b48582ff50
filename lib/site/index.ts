/** Site: composes plans out of scripts/, opens a site with everything wired, and the verbs on it. */

export { type BackedUp, backupSite, backupSteps, newSetId } from './backup.ts';
export { addresses, type Bootstrapped, bootstrapSite, planSite, runBootstrap } from './bootstrap.ts';
export { bootstrapSteps, loadScripts, type Selection } from './compose.ts';
export { type Joined, joinSite, joinSteps } from './join.ts';
export { machinesSeen, storeSeen } from './join-checks.ts';
export { twoCouldRun } from './lock.ts';
export { lendKeys, livingOf, refuseLiving } from './lost.ts';
export { type OpenOptions, type OpenSite, openSite, wireSite } from './open.ts';
export { type Place, type Rehearsal, type Script, siteDirs } from './place.ts';
export { startSite, stopSite } from './power.ts';
export { type Rebuild, rebuildOf } from './rebuild.ts';
export {
  forgetRehearsal,
  lockRehearsal,
  openRehearsal,
  rehearsalDir,
  rehearsalSite,
  removeRehearsal,
  sweepRehearsal,
} from './rehearsal.ts';
export { chosenSet } from './restore.ts';
export { type InSession, inSession, newRun, type Ran, runVerb } from './run-verb.ts';
export type { Spent } from './spent.ts';
export { newerElsewhere, refuseStale } from './stale.ts';
export { type Health, type SiteStatus, siteStatus } from './status.ts';
export { type Destroyed, destroySite, destroySteps, leaks, removalSteps } from './teardown.ts';
