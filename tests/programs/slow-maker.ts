import { once } from 'node:events';
import { appendFileSync, writeFileSync } from 'node:fs';
import { resolveRecipe } from '../../lib/artifact/index.ts';
import { newWorld } from '../artifact/world.ts';

// slow-maker CACHE: writes half of a thing, says so, waits for the end of its stdin, writes the other half.
const [, , cache = ''] = process.argv;
const world = await newWorld();
const deps = world.deps({ sources: ['module'], cache, progress: text => console.log(text) });
const made = await resolveRecipe(
  {
    want: { name: 'slow', version: 'v1', arch: 'amd64' },
    inputs: {},
    mode: 0o644,
    build: {
      toolchain: async () => ({}),
      async make(path) {
        writeFileSync(path, 'first half, ');
        console.log('half');
        process.stdin.resume();
        await once(process.stdin, 'end');
        appendFileSync(path, 'second half');
        return {};
      },
    },
  },
  deps,
);
console.log(`done ${made.sha256}`);
await world.close();
