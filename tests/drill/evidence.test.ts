import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import { equal, is, match, not, ok } from 'uvu/assert';
import { canonical } from '../../lib/backup/canonical.ts';
import { sha256Of } from '../../lib/backup/sign.ts';
import { EVIDENCE, evidenceDir, writeEvidence } from '../../lib/drill/evidence.ts';
import { readDrills } from '../../lib/drill/proofs.ts';
import { verifyEvidence } from '../../lib/drill/verify-evidence.ts';
import { asOpsError, OpsError } from '../../lib/errors/index.ts';
import { Masker } from '../../lib/secret/index.ts';
import { CHECKS, check, MANIFEST, sample } from './sample.ts';

const keys = () => generateKeyPairSync('ed25519');
const set = { manifest: MANIFEST, sha256: sha256Of(canonical(MANIFEST)) };

interface World {
  state: string;
  folder: string;
  signer: KeyObject;
  known: KeyObject;
}

const evidence = suite<World>('evidence');

const seal = (
  { folder, signer }: Pick<World, 'folder'> & { signer: KeyObject | undefined },
  over = {},
  mask = (text: string) => text,
) => {
  const journal = join(folder, '../../journal.jsonl');
  writeFileSync(journal, '{"t":"run"}\n');
  return writeEvidence({ folder, report: sample({ set, ...over }), journal, set, signer, mask });
};

evidence.before.each(async world => {
  world.state = mkdtempSync(join(tmpdir(), 'muster-evidence-'));
  world.folder = evidenceDir(world.state, sample().id);
  const { privateKey, publicKey } = keys();
  Object.assign(world, { signer: privateKey, known: publicKey });
  mkdirSync(world.folder, { recursive: true });
  writeFileSync(join(world.folder, 'marks.json'), '[]');
  await seal(world);
});
evidence.after.each(({ state }) => rmSync(state, { recursive: true }));

const refusal = async (folder: string, known?: KeyObject) => {
  const { code, message, details } = asOpsError(await verifyEvidence(folder, known).catch(error => error));
  return { code, said: [message, ...details].join('\n') };
};

evidence('as it was sealed it holds, with the known key and without', async ({ folder, known }) => {
  const { report, ...proof } = await verifyEvidence(folder, known);
  is(proof.known, true);
  equal(report, sample({ set }));
  is((await verifyEvidence(folder)).known, false);
  equal(readdirSync(folder).sort(), [...Object.values(EVIDENCE), 'marks.json'].sort());
});

evidence('it holds on another computer, in a folder of another name', async ({ state, folder, known }) => {
  cpSync(folder, join(state, 'elsewhere'), { recursive: true });
  is((await verifyEvidence(join(state, 'elsewhere'), known)).known, true);
});

evidence('one changed byte is found, in every file and at both ends of it', async ({ folder, known }) => {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    const whole = readFileSync(path);
    for (const at of [0, whole.length - 1]) {
      const bytes = Buffer.from(whole);
      bytes[at] = (bytes[at] ?? 0) ^ 1;
      writeFileSync(path, bytes);
      match((await refusal(folder, known)).code, /^EVIDENCE_(CHANGED|INVALID)$/, `${name} at byte ${at}`);
    }
    writeFileSync(path, whole);
  }
  ok(await verifyEvidence(folder, known));
});

evidence('a changed byte, a missing and an added file are named', async ({ folder, known }) => {
  const html = join(folder, EVIDENCE.page);
  writeFileSync(
    html,
    readFileSync(html, 'utf8').replace('not be relied', 'now be relied').replace('erified', 'orified'),
  );
  rmSync(join(folder, EVIDENCE.journal));
  writeFileSync(join(folder, '.hidden'), '');
  const { code, said } = await refusal(folder, known);
  is(code, 'EVIDENCE_CHANGED');
  match(said, /^report\.html has other bytes than it had$/m);
  match(said, /^journal\.jsonl is missing$/m);
  match(said, /^\.hidden was added$/m);
});

