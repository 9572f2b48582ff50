import { execFileSync } from 'node:child_process';
import { readFile, realpath, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Checkout, newCheckout } from '../lab/checkout.ts';
import { type ContainerHost, startContainerHost } from '../lab/container-host.ts';

const PROJECT = join(import.meta.dirname, '..', '..');
/** A path as a unit file does not like it. */
const INSIDE = '/opt/ops 100%/muster';
const SITE = 'timers';

/** A backup, or a drill, that only takes a while: it holds the site's lock, and ends as the file `ends` says. */
const STAND_IN = `
import { appendFileSync, readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { fileLock } from '../../engine/index.ts';
import { siteDirs } from '../../site/index.ts';
const act = async ({ verb, args, flags, site, project, env }) => {
  const held = await fileLock(siteDirs(project, site).state, Date.now).acquire(verb);
  const log = word => appendFileSync(project + '/ran', JSON.stringify({ verb, word, args, flags, home: env.HOME }) + '\\n');
  log('begins');
  const { status, ms } = JSON.parse(readFileSync(project + '/ends', 'utf8'));
  await setTimeout(ms);
  log('ends');
  await held.release();
  return status;
};
export { act as backup, act as drill };
`;

/** Writes down what it is asked for; answers 500 once. */
const RECORDER = `
import http.server
class Handler(http.server.BaseHTTPRequestHandler):
    asked = 0
    def do_GET(self):
        Handler.asked += 1
        open('${INSIDE}/pings', 'a').write(self.path + '\\n')
        self.send_response(500 if Handler.asked == 1 else 200)
        self.end_headers()
http.server.HTTPServer(('127.0.0.1', 8999), Handler).serve_forever()
`;

export const inventory = (schedule: string) => `
site: { name: ${SITE} }
environment: lab
artifacts: { sources: [module] }
provider: { kind: existing }
hosts:
  - { name: server-1, role: server, cpus: 2, memory: 2GiB, disk: 6GiB, address: 127.0.0.1,
      ssh: { user: root, identity: /dev/null, hostKey: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILywwRe/ZUxHHzkjwJAABiQizdq9UuvuG1gt/+M7JxgK } }
cluster: { kind: k3s, version: v1.36.3+k3s-lab }
addons: { coredns: true, local-path: true, metrics-server: true }
backup:
  store: { kind: s3, endpoint: https://127.0.0.1:1, region: eu-1, bucket: timers, accessKey: file:/key, secretKey: file:/key }
  sources: [velero]
  namespaces: [app]
  schedule: ${schedule}
  rpo: { postgres: 5m, velero: 1h, control-plane: 24h }
  rto: 10m
`;

const ownedInventory = (schedule: string) =>
  inventory(schedule)
    .replace('kind: existing', 'kind: container')
    // A teardown takes the lease of a shared store, and this one is nowhere.
    .replace(/store: \{ kind: s3.*\}/, 'store: { kind: local }')
    .replace(/, address: [^}]*\} \}/s, ' }');

/** A computer with systemd, on which the checkout of somebody lies; its backups and drills are stand-ins. */
export interface Guest {
  /** ./muster VERB --site timers ARGS, as root of the guest. */
  muster(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }>;
  sh(script: string): Promise<string>;
  schedule(text: string): Promise<void>;
  /** Its site has machines of muster's own, of which there are none. */
  owned(text: string): Promise<void>;
  /** From now on. */
  ends(status: number, ms: number): Promise<void>;
  /** What ran, as 'backup begins'. */
  ran(): Promise<{ verb: string; word: string; args: string[]; flags: Record<string, unknown>; home: string }[]>;
  pings(): Promise<string[]>;
  remove(): Promise<void>;
}

export async function startGuest(schedule: string): Promise<Guest> {
  const checkout = await newCheckout(SITE, inventory(schedule));
  const { dir } = checkout;
  for (const verb of ['backup', 'drill']) await writeFile(join(dir, 'lib', 'cli', 'verbs', `${verb}.ts`), STAND_IN);
  await writeFile(join(dir, 'recorder.py'), RECORDER);
  const modules = join(PROJECT, 'node_modules');
  const volumes = [`${dir}:${INSIDE}`, `${modules}:${modules}:ro`, ...(await libraries())];
  const host = await startContainerHost(SITE, '127.77.1.8', volumes).catch(async error => {
    await checkout.remove();
    throw error;
  });
  await host.exec('systemd-run', '-q', '--unit=recorder', 'python3', `${INSIDE}/recorder.py`);
  return guestOf(checkout, host);
}

/** What the pinned Node needs and a small Debian lacks. */
async function libraries(): Promise<string[]> {
  const path = /libatomic\S* => (\/\S+)/.exec(execFileSync('ldd', [process.execPath], { encoding: 'utf8' }))?.[1];
  return path === undefined ? [] : [`${await realpath(path)}:${path.replace(/^\/lib\//, '/usr/lib/')}:ro`];
}

function guestOf({ dir, ...checkout }: Checkout, host: ContainerHost): Guest {
  const lines = async (name: string) =>
    (await readFile(join(dir, name), 'utf8').catch(() => '')).split('\n').filter(line => line !== '');
  return {
    async muster(...args) {
      const said = await host
        .exec(`${INSIDE}/muster`, ...args, '--site', SITE)
        .then(stdout => ({ code: 0, stdout, stderr: '' }))
        .catch(({ code, stdout, stderr }) => ({ code, stdout, stderr }));
      return said;
    },
    sh: script => host.exec('sh', '-c', script),
    schedule: text => writeFile(join(dir, 'inventories', `${SITE}.yaml`), inventory(text)),
    owned: text => writeFile(join(dir, 'inventories', `${SITE}.yaml`), ownedInventory(text)),
    ends: (status, ms) => writeFile(join(dir, 'ends'), JSON.stringify({ status, ms })),
    ran: async () => (await lines('ran')).map(line => JSON.parse(line)),
    pings: () => lines('pings'),
    remove: async () => {
      await host.remove();
      await checkout.remove();
    },
  };
}
