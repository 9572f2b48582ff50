import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { callApp } from './app.ts';
import { type Checkout, newCheckout } from './checkout.ts';
import { type ContainerHost, startContainerHost } from './container-host.ts';

const SITE = 'brought';
const inventory = ({ address, hostKey, identity }: ContainerHost) => `
site: { name: ${SITE} }
environment: lab
artifacts: { sources: [module] }
provider: { kind: existing }
hosts:
  - name: server-1
    role: server
    cpus: 2
    memory: 2GiB
    disk: 6GiB
    address: ${address}
    ssh: { port: 2222, user: root, identity: ${identity}, hostKey: ${hostKey} }
    ports: { api: 6443, web: 8443 }
cluster: { kind: k3s, version: v1.36.3+k3s-lab }
addons: { coredns: true, local-path: true, metrics-server: true }
app: { users: 200, avatars: 20 }
`;

interface Context {
  host: ContainerHost;
  checkout: Checkout;
}

const test = suite<Context>('a site on a host that somebody brings');

test.before(async context => {
  context.host = await startContainerHost('server-1', '127.77.1.7');
  context.checkout = await newCheckout(SITE, inventory(context.host));
});

test.after(async ({ host, checkout }) => {
  await checkout.remove();
  await host.remove();
});

// The machines' own script is killed in site.qemu.ts: on a host that exists it has no effect.
for (const step of ['k3s.binary', 'k3s.service', 'addon.coredns', 'app.database'])
  test(`killed in the effect of ${step}, it says so and goes on from what is there`, async ({ checkout }) => {
    const { signal, stderr } = await checkout.killedAt(step, 'bootstrap');
    assert.is(signal, 'SIGKILL', stderr.slice(-2000));
  });

test('after four kills it converges: everything runs once, and no step wants a change', async ({ checkout, host }) => {
  const { code, stdout, stderr } = await checkout.muster('bootstrap', '--json');
  assert.is(code, 0, stderr.slice(-3000));
  assert.match(stderr, /which was killed/);
  const { app, ca } = JSON.parse(stdout);
  const { body } = await callApp(app, ca, 'GET', '/api/health');
  assert.is((body.database as { users: number }).users, 200);
  const plan = await checkout.muster('plan', '--json');
  assert.not.match(plan.stdout, /"is": ?"changes"/);
  assert.is((await host.exec('pgrep', '-c', '-f', 'k3s server')).trim(), '1');
  const left = await host.exec(
    'find',
    '/usr/local/bin',
    '/etc/rancher',
    '/var/lib/rancher/k3s/agent/images',
    '-name',
    '*muster*',
    '-o',
    '-name',
    '*.new',
  );
  assert.not.match(left, /upload|\.new/);
});

test('an address of a service or of a pod does not leave the host, whether or not kube-proxy has written its rules', async ({
  host,
}) => {
  const rules = await host.exec('nft', 'list', 'table', 'inet', 'muster-k3s');
  assert.is(rules.match(/ip daddr 10\.43\.0\.0\/16 reject/g)?.length, 2, rules);
  assert.match(rules, /ip daddr 10\.42\.0\.0\/16 oifname != "lo" oifname != "cni0" .*drop/);
});

test('what is changed by hand is seen and put back', async ({ checkout }) => {
  const removed = await checkout.muster('kubectl', '-n', 'kube-system', 'delete', 'deployment', 'coredns');
  assert.is(removed.code, 0, removed.stderr);
  const plan = await checkout.muster('plan', '--json');
  assert.match(plan.stdout, /"what": "Deployment kube-system\/coredns"/);
  const again = JSON.parse((await checkout.muster('bootstrap', '--json')).stdout);
  assert.equal(again.changed, [`addon.coredns cluster/${SITE}`]);
});

test('destroy takes everything of ours off the host, and leaves the host', async ({ checkout, host }) => {
  const { code, stderr } = await checkout.muster('destroy', `--confirm=${SITE}`);
  assert.is(code, 0, stderr.slice(-3000));
  const look =
    'ls -d /var/lib/rancher/k3s /var/lib/kubelet /etc/rancher /usr/local/bin/k3s /sys/class/net/cni0 /etc/systemd/system/k3s.service; pgrep -l "k3s|containerd"; nft list table inet muster-k3s; echo end';
  assert.is((await host.exec('sh', '-c', `(${look}) 2>/dev/null`)).trim(), 'end');
});

test('another host key is refused before anything is sent', async ({ checkout, host }) => {
  await host.exec(
    'sh',
    '-c',
    'rm /etc/ssh/ssh_host_ed25519_key; ssh-keygen -q -t ed25519 -N "" -f /etc/ssh/ssh_host_ed25519_key && systemctl restart ssh',
  );
  const { code, stderr } = await checkout.muster('bootstrap');
  assert.is(code, 4);
  assert.match(stderr, /host key/);
});

test.run();
