import { hostname, userInfo } from 'node:os';

/** Who does it: for the person who finds it on the bill, in a store, or in a report. 'ada@workstation'. */
export const owner = (): string => `${userInfo().username}@${hostname()}`;
