/** Engine: step, plan, run, journal, lock, events. No terminal, no network. */

export type { Gate, RunEnv } from './context.ts';
export { shown, stepContext } from './context.ts';
export type { Credential } from './credential.ts';
export { allEntries, type Begin, type Entry, readJournal, type SealResult } from './journal.ts';
export { bothLocks, describeHolder, fileLock, type Held, type Holder, isAlive, type Lock, lockHeld } from './lock.ts';
export { hashWant, orderSteps, stepKey, targetName } from './order.ts';
export { makePlan, type Plan, type PlanItem, planData, refuseUnknown, saysAll } from './plan.ts';
export type * from './ports.ts';
export { rollback } from './rollback.ts';
export { interrupted, runSteps, type Summary } from './run.ts';
export { beginSession, type Session, type SessionSpec } from './session.ts';
export type * from './types.ts';
