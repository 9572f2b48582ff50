/** Errors: one type, one table of codes, exit statuses and hints. */
export { CODES, type Code, type CodeEntry, EXIT, type ExitStatus } from './codes.ts';
export { asOpsError, type ErrorContext, isOpsError, OpsError, oneLine } from './ops-error.ts';
