import type { ClusterApi, Command, ExecOptions, ExecResult, KubeObject, Shell } from '../engine/index.ts';
import { OpsError } from '../errors/index.ts';
import type { Masker } from '../secret/index.ts';
import { commandFailed } from '../shell/failures.ts';
import { isRecord } from './api/words.ts';

/** A container of ours that every node runs, and that sees of the node what is to be seen of it. */
export interface Window {
  namespace: string;
  labelSelector: string;
  container: string;
  /** What every command is given to: a program of the container that runs it elsewhere. */
  through?: readonly string[];
}

/**
 * A node's command line where nobody logs in: root in a container on it, which may read and change nothing. Errors:
 * SHELL_UNREACHABLE: no such container is ready there; those of ClusterApi.exec.
 */
export function nodeShell(node: string, window: Window, api: () => Promise<ClusterApi>, masker: Masker): Shell {
  const exec = async (command: Command, options: ExecOptions = {}): Promise<ExecResult> => {
    refuseOther(node, options);
    const { namespace, container, through = [] } = window;
    const open = await api();
    const { name } = (await podOn(node, window, open)).metadata;
    const { timeout, keep, signal } = options;
    signal?.throwIfAborted();
    return open.exec({ namespace, name, container }, [...through, ...argvOf(command)], {
      ...(timeout !== undefined && { timeout }),
      ...(keep !== undefined && { keep }),
    });
  };
  return {
    host: node,
    exec,
    async run(command, options) {
      const result = await exec(command, options);
      if (result.code !== 0 || result.stdout.dropped > 0) throw commandFailed(node, command, result, masker);
      return result.stdout.text;
    },
    upload: () => Promise.reject(new OpsError('INTERNAL', `cannot upload to ${node}: it is looked into only`)),
    close: async () => undefined,
  };
}

const argvOf = (command: Command): readonly string[] =>
  'script' in command ? ['sh', '-c', command.script, 'sh', ...(command.args ?? [])] : command;

function refuseOther(node: string, { stdin, env, secretEnv, cwd, onLine }: ExecOptions): void {
  if ([stdin, env, secretEnv, cwd, onLine].some(option => option !== undefined))
    throw new OpsError('INTERNAL', `cannot run this on ${node}: it is looked into only`);
}

/** Its pods that are ready, on whatever nodes. */
export async function readyPods({ namespace, labelSelector, container }: Window, api: ClusterApi) {
  const pods = await api.list({ apiVersion: 'v1', kind: 'Pod', namespace, labelSelector });
  return pods.filter(pod => pod.metadata.deletionTimestamp === undefined && isReady(pod, container));
}

export const isOn = ({ spec }: KubeObject, node: string): boolean => isRecord(spec) && spec.nodeName === node;

async function podOn(node: string, window: Window, api: ClusterApi) {
  const { namespace, labelSelector, container } = window;
  const found = (await readyPods(window, api)).find(pod => isOn(pod, node));
  if (found) return found;
  throw new OpsError(
    'SHELL_UNREACHABLE',
    `cannot look into the node ${node}: no container ${container} of ${namespace} is ready there`,
    {
      hint: `kubectl -n ${namespace} get pods -l ${labelSelector} -o wide`,
    },
  );
}

const isReady = ({ status }: KubeObject, container: string) =>
  isRecord(status) &&
  Array.isArray(status.containerStatuses) &&
  status.containerStatuses.filter(isRecord).some(each => each.name === container && each.ready === true);
