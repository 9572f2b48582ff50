import { isRecord, refName } from '../cluster/index.ts';
import type { KubeObject } from '../engine/index.ts';
import { refOf } from './manifest.ts';

export const objectName = (object: KubeObject): string => refName(refOf(object));

/**
 * What is missing until this generation of a workload is what runs; undefined: it is rolled out, or no workload.
 * The status of an older generation is not an answer.
 */
export function rolloutOpen(object: KubeObject): string | undefined {
  const spec = isRecord(object.spec) ? object.spec : {};
  const status = isRecord(object.status) ? object.status : {};
  const number = (key: string) => Number(status[key] ?? 0);
  const open = (text: string) => `${objectName(object)}: ${text}`;
  if (object.kind === 'Job') return condition(object, 'Complete') ? undefined : open('not complete');
  if (!WORKLOADS.includes(object.kind)) return undefined;
  if (number('observedGeneration') < (object.metadata.generation ?? 0)) return open('not looked at yet');
  if (object.kind === 'DaemonSet') {
    const wanted = number('desiredNumberScheduled');
    if (number('updatedNumberScheduled') < wanted)
      return open(`${number('updatedNumberScheduled')} of ${wanted} updated`);
    return number('numberAvailable') < wanted ? open(`${number('numberAvailable')} of ${wanted} available`) : undefined;
  }
  const wanted = Number(spec.replicas ?? 1);
  if (number('updatedReplicas') < wanted) return open(`${number('updatedReplicas')} of ${wanted} updated`);
  if (number('replicas') > wanted) return open(`old pods that are still there: ${number('replicas') - wanted}`);
  const ready = object.kind === 'StatefulSet' ? 'readyReplicas' : 'availableReplicas';
  return number(ready) < wanted ? open(`${number(ready)} of ${wanted} available`) : undefined;
}

/** Kinds that keep pods running. */
export const WORKLOADS = ['Deployment', 'StatefulSet', 'DaemonSet'];

/** Kinds whose pods are looked at while they are waited for. */
export const hasPods = ({ kind }: KubeObject): boolean => kind === 'Job' || WORKLOADS.includes(kind);

const condition = ({ status }: KubeObject, type: string) =>
  (isRecord(status) && Array.isArray(status.conditions) ? status.conditions.filter(isRecord) : []).find(
    entry => entry.type === type && entry.status === 'True',
  );

/** Why a job will not complete any more; undefined: it may, or did, or is no job. */
export function jobFailed(object: KubeObject): string | undefined {
  const failed = object.kind === 'Job' ? condition(object, 'Failed') : undefined;
  return failed && `${objectName(object)} failed: ${failed.message ?? failed.reason}`;
}
