import { z } from 'zod';
import { addons } from './sections/addons.ts';
import { app } from './sections/app.ts';
import { artifacts } from './sections/artifacts.ts';
import { backup } from './sections/backup.ts';
import { budget } from './sections/budget.ts';
import { cluster } from './sections/cluster.ts';
import { drills } from './sections/drills.ts';
import { environment } from './sections/environment.ts';
import { hosts } from './sections/hosts.ts';
import { provider } from './sections/provider.ts';
import { site } from './sections/site.ts';
import { state } from './sections/state.ts';

/** The file as it is written. Strict: a key that no section knows is a mistake, not a wish for later. */
export const inventory = z
  .strictObject({
    site,
    environment,
    artifacts,
    provider,
    hosts,
    cluster,
    addons,
    app: app.optional(),
    backup: backup.optional(),
    state: state.optional(),
    drills: drills.optional(),
    budget: budget.optional(),
  })
  .describe('One site of muster.');

export type Inventory = z.infer<typeof inventory>;

/** JSON Schema (2020-12) of the file, for editors and `./muster schema`. inventories/schema.json is this, kept equal by a test. */
export const jsonSchema = (): object =>
  z.toJSONSchema(inventory, {
    io: 'input',
    // zod's readonly() is about our types; in JSON Schema the word would tell a person not to write the key.
    override: ({ jsonSchema }) => {
      delete jsonSchema.readOnly;
    },
  });
