import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { k3sVersions, PARTS, readLock, siteRecipe } from '../../lib/artifact/index.ts';
import { isOpsError } from '../../lib/errors/index.ts';
import { loadInventory, type Site } from '../../lib/inventory/index.ts';
import { shipped } from '../inventory/shipped.ts';

const project = join(import.meta.dirname, '../..');

/** Parts that no source of the inventory would give: the staging site that was shipped first could never be built. */
async function withoutSource(site: Site): Promise<string[]> {
  const { sources } = site.artifacts;
  const missing: string[] = [];
  for (const part of PARTS) {
    // A digest that `make lock` is still to look up is one of a download.
    const recipe = await siteRecipe(site, part, project).catch(error => {
      if (!isOpsError(error, 'LOCK_UNRESOLVED')) throw error;
    });
    if (!recipe || (recipe.download && sources.includes('release'))) continue;
    if (!sources.includes('module') && !sources.includes('bundle')) missing.push(part);
  }
  return missing;
}

async function load(path: string): Promise<Site> {
  return loadInventory(path, { k3sVersions: k3sVersions(await readLock(project)) });
}

for (const file of shipped())
  test(`inventories/${file} names a source for all that its site installs`, async () => {
    assert.equal(await withoutSource(await load(join(project, 'inventories', file))), []);
  });

test('the inventory of docs/first-aws-site.md can be used, and names a source for all that it installs', async () => {
  const page = readFileSync(join(project, 'docs/first-aws-site.md'), 'utf8');
  const text = /```yaml\n([\s\S]*?)```/.exec(page)?.[1] ?? '';
  const dir = mkdtempSync(join(tmpdir(), 'muster-shipped-'));
  const path = join(dir, 'first.yaml');
  writeFileSync(path, text);
  const site = await load(path).finally(() => rmSync(dir, { recursive: true }));
  assert.equal(await withoutSource(site), []);
  assert.equal(await withoutSource({ ...site, artifacts: { sources: ['release'] } }), ['images']);
});

test.run();
