import type { Credential } from '../../engine/index.ts';
import type { Site } from '../../inventory/index.ts';
import { generateFresh } from '../../secret/index.ts';
import { DATABASE_ROLES, passwordName, rolesStep } from './roles.ts';

/** A role has one password: its Secret is in the pods first, and then the role changes, between two connections. */
export const databaseCredential = (site: Site): Credential => ({
  id: 'database',
  title: "The passwords of the database's roles",
  secrets: DATABASE_ROLES.map(passwordName),
  async make({ secrets }) {
    for (const role of DATABASE_ROLES) await generateFresh(secrets, passwordName(role), { length: 32 });
  },
  before: [],
  follows: ['app.secrets'],
  after: [rolesStep(site)],
});
