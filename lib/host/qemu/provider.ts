// PLACEHOLDER by the lead so that the tree compiles: helper "host" replaces this file (export qemuProvider(site, dirs): Provider).
import type { Dirs } from '../../engine/index.ts';
import type { Site } from '../../inventory/index.ts';
import type { Provider } from '../provider.ts';

export function qemuProvider(_site: Site, _dirs: Dirs): Provider {
  throw new Error('not written yet');
}
