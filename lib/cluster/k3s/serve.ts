import type { AnyStep, Change, Ctx, Shell } from '../../engine/index.ts';
import { OpsError } from '../../errors/index.ts';
import { minutes } from '../../time/index.ts';
import { wantedTexts } from './configure.ts';
import { AWAIT, decideService, type ServiceSeen } from './decide.ts';
import { BINARY, K3S_YAML, KEEP_TABLE } from './files.ts';
import { hostStep, ROOT, type Server } from './host.ts';
import { leftovers, service } from './observe.ts';

/** Ends by itself so often, right after a start, that waiting longer is of no use. */
const HOPELESS_RESTARTS = 3;

export function serviceStep(server: Server): AnyStep {
  const { name } = server;
  const archives = server.artifacts.archives.map(({ id }) => id);
  return hostStep(server, {
    id: 'k3s.service',
    title: `Run k3s on ${name}`,
    want: { version: server.site.cluster.version },
    after: ['k3s.packages', 'k3s.kernel', 'k3s.binary', ...archives, 'k3s.config'],
    deadline: minutes(6),
    destroys: true,
    observe: (ctx, removing) => observeService(server, ctx, removing),
    decide: decideService,
    act: (change, shell, ctx) =>
      change.action === 'delete' ? shell.run({ script: REMOVE }, ROOT) : start(change, shell, ctx, name),
  });
}

async function observeService(server: Server, ctx: Ctx, removing: boolean): Promise<ServiceSeen> {
  const { name } = server;
  if (removing) {
    const [seen, left] = await Promise.all([ctx.facts(name, service), ctx.facts(name, leftovers)]);
    return { service: seen, leftovers: left };
  }
  const [seen, texts] = await Promise.all([ctx.facts(name, service), wantedTexts(server, ctx)]);
  return { service: seen, ...(texts.stamp !== undefined && { stamp: texts.stamp }) };
}

/** --no-block: the unit has no start timeout, and a wait of ours says what it sees. */
export const START = `set -e
systemctl daemon-reload
systemctl enable -q k3s
systemctl reset-failed k3s || true
systemctl restart --no-block k3s`;

async function start({ what }: Change, shell: Shell, ctx: Ctx, name: string): Promise<void> {
  if (what !== AWAIT) await shell.run({ script: START }, ROOT);
  await ctx.wait({
    what: `k3s active on ${name}`,
    deadline: minutes(5),
    every: 1000,
    hint: `on ${name}: journalctl -u k3s -e`,
    probe: async signal => {
      const { stdout, code } = await shell.exec({ script: service.script }, { ...ROOT, signal });
      const seen = service.parse(stdout.text, code ?? -1);
      if (seen.active === 'active') return { value: seen };
      if (seen.active === 'failed' || seen.restarts >= HOPELESS_RESTARTS) throw await ended(shell, name, seen.restarts);
      return { saw: `${seen.active} (${seen.sub})${seen.restarts > 0 ? `, ${seen.restarts} restarts` : ''}` };
    },
  });
}

async function ended(shell: Shell, name: string, restarts: number): Promise<OpsError> {
  const log = await shell.run(['journalctl', '-u', 'k3s', '-n', '15', '-o', 'cat', '--no-pager'], ROOT);
  return new OpsError('K3S_ENDED', `cannot keep k3s running on ${name}: it ended ${restarts + 1} times`, {
    hint: `on ${name}: journalctl -u k3s -e`,
    details: log.trimEnd().split('\n'),
  });
}

/**
 * As k3s-killall and k3s-uninstall do: the unit with all in its cgroup, the containers, mounts from the inside out,
 * interfaces, rules, data. What is on the host beside k3s is not touched: where containers share a cgroup hierarchy,
 * the pods of another one are seen as process 0.
 */
const REMOVE = `systemctl disable --now k3s 2>/dev/null
systemctl kill --kill-who=all --signal=KILL k3s 2>/dev/null
for exe in /proc/[0-9]*/exe; do
  case $(readlink $exe) in ${BINARY}|/var/lib/rancher/k3s/*) pid=\${exe#/proc/}; kill -9 \${pid%/exe};; esac
done
for round in 1 2 3; do
  find /sys/fs/cgroup -maxdepth 3 -type d -name 'kubepods*' -prune | while read -r group; do
    find "$group" -name cgroup.procs -exec cat {} + 2>/dev/null | grep -vx 0 | sort -u | xargs -r kill -9 2>/dev/null
  done
  sleep 0.2
done
awk '$2 ~ "^(/run/k3s|/var/lib/kubelet|/var/lib/rancher/k3s|/run/netns/cni-)" { print $2 }' /proc/mounts | sort -r | xargs -r umount -l
ls /run/netns 2>/dev/null | grep '^cni-' | sed 's,^,/run/netns/,' | xargs -r rm -f
for link in cni0 flannel.1; do ip link delete $link 2>/dev/null; done
for family in ip ip6; do nft delete table $family kube-proxy 2>/dev/null; done
nft delete table inet ${KEEP_TABLE} 2>/dev/null
for tables in iptables ip6tables; do
  command -v $tables-save >/dev/null && $tables-save | grep -v -e KUBE- -e CNI- | $tables-restore 2>/dev/null
done
find /sys/fs/cgroup -maxdepth 3 -type d -name 'kubepods*' -prune -exec find {} -depth -type d -exec rmdir {} + \\; 2>/dev/null
rm -rf /var/lib/rancher/k3s /var/lib/kubelet /var/lib/cni /run/k3s /var/lib/muster/k3s ${K3S_YAML} /etc/rancher/node
rmdir /etc/rancher/k3s /var/lib/rancher /var/lib/muster 2>/dev/null
exit 0`;
