import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { decideRoles } from '../../lib/addon/app/roles.ts';
import { decideIdentity } from '../../lib/backup/escrow/identity.ts';
import { archiveCommand, decideArchive } from '../../lib/backup/postgres/credential.ts';
import { CIPHER_OF_CONF } from '../../lib/backup/postgres/point.ts';
import { repositoryFiles } from '../../lib/backup/postgres/repository.ts';
import { decidePassword } from '../../lib/backup/velero/credential.ts';
import { decideToken } from '../../lib/cluster/k3s/credential.ts';
import type { Decision } from '../../lib/engine/index.ts';
import { Secret } from '../../lib/secret/index.ts';

/** 'done', 'unknown', or what is to be changed, in its order. */
const shown = (decision: Decision) =>
  decision.is === 'changes' ? decision.changes.map(({ what }) => what) : decision.is;

const [OLD, NEW, BOTH] = [archiveCommand(['old']), archiveCommand(['new']), archiveCommand(['old', 'new'])];
const archive = (want: string, command: string, more = {}) =>
  shown(decideArchive(want, { command, stanza: 'there', archived: true, ...more }));
const volumes = (opens: 'new' | 'old' | 'neither', stale: string[] = []) =>
  shown(decidePassword({ repositories: [{ namespace: 'app', opens }], stale }));
const token = (facts: object) =>
  shown(decideToken({ datastore: 'new', kept: true, configured: true, old: 'no', fresh: 'yes', ...facts }));
const identity = (facts: object) => shown(decideIdentity({ fresh: true, more: false, closed: [], ...facts }));
const WHOLE = ['token of the datastore', 'token, kept here', 'k3s, with the new token'];
const SEALED = 'generations of the escrow, for the new identity';

const CASES: readonly [promise: string, got: unknown, expect: unknown][] = [
  [
    'WAL goes into both archives, the new one begun first',
    archive(BOTH, OLD, { stanza: 'absent', archived: false }),
    ['stanza of the new archive', 'archive command', 'WAL segment in the new archive'],
  ],
  ['WAL that goes into both is done when a segment was seen', archive(BOTH, BOTH), 'done'],
  ['a pod that was restarted archives into the new one alone, and is not turned back', archive(BOTH, NEW), 'done'],
  ['at the end the old archive gets no more', archive(NEW, BOTH), ['archive command']],
  ['an archive that only the old one opens is never taken for the new one', archive(NEW, OLD), ['archive command']],
  [
    'a repository that opens with the old password gets the new one, and Velero begins anew',
    volumes('old'),
    ['password of the repository of app', 'pods of Velero'],
  ],
  [
    'a run that was killed after the password still renews the pods',
    volumes('new', ['node-agent-x']),
    ['pods of Velero'],
  ],
  ['a repository that opens with neither is not touched', volumes('neither'), 'unknown'],
  ['a changed repository is done', volumes('new'), 'done'],
  ['a token is made, kept, and then put in place', token({ datastore: 'old', kept: false, old: 'yes' }), WHOLE],
  [
    'a token that was made and not kept is taken over, not made again',
    token({ kept: false, old: 'yes' }),
    WHOLE.slice(1),
  ],
  ['an API that lets the old token in is restarted', token({ old: 'yes' }), WHOLE.slice(2)],
  ['an API that says nothing of the old token is not done', token({ old: { silent: 'away' } }), WHOLE.slice(2)],
  ['an API that lets only the new token in is done', token({}), 'done'],
  [
    'an identity is made, everything is sealed to it, and the old one goes',
    identity({ fresh: false }),
    ['age identity', SEALED, 'old age identity'],
  ],
  [
    'a generation that is closed to the new identity is sealed before the old one goes',
    identity({ more: true, closed: [2] }),
    [SEALED, 'old age identity'],
  ],
  ['an escrow of the new identity alone is done', identity({}), 'done'],
  [
    'a role with another password gets the one that is kept',
    shown(decideRoles({}, { different: ['app'] })),
    ['password of app'],
  ],
  ['roles with the passwords that are kept are left alone', shown(decideRoles({}, { different: [] })), 'done'],
];

for (const [promise, got, expect] of CASES) test(promise, () => assert.equal(got, expect));

test('the file of pgBackRest opens archives that were ended, and seals what is written with the cipher of now', () => {
  const access = {
    here: '',
    there: 'https://10.0.2.2:7443',
    region: 'r',
    bucket: 'b',
    accessKey: new Secret('a'),
    secretKey: new Secret('s'),
  };
  const retired = [{ stanza: 'app-old', cipher: new Secret('old-cipher') }];
  const files = repositoryFiles({
    access,
    from: 'there',
    stanza: 'app-new',
    cipher: new Secret('new-cipher'),
    retired,
  });
  const text = files['pgbackrest.conf'];
  const sections = text.split(/^\[/m).map(part => [part.split(']')[0], /repo1-cipher-pass=(.*)/.exec(part)?.[1]]);
  assert.equal(sections.slice(1), [
    ['global', 'new-cipher'],
    ['app-new', undefined],
    ['app-old', 'old-cipher'],
  ]);
  const dir = mkdtempSync(join(tmpdir(), 'cipher-'));
  try {
    writeFileSync(join(dir, 'pgbackrest.conf'), text);
    const command = CIPHER_OF_CONF.replace('/etc/pgbackrest/', `${dir}/`);
    assert.is(execFileSync('sh', ['-c', command], { encoding: 'utf8' }).trim(), 'new-cipher');
  } finally {
    rmSync(dir, { recursive: true });
  }
});

test.run();
