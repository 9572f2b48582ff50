import { FIELD_MANAGER, MANAGED_BY } from '../cluster/index.ts';
import {
  type AnyStep,
  type Change,
  type ClusterApi,
  type Ctx,
  type Decision,
  hashWant,
  type KubeObject,
  type KubeRef,
  type Need,
  type Step,
} from '../engine/index.ts';
import type { Site } from '../inventory/index.ts';
import { type Duration, minutes } from '../time/index.ts';
import { differences } from './compare.ts';
import { broken, hopeless, isPull, podsOf, type Trouble, troubles } from './pods.ts';
import { hasPods, objectName, rolloutOpen } from './rollout.ts';
