import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** In the place of a rehearsal's own program: says what it sees, as a rehearsal says what it saw. */
const project = join(import.meta.dirname, '../../..');

const names = (path: string) => readdirSync(path).sort();
const git = (...args: string[]) => execFileSync('git', ['-C', project, ...args], { encoding: 'utf8' }).trim();

function tried(act: () => unknown): string {
  try {
    act();
    return 'done';
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error);
  }
}

process.stdin.once('data', text => {
  const { order, scratch } = JSON.parse(String(text));
  const state = join(project, '.muster', `${order.site}-rehearsal`);
  const kept = join(homedir(), '.local/share/muster', order.site);
  const seen = {
    mounts: readFileSync('/proc/self/mountinfo', 'utf8'),
    sites: names(join(project, '.muster')).filter(name => name !== 'cache'),
    state: names(state),
    changes: git('status', '--porcelain'),
    head: git('rev-parse', 'HEAD'),
  };
  const rest = {
    project: names(project),
    home: names(homedir()),
    kept: names(kept),
    uid: process.getuid?.(),
    scratch,
    source: tried(() => readFileSync(join(project, '.muster/source/secrets/app/key'))),
    escrow: tried(() => writeFileSync(join(kept, 'escrow-1/new'), '')),
    secretShown: (readFileSync('/proc/self/cmdline') + JSON.stringify(process.env)).includes(scratch.secretKey),
  };
  process.stdout.write('{"type":"notice","text":"looked"}\n');
  mkdirSync(join(state, 'drill'));
  const journal = JSON.stringify({ seen, rest });
  writeFileSync(join(state, 'drill/ended.json'), JSON.stringify({ checks: [], rpo: [], journal }));
  process.exit(0);
});
