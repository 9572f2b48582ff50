/** Notify: who is told outside of the site how something ended. */
export { type DeadManContext, tellDeadMan } from './dead-man.ts';
