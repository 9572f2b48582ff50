import { type Code, isOpsError, oneLine } from '../errors/index.ts';
import type { Check, CheckResult } from './check.ts';
import { plain, shown } from './plain.ts';

const MOST_DETAILS = 50;
const LONGEST_DETAIL = 500;

/** One after another, in the order given. What throws is unrun, with its reason: never passed, and never failed. */
export async function runChecks<Of>(checks: readonly Check<Of>[], of: Of): Promise<CheckResult[]> {
  const results: CheckResult[] = [];
  for (const { look: _, ...check } of checks) results.push({ ...check, ...(await outcome(_, of)) });
  return results;
}

async function outcome<Of>(
  look: Check<Of>['look'],
  of: Of,
): Promise<Pick<CheckResult, 'state' | 'got' | 'code' | 'details'>> {
  try {
    const { details, got, ...result } = await look(of);
    const lines = details?.slice(0, MOST_DETAILS).map(line => shown(line, LONGEST_DETAIL));
    return { ...result, got: plain(got), ...(lines && { details: lines }) };
  } catch (error) {
    return { state: 'unrun', got: plain(oneLine(error)), code: reason(error) };
  }
}

/** What could not be reached, or could not be told, keeps its name; anything else is a defect of the check. */
function reason(error: unknown): Code {
  const reach = isOpsError(error) && (error.exit === 2 || /^(STORE|CLUSTER|SHELL)_/.test(error.code));
  return reach ? error.code : 'INTERNAL';
}
