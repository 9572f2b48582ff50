/** Engine: step, plan, run, journal, lock, events. No terminal, no network. */
export type * from './ports.ts';
export type * from './types.ts';
