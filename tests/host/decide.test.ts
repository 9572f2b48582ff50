import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Decision } from '../../lib/engine/index.ts';
import * as machine from '../../lib/host/decide.ts';
import { decideFit } from '../../lib/host/existing/steps.ts';

// A case is data: what is wanted, what was seen, what must be decided. A new file needs no code.
const dir = join(import.meta.dirname, '../cases/host');

// biome-ignore lint/suspicious/noExplicitAny: the data are checked by the decision that they must lead to.
type Decide = (want: any, facts: any) => Decision;

const DECISIONS: Record<string, Decide> = {
  image: machine.decideImage,
  identity: machine.decideIdentity,
  disk: machine.decideDisk,
  power: machine.decidePower,
  ssh: machine.decideSsh,
  fit: decideFit,
};

for (const file of readdirSync(dir)) {
  const { decision, promise, want, facts, expect } = JSON.parse(readFileSync(join(dir, file), 'utf8'));
  test(`${decision}: ${promise}`, () => {
    const decide = DECISIONS[decision];
    assert.ok(decide, `${file}: no decision is called ${decision}`);
    assert.equal(decide(want, facts), expect);
  });
}

test.run();
