/** Inventory: sections, load, cross-field checks, JSON Schema. `Site` is the checked inventory. */

export { type Edit, editYaml, isYours } from './edit.ts';
export { checkedInventory, loadInventory } from './load.ts';
export { nearest } from './nearest.ts';
export { jsonSchema } from './schema.ts';
export { type BudgetWant, DEFAULT_BUDGET } from './sections/budget.ts';
export { type Ec2Want, existingCluster, type HostWant, type Site } from './site.ts';
