import { CLOUD_CODES } from './codes/cloud.ts';
import { DATA_CODES } from './codes/data.ts';
import { REACH_CODES } from './codes/reach.ts';
import { RUN_CODES } from './codes/run.ts';
import { SITE_CODES } from './codes/site.ts';

/** The one table of error codes. `./muster explain CODE` prints an entry; names never change once released. */
export const CODES = { ...RUN_CODES, ...REACH_CODES, ...SITE_CODES, ...DATA_CODES, ...CLOUD_CODES };

export type Code = keyof typeof CODES;
