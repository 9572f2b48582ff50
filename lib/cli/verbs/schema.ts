import { jsonSchema } from '../../inventory/index.ts';
import { json } from '../output.ts';
import type { Act } from '../verb.ts';

/** The JSON Schema of inventories, for editors. */
export const schema: Act = async ({ out }) => out.data(json(jsonSchema()));
