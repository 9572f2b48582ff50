import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { suite } from 'uvu';
import { equal } from 'uvu/assert';
import { ROOT } from './tree.ts';

const modules = join(ROOT, 'node_modules');

/** The programs of the lint recipe, so that `make test` and `make lint` cannot differ. What they say is printed as it is. */
const gate = (program: string, ...args: string[]): number | null => {
  const { status, stdout, stderr } = spawnSync(join(modules, program), args, {
    cwd: ROOT,
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1' },
  });
  if (status !== 0) console.log(`${program}\n${stdout}${stderr}`);
  return status;
};

const gates = suite('gates');

gates('the types are right: tsc has nothing to say', () => equal(gate('.bin/tsc'), 0));
gates('style and formatting are right: biome has nothing to say', () => {
  equal(gate(`@biomejs/cli-linux-${process.arch}/biome`, 'check', '--error-on-warnings'), 0);
});

gates.run();
