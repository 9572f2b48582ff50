import type { KubeObject } from '../../engine/index.ts';
import { FENCE_TABLE, type Fence, INSIDE } from '../../host/fence.ts';
import type { Window } from '../node-shell.ts';

/** Of nodes that AWS makes: they come with it, and what is restored runs on none that still has it. */
export const TAINT = { key: 'muster.lab/fence', value: 'down' } as const;
/** Annotation: whose rehearsal it is. */
export const STAMP = 'muster.lab/rehearsal';
/** Of iptables: names have at most 28 characters. */
export const CHAIN = FENCE_TABLE.toUpperCase();

const NAMESPACE = 'kube-system';
const LABELS = { name: FENCE_TABLE };
export const FENCE_REF = { apiVersion: 'apps/v1', kind: 'DaemonSet', namespace: NAMESPACE, name: FENCE_TABLE } as const;
/** What the container runs runs on the node, by the node's own programs. */
const ON_NODE = ['nsenter', '--target', '1', '--mount', '--net', '--'];
/** Root on the node itself. */
export const FENCE_WINDOW: Window = {
  namespace: NAMESPACE,
  labelSelector: `name=${FENCE_TABLE}`,
  container: FENCE_TABLE,
  through: ON_NODE,
};

/**
 * $ADDRESS, $PORT of the store, $INSIDE. In the network of the node, by its own iptables: an image of EKS has no other program for
 * it. Pods are forwarded, and what the node itself sends is not: it pulls images and asks AWS, and so do those of its pods
 * that have its network, which the policy below keeps to kube-system. kube-proxy puts its chains first, and lets through what it
 * has marked: the fence goes back to the first place.
 */
export const RAISE_FENCE = `set -eu
node() { ${ON_NODE.join(' ')} "$@"; }
rules() {
  echo '*filter'
  echo ':${CHAIN} - [0:0]'
  echo '-A ${CHAIN} -m conntrack --ctdir REPLY -j RETURN'
  if [ "$1" = iptables ]; then
    for block in $INSIDE; do echo "-A ${CHAIN} -d $block -j RETURN"; done
    echo "-A ${CHAIN} -p tcp -d $ADDRESS --dport $PORT -j RETURN"
    echo '-A ${CHAIN} -p tcp -j REJECT --reject-with tcp-reset'
    echo '-A ${CHAIN} -j REJECT --reject-with icmp-admin-prohibited'
  else
    echo '-A ${CHAIN} -p tcp -j REJECT --reject-with tcp-reset'
    echo '-A ${CHAIN} -j REJECT --reject-with icmp6-adm-prohibited'
  fi
  echo COMMIT
}
first() { [ "$(node $1 -S FORWARD | sed -n 2p)" = '-A FORWARD -j ${CHAIN}' ]; }
# Twice for a moment, and never not at all.
ahead() {
  node $1 -I FORWARD -j ${CHAIN}
  for rule in $(node $1 -S FORWARD | sed 1d | grep -nx -e '-A FORWARD -j ${CHAIN}' | sed 1d | cut -d: -f1 | tac); do
    node $1 -D FORWARD "$rule"
  done
}
trap 'exit 0' TERM
for tables in iptables ip6tables; do rules $tables | node $tables-restore --noflush; done
while :; do
  for tables in iptables ip6tables; do first $tables || ahead $tables; done
  touch /tmp/raised
  sleep 5 & wait $!
done
`;

/** Raised: the script has been round once, and the first place is the fence's now. */
const RAISED = `test -e /tmp/raised && ${ON_NODE.join(' ')} iptables -S FORWARD | sed -n 2p | grep -qx -e '-A FORWARD -j ${CHAIN}'`;

export interface FenceObjects {
  fence: Fence;
  /** sh, nsenter. */
  image: string;
}

export const fenceObjects = ({ fence, image }: FenceObjects): KubeObject[] => [
  ...ownNetworkOnly(),
  {
    ...{ apiVersion: FENCE_REF.apiVersion, kind: FENCE_REF.kind },
    metadata: { name: FENCE_TABLE, namespace: NAMESPACE, labels: LABELS, annotations: { [STAMP]: fence.name } },
    spec: {
      revisionHistoryLimit: 1,
      selector: { matchLabels: LABELS },
      template: { metadata: { labels: LABELS }, spec: podOf({ fence, image }) },
    },
  },
];

const podOf = ({ fence: { store, network }, image }: FenceObjects): object => ({
  automountServiceAccountToken: false,
  hostPID: true,
  hostNetwork: true,
  priorityClassName: 'system-node-critical',
  tolerations: [{ operator: 'Exists' }],
  containers: [
    {
      name: FENCE_TABLE,
      image,
      imagePullPolicy: 'IfNotPresent',
      command: ['sh', '-c', RAISE_FENCE],
      env: [
        { name: 'ADDRESS', value: store.address },
        { name: 'PORT', value: String(store.port) },
        // The node's own programs are looked for, whatever the image has.
        { name: 'PATH', value: '/usr/sbin:/usr/bin:/sbin:/bin' },
        { name: 'INSIDE', value: [...INSIDE, ...(network === undefined ? [] : [network])].join(' ') },
      ],
      readinessProbe: { exec: { command: ['sh', '-c', RAISED] }, periodSeconds: 2, timeoutSeconds: 5 },
      resources: { requests: { cpu: '1m', memory: '8Mi' }, limits: { memory: '64Mi' } },
      securityContext: { privileged: true, runAsUser: 0 },
    },
  ],
});

/** A pod with the node's network is not forwarded. What is restored has none, outside of where EKS runs its own. */
function ownNetworkOnly(): KubeObject[] {
  const api = { apiVersion: 'admissionregistration.k8s.io/v1' };
  const outside = {
    namespaceSelector: {
      matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'NotIn', values: [NAMESPACE] }],
    },
  };
  return [
    {
      ...{ ...api, kind: 'ValidatingAdmissionPolicy', metadata: { name: FENCE_TABLE } },
      spec: {
        failurePolicy: 'Fail',
        matchConstraints: {
          resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }],
        },
        validations: [
          {
            expression: '!has(object.spec.hostNetwork) || !object.spec.hostNetwork',
            message: "behind the fence of a rehearsal no pod has its node's network: it would not be fenced",
          },
        ],
      },
    },
    {
      ...{ ...api, kind: 'ValidatingAdmissionPolicyBinding', metadata: { name: FENCE_TABLE } },
      spec: { policyName: FENCE_TABLE, validationActions: ['Deny'], matchResources: outside },
    },
  ];
}
