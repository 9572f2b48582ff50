import { CODES, type Code } from './codes.ts';
import type { ExitStatus } from './exit.ts';

export interface ErrorContext {
  /** What to type next. Falls back to the hint of the code. */
  hint?: string;
  /** Further lines: last output, all problems of an inventory. Already masked. */
  details?: readonly string[];
  cause?: unknown;
}

/**
 * The one error type. The message begins with "cannot", names the value that was got, and is written for the person
 * who reads it at night. Callers that recover compare `code`, never the text.
 */
export class OpsError extends Error {
  readonly code: Code;
  readonly hint: string;
  readonly details: readonly string[];

  constructor(code: Code, message: string, context: ErrorContext = {}) {
    super(message, context.cause === undefined ? undefined : { cause: context.cause });
    this.name = 'OpsError';
    this.code = code;
    this.hint = context.hint ?? CODES[code].hint;
    this.details = context.details ?? [];
  }

  get exit(): ExitStatus {
    return CODES[this.code].exit;
  }
}

export const isOpsError = (error: unknown, code?: Code): error is OpsError =>
  error instanceof OpsError && (code === undefined || error.code === code);

/** Whatever was thrown as an OpsError, so that every sink can rely on a code and a hint. */
export function asOpsError(error: unknown): OpsError {
  if (error instanceof OpsError) return error;
  const text = error instanceof Error ? error.message : String(error);
  return new OpsError('INTERNAL', `cannot go on: ${text}`, { cause: error });
}

/** One line for a wait's last observation or a log. */
export const oneLine = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split('\n', 1)[0] ?? '';
