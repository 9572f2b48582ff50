/** Where names outside the cluster are asked for: the node's own list, addresses, or nowhere. */
export type Upstream = 'node' | readonly string[];

/** As k3s has it: what somebody adds to names, in a ConfigMap of kube-system that need not be there. */
export const CUSTOM = { name: 'coredns-custom', path: '/etc/coredns/custom' } as const;

/**
 * k3s's Corefile without its NodeHosts. `loop` ends the program when a query comes back to it, so that a loop is a pod
 * that does not run instead of a cluster that is slow.
 */
export function corefile(upstream: Upstream): string {
  const servers = upstream === 'node' ? ['/etc/resolv.conf'] : upstream;
  const forward = servers.length > 0 ? [`    forward . ${servers.join(' ')}`] : [];
  return `${[
    '.:53 {',
    '    errors',
    '    health',
    '    ready',
    '    kubernetes cluster.local in-addr.arpa ip6.arpa {',
    '        pods insecure',
    '        fallthrough in-addr.arpa ip6.arpa',
    '    }',
    '    prometheus :9153',
    ...forward,
    '    cache 30',
    '    loop',
    '    reload',
    '    loadbalance',
    `    import ${CUSTOM.path}/*.override`,
    '}',
    `import ${CUSTOM.path}/*.server`,
  ].join('\n')}\n`;
}
