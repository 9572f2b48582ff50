/** Errors: one type, one table of codes, exit statuses and hints. */
export { CODES, type Code } from './codes.ts';
export { type CodeEntry, EXIT, type ExitStatus } from './exit.ts';
export { asOpsError, type ErrorContext, isOpsError, OpsError, oneLine } from './ops-error.ts';
