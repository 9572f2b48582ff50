import { inspect } from '../artefacts.ts';
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
    const [first] = findings;
    const bytes = all.reduce((sum, { size }) => sum + size, 0);
    if (!first) return { state: 'passed', got: `${all.length} objects, ${bytes} bytes` };
    const texts = findings.map(({ key, got }) => `${owners.get(key)}: ${key}: ${got}`);
    return {
      state: 'failed',
      code: first.code,
      got: `${findings.length} of ${all.length}: ${texts[0]}`,
      details: texts,
    };
  },
};
