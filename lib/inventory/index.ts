/** Inventory: sections, load, cross-field checks, JSON Schema. `Site` is the checked inventory. */
export type { HostWant, Site } from './site.ts';
