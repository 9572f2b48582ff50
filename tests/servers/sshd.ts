import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSshKeyPair, type Secret } from '../../lib/secret/index.ts';
import type { SshTarget } from '../../lib/shell/index.ts';
import { skip } from '../starter/skip.ts';

/** A user that exists inside only. */
export interface SshdUser {
  shell: string;
  /** Files in the home directory, by name. */
  files?: Record<string, string>;
  /** A line of sudoers after the user's name. */
  sudo?: string;
}

export interface Sshd {
  /** As the given user, straight to sshd, or to another port that leads to it. */
  target(user?: string, port?: number): SshTarget;
  port: number;
  hostKey: string;
  identity: Secret;
  /** A scratch directory that both sides see. */
  dir: string;
  log(): string;
  stop(): Promise<void>;
}

export interface SshdOptions {
  /** Lines of sshd_config, before ours. */
  config?: readonly string[];
  users?: Record<string, SshdUser>;
  port?: number;
  /** Its own private key; a new one when absent. */
  hostKey?: Secret;
  /** OpenSSH public key line of who logs in; absent: the one of `target`. */
  lets?: string;
}

const SSHD = '/usr/sbin/sshd';

/**
 * A real sshd on 127.0.0.1, with its own host key, users, sudoers, /run and process ids, in namespaces of its own:
 * nothing of this computer's configuration is read or changed, and stopping it ends all that runs inside.
 */
export async function startSshd(options: SshdOptions = {}): Promise<Sshd> {
  const { config = [], users = {}, port: wanted, hostKey, lets } = options;
  if (process.getuid?.() !== 0) skip('sshd in namespaces of its own needs root');
  if (!existsSync(SSHD)) skip('the Debian package openssh-server is not installed');
  const dir = mkdtempSync(join(tmpdir(), 'sshd-'));
  chmodSync(dir, 0o755);
  const [host, login] = await Promise.all([createSshKeyPair('host'), createSshKeyPair('login')]);
  const port = wanted ?? (await freePort());
  const write = (name: string, text: string, mode = 0o644) => writeFileSync(join(dir, name), text, { mode });
  write('host_key', (hostKey ?? host.privateKey).reveal(), 0o600);
  write('authorized_keys', `${lets ?? login.publicKey}\n`);
  write('sshd_config', [...config, ...ours(dir, port)].join('\n'));
  writeUsers(dir, users, write);
  mkdirSync(join(dir, 'scratch'), { mode: 0o777 });
  chmodSync(join(dir, 'scratch'), 0o777);
  const child = spawn('unshare', [...NAMESPACES, 'sh', '-c', INSIDE, 'sh', dir, SSHD], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const log = await listening(child);
  return {
    target: (user = 'root', to = port) => ({
      address: '127.0.0.1',
      port: to,
      user,
      identity: login.privateKey,
      hostKey: host.publicKey,
    }),
    port,
    hostKey: host.publicKey,
    identity: login.privateKey,
    dir: join(dir, 'scratch'),
    log,
    async stop() {
      if (child.exitCode === null && child.signalCode === null) {
        const gone = new Promise(resolve => child.once('exit', resolve));
        child.kill('SIGKILL');
        await gone;
      }
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

const NAMESPACES = ['--mount', '--propagation', 'private', '--pid', '--fork', '--mount-proc', '--kill-child'];

/** $1 directory, $2 sshd. */
const INSIDE = `set -e
mount -t tmpfs tmpfs /run
mkdir -m 755 /run/sshd
for file in passwd shadow group; do mount --bind "$1/$file" "/etc/$file"; done
[ ! -e /etc/sudoers ] || mount --bind "$1/sudoers" /etc/sudoers
exec "$2" -D -e -f "$1/sshd_config"`;

const ours = (dir: string, port: number) => [
  `Port ${port}`,
  'ListenAddress 127.0.0.1',
  `HostKey ${dir}/host_key`,
  `AuthorizedKeysFile ${dir}/authorized_keys`,
  'AuthenticationMethods publickey',
  'PermitRootLogin yes',
  'StrictModes no',
  'UsePAM no',
  'PidFile none',
  '',
];

function writeUsers(
  dir: string,
  users: Record<string, SshdUser>,
  write: (name: string, text: string, mode?: number) => void,
): void {
  const add = (file: string, line: (name: string, id: number) => string) =>
    readFileSync(`/etc/${file}`, 'utf8') +
    Object.keys(users)
      .map((name, index) => line(name, 4100 + index))
      .join('');
  mkdirSync(join(dir, 'root'));
  // Root's own start-up files are this computer's configuration.
  const passwd = (text: string) => text.replace(/^root:.*$/m, `root:x:0:0::${dir}/root:/bin/bash`);
  write('passwd', passwd(add('passwd', (name, id) => `${name}:x:${id}:${id}::${dir}/${name}:${users[name]?.shell}\n`)));
  write(
    'group',
    add('group', (name, id) => `${name}:x:${id}:\n`),
  );
  write(
    'shadow',
    add('shadow', name => `${name}:*:19000:0:99999:7:::\n`),
    0o640,
  );
  const rules = Object.entries(users).flatMap(([name, { sudo }]) => (sudo ? [`${name} ${sudo}`] : []));
  write('sudoers', `${['root ALL=(ALL:ALL) ALL', ...rules].join('\n')}\n`, 0o440);
  for (const [index, [name, { files = {} }]] of Object.entries(users).entries()) {
    mkdirSync(join(dir, name));
    for (const [file, text] of Object.entries(files)) {
      mkdirSync(join(dir, name, file, '..'), { recursive: true });
      write(join(name, file), text);
    }
    execFileSync('chown', ['-R', `${4100 + index}:${4100 + index}`, join(dir, name)]);
  }
}

/** Its log so far, for later. */
function listening(child: ChildProcess): Promise<() => string> {
  return new Promise((resolve, reject) => {
    let said = '';
    child.once('exit', code => reject(new Error(`sshd ended with ${code}: ${said}`)));
    child.stderr?.on('data', chunk => {
      said += chunk;
      if (said.includes('Server listening')) resolve(() => said);
    });
  });
}

function freePort(): Promise<number> {
  return new Promise(resolve => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}
