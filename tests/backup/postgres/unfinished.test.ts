import { test } from 'uvu';
import { equal, is } from 'uvu/assert';
import { backupAnew, unfinishedKeys } from '../../../lib/backup/postgres/unfinished.ts';
import type { Postgres } from '../../../lib/backup/source.ts';
import type { ObjectStore } from '../../../lib/engine/index.ts';
import { isOpsError } from '../../../lib/errors/index.ts';

const folder = (label: string, ...names: string[]) => names.map(name => `pgbackrest/backup/main/${label}/${name}`);
const WHOLE = folder('20261121-120000F', 'backup.manifest', 'backup.manifest.copy', 'bundle/1');
const LEFT = folder('20261121-130000F', 'backup.manifest.copy', 'bundle/1');
const OTHERS = [
  'pgbackrest/backup/main/backup.info',
  'pgbackrest/backup/main/backup.history/2026/x',
  'pgbackrest/backup/other/20261121-130000F/bundle/1',
];
const object = (key: string) => ({ key, size: 1, modified: '2026-11-21T12:00:00.000Z' });

/** A pgBackRest that is refused while anything of LEFT is there, in these words. */
function world(words: string) {
  const keys = new Set([...WHOLE, ...LEFT, ...OTHERS]);
  const store = {
    list: async () => [...keys].map(object),
    remove: async (gone: string[]) => gone.forEach(key => void keys.delete(key)),
  } as unknown as ObjectStore;
  const output = (text: string) => ({ text, bytes: Buffer.from(text), dropped: 0 });
  const exec: Postgres['exec'] = async () => {
    const code = LEFT.some(key => keys.has(key)) ? 39 : 0;
    return { code, signal: null, stdout: output(''), stderr: output(words) };
  };
  const postgres = { name: 'a server', exec } as unknown as Postgres;
  return { keys, taking: { set: 'x', stanza: 'main', store, postgres } };
}

test('what a killed base backup left is told from whole ones, and from other stanzas', () => {
  equal(unfinishedKeys([...WHOLE, ...LEFT, ...OTHERS].map(object), 'main'), LEFT);
});

test('the next backup removes what a killed one left, which pgBackRest itself may not', async () => {
  const { keys, taking } = world('<Error><Code>AccessDenied</Code></Error>');
  await backupAnew(taking);
  equal([...keys], [...WHOLE, ...OTHERS]);
});

test('a backup that still runs keeps its files', async () => {
  const { keys, taking } = world('ERROR: [050]: unable to acquire lock on file');
  const failed = await backupAnew(taking).catch((error: unknown) => error);
  is(isOpsError(failed, 'COMMAND_FAILED'), true);
  equal(keys.size, WHOLE.length + LEFT.length + OTHERS.length);
});

test.run();
