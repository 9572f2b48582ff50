import { OpsError } from '../../errors/index.ts';
import {
  discardRestored,
  discardSteps,
  type Restored,
  type RestoreWant,
  restorePlan,
  restoreSite,
} from '../../site/restore.ts';
import { checkRows, exitOfChecks } from '../check-text.ts';
import { onSite, ranText, showPlan } from '../on-site.ts';
import { json, table } from '../output.ts';
import type { Act, Call } from '../verb.ts';

const USES = 'restore set | restore database [--at TIME] | restore namespace NAME | restore discard';

/** Brings data back beside the living site, or in place with --confirm. Exit 1: wrong data was seen; 2: it could not be told. */
export const restore: Act = async call => {
  if (call.args[0] === 'discard' && call.args.length === 1) return discard(call);
  const want = wantOf(call);
  return onSite(async open => {
    const { flags, out, site } = call;
    if (flags['dry-run']) return showPlan(open, await restorePlan(open, want), call);
    const restored = await restoreSite(open, want);
    out.status(ranText(restored));
    out.data(flags.json ? json(restored) : restoredText(restored, want, site));
    return exitOfChecks(restored.checks);
  })(call);
};

const discard: Act = onSite(async (open, call) => {
  if (call.flags['dry-run']) return showPlan(open, discardSteps(open), call);
  const ran = await discardRestored(open);
  call.out.status(ranText(ran));
  return call.flags.json ? call.out.data(json(ran)) : undefined;
});

/** Errors: USAGE; CONFIRM_MISSING for the name of another site. */
export function wantOf({ args, flags, site }: Pick<Call, 'args' | 'flags' | 'site'>): RestoreWant {
  const [what, name, ...more] = args;
  const named = what === 'namespace';
  if (!(what === 'set' || what === 'database' || named) || more.length > 0 || named !== (name !== undefined))
    throw new OpsError('USAGE', `cannot restore '${args.join(' ')}'`, { hint: `./muster ${USES}` });
  const { set, at, confirm } = flags;
  if (at !== undefined && what !== 'database')
    throw new OpsError('USAGE', `cannot restore a ${what} to a moment: only the database has moments`, {
      hint: `./muster restore database --site ${site} --at ${at}`,
    });
  if (confirm !== undefined && confirm !== site)
    throw new OpsError('CONFIRM_MISSING', `cannot restore in place: --confirm is '${confirm}', expected '${site}'`, {
      hint: 'without --confirm it is restored beside the original',
    });
  const choices = {
    ...(name !== undefined && { name }),
    ...(set !== undefined && { set }),
    ...(at !== undefined && { at }),
  };
  return { what, ...choices, inPlace: confirm !== undefined };
}

function restoredText({ set, checks, places, look }: Restored, { inPlace }: RestoreWant, site: string): string {
  const next = inPlace
    ? [`./muster bootstrap --site ${site}`, `./muster backup --site ${site}`]
    : [...look, `./muster restore discard --site ${site}`];
  return table([
    ['set', set],
    ...places.map(place => ['where', place]),
    ...checkRows(checks),
    ...next.map((line, n) => [n === 0 ? (inPlace ? 'next' : 'look') : '', line]),
  ]);
}
