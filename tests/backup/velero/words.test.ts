import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { judge } from '../../../lib/backup/velero/kopia.ts';
import { isOpsError } from '../../../lib/errors/index.ts';

const test = suite("kopia's words");
const read = (text: string) => ({ text, dropped: 0, bytes: Buffer.from(text) });
const said = (words: string, code: number | null = 1): string => {
  try {
    const found = judge({ code, signal: null, stdout: read(''), stderr: read(words) } as never);
    return found.ok ? 'ok' : found.code;
  } catch (error) {
    return isOpsError(error) ? error.code : String(error);
  }
};

for (const [words, code] of [
  ['ERROR encountered 3 errors: error getting content: BLOB not found', 'KOPIA_CONTENT_LOST'],
  ['unable to load pack indexes despite 10 retries', 'KOPIA_CONTENT_LOST'],
  ['invalid checksum at p12 offset 7 length 9/12', 'KOPIA_CONTENT_LOST'],
  ['unable to decrypt content: cipher: message authentication failed', 'KOPIA_CONTENT_LOST'],
  ['invalid repository password', 'KEY_WRONG'],
  ['error getting blob p1: 503 Service Unavailable', 'STORE_UNREACHABLE'],
  ['unable to open repository: tls: failed to verify certificate: x509: certificate has expired', 'STORE_UNREACHABLE'],
  ['error getting blob p1: connection reset by peer', 'STORE_UNREACHABLE'],
  ['unable to open: Access Denied.', 'STORE_REFUSED'],
  ['error opening file: no space left on device', 'CHECK_UNRUN'],
  ['unexpected EOF', 'CHECK_UNRUN'],
  ['something that nobody has foreseen', 'CHECK_UNRUN'],
  ['', 'CHECK_UNRUN'],
] as const)
  test(`${words || 'none'}: ${code}`, () => assert.is(said(words), code));

test('one that was killed has said nothing of the content, whatever its last words were', () => {
  assert.is(said('error getting blob p1: BLOB not found', null), 'CHECK_UNRUN');
});

test.run();
