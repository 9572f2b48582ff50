import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import { equal, is, match } from 'uvu/assert';
import { canonical } from '../../lib/backup/canonical.ts';
import { sha256Of } from '../../lib/backup/sign.ts';
import { evidenceDir, writeEvidence } from '../../lib/drill/evidence.ts';
import { proofOf } from '../../lib/drill/proofs.ts';
import { drillsOf, shareEvidence } from '../../lib/drill/shared-evidence.ts';
import type { OpenSite } from '../../lib/site/index.ts';
import { type MemoryEndpoint, memoryEndpoint } from '../backup/memory-store.ts';
import { MANIFEST, sample } from './sample.ts';

const set = { manifest: MANIFEST, sha256: sha256Of(canonical(MANIFEST)) };

interface World {
  dir: string;
  endpoint: MemoryEndpoint;
  signer: KeyObject;
  said: string[];
  /** One computer's view of the site: its own state, and the store of all. */
  computer(name: string, kind?: 's3' | 'local'): OpenSite;
}

const evidence = suite<World>('evidence of another computer');
evidence.before.each(world => {
  const dir = mkdtempSync(join(tmpdir(), 'muster-shared-'));
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  mkdirSync(join(dir, 'keys'));
  writeFileSync(join(dir, 'keys/lab.pub'), publicKey.export({ type: 'spki', format: 'pem' }));
  const endpoint = memoryEndpoint();
  const said: string[] = [];
  Object.assign(world, {
    ...{ dir, endpoint, signer: privateKey, said },
    computer: (name: string, kind = 's3') => ({
      site: { name: 'lab', environment: 'staging', backup: { store: { kind } } },
      dirs: { project: dir, state: join(dir, name), cache: dir },
      ports: { store: async () => endpoint.bucket('muster') },
      signal: new AbortController().signal,
      emit: ({ text }: { text: string }) => void said.push(text),
    }),
  });
});
evidence.after.each(({ dir }) => rmSync(dir, { recursive: true }));

async function drilled(open: OpenSite, signer: KeyObject, over = {}): Promise<string> {
  const report = { ...sample({ set }), ...over };
  const folder = evidenceDir(open.dirs.state, report.id);
  await writeEvidence({ folder, report, journal: undefined, set, signer, mask: text => text });
  await shareEvidence(open, folder);
  return report.id;
}

evidence('a drill of one computer is a proof on the other, as old as it is', async ({ computer, signer }) => {
  const id = await drilled(computer('one'), signer);
  const [past] = await drillsOf(computer('two'));
  is(past?.report.id, id);
  is(past?.flaw, undefined);
  const { scenario } = sample();
  const now = Date.parse('2026-11-22T00:00:00Z');
  const [mine, theirs] = await Promise.all(
    ['one', 'two'].map(async name => proofOf({ scenario }, await drillsOf(computer(name)), 1e12, { now })),
  );
  is(theirs?.is, 'proven');
  equal(theirs, mine);
});

evidence('each is counted once, newest first', async ({ computer, signer }) => {
  const older = '20261101T000000Z-00000000';
  await drilled(computer('two'), signer, { id: older });
  await drilled(computer('one'), signer);
  for (const name of ['one', 'two'])
    equal(
      (await drillsOf(computer(name))).map(({ report }) => report.id),
      [sample().id, older],
    );
});

evidence('another signer, another report and another site prove nothing', async ({ computer, signer, endpoint }) => {
  const [one, two] = [computer('one'), computer('two')];
  const store = endpoint.bucket('muster');
  const id = await drilled(one, generateKeyPairSync('ed25519').privateKey);
  const key = `.muster/drills/${id}.json`;
  match((await drillsOf(two))[0]?.flaw ?? '', /signature of its evidence is of another key/);
  rmSync(one.dirs.state, { recursive: true });
  await drilled(one, signer);
  const whole = JSON.parse(Buffer.from((await store.get(key)) ?? []).toString());
  await store.put(key, JSON.stringify({ ...whole, report: whole.report.replace(/"title": "/, '"title": "not ') }));
  match((await drillsOf(two))[0]?.flaw ?? '', /not the one that was signed/);
  // Sound, and of another drill.
  await store.put('.muster/drills/20261102T000000Z-00000000.json', JSON.stringify(whole));
  await store.put(key, JSON.stringify({ ...whole, report: whole.report.replace(/"site": "lab"/, '"site": "other"') }));
  equal(await drillsOf(two), []);
  await store.put(key, 'cut');
  equal(await drillsOf(two), []);
});

evidence(
  'a store that is away is said, and hides nothing that is here',
  async ({ computer, signer, endpoint, said }) => {
    endpoint.away = true;
    await drilled(computer('one'), signer);
    match(said[0] ?? '', /other computers are not told of this drill/);
    equal((await drillsOf(computer('one'))).length, 1);
    match(said[1] ?? '', /not known here: drills of other computers/);
  },
);

evidence('a store of one computer alone is told nothing', async ({ computer, signer, endpoint }) => {
  await drilled(computer('one', 'local'), signer);
  equal((await drillsOf(computer('one', 'local'))).length, 1);
  equal(endpoint.calls, []);
});

evidence.run();
