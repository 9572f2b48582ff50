/** Artifacts: lock.yaml, sources, the cache, images built here, bundles. */
export { makeBundle, verifyBundle } from './bundle-make.ts';
export type { ArtifactRecord, Resolved, SourceKind } from './cache.ts';
export { type Debootstrap, debianSources, debootstrap } from './debian.ts';
export { type Filled, fillLock } from './fill-lock.ts';
export { findGo, type Go } from './go-toolchain.ts';
export { type Arch, hashFile, hashTree, type Inputs, keyOf, thisArch, type Want } from './identity.ts';
export { siteImages, TOOLS_IMAGE } from './image-key.ts';
export { k3sVersions, readLock } from './lock-file.ts';
export type { LockFile } from './lock-schema.ts';
export { PULLED } from './podman.ts';
export { withPulled } from './pulled.ts';
export { findRecipe, type ResolveOptions, resolveRecipe } from './resolve.ts';
export {
  artifactDeps,
  type HostProgram,
  hostProgram,
  imageRefs,
  PARTS,
  type Part,
  type Program,
  resolveArtifact,
  siteRecipe,
} from './site-artifacts.ts';
export type { ArtifactDeps, Build, Recipe } from './sources/source.ts';
export { type ArtifactFacts, type ArtifactWant, artifactSteps, decideArtifact } from './steps.ts';
export { needTool, tool } from './tool.ts';
