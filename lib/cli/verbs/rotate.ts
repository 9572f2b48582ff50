import { notChanged } from '../../site/credentials.ts';
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
      ['next', `./muster status --site ${site}`],
      ...(rotated.set === undefined ? [] : [['', `./muster drill site-rebuild --site ${site}`]]),
    ]),
  );
});
