import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readPrices } from '../../lib/cost/index.ts';
import { projectFiles, read } from '../architecture/tree.ts';

/** As AWS writes them: 'm6i.large', 't3.2xlarge'. */
const TYPE = /\b[a-z]{1,3}\d+[a-z]*\.(?:nano|micro|small|medium|large|\d*xlarge|metal)\b/g;
const SHOWN = /^(README\.md|RUNBOOK\.md|docs\/.*\.md|inventories\/.*\.yaml|lib\/.*\.ts)$/;

test('every machine that docs, hints and inventories name has a price in every region: who follows them builds', async () => {
  const { regions } = await readPrices();
  const named = projectFiles()
    .filter(path => SHOWN.test(path))
    .flatMap(path => [...read(path).matchAll(TYPE)].map(([type]) => ({ path, type })));
  assert.ok(new Set(named.map(({ type }) => type)).size > 2);
  const unpriced = Object.entries(regions).flatMap(([region, { instances }]) =>
    named.flatMap(({ path, type }) => (instances[type] === undefined ? [`${type} in ${region}: ${path}`] : [])),
  );
  assert.equal(unpriced, []);
});

test.run();
