import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { skip } from '../../starter/skip.ts';
import { sweep } from './instances/sweep.ts';

/** Above every pid that Linux gives. */
const DEAD = 4194305;

test('what podman cannot remove of a killed test is said in its words, and its notes are kept', async () => {
  if (process.getuid?.() !== 0) skip('containers of instances need root');
  const [run, disks] = await Promise.all(['run', 'disks'].map(name => mkdtemp(join(tmpdir(), `sweep-${name}-`))));
  const mine = `muster-aws-${DEAD}-1`;
  // In the place of its notes something else lies: podman can make nothing of it.
  await writeFile(join(run ?? '', mine), 'no folder');
  const said: string[] = [];
  const { error } = console;
  console.error = (line: string) => void said.push(line);
  await sweep({ run: run ?? '', disks: disks ?? '' }).finally(() => {
    console.error = error;
  });
  assert.is(said.length, 1, said.join('\n'));
  assert.match(said[0] ?? '', new RegExp(`^cannot remove the containers in ${run}/${mine}.*podman`, 's'));
  assert.equal(await readdir(run ?? ''), [mine]);
  for (const folder of [run, disks]) await rm(folder ?? '', { recursive: true, force: true });
});

test.run();
