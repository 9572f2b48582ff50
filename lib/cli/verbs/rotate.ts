import { isOfOneComputer } from '../../host/provider.ts';
import { notChanged } from '../../site/credentials.ts';
import type { OpenSite } from '../../site/index.ts';
import { rotateSite, rotationOf, rotationPlan } from '../../site/rotate.ts';
import { onSite, ranText } from '../on-site.ts';
import { json, table } from '../output.ts';

/** Changes every secret that muster made for a site, or one of them, and takes a backup with the new ones. */
export const rotate = onSite(async (open, call) => {
  const { flags, out, site } = call;
  const rest = notChanged(open);
  if (flags['dry-run']) {
    const plan = await rotationPlan(open, await rotationOf(open, flags.only));
    if (flags.json) return out.data(json({ ...plan, notChanged: rest }));
    return out.data(
      table([
        ...plan.credentials.map(({ id, title }) => [id, title]),
        ...plan.phases.flatMap(({ name, steps }) => steps.map((step, n) => [n === 0 ? name : '', step])),
        ...rest.map((text, n) => [n === 0 ? 'stays' : '', text]),
      ]),
    );
  }
  const rotated = await rotateSite(open, flags.only);
  out.status(ranText(rotated));
  if (flags.json) return out.data(json({ ...rotated, notChanged: rest }));
  return out.data(
    table([
      ['changed', rotated.credentials.join(', ')],
      ...(rotated.set === undefined ? [] : [['set', `${rotated.set}: taken with the new ones`]]),
      ...rest.map((text, n) => [n === 0 ? 'stays' : '', text]),
      ...unshared(open).map(text => ['elsewhere', text]),
      ['next', `./muster status --site ${site}`],
      ...(rotated.set === undefined ? [] : [['', `./muster drill site-rebuild --site ${site}`]]),
    ]),
  );
});

/** Without a backup no store tells another computer that it is behind. */
export const unshared = ({ site: { name, backup }, provider }: Pick<OpenSite, 'site' | 'provider'>): string[] =>
  backup || isOfOneComputer(provider)
    ? []
    : [
        `copy .muster/${name}/secrets to every other computer that runs ${name}, before it does: it would carry the old ones back, and nothing keeps it from that`,
      ];
