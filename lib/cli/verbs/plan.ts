import { saysAll } from '../../engine/index.ts';
import { EXIT } from '../../errors/index.ts';
import { planSite } from '../../site/index.ts';
import { onSite } from '../on-site.ts';
import { planText } from '../plan-text.ts';
import { selectionOf } from '../selection.ts';

/** What bootstrap would do, observed now. */
export const plan = onSite(async (open, { flags, out }) => {
  const made = await planSite(open, selectionOf(flags));
  out.data(planText(made, flags.json ?? false));
  return saysAll(made) ? EXIT.done : EXIT.unknown;
});
