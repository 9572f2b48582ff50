import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { replicateStep } from '../../lib/backup/replicate.ts';
import { sealOf } from '../../lib/backup/steps.ts';
import { planDrill } from '../../lib/drill/drill-site.ts';
import { regionLoss } from '../../lib/drill/scenarios/region-loss.ts';
import { siteRebuild } from '../../lib/drill/scenarios/site-rebuild.ts';
import { openSite } from '../../lib/site/index.ts';
import { openBucket, replicaOf } from '../../lib/store/index.ts';
import { ROOT } from '../architecture/tree.ts';
import { idOf, setWorld } from '../backup/set-world.ts';
import { s3Place, storeWorld } from '../backup/store-world.ts';

const inventory = (store: object) => `
site: { name: unit }
environment: lab
artifacts: { sources: [module] }
provider: { kind: container }
hosts:
  - { name: server-1, role: server, cpus: 2, memory: 4GiB, disk: 10GiB }
cluster: { kind: k3s, version: v1.36.3+k3s-lab }
addons: { coredns: true, local-path: true, metrics-server: false }
app: { users: 10, avatars: 5 }
backup:
  store: ${JSON.stringify(store)}
  sources: [postgres, velero, control-plane]
  namespaces: [app]
  rpo: { postgres: 1h, velero: 1h, control-plane: 1h }
  rto: 10m
`;

const test = suite('region-loss');

test('reads its set out of the replica, and asks nobody at the place of the store', async () => {
  let asked = 0;
  const store = createServer(socket => {
    asked++;
    socket.destroy();
  });
  await new Promise<void>(resolve => store.listen(0, '127.0.0.1', resolve));
  const address = store.address();
  const endpoint = `https://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
  const far = await storeWorld('far');
  await far.run();
  const { kind: _, accessKey, secretKey, ...place } = await s3Place(far, 'admin', 'unit-far');
  const replica = { ...place, inside: place.endpoint, keys: { accessKey, secretKey } };
  const bucket = openBucket({ ...(await far.access('admin')), bucket: 'unit-far' }, far.env);
  await bucket.harden();
  bucket.close();
  const project = mkdtempSync(join(tmpdir(), 'muster-region-'));
  for (const name of ['artifacts', 'scripts', 'lib']) symlinkSync(join(ROOT, name), join(project, name));
  mkdirSync(join(project, 'inventories'));
  const near = { ...place, kind: 's3', endpoint, inside: endpoint, bucket: 'unit', accessKey, secretKey, replica };
  writeFileSync(join(project, 'inventories/unit.yaml'), inventory(near));
  const [cache, home] = [join(project, 'cache'), process.env.HOME];
  const signal = new AbortController().signal;
  const open = await openSite({ project, name: 'unit', signal, emit() {}, cache });
  const world = await setWorld(open.site);
  try {
    const own = replicaOf(open.site);
    assert.ok(own);
    await world.backup(idOf(1));
    await world.run([replicateStep(sealOf(open.site, world.place), own, idOf(1), [])]);
    process.env.HOME = world.place.home ?? '';
    const { set, phases } = await planDrill(open, { scenario: regionLoss, mode: 'rehearse', trigger: 'person' });
    assert.is(set, idOf(1));
    assert.ok(phases.some(({ name, steps }) => name === 'bringing the data back' && steps.length > 3));
    assert.is(asked, 0);
    // The same without the replica's eyes: there the store is asked, and nothing is known.
    const plain = await planDrill(open, { scenario: siteRebuild, mode: 'rehearse', trigger: 'person' }).catch(e => e);
    assert.is(plain.code, 'STORE_UNREACHABLE');
    assert.ok(asked > 0);
  } finally {
    process.env.HOME = home;
    await open.close();
    world.close();
    await far.close();
    store.close();
    rmSync(project, { recursive: true, force: true });
  }
});

test.run();
