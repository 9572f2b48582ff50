import type { Problem } from '../problem.ts';
import type { Inventory } from '../schema.ts';

export function checkApp({ app }: Inventory): Problem[] {
  if (app === undefined || app.avatars <= app.users) return [];
  return [
    { path: ['app', 'avatars'], got: String(app.avatars), expected: `at most one a user: app.users is ${app.users}` },
  ];
}
