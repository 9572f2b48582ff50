import type { Selection } from '../site/index.ts';
import type { Flags } from './flag-table.ts';

/** --only and --from as the site takes them. */
export const selectionOf = ({ only, from }: Flags): Selection => ({
  ...(only !== undefined && { only }),
  ...(from !== undefined && { from }),
});
