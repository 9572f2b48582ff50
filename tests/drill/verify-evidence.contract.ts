import { spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import { equal, is, match } from 'uvu/assert';
import { canonical } from '../../lib/backup/canonical.ts';
import { publicPem, sha256Of } from '../../lib/backup/sign.ts';
import { writeEvidence } from '../../lib/drill/evidence.ts';
import { MANIFEST, sample } from './sample.ts';

// The way of a stranger: the folder was copied to another computer, and there is no site.
interface World {
  dir: string;
  folder: string;
  key: string;
}

const MUSTER = join(import.meta.dirname, '../../muster');
const verb = suite<World>('verify-evidence');

verb.before.each(async world => {
  world.dir = mkdtempSync(join(tmpdir(), 'muster-verify-'));
  world.folder = join(world.dir, 'copied');
  world.key = join(world.dir, 'site-signer.pub');
  const { privateKey: signer } = generateKeyPairSync('ed25519');
  const set = { manifest: MANIFEST, sha256: sha256Of(canonical(MANIFEST)) };
  writeFileSync(world.key, publicPem(signer));
  await writeEvidence({
    folder: world.folder,
    report: sample({ set }),
    journal: undefined,
    set,
    signer,
    mask: text => text,
  });
});
verb.after.each(({ dir }) => rmSync(dir, { recursive: true }));

/** With a home in which no site was ever kept. */
const muster = ({ dir }: World, ...args: string[]) => {
  const { status, stdout, stderr } = spawnSync(MUSTER, ['verify-evidence', ...args], {
    encoding: 'utf8',
    cwd: dir,
    env: { ...process.env, HOME: dir },
  });
  return { status, stdout, stderr };
};

verb('with the known key: 0, and what was proven', world => {
  const { status, stdout, stderr } = muster(world, 'copied', '--key', 'site-signer.pub');
  equal([status, stderr], [0, '']);
  match(stdout, /^evidence +\S+copied: unchanged since it was signed$/m);
  match(stdout, /^drill +site-rebuild of lab, 20261121T152300Z-1f2e3d4c$/m);
  match(stdout, /^verdict +verified$/m);
  match(stdout, /^figures +RTO 4 min 41 s, RPO 1 min 58 s \(velero\)$/m);
});

verb('without a key that is known here: 2, for anybody may have signed it', world => {
  const { status, stdout } = muster(world, 'copied', '--json');
  const { known, key, signer, report } = JSON.parse(stdout);
  equal([status, known, key, report.verdict], [2, false, null, 'verified']);
  match(signer, /^SHA256:/);
});

verb('the key that this computer keeps of the site is used without asking', world => {
  const kept = join(world.dir, '.local/share/muster/lab');
  mkdirSync(kept, { recursive: true });
  cpSync(world.key, join(kept, 'signer.pub'));
  const { status, stdout } = muster(world, 'copied');
  is(status, 0);
  match(stdout, /^signer +SHA256:\S+, the key in \S+signer\.pub$/m);
});

verb('another key: 1, and whose signature it is', world => {
  writeFileSync(world.key, publicPem(generateKeyPairSync('ed25519').privateKey));
  const { status, stderr } = muster(world, 'copied', '--key', 'site-signer.pub');
  is(status, 1);
  match(stderr, /^error +cannot trust the evidence in \S+: SHA256:\S+ signed it, and the known key is SHA256:/);
  match(stderr, /explain EVIDENCE_INVALID/);
});

verb('an added byte: 1, with the name of the file', world => {
  writeFileSync(join(world.folder, 'report.html'), ' ', { flag: 'a' });
  const { status, stderr } = muster(world, 'copied', '--key', 'site-signer.pub');
  is(status, 1);
  match(stderr, /report\.html has \d+ bytes, and had \d+/);
});

verb('bad usage: 3, with what to type', world => {
  for (const args of [[], ['copied', 'other'], ['copied', '--key', 'nowhere.pub']])
    is(muster(world, ...args).status, 3);
});

verb('what the page tells a reader without muster to type finds the same', world => {
  const page = readFileSync(join(world.folder, 'report.html'), 'utf8');
  const [, commands = ''] = /<pre>(jq [^<]+)<\/pre>/.exec(page) ?? [];
  const script = commands
    .replaceAll('&gt;', '>')
    .replaceAll('/tmp/signature', join(world.dir, 'signature'))
    .replaceAll('site-signer.pub', world.key);
  const said = () => spawnSync('sh', ['-ec', script], { cwd: world.folder, encoding: 'utf8' });
  const whole = said();
  is(whole.status, 0);
  match(whole.stdout, /^Signature Verified Successfully\n.*report\.json: OK/s);
  writeFileSync(join(world.folder, 'report.html'), ' ', { flag: 'a' });
  match(said().stdout, /^report\.html: FAILED$/m);
  writeFileSync(join(world.folder, 'hashes.json'), ' ', { flag: 'a' });
  match(said().stdout, /^Signature Verification Failure$/m);
});

verb.run();
