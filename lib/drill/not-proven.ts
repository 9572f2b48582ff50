import { LEVELS, type Level } from '../backup/check.ts';
import type { Manifest } from '../backup/set.ts';
import { formatDuration } from '../time/index.ts';
import type { Report } from './report.ts';

/** What a level asks, in the words of a reader who does not know muster. */
export const LEVEL_WORDS: Readonly<Record<Level, { name: string; asks: string }>> = {
  L0: { name: 'Artefact', asks: 'Is everything there that the backup consists of?' },
  L1: { name: 'Repository', asks: 'Does the backup repository hold what it says, byte for byte?' },
  L2: { name: 'Restore', asks: 'Does it restore without an error?' },
  L3: { name: 'Structure', asks: 'Are tables, roles, rights and objects there?' },
  L4: { name: 'Volume', asks: 'Are there as many rows and files, with the same content, as when the backup was made?' },
  L5: { name: 'Meaning', asks: 'Does the data make sense: no gaps, nothing contradicts itself?' },
  L6: { name: 'Application', asks: 'Does the application work for its users?' },
  L7: { name: 'Operable', asks: 'Can it be run on from here: does the next backup work?' },
};

type Facts = Omit<Report, 'notProven'>;

/** Pure. What a reader must not take from the report, in sentences. */
export function unproven(facts: Facts, manifest: Manifest | undefined): string[] {
  const { set, error } = facts;
  return [
    ...(error ? [`Everything that was still to come when the drill ended early (${error.code}).`] : []),
    ...(set ? [] : ['Any backup at all: the drill ended before it had chosen one.']),
    ...unrun(facts),
    ...gaps(facts, manifest),
    ...unmeasured(facts),
    ...(set ? [`Any other backup: only the set ${set.id} was used.`] : []),
  ];
}

const unrun = ({ checks }: Facts) =>
  checks
    .filter(({ state }) => state === 'unrun')
    .map(({ title, code, got }) => `${title}: it could not be looked at (${code ?? got}).`);

/** Levels at which nothing passed, and sources whose data nothing looked at. */
function gaps({ checks }: Facts, manifest: Manifest | undefined): string[] {
  const passed = checks.filter(({ state }) => state === 'passed');
  const levels = LEVELS.filter(level => !passed.some(check => check.level === level));
  const proven = new Set(passed.filter(({ level }) => level >= 'L4').map(({ source }) => source));
  const sources = (manifest?.sources ?? []).map(({ source }) => source).filter(source => !proven.has(source));
  return [
    ...levels.map(level => `${LEVEL_WORDS[level].name} (${level}): no check of this level passed.`),
    ...sources.map(source => `The data of ${source}: it is in the set, and no check compared it.`),
  ];
}

function unmeasured({ verdict, clocks, rto, rpo, mode }: Facts): string[] {
  const unknown = rpo.sources.filter(({ ms }) => ms === null).map(({ source }) => source);
  return [
    ...(clocks.fault ? [`How long it took: the clocks contradict each other (${clocks.fault}).`] : []),
    ...(verdict === 'verified' && rto.ms === null && !clocks.fault ? ['How long it took: the end was not timed.'] : []),
    ...(clocks.exactTo > 0
      ? [`How long it took, to less than ${formatDuration(clocks.exactTo)}: this computer was restarted meanwhile.`]
      : []),
    ...(rpo.sources.length > 0
      ? []
      : mode === 'rebuild'
        ? ['How much was lost: when the site was lost is not known here; the checks say how new the newest data is.']
        : ['How much was lost: no canaries were looked for.']),
    ...unknown.map(source => `How much of ${source} was lost: no canary came back that was written before the loss.`),
  ];
}
