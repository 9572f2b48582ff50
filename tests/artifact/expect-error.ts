import * as assert from 'uvu/assert';
import { isOpsError, type OpsError } from '../../lib/errors/index.ts';

/** The error of this code that `act` ends with; any other end is a failure of the test. */
export async function expectError(act: Promise<unknown>, code: OpsError['code']): Promise<OpsError> {
  const error = await act.then(
    () => assert.unreachable(`expected ${code}`),
    thrown => thrown,
  );
  if (!isOpsError(error, code)) throw error;
  return error;
}
