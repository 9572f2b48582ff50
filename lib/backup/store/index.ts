/** The store of a site's backups: a lab's own server, and the bucket with its users, policy and settings. */
export { decideBucket, decideServer, settingsText } from './decide.ts';
export { serverProcess } from './process.ts';
export { purgeStore } from './purge.ts';
export { storeSteps } from './steps.ts';
