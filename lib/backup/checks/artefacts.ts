import { type Finding, inspect } from '../artefacts.ts';
import type { Check } from '../check.ts';
import { type SetAtHand, trusted } from './set-at-hand.ts';

export const artefacts: Check<SetAtHand> = {
  id: 'set.artefacts',
  title: 'Every object of the set reads back as it was',
  source: 'set',
  level: 'L0',
  required: true,
  expected: 'each object there, with its size and SHA-256',
  async look(of) {
    const { sources } = await trusted(of);
    const owners = new Map(sources.flatMap(part => part.artefacts.map(({ key }) => [key, part.source] as const)));
    const all = sources.flatMap(part => part.artefacts);
    const { findings } = await inspect(of.store, all);
    const first = gravest(findings);
    const bytes = all.reduce((sum, { size }) => sum + size, 0);
    if (!first) return { state: 'passed', got: `${all.length} objects, ${bytes} bytes` };
    const said = ({ key, got }: Finding) => `${owners.get(key)}: ${key}: ${got}`;
    return {
      state: 'failed',
      code: first.code,
      got: `${findings.length} of ${all.length}: ${said(first)}`,
      details: findings.map(said),
    };
  },
};

const GRAVITY: readonly Finding['code'][] = ['SET_ARTEFACT_MISSING', 'SET_ARTEFACT_CHANGED', 'SET_ARTEFACT_TRUNCATED'];

/** Of two that were exchanged one is shorter than it was: that is no cut. */
const gravest = (findings: readonly Finding[]): Finding | undefined =>
  GRAVITY.flatMap(code => findings.find(finding => finding.code === code) ?? [])[0];
