import type { Probe } from '../../engine/index.ts';
import type { Upstream } from './manifests/corefile.ts';

/** A pod asks what the kubelet gives it of the node's list; a resolver on the node's loopback cannot be asked from a pod. */
const usable = (address: string) => !/^(127\.|::1$|0\.0\.0\.0$)/.test(address);

const NODE = '/etc/resolv.conf';
const RESOLVED = '/run/systemd/resolve/resolv.conf';

/** What the node asks: its own list when a pod can use it, else what its local resolver asks, else nobody. */
export const upstream: Probe<Upstream> = {
  id: 'coredns.upstream',
  script: `grep -H '^nameserver' ${NODE} ${RESOLVED} 2>/dev/null
exit 0`,
  parse: stdout => {
    const of = (file: string) =>
      stdout.split('\n').flatMap(line => {
        const [from, address = ''] = line.trim().split(/:nameserver\s+/);
        return from === file && usable(address) ? [address] : [];
      });
    return of(NODE).length > 0 ? 'node' : of(RESOLVED);
  },
};