evidence('a folder or a link in the place of a file is no file', async ({ folder, known }) => {
  rmSync(join(folder, 'marks.json'));
  symlinkSync('report.json', join(folder, 'marks.json'));
  mkdirSync(join(folder, 'more'));
  const { said } = await refusal(folder, known);
  match(said, /^marks\.json is not a file$/m);
  match(said, /^more was added$/m);
});

evidence('a foreign signer is found, however sound the rest is', async ({ folder, known }) => {
  const other = keys();
  rmSync(folder, { recursive: true });
  await seal({ folder, signer: other.privateKey });
  equal((await verifyEvidence(folder)).known, false);
  const { code, said } = await refusal(folder, known);
  is(code, 'EVIDENCE_INVALID');
  match(said, /SHA256:\S+ signed it, and the known key is SHA256:/);
});

evidence('without signature, hashes or report it is no evidence', async ({ state, folder, known }) => {
  for (const name of [EVIDENCE.signature, EVIDENCE.hashes, EVIDENCE.key]) {
    cpSync(folder, join(state, name), { recursive: true });
    rmSync(join(state, name, name));
    equal((await refusal(join(state, name), known)).code, 'EVIDENCE_INVALID', name);
  }
  mkdirSync(join(state, 'empty'));
  equal((await refusal(join(state, 'empty'), known)).code, 'EVIDENCE_INVALID');
  equal((await refusal(join(state, 'nowhere'), known)).code, 'EVIDENCE_INVALID');
});

evidence('the manifest of another set is found, though the signer signed it', async ({ folder, signer, known }) => {
  rmSync(folder, { recursive: true });
  await seal({ folder, signer }, { set: { ...set, sha256: 'f'.repeat(64) } });
  match((await refusal(folder, known)).said, /manifest\.json is not the one of the set that the report names/);
});

evidence('what is sealed is not written again; what is not, is', async ({ folder, signer, known }) => {
  match(asOpsError(await seal({ folder, signer }).catch(error => error)).message, /this evidence is sealed/);
  rmSync(join(folder, EVIDENCE.signature));
  await seal({ folder, signer });
  ok(await verifyEvidence(folder, known));
});

evidence('a drill that ended before it had the key leaves a report without a signature', async ({ folder, known }) => {
  rmSync(folder, { recursive: true });
  await seal({ folder, signer: undefined });
  match(readFileSync(join(folder, EVIDENCE.page), 'utf8'), /It is not signed/);
  match((await refusal(folder, known)).said, /it has no hashes\.json/);
});

evidence('no secret is in any file, wherever data or errors brought it', async ({ folder, signer }) => {
  const canary = 'canary-secret "xyzzy" <x>';
  const masker = new Masker();
  masker.add(canary);
  rmSync(folder, { recursive: true });
  const over = {
    checks: [...CHECKS, check({ state: 'failed', expected: canary, got: canary, details: [`row ${canary}`] })],
    notTried: [canary],
    left: [canary],
    error: new OpsError('INTERNAL', `cannot go on: ${canary}`),
  };
  await seal({ folder, signer }, over, text => masker.mask(text));
  for (const name of readdirSync(folder)) {
    const text = readFileSync(join(folder, name), 'utf8');
    not.ok(
      ['xyzzy', Buffer.from(canary).toString('base64')].some(part => text.includes(part)),
      name,
    );
  }
});

evidence('drills are read newest first; a changed one says so, and what is no report is none', async world => {
  const { state, signer } = world;
  const older = '20261101T000000Z-00000000';
  const drill = { ...sample(), id: older };
  const folder = evidenceDir(state, older);
  await writeEvidence({ folder, report: drill, journal: undefined, set: undefined, signer, mask: text => text });
  mkdirSync(evidenceDir(state, '20261102T000000Z-00000000'));
  writeFileSync(join(evidenceDir(state, older), 'added'), '');
  const drills = await readDrills(state);
  equal(
    drills.map(({ report }) => report.id),
    [sample().id, older],
  );
  is(drills[0]?.flaw, undefined);
  match(drills[1]?.flaw ?? '', /cannot trust the evidence in .*added was added/);
  equal(await readDrills(join(state, 'nowhere')), []);
});

evidence.run();
