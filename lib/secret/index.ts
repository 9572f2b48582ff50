/** Secrets: the type that never prints, the store, sources and masking. */
export { Secret } from './secret.ts';
export type { SecretStore, Shape } from './store.ts';
