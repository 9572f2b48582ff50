import { readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Secret } from '../../lib/secret/index.ts';
import { refusal, scratch, withShells } from './local-shells.ts';

const test = suite('upload');
const onLocalhost = <T>(
  act: (shell: Awaited<ReturnType<Parameters<Parameters<typeof withShells>[1]>[0]['shell']>>) => Promise<T>,
) => withShells({}, async shells => act(await shells.shell('localhost')));

test('content, a secret and a file arrive byte for byte, with their mode, and leave nothing beside them', async () => {
  await onLocalhost(async shell => {
    const dir = scratch();
    const bytes = Buffer.from(Array.from({ length: 3_000_000 }, (_, index) => (index * 7) % 256));
    writeFileSync(join(dir, 'source'), bytes);
    const progress: number[] = [];
    await shell.upload({ content: 'é\n' }, join(dir, 'text'), { mode: 0o644 });
    await shell.upload({ content: new Secret('s3cret') }, join(dir, 'a secret'), { mode: 0o400 });
    await shell.upload({ content: '' }, join(dir, '-empty'), { mode: 0o755 });
    const onBytes = (sent: number, total: number) => progress.push(sent / total);
    await shell.upload({ file: join(dir, 'source') }, join(dir, 'copy'), { mode: 0o600, onBytes });
    assert.is(readFileSync(join(dir, 'text'), 'utf8'), 'é\n');
    assert.is(readFileSync(join(dir, 'a secret'), 'utf8'), 's3cret');
    assert.ok(readFileSync(join(dir, 'copy')).equals(bytes));
    const modes = ['text', 'a secret', '-empty', 'copy'].map(name => statSync(join(dir, name)).mode & 0o7777);
    assert.equal(modes, [0o644, 0o400, 0o755, 0o600]);
    assert.is(progress.at(-1), 1);
    assert.equal(readdirSync(dir).sort(), ['-empty', 'a secret', 'copy', 'source', 'text']);
  });
});

test('a link at the target is replaced, not followed', async () => {
  await onLocalhost(async shell => {
    const dir = scratch();
    writeFileSync(join(dir, 'victim'), 'untouched');
    symlinkSync(join(dir, 'victim'), join(dir, 'target'));
    await shell.upload({ content: 'new' }, join(dir, 'target'), { mode: 0o644 });
    assert.is(readFileSync(join(dir, 'victim'), 'utf8'), 'untouched');
    assert.is(readFileSync(join(dir, 'target'), 'utf8'), 'new');
  });
});

test('what is planted at the temporary name is refused: a link, a directory, a file', async () => {
  const dir = scratch();
  const elsewhere = scratch();
  symlinkSync(elsewhere, join(dir, '.upload-mlink'));
  symlinkSync(join(elsewhere, 'nothing'), join(dir, '.upload-mdangling'));
  writeFileSync(join(dir, '.upload-mfile'), '');
  for (const mark of ['mlink', 'mdangling', 'mfile']) {
    await withShells({ newMark: () => mark }, async shells => {
      const shell = await shells.shell('localhost');
      const error = await refusal(shell.upload({ content: 'x' }, join(dir, 'target'), { mode: 0o644 }));
      assert.is(error.code, 'UPLOAD_FAILED');
      assert.match(error.message, /File exists/);
    });
  }
  assert.equal(readdirSync(elsewhere), []);
});

test('what fails leaves the old file and no rest: no folder, a folder as target, an unknown owner', async () => {
  await onLocalhost(async shell => {
    const dir = scratch();
    writeFileSync(join(dir, 'old'), 'old');
    const attempt = (path: string, owner?: string) =>
      refusal(shell.upload({ content: 'new' }, path, { mode: 0o644, ...(owner !== undefined && { owner }) }));
    assert.match(
      (await attempt(join(dir, 'none', 'file'))).message,
      /cannot write .*none\/file on localhost: .*No such file/,
    );
    assert.match((await attempt(dir)).message, /cannot overwrite directory/);
    assert.match((await attempt(join(dir, 'old'), 'no-such-user')).message, /invalid user/);
    assert.equal(readdirSync(dir), ['old']);
    assert.is(readFileSync(join(dir, 'old'), 'utf8'), 'old');
  });
});

test('a file that changes while it is sent is found by its checksum, and the old one stays', async () => {
  await onLocalhost(async shell => {
    const dir = scratch();
    const source = join(dir, 'source');
    writeFileSync(source, 'a'.repeat(5_000_000));
    writeFileSync(join(dir, 'target'), 'old');
    const onBytes = (sent: number) => sent < 300_000 && writeFileSync(source, 'b'.repeat(5_000_000));
    const error = await refusal(shell.upload({ file: source }, join(dir, 'target'), { mode: 0o644, onBytes }));
    assert.is(error.code, 'UPLOAD_CORRUPT');
    assert.match(error.message, /sha256 [0-9a-f]{64} was sent, [0-9a-f]{64} arrived/);
    assert.is(readFileSync(join(dir, 'target'), 'utf8'), 'old');
    assert.equal(readdirSync(dir).sort(), ['source', 'target']);
  });
});

test('a source that is not there, a bad mode and a bad path are refused before anything is sent', async () => {
  await onLocalhost(async shell => {
    const missing = await refusal(shell.upload({ file: '/nowhere/file' }, '/tmp/x', { mode: 0o644 }));
    assert.match(missing.message, /cannot read \/nowhere\/file: ENOENT/);
    for (const [path, mode] of [
      ['relative', 0o644],
      ['/tmp/folder/', 0o644],
      ['/tmp/x', 0o10000],
      ['/tmp/x', Number.NaN],
    ] as const) {
      assert.is((await refusal(shell.upload({ content: '' }, path, { mode }))).code, 'ARGUMENT_REFUSED');
    }
  });
});

test.run();
