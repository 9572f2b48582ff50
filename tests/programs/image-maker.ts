import { imagesRecipe } from '../../lib/artifact/images.ts';
import { readLock, resolveRecipe } from '../../lib/artifact/index.ts';
import { newWorld } from '../artifact/world.ts';

// image-maker PROJECT CACHE: builds the image `shell` of another checkout, and says what it does.
const [, , project = '', cache = ''] = process.argv;
const world = await newWorld();
const deps = world.deps({ sources: ['module'], project, cache, progress: text => console.log(text) });
await resolveRecipe(await imagesRecipe(await readLock(project), ['shell'], 'amd64', project), deps);
await world.close();
